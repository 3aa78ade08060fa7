#include "daemon/web/import/import.h"

#include <stdio.h>
#include <string.h>

#include "daemon/ledger/query/elsewhere.h"
#include "daemon/web/import/import_chars.h"
#include "daemon/web/import/import_table.h"
#include "lib/idcard.h"
#include "lib/look.h"
#include "lib/mem.h"
#include "lib/sign.h"
#include "lib/text.h"
#include "lib/vec.h"

#define HINT_ROWS     20 /* how far away a household number is looked for */
#define ID_TAIL_CHARS 4
#define NOBODY	      UINT32_MAX

enum { COLUMNS_ROSTER(COLUMN_ID) COLS };

struct person {
	uint32_t row;
	struct bytes head; /* as the row names him or her */
	struct bytes id;   /* wiped at the end */
	struct bytes key;  /* the whole row; wiped at the end */
	struct rec_household home;
	struct rec_household_line line;
	bool id_good, id_suspect, repeated, no_number, hukou_given;
	bool bad;      /* an error is in the row */
	uint32_t next; /* in the household */
};
struct home {
	uint32_t first, last, n;
	uint32_t head; /* NOBODY: none yet */
};
struct work {
	struct import_table t;
	struct import_report *rep;
	struct person *p;
	uint32_t n, cap;
	struct home *home;
	uint32_t nhomes;
	uint32_t rounded; /* identity numbers that a spreadsheet ruined */
};

static const struct rec_field *head_field(const char *name)
{
	const struct rec_type *t = rec_type_of(REC_household);

	return import_field(t->head, t->nhead, name);
}

static const struct rec_field *line_field(const char *name)
{
	const struct rec_type *t = rec_type_of(REC_household);

	return import_field(t->line, t->nline, name);
}

static bool is(struct bytes b, const char *word)
{
	return str_eq(import_str(b), b.n, word);
}

/* --- one row ------------------------------------------------------------------------------------------ */

/* 一 .. 九十九; 0 when it is none. */
static unsigned chinese_number(const char *s, size_t n)
{
	static const char digits[] = "一二三四五六七八九";
	unsigned tens = 0, ones = 0;
	bool ten = false;

	if (n == 0 || n > 9 || n % 3)
		return 0;
	for (size_t i = 0; i < n; i += 3) {
		unsigned d = 0;

		if (memcmp(s + i, "十", 3) == 0 && !ten) {
			ten = true;
			tens = ones ? ones : 1;
			ones = 0;
			continue;
		}
		while (d < 9 && memcmp(s + i, digits + 3 * d, 3) != 0)
			d++;
		if (d == 9 || ones)
			return 0;
		ones = d + 1;
	}
	return tens * 10 + ones;
}

static bool is_ascii(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] >= 0x80)
			return false;
	return true;
}

/* 第五村民小组, 5组, 五社 -> 5 */
static struct bytes usual_group(struct work *w, struct bytes v)
{
	static const char *const ends[] = {"村民小组", "小组", "组", "社"};
	const char *s = import_str(v);
	size_t n = v.n;
	unsigned number;
	char text[8];

	if (n > 3 && memcmp(s, "第", 3) == 0) {
		s += 3;
		n -= 3;
	}
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t len = strlen(ends[i]);

		if (n > len && memcmp(s + n - len, ends[i], len) == 0) {
			n -= len;
			break;
		}
	}
	number = chinese_number(s, n);
	if ((n == v.n && !number) || (!number && !is_ascii((struct bytes){(const uint8_t *)s, n})))
		return v;
	if (number) {
		n = 0;
		if (number >= 10)
			text[n++] = (char)('0' + number / 10);
		text[n++] = (char)('0' + number % 10);
		s = text;
	}
	struct bytes usual = import_keep(w->rep, s, n);
	import_cell_issue(&w->t, COL_GROUP, v, ISSUE_NORMALISED, import_shown(w->rep, usual), 0);
	return usual;
}

static void read_home(struct work *w, struct person *p)
{
	struct bytes v = import_cell(&w->t, COL_HOUSEHOLD);

	p->no_number = v.n == 0 && !(w->t.spoilt >> COL_HOUSEHOLD & 1);
	if (v.n)
		import_cell_field(&w->t, COL_HOUSEHOLD, v, head_field("household"), &p->home);
	v = usual_group(w, import_cell(&w->t, COL_GROUP));
	if (is_ascii(v))
		import_cell_field(&w->t, COL_GROUP, v, head_field("group"), &p->home);
	else
		import_cell_issue(&w->t, COL_GROUP, v, ISSUE_GROUP_NAME, "", 0);
	v = import_cell(&w->t, COL_PART);
	if (import_cell_needed(&w->t, COL_PART, v))
		import_cell_field(&w->t, COL_PART,
				  import_cell_usual(&w->t, COL_PART, head_field("takes_part"), v),
				  head_field("takes_part"), &p->home);
}

static void read_name(struct work *w, struct person *p)
{
	static const char *const lost[] = {"?", "？", "*", "＊", "□", "\xef\xbf\xbd"};
	struct bytes v = import_cell(&w->t, COL_NAME);

	p->head = import_cell(&w->t, COL_HEAD);
	if (!import_cell_needed(&w->t, COL_NAME, v) ||
	    !import_cell_field(&w->t, COL_NAME, v, line_field("name"), &p->line))
		return;
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++)
		if (strstr(import_str(v), lost[i])) {
			import_cell_issue(&w->t, COL_NAME, v, ISSUE_LOST_CHARACTER, lost[i], 0);
			break;
		}
	if (!import_has_letter(v))
		import_cell_issue(&w->t, COL_NAME, v, ISSUE_NO_LETTER, "", 0);
}

static void id_issue(struct work *w, struct bytes id, enum import_id what)
{
	import_add(w->rep, &(struct import_issue){.row = w->t.row,
						  .id = what,
						  .column = w->t.column[COL_ID].name,
						  .value = import_shown_id(w->rep, id),
						  .num = {(int64_t)utf8_count(id.p, id.n)}});
}

static void read_id(struct work *w, struct person *p, struct idcard *ret)
{
	static const enum import_id what[] = {[IDCARD_SCIENTIFIC] = ISSUE_ID_SCIENTIFIC,
					      [IDCARD_ROUNDED] = ISSUE_ID_ROUNDED,
					      [IDCARD_OLD] = ISSUE_ID_OLD,
					      [IDCARD_LENGTH] = ISSUE_ID_LENGTH,
					      [IDCARD_DIGITS] = ISSUE_ID_DIGITS,
					      [IDCARD_DATE] = ISSUE_ID_DATE,
					      [IDCARD_CHECK] = ISSUE_ID_CHECK};
	enum idcard_state state;

	p->id = import_cell(&w->t, COL_ID);
	if (p->id.n == 0)
		return;
	state = idcard_check(import_str(p->id), p->id.n, ret);
	p->id_suspect = state == IDCARD_SUSPECT;
	p->id_good = state == IDCARD_OK || p->id_suspect;
	w->rounded += state == IDCARD_SCIENTIFIC || state == IDCARD_ROUNDED;
	if (p->id_good)
		p->line.id_tail =
			import_keep(w->rep, p->id.p + p->id.n - ID_TAIL_CHARS, ID_TAIL_CHARS);
	else
		id_issue(w, p->id, what[state]);
}

static void read_birth(struct work *w, struct person *p, const struct idcard *card)
{
	uint32_t errors = w->rep->count[IMPORT_ERROR];
	struct bytes raw = import_table_raw(&w->t, COL_BIRTH, NULL);
	char text[DATE_TEXT_MAX];

	p->line.birth = import_cell_past_day(&w->t, COL_BIRTH);
	if (!p->id_good || w->rep->count[IMPORT_ERROR] > errors)
		return;
	day_text(card->birth, text);
	if (p->line.birth == card->birth) {
		if (chars_blank(raw)) /* both DAY_NONE */
			import_cell_issue(&w->t, COL_BIRTH, raw, ISSUE_BIRTH_EPOCH, "", 0);
	} else if (p->line.birth == DAY_NONE) {
		p->line.birth = card->birth;
		import_cell_issue(&w->t, COL_BIRTH, raw, ISSUE_BIRTH_FROM_ID,
				  import_shown(w->rep, bytes_str(text)), 0);
	} else {
		import_cell_issue(&w->t, COL_BIRTH, raw, ISSUE_BIRTH_ID,
				  import_shown(w->rep, bytes_str(*text ? text : "1970-01-01")), 0);
	}
}

static void read_sex(struct work *w, struct person *p, const struct idcard *card)
{
	struct bytes v = import_cell(&w->t, COL_SEX);
	uint8_t scratch[REC_SCRATCH_BYTES];
	uint32_t by_id = card->male ? SEX_male : SEX_female;

	if (v.n == 0)
		return;
	v = import_cell_usual(&w->t, COL_SEX, line_field("sex"), v);
	if (is(v, "未填") ||
	    rec_field_parse(line_field("sex"), import_str(v), v.n, scratch, &p->line)) {
		/* a rounded number has lost the digit that matters */
		p->line.sex = p->id_good && !p->id_suspect ? by_id : SEX_unknown;
		import_add(w->rep,
			   &(struct import_issue){.row = w->t.row,
						  .id = ISSUE_SEX_UNKNOWN,
						  .column = w->t.column[COL_SEX].name,
						  .value = import_shown(w->rep, v),
						  .s = rec_lists[REC_LIST_SEX].v[p->line.sex].zh,
						  .t = rec_lists[REC_LIST_SEX].v[p->line.sex].en});
	} else if (p->id_good && p->line.sex != SEX_unknown && p->line.sex != by_id) {
		import_cell_issue(&w->t, COL_SEX, v, ISSUE_SEX_ID, "", 0);
	}
}

static void read_residence(struct work *w, struct person *p)
{
	struct bytes v = import_cell(&w->t, COL_HUKOU);

	p->hukou_given = v.n > 0;
	if (v.n)
		import_cell_field(&w->t, COL_HUKOU,
				  import_cell_usual(&w->t, COL_HUKOU, line_field("hukou"), v),
				  line_field("hukou"), &p->line);
	else if (import_table_has(&w->t, COL_HUKOU))
		import_cell_issue(&w->t, COL_HUKOU, v, ISSUE_HUKOU_EMPTY, "", 0);
	p->line.since = import_cell_past_day(&w->t, COL_SINCE);
	p->line.agreed = import_cell_past_day(&w->t, COL_AGREED);
	if (p->line.hukou == HUKOU_other && p->home.takes_part == YES_yes &&
	    (p->line.since == DAY_NONE || p->line.agreed == DAY_NONE))
		import_cell_issue(&w->t, COL_SINCE, import_table_raw(&w->t, COL_SINCE, NULL),
				  ISSUE_RESIDENCE, "", 0);
}

static void read_person(struct work *w, struct person *p)
{
	struct idcard card = {DAY_NONE, false};
	struct bytes v;

	*p = (struct person){.row = w->t.row, .next = NOBODY};
	read_home(w, p);
	read_name(w, p);
	v = import_cell(&w->t, COL_RELATION);
	if (import_cell_needed(&w->t, COL_RELATION, v))
		import_cell_field(&w->t, COL_RELATION, v, line_field("relation"), &p->line);
	read_id(w, p, &card);
	read_birth(w, p, &card);
	read_sex(w, p, &card);
	read_residence(w, p);
	v = import_cell(&w->t, COL_PHONE);
	import_cell_field(&w->t, COL_PHONE, v, line_field("phone"), &p->line);
	if (chars_personal(v, CHARS_CARD))
		import_cell_issue(&w->t, COL_PHONE, v, ISSUE_PERSONAL_NUMBER, "", 0);
	v = import_cell(&w->t, COL_NOTE);
	import_cell_field(&w->t, COL_NOTE, v, line_field("note"), &p->line);
	p->key = import_row_key(&w->t);
}

static int read_people(struct work *w)
{
	int got;

	while ((got = import_table_next(&w->t)) > 0 && !w->rep->err) {
		uint32_t errors = w->rep->count[IMPORT_ERROR];

		if (VEC_ROOM(w->p, w->n, w->cap))
			return ERR_NOMEM;
		read_person(w, &w->p[w->n]);
		w->p[w->n++].bad = w->rep->count[IMPORT_ERROR] > errors || w->t.incomplete;
	}
	return got < 0 ? got : w->rep->err;
}

/* --- all rows ----------------------------------------------------------------------------------------- */

static void person_issue(struct work *w, const struct person *p, uint32_t column,
			 struct import_issue i)
{
	i.row = p->row;
	i.column = w->t.column[column].name;
	w->p[p - w->p].bad |= import_issue_severity(i.id) == IMPORT_ERROR;
	import_add(w->rep, &i);
}

/* Rows that are there twice, and identity numbers that belong to two. */
static void find_repeated(struct work *w)
{
	struct import_map rows = {0}, ids = {0};

	for (uint32_t i = 0; i < w->n && !w->rep->err; i++) {
		struct person *p = &w->p[i];
		uint32_t first = import_map_put(&rows, p->key, p->row, w->rep);

		if (w->rep->err)
			break;
		if (first != p->row) {
			p->repeated = true;
			import_add(w->rep, &(struct import_issue){
						   .row = p->row,
						   .id = ISSUE_REPEATED,
						   .value = import_shown(w->rep, p->line.name),
						   .num = {first}});
			continue;
		}
		if (!p->id_good)
			continue;
		first = import_map_put(&ids, p->id, p->row, w->rep);
		if (first != p->row)
			person_issue(w, p, COL_ID,
				     (struct import_issue){.id = ISSUE_ID_TWICE,
							   .value = import_shown_id(w->rep, p->id),
							   .num = {first}});
	}
	import_map_close(&rows);
	import_map_close(&ids);
}

/* A file in which a spreadsheet rounded some numbers may hold others where the check character fits by
 * luck (1 in 11). In any other file a number that ends in 000 is just that. */
static void find_suspect(struct work *w)
{
	for (uint32_t i = 0; i < w->n && w->rounded; i++)
		if (w->p[i].id_suspect)
			person_issue(w, &w->p[i], COL_ID,
				     (struct import_issue){.id = ISSUE_ID_SUSPECT,
							   .value = import_shown_id(w->rep,
										    w->p[i].id)});
}

static bool same_head(const struct person *a, const struct person *b)
{
	return a->head.n && !b->no_number && b->home.household.n && bytes_eq(a->head, b->head);
}

/* The row nearby with the same head of household. */
static const struct person *neighbour(const struct work *w, uint32_t i)
{
	for (uint32_t d = 1; d <= HINT_ROWS; d++) {
		if (d <= i && same_head(&w->p[i], &w->p[i - d]))
			return &w->p[i - d];
		if (i + d < w->n && same_head(&w->p[i], &w->p[i + d]))
			return &w->p[i + d];
	}
	return NULL;
}

/* Says which rows have no household number. Where it can be known, the row is counted there all the same,
 * so that one missing cell does not bring complaints about others. */
static void find_missing_numbers(struct work *w)
{
	for (uint32_t i = 0; i < w->n; i++) {
		struct person *p = &w->p[i];
		const struct person *near = p->no_number ? neighbour(w, i) : NULL;
		enum import_id id = ISSUE_HOUSEHOLD_MISSING;

		if (!p->no_number)
			continue;
		if (near) {
			p->home.household = near->home.household;
			id = ISSUE_HOUSEHOLD_MISSING_HINT;
		}
		person_issue(w, p, COL_HOUSEHOLD,
			     (struct import_issue){.id = id,
						   .s = import_shown(w->rep, p->home.household)});
	}
}

static int gather_homes(struct work *w)
{
	struct import_map map = {0};

	w->home = mem_array(w->n, sizeof(w->home[0]));
	if (!w->home)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < w->n && !w->rep->err; i++) {
		struct person *p = &w->p[i];
		uint32_t at;

		if (p->repeated || p->home.household.n == 0)
			continue;
		at = import_map_put(&map, p->home.household, w->nhomes, w->rep);
		if (w->rep->err)
			break;
		if (at == w->nhomes)
			w->home[w->nhomes++] = (struct home){.first = i, .last = i, .head = NOBODY};
		else
			w->p[w->home[at].last].next = i;
		w->home[at].last = i;
		w->home[at].n++;
	}
	import_map_close(&map);
	return w->rep->err;
}

bool import_is_head(struct bytes relation)
{
	return is(relation, "户主") || is(relation, "本人") || is(relation, "户主本人") ||
	       is(relation, "head");
}

static void find_head(struct work *w, struct home *h)
{
	const struct person *first = &w->p[h->first];
	const char *number = import_shown(w->rep, first->home.household);

	for (uint32_t i = h->first; i != NOBODY; i = w->p[i].next) {
		if (!import_is_head(w->p[i].line.relation))
			continue;
		if (h->head == NOBODY)
			h->head = i;
		else
			person_issue(w, &w->p[i], COL_RELATION,
				     (struct import_issue){.id = ISSUE_HEAD_TWO,
							   .s = number,
							   .num = {w->p[h->head].row}});
	}
	if (h->head == NOBODY)
		person_issue(w, first, COL_RELATION,
			     (struct import_issue){.id = ISSUE_HEAD_NONE, .s = number});
}

/* Rows of one person that differ in something else. */
static void find_same_person(struct work *w, const struct home *h)
{
	for (uint32_t i = h->first; i != NOBODY; i = w->p[i].next)
		for (uint32_t k = h->first; k != i; k = w->p[k].next) {
			const struct rec_household_line *a = &w->p[k].line, *b = &w->p[i].line;
			char day[DATE_TEXT_MAX];

			if (!b->name.n || !look_same(a->name, b->name) ||
			    !elsewhere_same(a->birth, a->id_tail, b->birth, b->id_tail))
				continue;
			person_issue(
				w, &w->p[i], COL_NAME,
				(struct import_issue){
					.id = ISSUE_PERSON_TWICE,
					.value = import_shown(w->rep, b->name),
					.s = import_shown(w->rep, w->p[h->first].home.household),
					.t = import_shown(w->rep,
							  bytes_str(day_text(b->birth, day))),
					.num = {w->p[k].row}});
			break;
		}
}

static void check_home(struct work *w, struct home *h)
{
	const struct person *first = &w->p[h->first], *p;
	const char *number = import_shown(w->rep, first->home.household);
	uint32_t most = rec_type_of(REC_household)->lines_max;

	find_head(w, h);
	for (uint32_t i = h->first; i != NOBODY; i = p->next) {
		p = &w->p[i];
		if (!bytes_eq(p->home.group, first->home.group))
			person_issue(
				w, p, COL_GROUP,
				(struct import_issue){.id = ISSUE_GROUP_DIFFERS,
						      .value = import_shown(w->rep, p->home.group),
						      .s = number,
						      .num = {first->row}});
		if (p->home.takes_part != first->home.takes_part)
			person_issue(w, p, COL_PART,
				     (struct import_issue){.id = ISSUE_PART_DIFFERS,
							   .s = number,
							   .num = {first->row}});
		if (h->head != NOBODY && p->head.n && !look_same(p->head, w->p[h->head].line.name))
			person_issue(w, p, COL_HEAD,
				     (struct import_issue){
					     .id = ISSUE_HEAD_NAME,
					     .value = import_shown(w->rep, p->head),
					     .s = number,
					     .t = import_shown(w->rep, w->p[h->head].line.name)});
	}
	if (h->n <= most)
		find_same_person(w, h);
	else
		person_issue(
			w, first, COL_HOUSEHOLD,
			(struct import_issue){.id = ISSUE_MEMBERS, .s = number, .num = {most}});
}

static struct bytes without_zeros(struct bytes b)
{
	while (b.n > 1 && b.p[0] == '0') {
		b.p++;
		b.n--;
	}
	return b;
}

/* 5001 beside 05001: a spreadsheet that takes the number for one drops the zero, and the household is there
 * twice. */
static void find_lost_zeros(struct work *w)
{
	struct import_map map = {0};

	for (uint32_t i = 0; i < w->nhomes && !w->rep->err; i++) {
		const struct person *p = &w->p[w->home[i].first], *other;
		uint32_t first = import_map_put(&map, without_zeros(p->home.household), i, w->rep);

		if (w->rep->err || first == i)
			continue;
		other = &w->p[w->home[first].first];
		person_issue(w, p, COL_HOUSEHOLD,
			     (struct import_issue){.id = ISSUE_HOUSEHOLD_ZERO,
						   .value = import_shown(w->rep, p->home.household),
						   .s = import_shown(w->rep, other->home.household),
						   .num = {other->row}});
	}
	import_map_close(&map);
}

/* Does @b look like a number of @digits digits whose zeros in front are lost? */
static bool lacks_zeros(struct bytes b, uint32_t digits)
{
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] < '0' || b.p[i] > '9')
			return false;
	return b.n && b.n < digits && b.p[0] != '0';
}

/* A whole column that a spreadsheet took for numbers: no two rows of it differ, but all differ from the register. */
static int find_all_short(struct work *w, const struct import_lookup *look)
{
	uint32_t digits, n = 0, first = 0;
	char wanted[STATE_CODE_MAX];
	int err = look->digits ? look->digits(look->ctx, &digits) : ERR_NOTFOUND;

	if (err || !digits || digits >= sizeof(wanted))
		return err == ERR_NOTFOUND ? ERR_OK : err;
	for (uint32_t i = w->nhomes; !err && i-- > 0;) {
		struct bytes number = w->p[w->home[i].first].home.household;
		struct import_near near = {.n = 0};

		if (!lacks_zeros(number, digits))
			continue;
		/* that there is one which it might be was said of its row */
		err = look->near(look->ctx, number, &near);
		first = near.n ? first : i;
		n += near.n == 0;
	}
	if (err || !n)
		return err;
	const struct person *p = &w->p[w->home[first].first];
	struct bytes short_one = p->home.household;
	snprintf(wanted, sizeof(wanted), "%0*d%.*s", (int)(digits - short_one.n), 0,
		 (int)short_one.n, import_str(short_one));
	person_issue(w, p, COL_HOUSEHOLD,
		     (struct import_issue){.id = ISSUE_ZEROS_ALL,
					   .value = import_shown(w->rep, short_one),
					   .s = import_shown(w->rep, bytes_str(wanted)),
					   .num = {n, digits}});
	return w->rep->err;
}

static void check_total(struct work *w)
{
	int64_t people = 0;

	for (uint32_t i = 0; i < w->n; i++)
		people += !w->p[i].repeated;
	if (w->t.total >= 0 && w->t.total != people)
		import_add(w->rep, &(struct import_issue){.row = w->t.total_row,
							  .id = ISSUE_TOTAL_DIFFERS,
							  .num = {w->t.total, people}});
}

/* Of this household one with the same head is registered under a number with zeros in front: that is meant. With
 * another head it would be taken for that household by everybody who reads the number. */
static int find_registered(struct work *w, const struct home *h, const struct import_lookup *look)
{
	struct person *p = &w->p[h->first];
	struct bytes head = {NULL, 0}, mine = {NULL, 0};
	struct import_near near = {.n = 0};
	int err = look->head(look->ctx, p->home.household, &head);

	if (err == ERR_NOTFOUND)
		err = look->near(look->ctx, p->home.household, &near);
	if (err || near.n == 0)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	struct bytes number = import_keep(w->rep, near.number[0].p, near.number[0].n);
	err = look->head(look->ctx, number, &head);
	if (err)
		return err;
	head = import_regular(w->rep, head, IMPORT_NAME);
	if (h->head != NOBODY)
		mine = w->p[h->head].line.name;
	bool same = near.n == 1 && mine.n && look_same(head, mine);
	person_issue(w, p, COL_HOUSEHOLD,
		     (struct import_issue){.id = same ? ISSUE_ZEROS_LOST : ISSUE_ZEROS_LEDGER,
					   .value = import_shown(w->rep, p->home.household),
					   .s = import_shown(w->rep, number),
					   .t = import_shown(w->rep, head)});
	if (same)
		p->home.household = number;
	return w->rep->err;
}

static int check_all(struct work *w, const struct import_lookup *look)
{
	int err;

	if (w->n == 0) {
		import_add(w->rep, &(struct import_issue){.id = ISSUE_NOTHING});
		return ERR_OK;
	}
	find_repeated(w);
	find_suspect(w);
	find_missing_numbers(w);
	err = gather_homes(w);
	if (err)
		return err;
	for (uint32_t i = 0; i < w->nhomes; i++)
		check_home(w, &w->home[i]);
	find_lost_zeros(w);
	for (uint32_t i = 0; !err && look && i < w->nhomes; i++)
		err = find_registered(w, &w->home[i], look);
	if (!err && look)
		err = find_all_short(w, look);
	if (err)
		return err;
	check_total(w);
	w->rep->records = w->nhomes;
	return w->rep->err;
}

/* --- records ------------------------------------------------------------------------------------------ */

static int make_home(struct work *w, const struct home *h, const struct import_opts *o,
		     struct import_household *ret)
{
	uint32_t i = h->first;

	ret->line = import_alloc(w->rep, h->n * sizeof(ret->line[0]));
	ret->rows = import_alloc(w->rep, h->n * sizeof(ret->rows[0]));
	ret->hukou_given = import_alloc(w->rep, h->n * sizeof(ret->hukou_given[0]));
	if (!ret->line || !ret->rows || !ret->hukou_given)
		return ERR_NOMEM;
	ret->row = w->p[i].row;
	ret->head = w->p[i].home;
	ret->head.consent_day = ret->head.takes_part == YES_yes ? o->consent_day : DAY_NONE;
	for (; i != NOBODY; i = w->p[i].next) {
		ret->line[ret->nlines] = w->p[i].line;
		ret->rows[ret->nlines] = w->p[i].row;
		ret->hukou_given[ret->nlines] = w->p[i].hukou_given;
		ret->bad |= w->p[i].bad;
		ret->line[ret->nlines].member = ret->nlines + 1;
		ret->nlines++;
	}
	return ERR_OK;
}

static int make_roster(struct work *w, const struct import_opts *o, struct import_roster *ret)
{
	int err = ERR_OK;

	ret->v = import_alloc(w->rep, w->nhomes * sizeof(ret->v[0]));
	if (!ret->v)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < w->nhomes && !err; i++)
		err = make_home(w, &w->home[i], o, &ret->v[ret->n++]);
	return err;
}

/* Households with errors were compared like all, and go no further. */
static void drop_bad(struct import_roster *r)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->n; i++) {
		if (r->v[i].bad)
			continue;
		r->v[n] = r->v[i];
		r->people += r->v[n++].nlines;
	}
	r->n = n;
}

static void wipe(struct bytes b)
{
	if (b.p)
		secret_wipe((void *)(uintptr_t)b.p, b.n);
}

int import_roster(const void *p, size_t n, const struct import_opts *o, struct import_roster *ret,
		  struct import_report *rep)
{
	struct work w = {.rep = rep};
	struct import_roster made = {.n = 0};
	int err = import_table_open(&w.t, p, n, &import_tables[IMPORT_ROSTER], o->today, rep);

	if (!err)
		err = read_people(&w);
	if (!err)
		err = check_all(&w, o->look);
	if (!err)
		err = make_roster(&w, o, &made);
	if (!err && o->update)
		err = o->update(o->update_ctx, &made, rep);
	if (err == ERR_NOMEM)
		rep->err = err;
	if (!err || err == ERR_INVALID)
		err = import_end(rep, o);
	drop_bad(&made);
	if (!err || err == ERR_INVALID)
		*ret = made;
	for (uint32_t i = 0; i < w.n; i++) {
		wipe(w.p[i].id);
		wipe(w.p[i].key);
	}
	mem_free(w.p);
	mem_free(w.home);
	import_table_close(&w.t);
	return err;
}
