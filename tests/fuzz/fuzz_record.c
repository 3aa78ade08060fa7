/* Records of every type. The first byte chooses the type, the rest is a payload. What decodes has all
 * its values in bounds and encodes to the same bytes. When the rest is no payload, it is tried as the
 * bytes of one part. Then the rest is text for every field. */
#include <string.h>

#include "proto/record.h"
#include "tests/fuzz/fuzz.h"

static void writes_json(const struct rec_field *f, uint32_t n, const void *s)
{
	struct buf out = {0};
	struct jw w;

	for (enum rec_privacy upto = REC_PUBLIC; upto <= REC_PRIVATE; upto++) {
		jw_init(&w, &out);
		jw_obj(&w);
		rec_json(&w, f, n, s, upto);
		jw_obj_end(&w);
		CHECK(!out.err);
		buf_reset(&out);
	}
	buf_close(&out);
}

/* The bytes again, when every part decodes. */
static void comes_back(const struct rec_type *t, const struct payload *p, const uint8_t *data,
		       size_t n)
{
	static uint64_t lines[ENTRY_PARTS_MAX * REC_LINE_SIZE_MAX / 8];
	struct buf again = {0};
	union rec_any head;
	uint32_t nlines;

	if (rec_nlines(t, p, &nlines) || rec_decode_head(t, p, &head))
		return;
	CHECK(rec_check(t->head, t->nhead, &head, NULL) == ERR_OK);
	for (uint32_t i = 0; i < nlines; i++) {
		void *line = (uint8_t *)lines + i * t->line_size;

		if (rec_decode_line(t, p, i, line))
			return;
		CHECK(rec_check(t->line, t->nline, line, NULL) == ERR_OK);
	}
	CHECK(rec_encode(t, &head, lines, nlines, p->secret, &again, NULL) == ERR_OK);
	CHECK(again.n == n);
	CHECK(memcmp(again.p, data, n) == 0);
	buf_close(&again);
}

static void reads_a_part(const struct rec_type *t, const uint8_t *data, size_t n)
{
	struct payload p;
	union rec_any any;

	p.secret = NULL;
	p.nparts = 2;
	p.part[0] = p.part[1] = (struct bytes){data, n};
	if (!rec_decode_head(t, &p, &any)) {
		CHECK(rec_check(t->head, t->nhead, &any, NULL) == ERR_OK);
		writes_json(t->head, t->nhead, &any);
	}
	if (!rec_decode_line(t, &p, 0, &any)) {
		CHECK(rec_check(t->line, t->nline, &any, NULL) == ERR_OK);
		writes_json(t->line, t->nline, &any);
	}
}

static void reads_text(const struct rec_field *f, uint32_t n, const uint8_t *data, size_t len)
{
	for (uint32_t i = 0; i < n; i++) {
		uint8_t scratch[REC_SCRATCH_BYTES];
		union rec_any any;

		if (rec_field_parse(&f[i], (const char *)data, len, scratch, &any) == ERR_OK)
			CHECK(rec_check(&f[i], 1, &any, NULL) == ERR_OK);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct rec_type *t;
	struct payload p;

	if (n == 0)
		return 0;
	t = &rec_types[data[0] % rec_ntypes];
	if (payload_parse(data + 1, n - 1, &p) == ERR_OK)
		comes_back(t, &p, data + 1, n - 1);
	reads_a_part(t, data + 1, n - 1);
	reads_text(t->head, t->nhead, data + 1, n - 1);
	reads_text(t->line, t->nline, data + 1, n - 1);
	return 0;
}
