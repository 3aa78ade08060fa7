#ifndef TESTS_LIB_RECGEN_H
#define TESTS_LIB_RECGEN_H

#include "lib/prng.h"
#include "proto/record.h"

/* Random records of any type, every field within its bounds, from a seed: the same seed gives the same
 * record. Bounds themselves and absent optional fields come up often. Texts live in the generator, so a
 * record is valid until the next one. */
#define RECGEN_TEXT_BYTES 32768

struct recgen {
	struct prng g;
	size_t used;
	uint8_t text[RECGEN_TEXT_BYTES];
	union rec_any head;
	uint64_t lines[ENTRY_PARTS_MAX * REC_LINE_SIZE_MAX / 8]; /* array of the line struct */
	uint32_t nlines;
	uint8_t secret[ENTRY_SECRET_BYTES];
};

void recgen_seed(struct recgen *r, uint64_t seed);
/* Fills head, lines, nlines and secret with a record that fits one payload. */
void recgen_record(struct recgen *r, const struct rec_type *t);
/* Fills one struct. The caller resets r->used to 0 when the texts are no longer needed. */
void recgen_struct(struct recgen *r, const struct rec_field *f, uint32_t n, void *s);
/* recgen_record and rec_encode into @out; ends the test when that fails. */
void recgen_payload(struct recgen *r, const struct rec_type *t, struct buf *out);

#endif
