#ifndef LIB_LIMIT_H
#define LIB_LIMIT_H

/* A maximum that is met rarely in ordinary use. The second build of the simulator (VARIANT=small) has the @small
 * one, so that each of its seeds meets every such boundary. Nothing of such a build is ever installed. */
#ifdef SMALL_LIMITS
#define LIMIT(usual, small) (small)
#else
#define LIMIT(usual, small) (usual)
#endif

#endif
