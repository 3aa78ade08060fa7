#ifndef TOOLS_CUNZHANG_FILES_H
#define TOOLS_CUNZHANG_FILES_H

#include "tools/cunzhang/cli.h"

/* Files that a record names by digest: where a person gives the path of a file, the node keeps the file before
 * the record is sent, and the digest takes its place. In a trial nothing is kept. */

/* A path, or 64 hexadecimal digits, into a digest. Paths are relative to @folder (NULL: here). @known: digests of paths that were sent before. Exit code. */
struct files {
	const struct cli *c;
	bool send;
	const char *folder;
	json_t *known;
};
int files_digest(struct files *x, const char *text, const char **ret_hex);
/* All of a record: what options gave is relative to here, lines to the file of --lines. Exit code. */
int files_record(const struct cli *c, const struct rec_type *t, json_t *record, json_t *lines);
/* The folder of a file; free it. NULL: here. */
char *files_folder(const char *path);

#endif
