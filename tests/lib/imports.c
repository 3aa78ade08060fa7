#include "tests/lib/imports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/err.h"
#include "tests/lib/t.h"

#define FILE_BYTES_MAX (4 << 20)

const struct import_opts imports_strict = {.accept = false, .today = IMPORTS_TODAY};
const struct import_opts imports_accepting = {.accept = true, .today = IMPORTS_TODAY};

uint8_t *imports_file(const char *path, size_t *ret_n)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p = malloc(FILE_BYTES_MAX);

	if (!f || !p)
		t_fail(__FILE__, __LINE__, "cannot read %s", path);
	*ret_n = fread(p, 1, FILE_BYTES_MAX, f);
	fclose(f);
	T_OK(*ret_n > 0 && *ret_n < FILE_BYTES_MAX);
	return p;
}

uint8_t *imports_village(int village, const char *name, size_t *ret_n)
{
	char path[128];

	snprintf(path, sizeof(path), "tests/data/village-%d/%s", village, name);
	return imports_file(path, ret_n);
}

/* --- reports ---------------------------------------------------------------------------------------- */
static void put_report(const struct import_report *rep, struct buf *out)
{
	struct jw w;

	jw_init(&w, out);
	import_report_json(rep, &w);
}

void imports_unexpected(const struct import_report *rep, const char *file, int line)
{
	struct buf out = {0};

	put_report(rep, &out);
	t_fail(file, line, "unexpected report:\n%s", buf_str(&out));
}

bool imports_has(const struct import_report *rep, uint32_t row, const char *column,
		 enum import_id id)
{
	for (uint32_t i = 0; i < rep->n; i++)
		if (rep->issue[i].row == row && rep->issue[i].id == id &&
		    (!column || strcmp(rep->issue[i].column, column) == 0))
			return true;
	return false;
}

bool imports_says(const struct import_report *rep, const char *what)
{
	struct buf out = {0};
	bool found;

	put_report(rep, &out);
	found = strstr(buf_str(&out), what) != NULL;
	buf_close(&out);
	return found;
}

/* --- rosters and catalogues ------------------------------------------------------------------------- */
const char *const imports_header[IMPORTS_COLUMNS] = {
	"户编号",   "组",   "户主",	  "姓名",	  "与户主关系", "性别",	    "身份证号",
	"出生日期", "户籍", "居住起始日", "两委同意日期", "联系电话",	"是否参加", "备注"};

void imports_row(struct buf *out, const char *const cells[IMPORTS_COLUMNS])
{
	for (int i = 0; i < IMPORTS_COLUMNS; i++)
		buf_printf(out, "%s%s", i ? "," : "", cells[i]);
	buf_puts(out, "\n");
}

void imports_base(struct buf *out, int column, const char *value)
{
	const char *head[IMPORTS_COLUMNS] = {
		"05001",      "5",    "孟林强", "孟林强", "户主",	 "男", "500199195810083054",
		"1958-10-08", "本村", "",	"",	  "15663167431", "是", ""};
	const char *other[IMPORTS_COLUMNS] = {
		"05001",      "5",    "孟林强", "孟山", "次女", "女", "500199198105074180",
		"1981-05-07", "本村", "",	"",	"",	"是", ""};

	if (column >= 0)
		other[column] = value;
	imports_row(out, imports_header);
	imports_row(out, head);
	imports_row(out, other);
}

int imports_roster(const char *text, const struct import_opts *o, struct import_roster *ret,
		   struct import_report *rep)
{
	return import_roster(text, strlen(text), o, ret, rep);
}

void imports_clean(int village, struct import_roster *ret, struct import_report *rep)
{
	size_t n;
	uint8_t *p = imports_village(village, "roster.csv", &n);
	int err = import_roster(p, n, &imports_strict, ret, rep);

	T_REPORT(rep, err == ERR_OK);
	free(p);
}

void imports_catalogue(struct import_catalogue *ret, struct import_report *rep)
{
	size_t n;
	uint8_t *p = imports_file("tests/data/catalogue.csv", &n);
	int err = import_catalogue(p, n, &imports_strict, ret, rep);

	T_REPORT(rep, err == ERR_OK && rep->n == 0);
	free(p);
}
