#ifndef DAEMON_WEB_IMPORT_ENCODING_H
#define DAEMON_WEB_IMPORT_ENCODING_H

#include <stdint.h>

#include "lib/buf.h"

/* How a file was written. The last five are no text; of them only xlsx can be read as a table. */
enum encoding {
	ENCODING_UTF8,
	ENCODING_UTF8_BOM,
	ENCODING_GB18030,
	ENCODING_UTF16, /* with its mark */
	ENCODING_XLSX,	/* a zip file */
	ENCODING_XLS,	/* an old office file, or one under a password */
	ENCODING_HTML,	/* a web page that is called .xls */
	ENCODING_BAD,	/* neither UTF-8 nor GB18030 */
	ENCODING_NUL,	/* text with zero bytes */
};
const char *encoding_name(enum encoding e);

/* Appends the text as UTF-8 without byte order mark: what is strict UTF-8 is that, and so is whatever begins
 * with the mark; what begins with the mark of UTF-16 is that; anything else must be GB18030 throughout, without a line that can only be UTF-8: of a file
 * that mixes both, GB18030 would make wrong characters of the other part without any error. ERR_FORMAT, with
 * @ret saying what the file is instead and for ENCODING_BAD the line (from 1) of the first broken bytes in
 * @ret_line; ERR_NOMEM, ERR_LIMIT from @out. */
int encoding_to_utf8(const void *p, size_t n, struct buf *out, enum encoding *ret,
		     uint32_t *ret_line);

#endif
