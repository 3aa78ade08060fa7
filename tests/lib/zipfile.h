#ifndef TESTS_LIB_ZIPFILE_H
#define TESTS_LIB_ZIPFILE_H

#include "lib/buf.h"

/* Zip files for tests, made part by part: begun with a zeroed struct. */
#define ZIPFILE_PARTS_MAX 64
struct zipfile {
	struct buf out;
	struct buf directory;
	uint32_t n;
};
/* @packed: deflated, else as it is. */
void zipfile_add(struct zipfile *z, const char *name, const void *p, size_t n, bool packed);
/* Ends the file, whose bytes are then in z->out. */
void zipfile_end(struct zipfile *z);
void zipfile_close(struct zipfile *z);

/* A workbook of one sheet called 表: what stands in <sheetData>, behind it, in <sst> and in <styleSheet>; NULL: that
 * part is not there. */
struct workbook {
	const char *rows, *behind, *strings, *styles;
	const char *properties; /* of <workbookPr> */
};
void workbook_make(const struct workbook *w, struct zipfile *ret);

#endif
