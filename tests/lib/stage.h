#ifndef TESTS_LIB_STAGE_H
#define TESTS_LIB_STAGE_H

#include "tests/lib/pair.h"

/* What tests of the writer begin with: the township of pair.h and its two nodes, which a case opens as it wants
 * them and which are closed behind it. There may be more of either kind. */
#define STAGE_NOW_S 1767225600 /* when chunks arrive */
extern struct pair tw;
extern struct pair_node hub, village;
extern struct buf chunk;
/* For T_MAIN_WITH. */
void stage_open(void);
void stage_close(void);

/* A hub whose town feed has the village enrolled and @grants grants. */
void stage_hub(struct pair_node *n, uint32_t grants);
/* A village that has that much of the town feed of &hub, without the grants, and @grants entries of its own. */
void stage_village(struct pair_node *n, uint32_t grants);
/* Stops and starts it. */
void stage_restart(struct pair_node *n);
/* Grants with these IDs, each in a batch of its own. */
void stage_grants(struct pair_node *n, uint64_t town_seen, uint32_t first, uint32_t count);
/* Grants of the hub with IDs from 0, for one batch. */
void stage_jobs(struct pair_tx *x, struct job **jobs, uint32_t n);
void stage_jobs_close(struct pair_tx *x, uint32_t n);
/* A chunk in a batch of its own; its error. */
int stage_ingest(struct pair_node *n, struct bytes body, struct job *ret);

/* The cosignature of a witness at this size, and how much of a feed the hub says it has; the job's error. */
int stage_cosig(struct pair_node *n, enum pair_feed feed, enum pair_feed witness, uint64_t size,
		bool other_root);
int stage_acked(struct pair_node *n, enum pair_feed feed, uint64_t size);
/* Appends to the own feed what an honest writer would not. */
void stage_force(struct pair_node *n, const struct pair_tx *x);

uint64_t stage_size(const struct pair_node *n, uint32_t no);
void stage_state(const struct pair_node *n, uint32_t no, struct hash *ret);
/* Both nodes have the same state of a feed. */
void stage_same_state(const struct pair_node *a, const struct pair_node *b, uint32_t no);

#endif
