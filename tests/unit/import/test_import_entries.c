/* Sheets of points. */
#include "daemon/web/import/import.h"

#include "lib/err.h"
#include "lib/text.h"
#include "tests/lib/imports.h"
#include "tests/lib/t.h"

struct books {
	struct import_report catalogue_rep, roster_rep;
	struct import_catalogue catalogue;
	struct import_roster roster;
};

static bool same_bytes(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static int find_member(void *ctx, struct bytes household, struct bytes name, uint32_t *ret)
{
	const struct import_roster *r = &((struct books *)ctx)->roster;
	uint32_t found = 0;

	for (uint32_t i = 0; i < r->n; i++) {
		const struct import_household *h = &r->v[i];

		if (!same_bytes(h->head.household, household))
			continue;
		for (uint32_t k = 0; k < h->nlines && name.n; k++) {
			if (!same_bytes(h->line[k].name, name))
				continue;
			if (found)
				return ERR_EXISTS;
			found = k + 1;
		}
		if (name.n && !found)
			return ERR_INVALID;
		*ret = found;
		return ERR_OK;
	}
	return ERR_NOTFOUND;
}

static int find_head(void *ctx, struct bytes household, struct bytes *ret)
{
	const struct import_roster *r = &((struct books *)ctx)->roster;

	for (uint32_t i = 0; i < r->n; i++)
		if (same_bytes(r->v[i].head.household, household)) {
			*ret = r->v[i].line[0].name;
			return ERR_OK;
		}
	return ERR_NOTFOUND;
}

static struct bytes without_zeros(struct bytes b)
{
	while (b.n > 1 && b.p[0] == '0') {
		b.p++;
		b.n--;
	}
	return b;
}

static int find_near(void *ctx, struct bytes household, struct import_near *ret)
{
	const struct import_roster *r = &((struct books *)ctx)->roster;

	*ret = (struct import_near){.n = 0};
	for (uint32_t i = 0; i < r->n && ret->n < 2; i++) {
		struct bytes number = r->v[i].head.household;

		if (same_bytes(without_zeros(number), without_zeros(household)))
			ret->number[ret->n++] = number;
	}
	return ERR_OK;
}

/* Version 3 of the catalogue, in force since 2024-10-04. */
static int find_item(void *ctx, struct bytes code, day_t day, struct import_item *ret)
{
	const struct import_catalogue *c = &((struct books *)ctx)->catalogue;

	ret->version = day < 20000 ? 0 : 3;
	for (uint32_t i = 0; i < c->n; i++) {
		if (!same_bytes(c->v[i].code, code) || day < 20000)
			continue;
		*ret = (struct import_item){3, c->v[i].name_zh, c->v[i].points,
					    c->v[i].sign == SIGN_deduct};
		return ERR_OK;
	}
	return ERR_NOTFOUND;
}

static struct import_lookup books_open(struct books *b, int village)
{
	memset(b, 0, sizeof(*b));
	imports_catalogue(&b->catalogue, &b->catalogue_rep);
	imports_clean(village, &b->roster, &b->roster_rep);
	return (struct import_lookup){.ctx = b,
				      .head = find_head,
				      .near = find_near,
				      .member = find_member,
				      .item = find_item};
}

static void books_close(struct books *b)
{
	import_report_close(&b->catalogue_rep);
	import_report_close(&b->roster_rep);
}

/* Every batch that should fit one record does. */
static uint32_t batches_of(const struct import_entries *e)
{
	static const uint8_t secret[ENTRY_SECRET_BYTES];
	struct rec_points head = {.note = {(const uint8_t *)"2025", 4}};
	uint32_t from = 0, batches = 0;

	while (from < e->n) {
		uint32_t n = import_entries_fit(e, from, 4);
		struct buf out = {0};

		T_OK(n > 0);
		T_EQ(rec_encode(rec_type_of(REC_points), &head, e->v + from, n, secret, &out, NULL),
		     ERR_OK);
		buf_close(&out);
		from += n;
		batches++;
	}
	T_EQ(from, e->n);
	return batches;
}

static void test_sheets_of_a_year_import_fully(void)
{
	static const uint32_t lines[] = {0, 3603, 7135, 10825};

	for (int v = 1; v <= 3; v++) {
		struct import_report rep = {0};
		struct import_entries e;
		struct books b;
		struct import_lookup look = books_open(&b, v);
		size_t n;
		uint8_t *p = imports_village(v, "entries-2025.csv", &n);
		int err = import_entries(p, n, &imports_strict, &look, &e, &rep);

		T_REPORT(&rep, err == ERR_OK && rep.n == 0);
		T_EQ(e.n, lines[v]);
		T_EQ(e.row[0], 2);
		T_EQ(e.row[e.n - 1], lines[v] + 1);
		T_OK(batches_of(&e) < lines[v] / 50);
		import_report_close(&rep);
		books_close(&b);
		free(p);
	}
}

static void test_lines_of_every_size_fit_where_it_is_said(void)
{
	static char longest[401];
	static struct rec_points_line lines[250];
	struct import_entries e = {.v = lines, .n = 250};

	memset(longest, 'x', 400);
	for (uint32_t i = 0; i < 250; i++) {
		lines[i] = (struct rec_points_line){.household = {(const uint8_t *)"1", 1},
						    .item = {(const uint8_t *)"C101", 4},
						    .version = 1000000,
						    .points = points_of(100000000),
						    .day = DAY_MAX,
						    .notified = DAY_MIN};
		lines[i].reason = (struct bytes){(const uint8_t *)longest, i % 2 ? 400 : 0};
	}
	T_OK(batches_of(&e) < 6);
	for (uint32_t i = 0; i < 250; i++)
		lines[i].reason.n = 0;
	T_EQ(batches_of(&e), 2);
}

static void test_entry_sheets_are_checked_cell_by_cell(void)
{
	static const char header[] =
		"发生日期,户编号,姓名,事项编码,事项,地点,事由,证明材料,材料编号,告知日期,分值\n";
	static const struct {
		const char *row;
		const char *column; /* NULL: nothing to say */
		enum import_id want;
	} cases[] = {
		{"2025-01-01,05001,孟山,C101,义务投工投劳,村委会,修路,照片,1,,5\n", NULL,
		 ISSUE_COUNT},
		{"2025-01-01,05001,,C103,,,,,,,\n", NULL, ISSUE_COUNT},
		{"2025-01-01,05001,孟山,B201,,,,,,2025-01-02,20\n", NULL, ISSUE_COUNT},
		{"2025-01-01,05001,孟山,B201,,,,,,2025-01-02,-20\n", "分值", ISSUE_NORMALISED},
		{"2025-01-01,05001,孟山,B201,,,,,,2025-01-02,-30\n", "分值", ISSUE_ITEM_POINTS},
		{"2025-01-01,05001,孟山,C101,,,,,,,-5\n", "分值", ISSUE_ITEM_POINTS},
		{"2025-01-01,05001,孟山,C101,,,,,,,-\n", "分值", ISSUE_NONE_WORD},
		{"2025-01-01,05001,孟山,C101,,,,,,,--5\n", "分值", ISSUE_NUMBER},
		{"2025/1/1,05001,孟山,C101,,,,,,,\n", "发生日期", ISSUE_DATE_NOTATION},
		{"45658,05001,孟山,C101,,,,,,,\n", "发生日期", ISSUE_DATE_SERIAL},
		{",05001,孟山,C101,,,,,,,\n", "发生日期", ISSUE_EMPTY},
		{"1月1日,05001,孟山,C101,,,,,,,\n", "发生日期", ISSUE_DATE},
		{"2025-01-01,99999,孟山,C101,,,,,,,\n", "户编号", ISSUE_HOUSEHOLD_UNKNOWN},
		{"2025-01-01,,孟山,C101,,,,,,,\n", "户编号", ISSUE_EMPTY},
		{"2025-01-01,05001,孟水,C101,,,,,,,\n", "姓名", ISSUE_NAME_UNKNOWN},
		{"2025-01-01,05001,孟 山,C101,,,,,,,\n", "姓名", ISSUE_NORMALISED},
		{"2025-01-01,05001,孟山,C999,,,,,,,\n", "事项编码", ISSUE_ITEM_UNKNOWN},
		{"2025-01-01,05001,孟山,c101,,,,,,,\n", "事项编码", ISSUE_NORMALISED},
		{"2025-01-01,05001,孟山,c999,,,,,,,\n", "事项编码", ISSUE_ITEM_UNKNOWN},
		{"2020-01-01,05001,孟山,C101,,,,,,,\n", "事项编码", ISSUE_NO_CATALOGUE},
		{"2199-01-01,05001,孟山,C101,,,,,,,\n", "发生日期", ISSUE_DAY_FUTURE},
		{"2025-01-01,05001,孟山,,,,,,,,\n", "事项编码", ISSUE_EMPTY},
		{"2025-01-01,05001,孟山,C101,修路,,,,,,\n", "事项", ISSUE_ITEM_NAME},
		{"2025-01-01,05001,孟山,C101,,,,,,,6\n", "分值", ISSUE_ITEM_POINTS},
		{"2025-01-01,05001,孟山,C101,,,,,,,五\n", "分值", ISSUE_NUMBER},
		{"2025-01-01,05001,孟山,C101,,,,,,无,\n", "告知日期", ISSUE_NONE_WORD},
		{"2025-01-01,05001,孟山,C101,,,,,,无人,\n", "告知日期", ISSUE_DATE},
		{"2025-01-01,5001,孟山,C101,,,,,,,\n", "户编号", ISSUE_ZEROS_LOST},
		{"2025-01-01,\"=\"\"05001\"\"\",孟山,C101,,,,,,,\n", "户编号", ISSUE_TEXT_FORMULA},
		{"2025-01-01,=\"05001\",孟山,C101,,,,,,,\n", "户编号", ISSUE_TEXT_FORMULA},
		{"2025-01-01,5.001E+3,孟山,C101,,,,,,,\n", "户编号", ISSUE_SCIENTIFIC},
		{"2025-01-01,#N/A,孟山,C101,,,,,,,\n", "户编号", ISSUE_ERROR_VALUE},
		{"2025-01-01,05001,〃,C101,,,,,,,\n", "姓名", ISSUE_DITTO},
		{"2025-01-01,05001,孟山,C101,,,同上,,,,\n", "事由", ISSUE_DITTO},
		{"2025-01-01,05001,孟山,C101,,,,,,,５分\n", "分值", ISSUE_NORMALISED},
		{"2025-01-01,05001,孟山,C101,,,,照片,6222021234567890123,,\n", NULL, ISSUE_COUNT},
		{"2025-01-01,05001,孟山,C101,,,,照片,500199198105074180,,\n", "材料编号",
		 ISSUE_PERSONAL_NUMBER},
		{"2025-01-01,05001,孟山,C101,,15663167431,,,,,\n", "地点", ISSUE_PERSONAL_NUMBER},
		{"2025-01-01,05001,孟山,C101,,,500199198105074180,,,,\n", "事由",
		 ISSUE_PERSONAL_NUMBER},
	};
	struct books b;
	struct import_lookup look = books_open(&b, 1);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct import_report rep = {0};
		struct import_entries e;
		struct buf text = {0};
		bool good = !cases[i].column || import_issue_severity(cases[i].want) == IMPORT_NOTE;
		int err;

		buf_puts(&text, header);
		buf_puts(&text, cases[i].row);
		err = import_entries(text.p, text.n, &imports_strict, &look, &e, &rep);
		T_REPORT(&rep, err == (good ? ERR_OK : ERR_INVALID));
		T_REPORT(&rep, rep.n == (cases[i].column != NULL));
		T_REPORT(&rep,
			 !cases[i].column || imports_has(&rep, 2, cases[i].column, cases[i].want));
		import_report_close(&rep);
		buf_close(&text);
	}
	books_close(&b);
}

static void test_two_members_of_one_name_are_not_guessed(void)
{
	static const char roster[] = "户编号,姓名,与户主关系,是否参加,出生日期\n"
				     "1,张三,户主,是,\n1,张三,长子,是,2001-01-01\n";
	static const char text[] = "发生日期,户编号,姓名,事项编码\n2025-01-01,1,张三,C101\n";
	struct import_report rep = {0};
	struct import_entries e;
	struct books b;
	struct import_lookup look = books_open(&b, 1);

	import_report_close(&b.roster_rep);
	T_EQ(imports_roster(roster, &imports_strict, &b.roster, &b.roster_rep), ERR_OK);
	T_EQ(import_entries(text, strlen(text), &imports_accepting, &look, &e, &rep), ERR_INVALID);
	T_REPORT(&rep, rep.n == 1 && imports_has(&rep, 2, "姓名", ISSUE_NAME_TWO));
	import_report_close(&rep);
	books_close(&b);
}

static void test_a_line_written_twice_needs_acceptance(void)
{
	static const char text[] = "发生日期,户编号,姓名,事项编码\n"
				   "2025-01-01,05001,孟山,C101\n"
				   "2025-01-01,05001,孟山,C101\n";
	struct import_report rep = {0};
	struct import_entries e;
	struct books b;
	struct import_lookup look = books_open(&b, 1);

	T_EQ(import_entries(text, strlen(text), &imports_strict, &look, &e, &rep), ERR_INVALID);
	T_REPORT(&rep, rep.n == 1 && imports_has(&rep, 3, "", ISSUE_LINE_REPEATED));
	import_report_close(&rep);
	T_EQ(import_entries(text, strlen(text), &imports_accepting, &look, &e, &rep), ERR_OK);
	T_EQ(e.n, 2);
	T_EQ(e.v[0].member, 2);
	T_EQ(e.v[0].version, 3);
	T_EQ(points_raw(e.v[0].points), 500);
	T_EQ(e.row[1], 3);
	import_report_close(&rep);
	books_close(&b);
}

static int broken_head(void *ctx, struct bytes household, struct bytes *ret)
{
	(void)ctx;
	(void)household;
	(void)ret;
	return ERR_IO;
}

static void test_a_lookup_that_fails_ends_the_import(void)
{
	static const char text[] = "发生日期,户编号,姓名,事项编码\n2025-01-01,05001,孟山,C101\n";
	struct import_lookup look = {.head = broken_head};
	struct import_report rep = {0};
	struct import_entries e;

	T_EQ(import_entries(text, strlen(text), &imports_accepting, &look, &e, &rep), ERR_IO);
	import_report_close(&rep);
}

static bool one_photo(void *ctx, struct bytes name, struct hash *ret)
{
	(void)ctx;
	memset(ret->b, 0xaa, HASH_BYTES);
	return str_eq((const char *)name.p, name.n, "照片/1.jpg");
}

static int count_file(void *ctx, struct bytes name)
{
	T_EQ(name.p[name.n], 0);
	return ++*(int *)ctx == 3 ? 7 : 0;
}

static void test_a_row_may_name_a_file(void)
{
	static const char text[] =
		"发生日期,户编号,姓名,事项编码,附件\n"
		"2025-01-01,05001,孟山,C101, 照片/1.jpg \n"
		"2025-01-02,05001,孟山,C101,\n"
		"2025-01-03,05001,孟山,C101,"
		"BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n";
	struct import_opts with = {.accept = true, .today = IMPORTS_TODAY, .file = one_photo};
	struct import_report rep = {0};
	struct import_entries e;
	struct books b;
	struct import_lookup look = books_open(&b, 1);
	uint8_t want[HASH_BYTES];
	int n = 0;

	T_EQ(import_entries(text, strlen(text), &imports_accepting, &look, &e, &rep), ERR_INVALID);
	T_REPORT(&rep,
		 imports_has(&rep, 2, "附件", ISSUE_FILE_UNKNOWN) && rep.count[IMPORT_ERROR] == 1);
	import_report_close(&rep);
	T_EQ(import_entries(text, strlen(text), &with, &look, &e, &rep), ERR_OK);
	memset(want, 0xaa, sizeof(want));
	T_EQ(e.v[0].digest.n, HASH_BYTES);
	T_MEM(e.v[0].digest.p, want, HASH_BYTES);
	T_EQ(e.v[1].digest.n, 0);
	memset(want, 0xbb, sizeof(want));
	T_MEM(e.v[2].digest.p, want, HASH_BYTES);
	import_report_close(&rep);
	T_EQ(import_entries_files(text, strlen(text), count_file, &n), 0);
	T_EQ(n, 2);
	T_EQ(import_entries_files(text, strlen(text), count_file, &n), 7);
	T_EQ(import_entries_files("x", 1, count_file, &n), 0);
	books_close(&b);
}

T_MAIN(T(test_sheets_of_a_year_import_fully, "R59"),
       T(test_lines_of_every_size_fit_where_it_is_said),
       T(test_entry_sheets_are_checked_cell_by_cell, "R34"),
       T(test_two_members_of_one_name_are_not_guessed),
       T(test_a_line_written_twice_needs_acceptance), T(test_a_lookup_that_fails_ends_the_import),
       T(test_a_row_may_name_a_file))
