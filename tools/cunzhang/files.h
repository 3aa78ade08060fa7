#ifndef TOOLS_CUNZHANG_FILES_H
#define TOOLS_CUNZHANG_FILES_H

#include "tools/cunzhang/cli.h"

/* Files that a record names by digest: where a person gives the path of a file, its digest takes the place of
 * the path, and the node keeps the file before the record is written. */

struct files {
	const struct cli *c;
	bool sheet;    /* the names come from a sheet, and stay below its folder */
	char *folder;  /* of the sheet; NULL: here */
	json_t *known; /* name to digest; null for one that cannot be read */
};
/* @sheet: the file whose cells name them; NULL: options do. */
void files_open(struct files *x, const struct cli *c, const char *sheet);
void files_close(struct files *x);
/* A path, or 64 hexadecimal digits, into a digest. Exit code. */
int files_digest(struct files *x, const char *text, const char **ret_hex);
bool files_any(const struct files *x);
/* Gives all of them to the node: durable there when it returns EXIT_DONE. */
int files_send(struct files *x);

/* All of it for the record (and lines) in the @body of a request. One that would be refused leaves no files
 * behind: it is tried first. Exit code; a refusal was printed. */
int files_record(const struct cli *c, const struct rec_type *t, json_t *body);

#endif
