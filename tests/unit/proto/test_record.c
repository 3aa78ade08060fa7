#include "proto/record.h"

#include "lib/mem.h"
#include "lib/text.h"
#include "proto/wr.h"
#include "tests/lib/recgen.h"
#include "tests/lib/t.h"

#define ROUNDS 200

static struct recgen gen;
static const uint8_t secret[ENTRY_SECRET_BYTES] = {1, 2, 3};

static struct bytes lit(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}

static const struct rec_field *field_of(const struct rec_field *f, uint32_t n, const char *name)
{
	for (uint32_t i = 0; i < n; i++)
		if (strcmp(f[i].name, name) == 0)
			return &f[i];
	t_fail(__FILE__, __LINE__, "no field %s", name);
}

static const struct rec_field *line_field(const char *type, const char *name)
{
	const struct rec_type *t = rec_type_named(type);

	T_OK(t);
	return field_of(t->line, t->nline, name);
}

/* --- the codec --------------------------------------------------------------------------------------- */

static void same_value(const struct rec_type *t, const struct rec_field *f, const void *got,
		       const void *want)
{
	const uint8_t *g = (const uint8_t *)got + f->offset;
	const uint8_t *w = (const uint8_t *)want + f->offset;
	struct bytes bg, bw;

	switch (f->kind) {
	case REC_MINUTE:
	case REC_U: T_MEM(g, w, sizeof(uint64_t)); return;
	case REC_POINTS: T_MEM(g, w, sizeof(struct points)); return;
	case REC_FEN: T_MEM(g, w, sizeof(struct fen)); return;
	case REC_QTY: T_MEM(g, w, sizeof(struct qty)); return;
	case REC_DAY: T_MEM(g, w, sizeof(day_t)); return;
	case REC_CHOICE: T_MEM(g, w, sizeof(uint32_t)); return;
	case REC_TEXT:
	case REC_CODE:
	case REC_DIGEST:
	case REC_BIN:
		memcpy(&bg, g, sizeof(bg));
		memcpy(&bw, w, sizeof(bw));
		if (bg.n != bw.n)
			t_fail(__FILE__, __LINE__, "%s.%s: %zu bytes, want %zu", t->name, f->name,
			       bg.n, bw.n);
		T_MEM(bg.p, bw.p, bg.n);
		return;
	}
}

static void same_struct(const struct rec_type *t, const struct rec_field *f, uint32_t n,
			const void *got, const void *want)
{
	for (uint32_t i = 0; i < n; i++)
		same_value(t, &f[i], got, want);
}

static void round_trip(const struct rec_type *t)
{
	struct buf out = {0};
	struct payload p;
	union rec_any any;
	uint32_t nlines;

	recgen_payload(&gen, t, &out);
	T_EQ(payload_parse(out.p, out.n, &p), ERR_OK);
	T_MEM(p.secret, gen.secret, sizeof(gen.secret));
	T_EQ(rec_nlines(t, &p, &nlines), ERR_OK);
	T_EQ(nlines, gen.nlines);
	T_EQ(rec_decode_head(t, &p, &any), ERR_OK);
	same_struct(t, t->head, t->nhead, &any, &gen.head);
	for (uint32_t i = 0; i < nlines; i++) {
		T_EQ(rec_decode_line(t, &p, i, &any), ERR_OK);
		same_struct(t, t->line, t->nline, &any,
			    (const uint8_t *)gen.lines + i * t->line_size);
	}
	T_EQ(rec_decode_line(t, &p, nlines, &any), ERR_FORMAT);
	buf_close(&out);
}

static void test_random_records_of_every_type_come_back(void)
{
	recgen_seed(&gen, 1);
	for (uint32_t i = 0; i < rec_ntypes; i++)
		for (int j = 0; j < ROUNDS; j++)
			round_trip(&rec_types[i]);
}

static void test_the_bytes_of_a_points_entry_are_fixed(void)
{
	static const uint8_t digest[HASH_BYTES] = {1, 2, 3};
	struct rec_points head = {.note = lit("n")};
	struct rec_points_line line = {.household = lit("05001"),
				       .member = 2,
				       .item = lit("A101"),
				       .version = 1,
				       .points = points_of(200),
				       .day = 20089,
				       .place = lit("村"),
				       .digest = {digest, sizeof(digest)},
				       .notified = -1};
	uint8_t want[256];
	size_t n = t_hex("00"				    /* form */
			 "01020300000000000000000000000000" /* secret */
			 "0002"				    /* parts */
			 "0003"
			 "91a16e"
			 "003f"
			 "9ea5303530303102a44131303101ccc8cd4e79a3e69d91a0a0a0c420010203"
			 "0000000000000000000000000000000000000000000000000000000000ff00a0",
			 want, sizeof(want));
	struct buf out = {0};

	T_EQ(rec_encode(rec_type_of(REC_points), &head, &line, 1, secret, &out, NULL), ERR_OK);
	T_EQ(out.n, n);
	T_MEM(out.p, want, n);
	buf_close(&out);
}

/* Writes a record that breaks one bound. */
static void refused_value(const struct rec_type *t, uint32_t part, const struct rec_field *f)
{
	struct rec_issue issue = {NULL, 99};
	struct buf out = {0};
	void *s = part ? (void *)((uint8_t *)gen.lines + (part - 1) * t->line_size)
		       : (void *)&gen.head;

	T_EQ(buf_puts(&out, "before"), ERR_OK);
	T_EQ(rec_encode(t, &gen.head, gen.lines, gen.nlines, secret, &out, &issue), ERR_INVALID);
	if (issue.field != f || issue.part != part)
		t_fail(__FILE__, __LINE__, "%s.%s, part %u: named was %s, part %u", t->name,
		       f->name, (unsigned)part, issue.field ? issue.field->name : "-",
		       (unsigned)issue.part);
	T_STR(buf_str(&out), "before");
	T_EQ(rec_check(part ? t->line : t->head, part ? t->nline : t->nhead, s, &issue),
	     ERR_INVALID);
	T_OK(issue.field == f);
	buf_close(&out);
}

static void *place_of(const struct rec_field *f, void *s)
{
	return (uint8_t *)s + f->offset;
}

static void break_number(const struct rec_type *t, uint32_t part, const struct rec_field *f,
			 void *s, int64_t v)
{
	uint64_t u = (uint64_t)v;
	uint32_t c = (uint32_t)v;
	struct points p = points_of(v);
	uint8_t kept[sizeof(uint64_t)];
	bool is_u = f->kind == REC_U || f->kind == REC_MINUTE;
	const void *from = f->kind == REC_CHOICE ? (const void *)&c
			   : is_u		 ? (const void *)&u
						 : (const void *)&p;
	size_t n = f->kind == REC_CHOICE ? sizeof(c) : is_u ? sizeof(u) : sizeof(p);

	memcpy(kept, place_of(f, s), n);
	memcpy(place_of(f, s), from, n);
	refused_value(t, part, f);
	memcpy(place_of(f, s), kept, n);
}

static void break_day(const struct rec_type *t, uint32_t part, const struct rec_field *f, void *s)
{
	const day_t wrong[] = {DAY_MIN - 1, DAY_MAX + 1, INT32_MIN, INT32_MAX, DAY_NONE};
	day_t kept;

	memcpy(&kept, place_of(f, s), sizeof(kept));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (wrong[i] == DAY_NONE && f->min == 0)
			continue;
		memcpy(place_of(f, s), &wrong[i], sizeof(kept));
		refused_value(t, part, f);
	}
	memcpy(place_of(f, s), &kept, sizeof(kept));
}

static void break_run(const struct rec_type *t, uint32_t part, const struct rec_field *f, void *s)
{
	static uint8_t text[1024];
	const char *const wrong[] = {"\n", "\x01", "\x7f", "\xff", "\xed\xa0\x80", " ", "村", "/"};
	struct bytes kept, b = {text, (size_t)f->max + 1};

	memset(text, 'a', sizeof(text));
	memcpy(&kept, place_of(f, s), sizeof(kept));
	memcpy(place_of(f, s), &b, sizeof(b));
	refused_value(t, part, f);
	b.n = (size_t)f->min - 1;
	memcpy(place_of(f, s), &b, sizeof(b));
	if (f->min)
		refused_value(t, part, f);
	/* of a hash or a key that may be left out, no part is one */
	for (b.n = 1; rec_is_hex(f) && f->min == 0 && b.n < (size_t)f->max; b.n++) {
		memcpy(place_of(f, s), &b, sizeof(b));
		refused_value(t, part, f);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (rec_is_hex(f) || (f->kind == REC_TEXT && i > 4))
			continue;
		memset(text, 'a', sizeof(text));
		memcpy(text, wrong[i], strlen(wrong[i]));
		b.n = f->min > (int64_t)strlen(wrong[i]) ? (size_t)f->min : strlen(wrong[i]);
		memcpy(place_of(f, s), &b, sizeof(b));
		refused_value(t, part, f);
	}
	memcpy(place_of(f, s), &kept, sizeof(kept));
}

static void break_field(const struct rec_type *t, uint32_t part, const struct rec_field *f, void *s)
{
	switch (f->kind) {
	case REC_DAY: break_day(t, part, f, s); return;
	case REC_TEXT:
	case REC_CODE:
	case REC_DIGEST:
	case REC_BIN: break_run(t, part, f, s); return;
	case REC_U:
		if (f->max == INT64_MAX)
			break_number(t, part, f, s, -1); /* 2^64-1 */
		__attribute__((fallthrough));
	case REC_CHOICE:
	case REC_MINUTE:
	case REC_POINTS:
	case REC_FEN:
	case REC_QTY:
		if (f->max < INT64_MAX)
			break_number(t, part, f, s, f->max + 1);
		if (f->min > 0 ||
		    (f->kind != REC_U && f->kind != REC_MINUTE && f->kind != REC_CHOICE))
			break_number(t, part, f, s, f->min - 1);
		return;
	}
}

static void test_every_broken_bound_is_refused_with_the_field_named(void)
{
	recgen_seed(&gen, 2);
	for (uint32_t i = 0; i < rec_ntypes; i++) {
		const struct rec_type *t = &rec_types[i];

		recgen_record(&gen, t);
		for (uint32_t j = 0; j < t->nhead; j++)
			break_field(t, 0, &t->head[j], &gen.head);
		for (uint32_t part = 1; part <= gen.nlines;
		     part += gen.nlines > 1 ? gen.nlines - 1 : 1)
			for (uint32_t j = 0; j < t->nline; j++)
				break_field(t, part, &t->line[j],
					    (uint8_t *)gen.lines + (part - 1) * t->line_size);
	}
}

static void test_the_number_of_lines_has_bounds(void)
{
	static struct rec_review_line lines[ENTRY_PARTS_MAX + 1];
	const struct rec_type *t = rec_type_of(REC_review);
	struct rec_review head = {.note = {NULL, 0}};
	struct rec_issue issue = {t->head, 7};
	struct buf out = {0};
	struct payload p;
	uint32_t n = 77;

	T_EQ(rec_encode(t, &head, lines, 0, secret, &out, &issue), ERR_INVALID);
	T_OK(!issue.field);
	T_EQ(issue.part, 0);
	T_EQ(rec_encode(t, &head, lines, 201, secret, &out, NULL), ERR_INVALID);
	T_EQ(rec_encode(t, &head, lines, 200, secret, &out, NULL), ERR_OK);
	T_EQ(payload_parse(out.p, out.n, &p), ERR_OK);
	T_EQ(rec_nlines(rec_type_of(REC_grant), &p, &n), ERR_FORMAT);
	T_EQ(rec_nlines(rec_type_of(REC_household), &p, &n), ERR_FORMAT);
	T_EQ(n, 77);
	T_EQ(rec_decode_line(rec_type_of(REC_grant), &p, 0, &n), ERR_FORMAT);
	buf_close(&out);
}

static void test_a_record_over_the_payload_maximum_is_refused(void)
{
	static struct rec_points_line lines[60];
	char reason[401];
	struct rec_points head = {.note = {NULL, 0}};
	struct buf out = {0};

	memset(reason, 'r', 400);
	reason[400] = '\0';
	for (size_t i = 0; i < 60; i++)
		lines[i] = (struct rec_points_line){.household = lit("1"),
						    .item = lit("A101"),
						    .version = 1,
						    .points = points_of(1),
						    .day = 20000,
						    .reason = lit(reason)};
	T_EQ(rec_encode(rec_type_of(REC_points), &head, lines, 60, secret, &out, NULL), ERR_LIMIT);
	T_EQ(out.n, 0);
	T_EQ(out.err, ERR_OK);
	T_EQ(rec_encode(rec_type_of(REC_points), &head, lines, 30, secret, &out, NULL), ERR_OK);
	buf_close(&out);
}

static bool decodes(const struct rec_type *t, const void *data, size_t n)
{
	struct payload p;
	union rec_any any;
	uint32_t nlines;

	if (payload_parse(data, n, &p) || rec_nlines(t, &p, &nlines) ||
	    rec_decode_head(t, &p, &any))
		return false;
	for (uint32_t i = 0; i < nlines; i++)
		if (rec_decode_line(t, &p, i, &any))
			return false;
	return true;
}

static void test_every_cut_of_a_payload_is_refused(void)
{
	recgen_seed(&gen, 3);
	for (uint32_t i = 0; i < rec_ntypes; i++) {
		struct buf out = {0};

		recgen_payload(&gen, &rec_types[i], &out);
		T_OK(decodes(&rec_types[i], out.p, out.n));
		for (size_t n = 0; n < out.n; n++)
			T_OK(!decodes(&rec_types[i], out.p, n));
		buf_close(&out);
	}
}

/* Cuts inside a part, the lengths around it being right. */
static void test_every_cut_of_a_part_is_refused_and_leaves_the_result_alone(void)
{
	uint8_t untouched[REC_LINE_SIZE_MAX];

	memset(untouched, 0xa5, sizeof(untouched));
	recgen_seed(&gen, 4);
	for (uint32_t i = 0; i < rec_ntypes; i++) {
		const struct rec_type *t = &rec_types[i];
		struct buf out = {0};
		struct payload p;
		union rec_any any;

		recgen_payload(&gen, t, &out);
		T_EQ(payload_parse(out.p, out.n, &p), ERR_OK);
		for (uint32_t part = 0; part < p.nparts && part < 2; part++) {
			size_t whole = p.part[part].n;

			for (p.part[part].n = 0; p.part[part].n < whole; p.part[part].n++) {
				memcpy(any.raw, untouched, sizeof(untouched));
				T_EQ(part ? rec_decode_line(t, &p, 0, &any)
					  : rec_decode_head(t, &p, &any),
				     ERR_FORMAT);
				T_MEM(any.raw, untouched, sizeof(untouched));
			}
		}
		buf_close(&out);
	}
}

static void test_values_out_of_bounds_are_refused_on_the_wire(void)
{
	static const char *const wrong[] = {
		/* review line: entry, line, decision, opinion */
		"94cf8000000000000000000000a0", /* entry over 2^63-1 */
		"940000"
		"02"
		"a0",			      /* no such decision */
		"9400ccc900a0",		      /* line 201 */
		"940000ce00010000a0",	      /* a choice beyond 16 bits */
		"940000cf0000000100000000a0", /* and beyond 32 */
		"94000000a10a",		      /* a line feed */
		"94000000a17f",		      /* delete */
		"94000000c400",		      /* bin for text */
		"93000000",		      /* a field too few */
		"9500000000a0",		      /* a field too many */
		"94000000a000",		      /* a byte too many */
	};
	const struct rec_type *t = rec_type_of(REC_review);
	uint8_t m[64];
	struct payload p = {.secret = secret, .nparts = 2};
	struct rec_review_line line;

	p.part[1] = (struct bytes){m, t_hex("94000000a0", m, sizeof(m))};
	T_EQ(rec_decode_line(t, &p, 0, &line), ERR_OK);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		p.part[1] = (struct bytes){m, t_hex(wrong[i], m, sizeof(m))};
		if (rec_decode_line(t, &p, 0, &line) != ERR_FORMAT)
			t_fail(__FILE__, __LINE__, "accepted: %s", wrong[i]);
	}
}

static void test_part_of_a_digest_is_refused_on_the_wire_with_the_field_named(void)
{
	/* meeting: kind, day, place, attendance, agenda, decision, digest */
	static const char before[] = "970001a16101a161a0";
	static const uint8_t digest[33] = {1};
	const struct rec_type *t = rec_type_of(REC_meeting);
	uint8_t m[64];
	struct payload p = {.secret = secret, .nparts = 1};
	struct rec_meeting meeting;
	const struct rec_field *bad;

	for (size_t n = 0; n <= sizeof(digest); n++) {
		struct buf part = {.p = m, .cap = sizeof(m), .max = sizeof(m)};

		part.n = t_hex(before, m, sizeof(m));
		wr_bin(&part, digest, n);
		p.part[0] = buf_bytes(&part);
		bool whole = n == 0 || n == HASH_BYTES;
		T_EQ(rec_decode_head(t, &p, &meeting), whole ? ERR_OK : ERR_FORMAT);
		bad = rec_bad_field(t->head, t->nhead, p.part[0]);
		T_STR(bad ? bad->name : "", whole ? "" : "digest");
	}
}

static int encode_one(void)
{
	struct rec_reversal r = {.entry = 5, .line = 1, .reason = lit("typing error")};
	struct buf out = {0};
	int err = rec_encode(rec_type_of(REC_reversal), &r, NULL, 0, secret, &out, NULL);

	buf_close(&out);
	return err;
}

static void test_encoding_survives_lack_of_memory(void)
{
	T_OOM(encode_one());
}

/* --- tables ------------------------------------------------------------------------------------------ */

static void test_types_are_found_by_code_and_name(void)
{
	for (uint32_t i = 0; i < rec_ntypes; i++) {
		T_OK(rec_type_of(rec_types[i].code) == &rec_types[i]);
		T_OK(rec_type_named(rec_types[i].name) == &rec_types[i]);
	}
	T_OK(!rec_type_of(0));
	T_OK(!rec_type_of(65535));
	T_OK(!rec_type_named("point"));
	T_OK(!rec_type_named(""));
	T_EQ(rec_type_of(REC_points)->line_size, sizeof(struct rec_points_line));
	T_EQ(rec_type_of(REC_points)->roles, RB(recorder));
	T_STR(rec_lists[REC_LIST_UNIT].v[UNIT_month].zh, "月");
	T_STR(rec_lists[REC_LIST_CATEGORY].v[CATEGORY_C].name,
	      "C"); /* no macro caught the letter */
}

static void check_field(const struct rec_type *t, const struct rec_field *f)
{
	if (f->min > f->max && f->kind != REC_DAY)
		t_fail(__FILE__, __LINE__, "%s.%s: bounds", t->name, f->name);
	if (!f->zh[0] || !f->en[0])
		t_fail(__FILE__, __LINE__, "%s.%s: no label", t->name, f->name);
	if ((f->kind == REC_CHOICE) != (f->choices != NULL))
		t_fail(__FILE__, __LINE__, "%s.%s: choices", t->name, f->name);
	if (f->choices && f->max >= f->choices->n)
		t_fail(__FILE__, __LINE__, "%s.%s: more than the list", t->name, f->name);
	if (rec_is_hex(f) && f->max > REC_SCRATCH_BYTES)
		t_fail(__FILE__, __LINE__, "%s.%s: more than the scratch", t->name, f->name);
	if ((f->kind == REC_U || f->kind == REC_MINUTE) && f->min < 0)
		t_fail(__FILE__, __LINE__, "%s.%s: below zero", t->name, f->name);
}

static void test_every_field_is_described_completely(void)
{
	for (uint32_t i = 0; i < rec_ntypes; i++) {
		const struct rec_type *t = &rec_types[i];

		T_OK(t->nhead > 0 && t->code && t->schema);
		for (uint32_t j = 0; j < t->nhead; j++)
			check_field(t, &t->head[j]);
		for (uint32_t j = 0; j < t->nline; j++)
			check_field(t, &t->line[j]);
	}
	for (uint32_t i = 0; i < rec_nlists; i++)
		for (uint32_t j = 0; j < rec_lists[i].n; j++)
			T_OK(rec_lists[i].v[j].name && rec_lists[i].v[j].zh &&
			     rec_lists[i].v[j].en);
}

/* --- meaning ----------------------------------------------------------------------------------------- */

static bool is_line(const struct rec_type *t, const struct rec_field *f)
{
	return t->nline && f >= t->line && f < t->line + t->nline;
}

static bool is_a(const struct rec_field *f, enum rec_kind kind)
{
	return f && f->kind == kind;
}

static bool names_entry(const struct rec_type *t, const struct rec_field *f)
{
	const struct rec_type *ref = rec_type_of(f->ref);

	return f->kind == REC_U && ref && ref->listed &&
	       (t->feed & ref->feed || !(f->settles || f->other_person));
}

/* A meaning that is checked for fields of one kind does nothing for others: it would be accepted, and mean nothing. */
static void check_meaning(const struct rec_type *t, const struct rec_field *f)
{
	const struct {
		bool said, ok;
		const char *what;
	} rules[] = {
		{f->past, f->kind == REC_DAY, "no day"},
		{f->not_before, f->kind == REC_DAY && is_a(f->not_before, REC_DAY), "no period"},
		{f->at_most, f->kind == REC_U && is_a(f->at_most, REC_U), "no numbers"},
		{f->household, f->kind == REC_CODE && !f->enrolled, "no code of a household"},
		{f->enrolled, f->kind == REC_CODE, "no code of a village"},
		{f->enrolled, t->feed == REC_FEED_TOWN, "the village does not know"},
		{f->member, f->kind == REC_U && f->member < REC_PART, "no member"},
		{f->member, f->member_of && f->member_of->household, "a member of nothing"},
		{f->member, !f->at_most && !f->ref, "a member and another number"},
		{f->ref, names_entry(t, f), "no reference"},
		{f->ref, !f->at_most, "an entry and another number"},
		{f->other_person, f->ref, "of another person than whom"},
		{f->settles, f->ref, "settles nothing"},
		{f->settles && is_line(t, f), t->own_lines, "a line that nobody settles"},
		{f->settles_for, f->settles && !is_line(t, f), "settles nothing for anybody"},
		{f->settles_for, !f->settles_for || f->settles_for->enrolled, "for no village"},
		{f->done_when, f->ref && !f->settles && !is_line(t, f), "done with nothing"},
		{f->done_when, !f->done_when || f->done_when->choices == &rec_lists[REC_LIST_YES],
		 "done when what"},
		{f->person, f->kind == REC_TEXT, "no name"},
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].said && !rules[i].ok)
			t_fail(__FILE__, __LINE__, "%s.%s: %s", t->name, f->name, rules[i].what);
}

static void test_every_meaning_is_one_that_is_checked(void)
{
	for (uint32_t i = 0; i < rec_ntypes; i++) {
		const struct rec_type *t = &rec_types[i];

		for (uint32_t j = 0; j < t->nhead; j++)
			check_meaning(t, &t->head[j]);
		for (uint32_t j = 0; j < t->nline; j++)
			check_meaning(t, &t->line[j]);
	}
	T_OK(rec_type_of(REC_points)->own_lines && rec_type_of(REC_confirm)->own_lines);
	T_OK(!rec_type_of(REC_kin)->own_lines && !rec_type_of(REC_case_note)->own_lines);
}

static bool settles(const struct rec_type *by, const struct rec_type *t)
{
	for (uint32_t i = 0; i < by->nhead; i++)
		if (by->head[i].ref == t->code && by->head[i].settles)
			return true;
	return false;
}

static bool can_be_settled(const struct rec_type *t)
{
	for (uint32_t i = 0; i < rec_ntypes; i++)
		if (settles(&rec_types[i], t))
			return true;
	return false;
}

static void test_what_is_open_has_a_day_and_is_settled_by_another_type(void)
{
	for (uint32_t i = 0; i < rec_ntypes; i++) {
		const struct rec_type *t = &rec_types[i];

		T_OK(t->open.is || !t->open.day);
		if (!t->open.is)
			continue;
		T_OK(t->listed && can_be_settled(t));
		T_OK(!t->open.day || t->open.day->kind == REC_DAY);
		T_OK(t->open.day || !t->open.days);
		T_OK(!t->open.days || t->open.days->kind == REC_U);
	}
	T_STR(rec_type_of(REC_guidance)->open.day->name, "due");
	T_OK(!rec_type_of(REC_guidance)->open.days);
	T_STR(rec_type_of(REC_complaint)->open.day->name, "day");
	T_STR(rec_type_of(REC_complaint)->open.days->name, "answer_days");
	T_OK(rec_type_of(REC_application)->open.is && !rec_type_of(REC_application)->open.day);
	T_OK(!rec_type_of(REC_complaint_reply)->open.is);
}

static void check_example(const struct rec_type *t, const struct rec_field *f)
{
	uint8_t scratch[REC_SCRATCH_BYTES];
	union rec_any any;

	if (f->kind == REC_CODE && !rec_optional(f) && !f->example && !f->household && !f->enrolled)
		t_fail(__FILE__, __LINE__, "%s.%s: a code of which nobody can guess one", t->name,
		       f->name);
	for (enum lang l = LANG_ZH; l <= LANG_EN; l++) {
		struct buf b = {0};

		rec_example(f, l, &b);
		if (b.n == 0 || rec_field_parse(f, buf_str(&b), b.n, scratch, &any))
			t_fail(__FILE__, __LINE__, "%s.%s: no such value: %s", t->name, f->name,
			       buf_str(&b));
		buf_close(&b);
	}
}

/* What two households do is refused of one. */
static void check_households(const struct rec_type *t, const struct rec_field *f)
{
	struct buf a = {0}, b = {0};

	rec_example(f, LANG_ZH, &a);
	for (uint32_t i = 0; i < t->nhead + t->nline; i++) {
		const struct rec_field *other = i < t->nhead ? &t->head[i] : &t->line[i - t->nhead];

		buf_reset(&b);
		rec_example(other, LANG_ZH, &b);
		if (other != f && other->household && strcmp(buf_str(&a), buf_str(&b)) == 0)
			t_fail(__FILE__, __LINE__, "%s: %s is the household of %s", t->name,
			       f->name, other->name);
	}
	buf_close(&a);
	buf_close(&b);
}

static void check_default(const struct rec_type *t, const struct rec_field *f)
{
	static const enum rec_kind kind[] = {
		[REC_TODAY] = REC_DAY,	 [REC_NOW] = REC_MINUTE,   [REC_IN_FORCE] = REC_U,
		[REC_ITEM] = REC_POINTS, [REC_PRICE] = REC_POINTS, [REC_ONLY_LINE] = REC_U};

	if (f->fill == REC_ONLY_LINE)
		T_OK(f > t->head && f[-1].kind == REC_U); /* the entry */
	if (f->fill == REC_REGISTERED) {
		T_OK(rec_optional(f));
		return; /* of any kind: the register has it */
	}
	if (f->fill && f->fill != REC_KEPT && (f->kind != kind[f->fill] || !rec_optional(f)))
		t_fail(__FILE__, __LINE__, "%s.%s cannot be filled in", t->name, f->name);
	/* the types of KEPT fields have lines that go on, and a first value that can be read */
	if (f->fill == REC_KEPT && (!rec_line_key(t) || !rec_optional(f)))
		t_fail(__FILE__, __LINE__, "%s.%s is of no version", t->name, f->name);
	if (f->first && (f->fill != REC_KEPT || !rec_put_first(f, &(union rec_any){.align = 0})))
		t_fail(__FILE__, __LINE__, "%s.%s has no such first value", t->name, f->name);
	if (f->near && !f->first)
		t_fail(__FILE__, __LINE__, "%s.%s is near to nothing", t->name, f->name);
	/* a name says its unit, or the value has it: none says another */
	if (f->kind == REC_FEN && strstr(f->name, "fen"))
		t_fail(__FILE__, __LINE__, "%s.%s takes yuan", t->name, f->name);
}

static void test_examples_and_defaults_fit_their_fields(void)
{
	for (uint32_t i = 0; i < rec_ntypes; i++) {
		const struct rec_type *t = &rec_types[i];

		for (uint32_t j = 0; j < t->nhead + t->nline; j++) {
			const struct rec_field *f =
				j < t->nhead ? &t->head[j] : &t->line[j - t->nhead];

			check_example(t, f);
			check_default(t, f);
			if (f->household)
				check_households(t, f);
		}
	}
	T_OK(rec_optional(line_field("points", "version")));
	T_OK(!rec_optional(line_field("points", "item")));
}

/* --- JSON -------------------------------------------------------------------------------------------- */

static void json_is(const struct rec_field *f, uint32_t n, const void *s, enum rec_privacy upto,
		    const char *want)
{
	struct buf out = {0};
	struct jw w;

	jw_init(&w, &out);
	jw_obj(&w);
	rec_json(&w, f, n, s, upto);
	jw_obj_end(&w);
	T_STR(buf_str(&out), want);
	buf_close(&out);
}

static void test_json_of_a_points_line(void)
{
	const struct rec_type *t = rec_type_of(REC_points);
	struct rec_points_line line = {.household = lit("05001"),
				       .member = 2,
				       .item = lit("A101"),
				       .version = 3,
				       .points = points_of(150),
				       .day = 20119,
				       .place = lit("\"院坝\""),
				       .reason = lit("开会"),
				       .evidence = lit("签到表"),
				       .evidence_no = lit("QD-1"),
				       .digest = {secret, 3}};

	json_is(t->line, t->nline, &line, REC_PRIVATE,
		"{\"household\":\"05001\",\"member\":2,\"item\":\"A101\",\"version\":3,\"points\":"
		"\"1.50\","
		"\"day\":\"2025-01-31\",\"place\":\"\\\"院坝\\\"\",\"reason\":\"开会\","
		"\"evidence\":\"签到表\","
		"\"evidence_no\":\"QD-1\",\"digest\":\"010203\",\"notified\":\"\",\"application\":"
		"0,"
		"\"facility\":\"\"}");
	json_is(t->line, t->nline, &line, REC_MASKED,
		"{\"household\":\"05001\",\"member\":2,\"item\":\"A101\",\"version\":3,\"points\":"
		"\"1.50\","
		"\"day\":\"2025-01-31\",\"place\":\"\\\"院坝\\\"\",\"evidence\":\"签到表\","
		"\"digest\":\"010203\",\"application\":0,\"facility\":\"\"}");
	json_is(t->line, t->nline, &line, REC_PUBLIC,
		"{\"household\":\"05001\",\"item\":\"A101\",\"version\":3,\"points\":\"1.50\","
		"\"day\":\"2025-01-31\",\"evidence\":\"签到表\",\"digest\":\"010203\","
		"\"application\":0,\"facility\":\"\"}");
}

static void test_json_of_a_member_hides_by_privacy(void)
{
	const struct rec_type *t = rec_type_of(REC_household);
	struct rec_household_line line = {.member = 1,
					  .name = lit("欧阳小明"),
					  .relation = lit("户主"),
					  .sex = SEX_male,
					  .birth = -4103,
					  .id_tail = lit("305X"),
					  .phone = lit("15663167431")};

	json_is(t->line, t->nline, &line, REC_PUBLIC, "{\"member\":1,\"name\":\"欧阳*明\"}");
	json_is(t->line, t->nline, &line, REC_MASKED, "{\"member\":1,\"name\":\"欧阳小明\"}");
	json_is(t->line, t->nline, &line, REC_PRIVATE,
		"{\"member\":1,\"name\":\"欧阳小明\",\"relation\":\"户主\",\"sex\":\"male\","
		"\"birth\":\"1958-10-08\",\"id_tail\":\"305X\",\"hukou\":\"local\",\"since\":\"\","
		"\"agreed\":\"\",\"phone\":\"15663167431\",\"note\":\"\"}");
}

/* --- values as people write them --------------------------------------------------------------------- */

static int parse(const struct rec_field *f, const char *text, void *record)
{
	static uint8_t scratch[REC_SCRATCH_BYTES];

	return rec_field_parse(f, text, strlen(text), scratch, record);
}

static void test_names_are_shortened_wherever_they_stand(void)
{
	const struct rec_type *t = rec_type_of(REC_redemption);
	struct rec_redemption r = {.slip = lit("1"),
				   .household = lit("05001"),
				   .day = 20089,
				   .receiver = lit("王小明"),
				   .prices = 1,
				   .witness = lit("张三")};

	json_is(t->head, t->nhead, &r, REC_PUBLIC,
		"{\"slip\":\"1\",\"household\":\"05001\",\"day\":\"2025-01-01\",\"minute\":\"00:"
		"00\","
		"\"receiver\":\"王*明\",\"member\":0,\"signature\":\"\",\"prices\":1}");
}

static void test_days_are_read_in_several_notations(void)
{
	static const char *const good[] = {"2025-01-31", "2025-1-31",	  "2025/1/31",
					   "2025.1.31",	 "2025年1月31日", "20250131"};
	static const char *const bad[] = {"2025-02-29", "31.1.2025",  "2025-13-01", "1899-12-31",
					  "2200-01-01", " 2025-1-31", "45688",	    ""};
	const struct rec_field *f = line_field("points", "day");

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct rec_points_line line = {.day = 0};

		T_EQ(parse(f, good[i], &line), ERR_OK);
		T_EQ(line.day, 20119);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rec_points_line line = {.day = 7};

		T_EQ(parse(f, bad[i], &line), ERR_INVALID);
		T_EQ(line.day, 7);
	}
	struct rec_points_line line = {.notified = 7};
	T_EQ(parse(line_field("points", "notified"), "", &line), ERR_OK);
	T_EQ(line.notified, DAY_NONE);
}

static void test_points_are_read_within_their_bounds(void)
{
	static const struct {
		const char *text;
		int64_t want; /* 0: refused */
	} cases[] = {{"36", 3600},	     {"36.5", 3650},	{"36.50", 3650}, {"0.01", 1},
		     {"1000000", 100000000}, {"1000000.01", 0}, {"0", 0},	 {"-1", 0},
		     {"1.005", 0},	     {"1e3", 0},	{"", 0},	 {"三", 0}};
	const struct rec_field *f = line_field("points", "points");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rec_points_line line = {.points = points_of(42)};

		T_EQ(parse(f, cases[i].text, &line), cases[i].want ? ERR_OK : ERR_INVALID);
		T_EQ(points_raw(line.points), cases[i].want ? cases[i].want : 42);
	}
}

static void test_choices_are_read_by_name_and_label(void)
{
	static const struct {
		const char *list, *text;
		uint32_t want;
	} cases[] = {{"unit", "month", UNIT_month},
		     {"unit", "月", UNIT_month},
		     {"unit", "Month", UNIT_month},
		     {"sign", "deduct", SIGN_deduct},
		     {"sign", "负向扣分", SIGN_deduct},
		     {"sign", "deduction", SIGN_deduct},
		     {"category", "g", CATEGORY_G},
		     {"category", "荣誉表彰", CATEGORY_G},
		     {"scope", "户", SCOPE_household},
		     {"unit", "", 99},
		     {"unit", "周", 99},
		     {"unit", "1", 99},
		     {"unit", "mont", 99}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct rec_field *f = line_field("catalogue", cases[i].list);
		struct rec_catalogue_line line = {
			.unit = 99, .sign = 99, .category = 99, .scope = 99};

		T_EQ(parse(f, cases[i].text, &line), cases[i].want == 99 ? ERR_INVALID : ERR_OK);
		T_EQ(*(uint32_t *)((uint8_t *)&line + f->offset), cases[i].want);
	}
	/* "none" is a role, but nobody can be granted it */
	struct rec_grant g = {.role = 5};
	const struct rec_type *t = rec_type_of(REC_grant);
	T_EQ(parse(field_of(t->head, t->nhead, "role"), "none", &g), ERR_INVALID);
	T_EQ(parse(field_of(t->head, t->nhead, "role"), "村两委", &g), ERR_OK);
	T_EQ(g.role, ROLE_committee);
}

static void test_numbers_codes_and_texts_are_read(void)
{
	struct rec_points_line line = {.member = 5};

	T_EQ(parse(line_field("points", "member"), "99", &line), ERR_OK);
	T_EQ(line.member, 99);
	T_EQ(parse(line_field("points", "member"), "100", &line), ERR_INVALID);
	T_EQ(parse(line_field("points", "member"), "007", &line), ERR_INVALID);
	T_EQ(parse(line_field("points", "member"), "", &line), ERR_INVALID);
	T_EQ(line.member, 99);
	T_EQ(parse(line_field("points", "household"), "05001", &line), ERR_OK);
	T_EQ(line.household.n, 5);
	T_EQ(parse(line_field("points", "household"), "05 01", &line), ERR_INVALID);
	T_EQ(parse(line_field("points", "household"), "", &line), ERR_INVALID);
	T_EQ(parse(line_field("points", "place"), "院坝", &line), ERR_OK);
	T_EQ(parse(line_field("points", "place"), "院\n坝", &line), ERR_INVALID);
	T_EQ(parse(line_field("points", "place"), "", &line), ERR_OK);
	T_EQ(line.place.n, 0);
}

static void test_hex_is_read_into_the_scratch(void)
{
	const struct rec_type *t = rec_type_of(REC_revoke);
	const struct rec_field *f = field_of(t->head, t->nhead, "key");
	const char *good = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
	static char much[4 * REC_SCRATCH_BYTES + 1];
	struct rec_revoke r = {.role = 1};

	T_EQ(parse(f, good, &r), ERR_OK);
	T_EQ(r.key.n, 32);
	T_EQ(r.key.p[31], 31);
	T_EQ(parse(f, good + 2, &r), ERR_INVALID);
	T_EQ(parse(f, "zz", &r), ERR_INVALID);
	T_EQ(r.key.n, 32);
	memset(much, '0', sizeof(much) - 1);
	T_EQ(parse(f, much, &r), ERR_INVALID);
	t = rec_type_of(REC_village_enrol);
	f = field_of(t->head, t->nhead, "manifest");
	struct rec_village_enrol e = {.manifest = {NULL, 0}};
	much[1200] = '\0';
	T_EQ(parse(f, much, &e), ERR_OK);
	T_EQ(e.manifest.n, 600);
}

static void test_names_are_masked(void)
{
	static const struct {
		const char *name, *want;
	} cases[] = {{"王小明", "王*明"},
		     {"张三", "张*"},
		     {"欧阳小明", "欧阳*明"},
		     {"欧阳明", "欧阳*"},
		     {"欧阳", "欧*"},
		     {"诸葛亮", "诸葛*"},
		     {"完颜阿骨打", "完颜*打"},
		     {"那拉春花", "那拉*花"},
		     {"阳欧小明", "阳*明"}, /* not at a border of the list */
		     {"王", "*"},
		     {"", ""},
		     {"阿依古丽·买买提", "阿*提"},
		     {"𠮷田𫍯", "𠮷*𫍯"},
		     {"Ann", "A*n"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = {0};

		T_EQ(rec_mask_name(&out, cases[i].name, strlen(cases[i].name)), ERR_OK);
		T_STR(buf_str(&out), cases[i].want);
		buf_close(&out);
	}
}

/* --- SPEC.md ----------------------------------------------------------------------------------------- */

static char *file_text(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = calloc(1, 1 << 20);

	T_OK(text);
	if (f) {
		size_t n = fread(text, 1, (1 << 20) - 1, f);

		text[n] = '\0';
		fclose(f);
	}
	return text;
}

static void test_the_specification_shows_the_tables_of_the_program(void)
{
	static const char begin[] = "<!-- records:begin -->\n", end[] = "<!-- records:end -->";
	char *text = file_text("proto/SPEC.md");
	struct buf want = {0};

	char *from = strstr(text, begin), *to = strstr(text, end);
	T_OK(from && to && from < to);
	*to = '\0';
	T_EQ(rec_spec_table(&want), ERR_OK);
	if (strcmp(from + strlen(begin), buf_str(&want)) != 0)
		t_fail(__FILE__, __LINE__, "proto/SPEC.md has other tables: run make spec");
	buf_close(&want);
	free(text);
}

T_MAIN(T(test_random_records_of_every_type_come_back),
       T(test_the_bytes_of_a_points_entry_are_fixed),
       T(test_every_broken_bound_is_refused_with_the_field_named),
       T(test_the_number_of_lines_has_bounds), T(test_a_record_over_the_payload_maximum_is_refused),
       T(test_every_cut_of_a_payload_is_refused),
       T(test_every_cut_of_a_part_is_refused_and_leaves_the_result_alone),
       T(test_values_out_of_bounds_are_refused_on_the_wire),
       T(test_part_of_a_digest_is_refused_on_the_wire_with_the_field_named),
       T(test_encoding_survives_lack_of_memory), T(test_types_are_found_by_code_and_name),
       T(test_every_field_is_described_completely), T(test_every_meaning_is_one_that_is_checked),
       T(test_what_is_open_has_a_day_and_is_settled_by_another_type),
       T(test_examples_and_defaults_fit_their_fields), T(test_json_of_a_points_line),
       T(test_names_are_shortened_wherever_they_stand),
       T(test_json_of_a_member_hides_by_privacy, "R09"), T(test_days_are_read_in_several_notations),
       T(test_points_are_read_within_their_bounds, "R34 I4"),
       T(test_choices_are_read_by_name_and_label), T(test_numbers_codes_and_texts_are_read),
       T(test_hex_is_read_into_the_scratch), T(test_names_are_masked),
       T(test_the_specification_shows_the_tables_of_the_program))
