#include "tools/cunzhang/report.h"

#include <string.h>

#include "tools/cunzhang/client.h"

#define SHOWN_MAX	500
#define NOTES_SHOWN_MAX 8
#define NOTES_KIND_MAX                                                                             \
	3 /* of one kind: a hundred merged cells must not hide one household that is missing */

static void print_issue(const json_t *v)
{
	bool en = say_lang() == LANG_EN;
	const char *value = client_str(v, "value");
	struct buf where = {0};

	if (client_u64(v, "row"))
		buf_printf(&where, en ? "row %s" : "第 %s 行", say_num(client_u64(v, "row")));
	else
		buf_puts(&where, say_text(M_IMPORT_FILE));
	if (client_str(v, "column")[0])
		buf_printf(&where, en ? ", %s" : "，%s", client_str(v, "column"));
	if (value[0])
		buf_printf(&where, en ? " \"%s\"" : "“%s”", value);
	SAY(stdout, M_IMPORT_ROW, buf_str(&where), client_str(v, en ? "text_en" : "text_zh"));
	buf_close(&where);
}

/* What must be mended first, what only was read differently last and not at length. @count: of all, also
 * those not in the list. */
static void print_issues(const json_t *issues, const char *severity, enum msg_id title,
			 uint64_t count, size_t most)
{
	size_t i, n = 0;
	const json_t *v;

	json_array_foreach (issues, i, v) {
		if (strcmp(client_str(v, "severity"), severity) != 0)
			continue;
		if (n == 0)
			SAY(stdout, title);
		if (n++ < most)
			print_issue(v);
	}
	n = n < most ? n : most;
	if (count > n)
		SAY(stdout, M_IMPORT_MORE, say_num(count - n));
}

/* What was only read differently: of each kind the first ones. */
static void print_notes(const json_t *issues, uint64_t count)
{
	json_t *seen = json_object();
	size_t i, n = 0;
	const json_t *v;

	json_array_foreach (issues, i, v) {
		const char *code = client_str(v, "code");
		json_int_t k = json_integer_value(json_object_get(seen, code));

		if (strcmp(client_str(v, "severity"), "note") != 0)
			continue;
		if (n == 0 && k == 0)
			SAY(stdout, M_IMPORT_NOTES);
		json_object_set_new(seen, code, json_integer(k + 1));
		if (k >= NOTES_KIND_MAX)
			continue;
		print_issue(v);
		n++;
	}
	if (count > n)
		SAY(stdout, M_IMPORT_MORE, say_num(count - n));
	json_decref(seen);
}

/* What the rules say of the records that would be made; @count: of all, also those not in the list. */
static void print_verdicts(const json_t *list, enum msg_id title, uint64_t count, size_t most)
{
	size_t i;
	const json_t *v;

	if (count)
		SAY(stdout, title);
	json_array_foreach (list, i, v) {
		char where[64];

		if (i == most)
			break;
		snprintf(where, sizeof(where), say_lang() == LANG_EN ? "  row %s" : "  第 %s 行",
			 say_num(client_u64(v, "row")));
		SAY(stdout, M_IMPORT_VERDICT, client_u64(v, "row") ? where : "  ",
		    client_str(v, "rule"), client_str(v, "text"));
	}
	if (count > i)
		SAY(stdout, M_IMPORT_MORE, say_num(count - i));
}

void report_print(const json_t *root)
{
	const json_t *rep = json_object_get(root, "report"),
		     *issues = json_object_get(rep, "issues");

	print_issues(issues, "error", M_IMPORT_ERRORS, client_u64(rep, "errors"), SHOWN_MAX);
	print_verdicts(json_object_get(root, "problems"), M_IMPORT_PROBLEMS,
		       client_u64(root, "problems_count"), SHOWN_MAX);
	print_issues(issues, "warning", M_IMPORT_WARNINGS, client_u64(rep, "warnings"), SHOWN_MAX);
	print_verdicts(json_object_get(root, "doubts"), M_IMPORT_DOUBTS,
		       client_u64(root, "doubts_count"), SHOWN_MAX);
	print_verdicts(json_object_get(root, "warnings"), M_IMPORT_RULES,
		       client_u64(root, "warnings_count"), NOTES_SHOWN_MAX);
	print_notes(issues, client_u64(rep, "notes"));
	SAY(stdout, M_IMPORT_ENCODING, client_str(rep, "encoding"));
	SAY(stdout, M_IMPORT_COUNTS, say_num(client_u64(rep, "rows")),
	    say_num(client_u64(rep, "errors")), say_num(client_u64(root, "problems_count")),
	    say_num(client_u64(rep, "warnings") + client_u64(root, "doubts_count")),
	    say_num(client_u64(rep, "notes")));
}
