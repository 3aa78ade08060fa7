/* Tables as towns send them. The first byte chooses the importer and its options; when its highest bit is
 * set, the second says which allocation fails. Whatever the file holds: the report speaks of rows that are
 * there, nothing is imported while it names an error, and what is imported fits its record. */
#include <jansson.h>
#include <string.h>

#include "daemon/web/import/import.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "tests/fuzz/fuzz.h"

#define ACCEPT	4
#define CONSENT 8
#define LEDGER	16
#define NO_ROOM 128

static unsigned any(struct bytes b)
{
	unsigned sum = 0;

	for (size_t i = 0; i < b.n; i++)
		sum = sum * 31 + b.p[i];
	return sum;
}

static int look_head(void *ctx, struct bytes household, struct bytes *ret)
{
	static const char name[] = "孟林强";

	(void)ctx;
	*ret = (struct bytes){(const uint8_t *)name, sizeof(name) - 1};
	return household.p[household.n - 1] == '9' ? ERR_NOTFOUND : ERR_OK;
}

static int look_near(void *ctx, struct bytes household, struct import_near *ret)
{
	static const char numbers[2][4] = {"008", "08"};

	(void)ctx;
	*ret = (struct import_near){.n = (uint32_t)(household.n % 3)};
	for (uint32_t i = 0; i < ret->n; i++)
		ret->number[i] = bytes_str(numbers[i]);
	return ERR_OK;
}

static int look_member(void *ctx, struct bytes household, struct bytes name, uint32_t *ret)
{
	(void)ctx;
	CHECK(household.n && name.n);
	switch (any(name) % 8) {
	case 0: return ERR_INVALID;
	case 1: return ERR_EXISTS;
	default: *ret = 1 + any(name) % 9; return ERR_OK;
	}
}

static int look_item(void *ctx, struct bytes code, day_t day, struct import_item *ret)
{
	static const char name[] = "参加村民会议";

	(void)ctx;
	if (code.n == 0 || day == DAY_NONE || code.p[code.n - 1] == '9')
		return ERR_NOTFOUND;
	*ret = (struct import_item){.version = 1 + any(code) % 3,
				    .name = {(const uint8_t *)name, sizeof(name) - 1},
				    .points = points_of(code.p[0] == 'Z' ? -200 : 200),
				    .deduct = code.p[0] == 'B'};
	return ERR_OK;
}

static const struct import_lookup look = {
	.head = look_head, .near = look_near, .member = look_member, .item = look_item};

static void fits(uint16_t code, const void *head, const void *lines, uint32_t n)
{
	const struct rec_type *t = rec_type_of(code);

	if (head)
		CHECK(rec_check(t->head, t->nhead, head, NULL) == ERR_OK);
	for (uint32_t i = 0; i < n; i++)
		CHECK(rec_check(t->line, t->nline, (const uint8_t *)lines + i * t->line_size,
				NULL) == ERR_OK);
}

static int roster(const uint8_t *p, size_t n, const struct import_opts *o,
		  struct import_report *rep)
{
	struct import_roster r = {0};
	int err = import_roster(p, n, o, &r, rep);
	uint32_t people = 0;

	for (uint32_t i = 0; i < r.n; i++) {
		CHECK(r.v[i].nlines >= 1);
		fits(REC_household, &r.v[i].head, r.v[i].line, r.v[i].nlines);
		people += r.v[i].nlines;
	}
	CHECK(people == r.people);
	CHECK(err || r.n == rep->records);
	return err;
}

static int catalogue(const uint8_t *p, size_t n, const struct import_opts *o,
		     struct import_report *rep)
{
	struct import_catalogue c = {0};
	int err = import_catalogue(p, n, o, &c, rep);

	CHECK(err == ERR_NOMEM || c.n == rep->records);
	fits(REC_catalogue, NULL, c.v, c.n);
	return err;
}

static int entries(const uint8_t *p, size_t n, const struct import_opts *o,
		   struct import_report *rep)
{
	struct import_entries e = {0};
	int err = import_entries(p, n, o, &look, &e, rep);

	CHECK(err == ERR_NOMEM || e.n == rep->records);
	fits(REC_points, NULL, e.v, e.n);
	for (uint32_t i = 0, run; i < e.n; i += run) {
		run = import_entries_fit(&e, i, 600);
		CHECK(run >= 1);
		CHECK(run <= e.n - i);
	}
	return err;
}

static uint32_t rows_of(const uint8_t *p, size_t n)
{
	uint32_t rows = 1;

	for (size_t i = 0; i < n; i++)
		rows += p[i] == '\n' || p[i] == '\r';
	return rows;
}

static bool in_order(const struct import_issue *a, const struct import_issue *b)
{
	enum import_severity x = import_issue_severity(a->id), y = import_issue_severity(b->id);

	return x < y || (x == y && a->row <= b->row);
}

static void look_at(const struct import_report *rep, uint32_t rows)
{
	struct buf text = {0}, json = {0};
	json_t *root;
	struct jw w;

	CHECK(rep->rows <= rows);
	CHECK(rep->records <= rows);
	CHECK(rep->memory <= IMPORT_MEMORY_MAX);
	for (uint32_t i = 0; i < rep->n; i++) {
		CHECK(rep->issue[i].row <= rows);
		CHECK(i == 0 || in_order(&rep->issue[i - 1], &rep->issue[i]));
		for (enum lang lang = LANG_ZH; lang <= LANG_EN; lang++) {
			buf_reset(&text);
			CHECK(import_issue_text(&rep->issue[i], lang, &text) == ERR_OK);
			CHECK(utf8_clean(text.p, text.n, false));
		}
	}
	jw_init(&w, &json);
	import_report_json(rep, &w);
	root = json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
	CHECK(json_is_object(root));
	json_decref(root);
	buf_close(&text);
	buf_close(&json);
}

static int run(uint8_t how, const uint8_t *p, size_t n, struct import_report *rep)
{
	struct import_opts o = {.accept = how & ACCEPT, .today = 20500};

	if (how & LEDGER)
		o.look = &look;
	if (how & CONSENT)
		o.consent_day = 20000;
	switch (how & 3) {
	case 0: return roster(p, n, &o, rep);
	case 1: return catalogue(p, n, &o, rep);
	default: return entries(p, n, &o, rep);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct import_report rep = {0};
	bool no_room = n >= 2 && (data[0] & NO_ROOM);
	long live = mem_live();
	int err;

	if (n == 0)
		return 0;
	if (no_room)
		mem_fail_after(data[1]);
	err = run(data[0], data + 1 + no_room, n - 1 - no_room, &rep);
	mem_fail_after(-1);
	CHECK(err == ERR_OK || err == ERR_INVALID || (no_room && err == ERR_NOMEM));
	if (!err)
		CHECK(import_report_clean(&rep));
	if (err != ERR_NOMEM) {
		CHECK(err == ERR_OK || !import_report_clean(&rep));
		look_at(&rep, rows_of(data, n));
	}
	import_report_close(&rep);
	CHECK(mem_live() == live);
	return 0;
}
