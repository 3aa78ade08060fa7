#ifndef DAEMON_WEB_IMPORT_ZIP_H
#define DAEMON_WEB_IMPORT_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The parts of a zip file in memory, unpacked piece by piece. What its directory says of sizes is not believed: the
 * bytes that come out are counted. */
#define ZIP_PARTS_MAX	   2000
#define ZIP_PART_BYTES_MAX ((size_t)64 << 20)  /* unpacked */
#define ZIP_BYTES_MAX	   ((size_t)256 << 20) /* of all parts that are read */
#define ZIP_RATIO_MAX	   200 /* unpacked to packed bytes, of parts larger than this: */
#define ZIP_RATIO_FROM	   ((size_t)1 << 20)

enum zip_fault {
	ZIP_FAULT_NONE,
	ZIP_FAULT_BROKEN, /* truncated, altered or no zip file */
	ZIP_FAULT_PARTS,
	ZIP_FAULT_PART,
	ZIP_FAULT_ALL,
	ZIP_FAULT_RATIO,
	ZIP_FAULT_LOCKED, /* under a password, or packed in an unusual way */
	ZIP_FAULTS
};
struct zip {
	void *file;
	const uint8_t *p;
	size_t n, at;
	size_t total; /* unpacked so far */
	enum zip_fault fault;
};

/* Borrows @p. ERR_FORMAT or ERR_LIMIT with the fault; ERR_NOMEM. Close it whatever the result. */
int zip_open(struct zip *z, const void *p, size_t n);
void zip_close(struct zip *z);
/* Gives all bytes of a part to @fn, whose error ends it. ERR_NOTFOUND: there is no such part. */
int zip_read(struct zip *z, const char *name, int (*fn)(void *ctx, const void *p, size_t n),
	     void *ctx);

#endif
