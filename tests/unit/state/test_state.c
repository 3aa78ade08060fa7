#include "daemon/ledger/state/state.h"

#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/state_evidence.h"
#include "daemon/ledger/state/state_lines.h"
#include "daemon/ledger/state/state_text.h"
#include "daemon/ledger/state/state_year.h"
#include "daemon/store/kv.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "lib/prng.h"
#include "tests/lib/t.h"

static struct bytes text(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}

static int key_cmp(const struct state_key *a, const struct state_key *b)
{
	int d = memcmp(a->b, b->b, a->n < b->n ? a->n : b->n);

	return d ? d : a->n - b->n;
}

static void test_keys_sort_as_their_parts_do(void)
{
	static const uint64_t numbers[] = {0, 1, 255, 256, 65535, 65536, 1 << 24, UINT64_MAX};
	static const char *const codes[] = {"0", "00", "01", "01001", "010010", "02", "A"};
	static const day_t days[] = {DAY_MIN, -1, 0, 1, DAY_MAX};
	struct state_key a, b;

	for (size_t i = 0; i + 1 < sizeof(numbers) / sizeof(numbers[0]); i++) {
		state_block_key(&a, 2, numbers[i]);
		state_block_key(&b, 2, numbers[i + 1]);
		T_OK(key_cmp(&a, &b) < 0);
	}
	for (size_t i = 0; i + 1 < sizeof(codes) / sizeof(codes[0]); i++) {
		state_year_key(&a, 2, text(codes[i]), 99, 2199);
		state_year_key(&b, 2, text(codes[i + 1]), 0, 1900);
		T_OK(key_cmp(&a, &b) < 0);
	}
	for (size_t i = 0; i + 1 < sizeof(days) / sizeof(days[0]); i++) {
		state_doc_day_key(&a, 2, 1, days[i]);
		state_doc_day_key(&b, 2, 1, days[i + 1]);
		T_OK(key_cmp(&a, &b) < 0);
	}
}

/* --- lines ------------------------------------------------------------------------------------------ */
static void random_lines(struct prng *g, struct state_lines *l, bool wild)
{
	l->recorder = (uint32_t)prng_below(g, wild ? UINT32_MAX : 5) + 1;
	l->n = 1 + (uint32_t)prng_below(g, wild ? STATE_LINES_MAX : 3);
	for (uint32_t i = 0; i < l->n; i++) {
		unsigned state = (unsigned)prng_below(g, 5);

		l->line[i].state = (uint8_t)state;
		l->line[i].reviewer =
			state == LINE_RECORDED ? 0 : (uint32_t)prng_below(g, wild ? UINT32_MAX : 3);
		l->line[i].confirmer = state == LINE_RECORDED || state == LINE_REVIEWED
					       ? 0
					       : (uint32_t)prng_below(g, wild ? UINT32_MAX : 3);
	}
}

static void same_lines(const struct state_lines *a, const struct state_lines *b)
{
	T_EQ(a->recorder, b->recorder);
	T_EQ(a->n, b->n);
	for (uint32_t i = 0; i < a->n; i++) {
		T_EQ(a->line[i].state, b->line[i].state);
		T_EQ(a->line[i].reviewer, b->line[i].reviewer);
		T_EQ(a->line[i].confirmer, b->line[i].confirmer);
	}
}

static void test_a_block_holds_what_was_put_last(void)
{
	static struct state_lines want[STATE_BLOCK], got;
	bool there[STATE_BLOCK] = {false};
	struct buf row = {0}, next = {0};
	struct prng g;
	unsigned slot;

	prng_seed(&g, 1);
	for (int turn = 0; turn < 600; turn++) {
		unsigned s = (unsigned)prng_below(&g, STATE_BLOCK);

		random_lines(&g, &want[s], turn % 7 == 0);
		there[s] = true;
		buf_reset(&next);
		T_EQ(state_lines_put(kv_bytes(row.n ? row.p : (uint8_t *)"", row.n), 64 + s,
				     &want[s], &next),
		     ERR_OK);
		struct buf swap = row;
		row = next;
		next = swap;
		for (unsigned i = 0; i < STATE_BLOCK; i++) {
			int err = state_lines_get(buf_bytes(&row), 32 + i, &got);

			T_EQ(err, there[i] ? ERR_OK : ERR_NOTFOUND);
			if (!err)
				same_lines(&got, &want[i]);
		}
	}
	size_t at = 0;
	for (unsigned i = 0; i < STATE_BLOCK; i++) {
		T_EQ(state_lines_next(buf_bytes(&row), &at, &slot, &got), ERR_OK);
		T_EQ(slot, i);
		same_lines(&got, &want[i]);
	}
	T_EQ(state_lines_next(buf_bytes(&row), &at, &slot, &got), ERR_NOTFOUND);
	T_EQ(state_lines_get(kv_bytes(row.p, row.n - 1), 31, &got), ERR_CORRUPT);
	buf_close(&row);
	buf_close(&next);
}

static void test_a_single_entry_is_small(void)
{
	struct state_lines l = {.recorder = 3, .n = 1};
	struct buf row = {0};

	l.line[0].state = LINE_CONFIRMED;
	l.line[0].reviewer = 4;
	l.line[0].confirmer = 5;
	T_EQ(state_lines_put(text(""), 1000000, &l, &row), ERR_OK);
	T_EQ(row.n, 6);
	buf_close(&row);
}

/* --- households ------------------------------------------------------------------------------------- */
static day_t some_day(struct prng *g)
{
	return prng_below(g, 2) ? DAY_NONE : (day_t)prng_below(g, 20000) + 1;
}

static struct state_member some_member(struct prng *g, uint32_t member, uint64_t entry)
{
	bool usual = prng_below(g, 2);

	return (struct state_member){.member = member,
				     .other_hukou = prng_below(g, 2),
				     .head = prng_below(g, 4) == 0,
				     .birth = some_day(g),
				     .since = some_day(g),
				     .agreed = some_day(g),
				     .left = some_day(g),
				     .death = some_day(g),
				     .away = some_day(g),
				     .changed = prng_below(g, 3) * 100,
				     .was_away = some_day(g),
				     .was_head = prng_below(g, 2),
				     .entry = usual ? entry : prng_below(g, 1000),
				     .line = usual ? member : (uint32_t)prng_below(g, 41)};
}

static void same_member(const struct state_member *a, const struct state_member *b)
{
	T_EQ(a->member, b->member);
	T_EQ(a->other_hukou, b->other_hukou);
	T_EQ(a->head, b->head);
	T_EQ(a->birth, b->birth);
	T_EQ(a->since, b->since);
	T_EQ(a->agreed, b->agreed);
	T_EQ(a->left, b->left);
	T_EQ(a->death, b->death);
	T_EQ(a->away, b->away);
	T_EQ(a->changed, b->changed);
	T_EQ(a->was_away, b->was_away);
	T_EQ(a->was_head, b->was_head);
	T_EQ(a->entry, b->entry);
	T_EQ(a->line, b->line);
}

static void test_a_household_is_read_as_it_was_written(void)
{
	struct state_member m[STATE_MEMBERS_MAX], got;
	struct state_household h, back;
	struct buf row = {0};
	struct prng g;

	prng_seed(&g, 5);
	for (int turn = 0; turn < 500; turn++) {
		h = (struct state_household){.entry = prng_below(&g, 1000),
					     .takes_part = prng_below(&g, 2),
					     .consent = some_day(&g),
					     .began = some_day(&g),
					     .left = some_day(&g),
					     .group = text(prng_below(&g, 2) ? "" : "12345678"),
					     .nmembers = (uint32_t)prng_below(&g, turn % 9 + 1)};
		for (uint32_t i = 0; i < h.nmembers; i++)
			m[i] = some_member(&g, h.nmembers - i, h.entry);
		buf_reset(&row);
		state_household_pack(&h, m, &row);
		T_EQ(state_household_parse(buf_bytes(&row), &back), ERR_OK);
		T_EQ(back.entry, h.entry);
		T_EQ(back.takes_part, h.takes_part);
		T_EQ(back.consent, h.consent);
		T_EQ(back.began, h.began);
		T_EQ(back.left, h.left);
		T_EQ(back.group.n, h.group.n);
		T_EQ(back.nmembers, h.nmembers);
		for (uint32_t i = 0; i < h.nmembers; i++) {
			T_OK(state_household_member(&back, m[i].member, &got));
			same_member(&got, &m[i]);
		}
		for (size_t cut = 0; cut < row.n; cut++)
			T_EQ(state_household_parse(kv_bytes(row.p, cut), &back), ERR_CORRUPT);
	}
	buf_close(&row);
}

static void test_a_usual_household_is_small(void)
{
	const struct state_household h = {
		.entry = 4, .takes_part = true, .consent = 18262, .nmembers = 2};
	const struct state_member m[] = {{.member = 1, .birth = 3000, .entry = 4, .line = 1},
					 {.member = 2, .entry = 4, .line = 2}};
	struct buf row = {0};

	state_household_pack(&h, m, &row);
	T_EQ(row.n, 12);
	buf_close(&row);
}

static void test_a_household_nobody_wrote_is_damage(void)
{
	/* entry 4, flags, ... as its parts say */
	static const char *const bad[] = {
		"042000",		      /* a flag that does not exist */
		"04020000",		      /* a day that is none */
		"04040000",		      /* an empty group */
		"04040931323334353637383900", /* a group of nine */
		"040064",		      /* a hundred members, and none there */
		"040000ff",		      /* more than was counted */
		"0400010102",		      /* a flag without its day is cut off */
		"040001010200",		      /* birth: no day */
		"040001018000",		      /* more, but nothing */
		"040001018004",		      /* more that does not exist */
		"0400010180020401",	      /* details where they always are */
	};
	struct state_household h;
	uint8_t raw[64];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		size_t n = t_hex(bad[i], raw, sizeof(raw));

		if (state_household_parse(kv_bytes(raw, n), &h) != ERR_CORRUPT)
			t_fail(__FILE__, __LINE__, "%s was read", bad[i]);
	}
}

static void test_a_place_is_a_household_and_a_number(void)
{
	struct state_place p = {text("01001"), 7};
	struct buf row = {0};

	state_place_pack(&p, &row);
	T_EQ(row.n, 7);
	p = (struct state_place){0};
	T_EQ(state_place_parse(buf_bytes(&row), &p), ERR_OK);
	T_EQ(p.member, 7);
	T_MEM(p.household.p, "01001", 5);
	T_EQ(state_place_parse(kv_bytes(row.p, 6), &p), ERR_CORRUPT);
	T_EQ(state_place_parse(kv_bytes("\0\1", 2), &p), ERR_CORRUPT);
	T_EQ(state_place_parse(text("\x11"
				    "01234567890123456\1"),
			       &p),
	     ERR_CORRUPT);
	buf_close(&row);
}

/* --- years ------------------------------------------------------------------------------------------ */
#define ITEMS 6
static void test_a_year_remembers_sums_and_days(void)
{
	static int days[ITEMS][366];
	int64_t sum[ITEMS] = {0}, score = 0;
	struct buf row = {0}, next = {0};
	struct state_year_item it;
	struct state_year y;
	struct prng g;

	prng_seed(&g, 2);
	for (int turn = 0; turn < 4000; turn++) {
		uint32_t i = (uint32_t)prng_below(&g, ITEMS);
		int day = (int)prng_below(&g, i ? 366 : 5);
		bool take = days[i][day] > 0 && prng_below(&g, 2);

		T_EQ(state_year_parse(buf_bytes(&row), &y), ERR_OK);
		T_EQ(y.score, score);
		T_EQ(state_year_item(&y, i * 50, &it), ERR_OK);
		T_EQ(it.sum, sum[i]);
		int near = -1;
		for (int d = day - 1; d <= day + 1 && near < 0; d++)
			near = d >= 0 && d < 366 && days[i][d] ? d : -1;
		T_EQ(state_year_near(&it, day), near);
		sum[i] += take ? -100 : 100;
		days[i][day] += take ? -1 : 1;
		buf_reset(&next);
		state_year_put_item(&y, i * 50, &it, sum[i], day, take, &next);
		T_EQ(state_year_parse(buf_bytes(&next), &y), ERR_OK);
		score -= 7;
		buf_reset(&row);
		state_year_put_score(&y, score, &row);
		T_EQ(row.err | next.err, ERR_OK);
	}
	/* taking everything back leaves a score and nothing else */
	for (uint32_t i = 0; i < ITEMS; i++)
		for (int day = 0; day < 366; day++)
			for (; days[i][day]; days[i][day]--) {
				T_EQ(state_year_parse(buf_bytes(&row), &y), ERR_OK);
				T_EQ(state_year_item(&y, i * 50, &it), ERR_OK);
				buf_reset(&next);
				sum[i] -= 100;
				state_year_put_item(&y, i * 50, &it, sum[i], day, true, &next);
				buf_reset(&row);
				buf_put(&row, next.p, next.n);
			}
	T_EQ(state_year_parse(buf_bytes(&row), &y), ERR_OK);
	T_EQ(y.items.n, 0);
	buf_close(&row);
	buf_close(&next);
}

/* Bytes as a literal: "\x00..." */
#define ROW(s) kv_bytes(s, sizeof(s) - 1)

static void year_is_damaged(struct bytes row)
{
	struct state_year_item it;
	struct state_year y;

	T_EQ(state_year_parse(row, &y), ERR_OK);
	T_EQ(state_year_item(&y, 1, &it), ERR_CORRUPT);
}

/* score 0 | item 1: length, sum 2, days */
static void test_days_beyond_a_year_are_damage(void)
{
	struct state_year_item it;
	struct state_year y;

	T_EQ(state_year_parse(ROW("\0\1\4\2\x00\xed\2"), &y), ERR_OK);
	T_EQ(state_year_item(&y, 1, &it), ERR_OK);
	T_EQ(state_year_near(&it, 364), 365);
	year_is_damaged(ROW("\0\1\3\2\xee\2"));
	year_is_damaged(ROW("\0\1\4\2\1\xed\2"));
	/* a day that is -1 as an int, twice: written again it would take more room than it had */
	year_is_damaged(ROW("\0\1\13\2\xff\xff\xff\xff\xf\xff\xff\xff\xff\xf"));
}

static void test_rows_nobody_wrote_are_damage(void)
{
	struct state_person p;
	struct state_lines l;
	unsigned slot;
	size_t at = 0;

	/* number 1, name "a", one role: 1 in village "b\0c", from 0 to 0, group "g" */
	T_EQ(state_person_parse(ROW("\1\1a\1\1\3bxc\0\0\1g"), &p), ERR_OK);
	T_STR(p.role[0].group, "g");
	T_EQ(state_person_parse(ROW("\1\1a\1\1\3b\0c\0\0\0"), &p), ERR_CORRUPT);
	T_EQ(state_person_parse(ROW("\1\1a\1\1\3bxc\0\0\11ggggggggg"), &p), ERR_CORRUPT);
	uint8_t named[2 + STATE_PERSON_NAME + 2] = {1, STATE_PERSON_NAME + 1}; /* one too long */
	memset(named + 2, 'a', STATE_PERSON_NAME + 1);
	T_EQ(state_person_parse(kv_bytes(named, sizeof(named)), &p), ERR_CORRUPT);
	named[1]--;
	named[2 + STATE_PERSON_NAME] = 0;
	T_EQ(state_person_parse(kv_bytes(named, sizeof(named) - 1), &p), ERR_OK);
	/* slot 0, recorder 2^32 */
	T_EQ(state_lines_next(ROW("\0\6\x80\x80\x80\x80\x10\x8"), &at, &slot, &l), ERR_CORRUPT);
}

static void test_a_block_begins_with_nothing(void)
{
	struct state_lines l = {.recorder = 3, .n = 1}, got;
	struct buf row = {0};

	T_EQ(state_lines_put((struct bytes){NULL, 0}, 5, &l, &row), ERR_OK);
	T_EQ(state_lines_get(buf_bytes(&row), 5, &got), ERR_OK);
	same_lines(&got, &l);
	buf_close(&row);
}

static void test_a_year_forgets_days_beyond_its_room(void)
{
	struct buf row = {0}, next = {0};
	struct state_year_item it;
	struct state_year y;

	for (int i = 1; i <= 3 * STATE_YEAR_DAYS_MAX; i++) {
		T_EQ(state_year_parse(buf_bytes(&row), &y), ERR_OK);
		T_EQ(state_year_item(&y, 1, &it), ERR_OK);
		buf_reset(&next);
		state_year_put_item(&y, 1, &it, 100 * i, i % 366, false, &next);
		buf_reset(&row);
		buf_put(&row, next.p, next.n);
	}
	T_EQ(state_year_parse(buf_bytes(&row), &y), ERR_OK);
	T_EQ(state_year_item(&y, 1, &it), ERR_OK);
	T_EQ(it.sum, 300 * STATE_YEAR_DAYS_MAX);
	T_OK(it.days.n >= STATE_YEAR_DAYS_MAX && it.days.n <= STATE_YEAR_DAYS_MAX + 2);
	T_EQ(state_year_near(&it, 100), 99);
	buf_close(&row);
	buf_close(&next);
}

/* --- evidence --------------------------------------------------------------------------------------- */
static void test_evidence_is_found_until_it_falls_out(void)
{
	uint8_t id[STATE_EVIDENCE_ID], other[STATE_EVIDENCE_ID];
	struct buf row = {0}, next = {0};
	struct state_use u;
	uint64_t last = 0;
	size_t at = 0;

	state_evidence_id('n', text("CG-1"), id);
	state_evidence_id('d', text("CG-1"), other);
	T_OK(memcmp(id, other, sizeof(id)) != 0);
	memcpy(other, id, sizeof(id));
	other[3] ^= 1; /* in the same row */
	for (uint64_t i = 1; i <= 5000; i++) {
		u = (struct state_use){i * 1000, i % 3 ? 1 : 200};
		buf_reset(&next);
		T_EQ(state_evidence_put(kv_bytes(row.n ? row.p : (uint8_t *)"", row.n),
					i % 2 ? id : other, &u, &next),
		     ERR_OK);
		struct buf swap = row;
		row = next;
		next = swap;
	}
	T_OK(row.n <= STATE_EVIDENCE_MAX && row.n > STATE_EVIDENCE_MAX - 32);
	uint64_t found = 0;
	while (state_evidence_next(buf_bytes(&row), id, &at, &u) == ERR_OK) {
		T_OK(u.seq > last && u.seq / 1000 % 2 == 1);
		T_EQ(u.line, u.seq / 1000 % 3 ? 1 : 200);
		last = u.seq;
		found++;
	}
	T_EQ(last, 4999000);
	T_OK(found > 800);
	at = 0;
	T_EQ(state_evidence_next(kv_bytes(row.p, 3), id, &at, &u), ERR_CORRUPT);
	buf_close(&row);
	buf_close(&next);
}

static bool same_row(unsigned level, char kind, const char *a, const char *b)
{
	struct state_key x, y;

	state_evidence_key(&x, 2, kind, text(a), level);
	state_evidence_key(&y, 2, kind, text(b), level);
	return x.n == y.n && memcmp(x.b, y.b, x.n) == 0;
}

static void test_evidence_numbers_share_a_row_up_to_their_last_characters(void)
{
	char longest[61] = {0};

	memset(longest, 'x', 60);
	T_OK(same_row(0, 'n', "WJ-20250101-03821", "WJ-20250101-03999"));
	T_OK(!same_row(1, 'n', "WJ-20250101-03821", "WJ-20250101-03999"));
	T_OK(same_row(1, 'n', "WJ-20250101-03821", "WJ-20250101-03899"));
	T_OK(!same_row(0, 'n', "WJ-20250101-03821", "WJ-20250101-04821"));
	T_OK(!same_row(0, 'n', "WJ-20250101-03821", "WJ-20250102-03821"));
	T_OK(same_row(0, 'n', "7", "812"));
	T_OK(same_row(0, 'n', longest, longest)); /* fits a key */
	T_OK(same_row(0, 'd', "ABxx", "ABxy"));
	T_OK(!same_row(1, 'd', "ABxx", "ABzx"));
	T_OK(!same_row(0, 'd', "ABxx", "ACxx"));
}

/* --- the table -------------------------------------------------------------------------------------- */
static void test_every_kind_has_names_and_a_letter_of_its_own(void)
{
	unsigned n = 0;

	for (unsigned kind = 0; kind <= UINT8_MAX; kind++) {
		const struct state_row *row = state_row_of((uint8_t)kind);

		if (!row)
			continue;
		n++;
		T_OK(row->name[0] && row->zh[0] && row->en[0]);
	}
#define ONE(...) +1
	T_EQ(n, 0 STATE_ROWS(ONE)); /* two with the same letter would be one */
#undef ONE
}

static void test_a_key_comes_apart_as_it_was_made(void)
{
	struct state_filing_parts at;
	struct state_block_parts block;
	struct state_kin_parts kin;
	struct state_key k;

	state_filing_key(&k, 2, text("v1"), 2, 77, UINT64_C(1) << 40);
	T_EQ(state_filing_split(state_key_bytes(&k), &at), ERR_OK);
	T_OK(bytes_eq(at.village, text("v1")));
	T_EQ(at.doc, 2);
	T_EQ(at.version, 77);
	T_EQ(at.seq, UINT64_C(1) << 40);
	T_EQ(state_key_prefix(&k, 0), 5);
	T_EQ(state_key_prefix(&k, 1), 8);
	T_EQ(state_key_prefix(&k, 3), 13);
	T_EQ(state_key_prefix(&k, 4), k.n);
	state_block_key(&k, 2, 0x1234);
	T_EQ(state_block_split(state_key_bytes(&k), &block), ERR_OK);
	T_EQ(block.block, 0x1234);
	state_kin_key(&k, 2, text("00012"), 99, text(""), 0);
	T_EQ(state_kin_split(state_key_bytes(&k), &kin), ERR_OK);
	T_EQ(kin.member, 99);
	T_EQ(kin.relative.n, 0);
}

static void test_a_key_that_is_another_is_damage(void)
{
	struct state_post_parts post;
	struct state_kin_parts kin;
	struct state_key k;

	state_kin_key(&k, 2, text("00012"), 1, text("00013"), 2);
	T_EQ(state_post_split(state_key_bytes(&k), &post), ERR_CORRUPT);
	for (uint8_t n = k.n; n-- > 0;) {
		k.n = n;
		T_EQ(state_kin_split(state_key_bytes(&k), &kin), ERR_CORRUPT);
	}
	state_kin_key(&k, 2, text("00012"), 1, text("00013"), 2);
	state_key_after(&k);
	T_EQ(state_kin_split(state_key_bytes(&k), &kin), ERR_CORRUPT);
}

static void key_text_is(const struct state_key *k, const char *want)
{
	struct buf b = {0};

	state_text_key(state_key_bytes(k), &b);
	T_STR(buf_str(&b), want);
	buf_close(&b);
}

static void value_text_is(uint8_t kind, const void *p, size_t n, const char *want)
{
	struct buf b = {0};

	state_text_value(kind, kv_bytes(p, n), &b);
	T_STR(buf_str(&b), want);
	buf_close(&b);
}

static void test_a_row_can_be_read_by_people(void)
{
	const uint8_t key[32] = {0xab, 0xcd, 0xef, 0x01, 0x23};
	struct state_key k;
	day_t day;

	state_year_key(&k, 2, text("00012"), 3, 2026);
	key_text_is(&k, " 00012 3 2026");
	k.n -= 1; /* as far as it goes */
	key_text_is(&k, " 00012 3");
	state_block_key(&k, 2, 300);
	key_text_is(&k, " 300");
	T_OK(day_from_ymd(2026, 2, 3, &day));
	state_doc_day_key(&k, 2, 1, day);
	key_text_is(&k, " 1 2026-02-03");
	state_invite_key(&k, 2, key);
	key_text_is(&k, " abcdef01");
	state_facility_key(&k, 2, text("a\033[2J"));
	key_text_is(&k, " 611b5b32");
	value_text_is(STATE_BOOK, "\7\1\11\2\5\3B01", 9,
		      "seq=7 held=1 upto=9 lines=2 balance=-3 number=B01");
	value_text_is(STATE_BOOK, "\7\1\11", 3, "seq=7 held=1 upto=9 lines=0(3 bytes)");
	value_text_is(STATE_ACCOUNT, "\1\2\3", 3, "(3 bytes)");
	value_text_is(0, "", 0, "");
}

T_MAIN(T(test_keys_sort_as_their_parts_do), T(test_a_block_holds_what_was_put_last),
       T(test_a_single_entry_is_small), T(test_a_household_is_read_as_it_was_written),
       T(test_a_usual_household_is_small), T(test_a_household_nobody_wrote_is_damage),
       T(test_a_place_is_a_household_and_a_number), T(test_a_year_remembers_sums_and_days),
       T(test_days_beyond_a_year_are_damage), T(test_rows_nobody_wrote_are_damage),
       T(test_a_block_begins_with_nothing), T(test_a_year_forgets_days_beyond_its_room),
       T(test_evidence_is_found_until_it_falls_out),
       T(test_evidence_numbers_share_a_row_up_to_their_last_characters),
       T(test_every_kind_has_names_and_a_letter_of_its_own),
       T(test_a_key_comes_apart_as_it_was_made), T(test_a_key_that_is_another_is_damage),
       T(test_a_row_can_be_read_by_people))
