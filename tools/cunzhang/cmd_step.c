#include <string.h>

#include "lib/text.h"
#include "proto/entry.h"
#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/client.h"

/* Review and confirmation: of one entry, of many ("120-140 151"), or of all that waits. Many go into one record; when that
 * is refused, each into one of its own, so that one that cannot be does not keep the others waiting. */

#define STEP_LINES 200 /* of one record */

struct step {
	struct cli *c;
	const char *type, *state; /* of the entries that wait for it */
	json_t *waiting;	  /* items of the API; NULL: not asked for yet */
	json_t *lines;		  /* of records to come */
	uint64_t own;		  /* entries left out: the signer has a part in them */
	uint64_t done, refused;
};

static json_t *line_of(const struct step *s, uint64_t entry, uint64_t line)
{
	const char *opinion = cli_option(s->c, "opinion");
	json_t *l = json_pack("{s:s, s:s, s:s}", "entry", say_num(entry), "line", say_num(line),
			      "decision", cli_switch(s->c, "refuse") ? "refuse" : "agree");

	if (opinion)
		json_object_set_new(l, "opinion", json_string(opinion));
	return l;
}

/* --- which entries ----------------------------------------------------------------------------------- */
static int read_waiting(struct step *s)
{
	const char *const params[] = {"state", s->state, NULL};
	struct reply r = {0};
	int rv = s->waiting ? EXIT_DONE : client_query(s->c, "/api/v1/waiting", params, &r);

	if (!rv && !s->waiting && r.status != 200)
		rv = client_result(s->c, &r);
	if (!rv && !s->waiting)
		s->waiting = json_incref(json_object_get(r.root, "items"));
	client_close(&r);
	return rv;
}

/* Three different people: what the signer recorded or reviewed is for others. */
static bool is_own(const struct step *s, const json_t *item)
{
	const char *name = cli_option(s->c, "as");

	return strcmp(client_str(item, "recorder"), name) == 0 ||
	       strcmp(client_str(item, "reviewer"), name) == 0;
}

static void add_range(struct step *s, uint64_t from, uint64_t to)
{
	const json_t *item;
	size_t i;

	json_array_foreach (s->waiting, i, item) {
		uint64_t entry = client_u64(item, "entry");

		if (entry < from || entry > to)
			continue;
		if (is_own(s, item))
			s->own++;
		else
			json_array_append_new(s->lines, line_of(s, entry, 0));
	}
}

/* "335.1", as accounts show it. */
static bool add_line(struct step *s, const char *word)
{
	const char *dot = strchr(word, '.');
	uint64_t entry, line;

	if (!dot || !u64_parse(word, (size_t)(dot - word), &entry) ||
	    !u64_parse(dot + 1, strlen(dot + 1), &line))
		return false;
	json_array_append_new(s->lines, line_of(s, entry, line));
	return true;
}

static int add_word(struct step *s, const char *word, uint64_t line)
{
	const char *dash = strchr(word, '-');
	uint64_t from, to;
	int rv;

	if (!line && add_line(s, word))
		return EXIT_DONE;
	if (!u64_parse(word, dash ? (size_t)(dash - word) : strlen(word), &from) ||
	    (dash && (!u64_parse(dash + 1, strlen(dash + 1), &to) || to < from))) {
		SAY(stderr, M_BAD_ENTRIES, word);
		return EXIT_USAGE;
	}
	if (!dash) {
		json_array_append_new(s->lines, line_of(s, from, line));
		return EXIT_DONE;
	}
	rv = read_waiting(s);
	if (!rv)
		add_range(s, from, to);
	return rv;
}

/* The households of a group, by number. */
static int read_group(const struct cli *c, const char *group, json_t **ret)
{
	const char *const params[] = {"all", "1", NULL};
	struct reply r = {0};
	const json_t *v;
	size_t i;
	int rv = client_query(c, "/api/v1/accounts", params, &r);

	*ret = json_object();
	if (!rv && r.status != 200)
		rv = client_result(c, &r);
	json_array_foreach (json_object_get(r.root, "items"), i, v) {
		if (!rv && strcmp(client_str(v, "group"), group) == 0)
			json_object_set_new(*ret, client_str(v, "household"), json_true());
	}
	client_close(&r);
	return rv;
}

static int add_group(struct step *s, const char *group)
{
	const json_t *item, *l;
	json_t *households;
	size_t i, k;
	int rv = read_group(s->c, group, &households);

	json_array_foreach (s->waiting, i, item) {
		if (rv || is_own(s, item)) {
			s->own++;
			continue;
		}
		json_array_foreach (json_object_get(item, "lines"), k, l) {
			if (json_object_get(households, client_str(l, "household")))
				json_array_append_new(s->lines,
						      line_of(s, client_u64(item, "entry"),
							      client_u64(l, "line")));
		}
	}
	json_decref(households);
	return rv;
}

static int gather(struct step *s)
{
	const char *line = cli_option(s->c, "line"), *group = cli_option(s->c, "group");
	bool all = cli_switch(s->c, "all");
	uint64_t n = 0;
	int rv = EXIT_DONE;

	if (!cli_number_ok("--line", line, ENTRY_PARTS_MAX - 1) ||
	    (s->c->nargs > 0) + (group != NULL) + all != 1 || (line && s->c->nargs != 1)) {
		SAY(stderr, M_STEP_WHICH);
		return EXIT_USAGE;
	}
	if (line)
		u64_parse(line, strlen(line), &n);
	for (uint32_t i = 0; i < s->c->nargs && !rv; i++)
		rv = add_word(s, s->c->args[i], n);
	if (!rv && (all || group))
		rv = read_waiting(s);
	if (!rv && all)
		add_range(s, 0, UINT64_MAX);
	return !rv && group ? add_group(s, group) : rv;
}

/* --- signing ----------------------------------------------------------------------------------------- */
/* Would these lines go into one record? */
static int would_fit(struct step *s, json_t *lines, bool *ret)
{
	json_t *body = json_object();
	struct reply r = {0};
	char path[64];
	int rv = client_sign(s->c, body, "passphrase");

	json_object_set_new(body, "record", json_object());
	json_object_set(body, "lines", lines);
	json_object_set_new(body, "dry_run", json_true());
	if (rv) {
		client_wipe(body);
		return rv;
	}
	snprintf(path, sizeof(path), "/api/v1/records/%s", s->type);
	rv = client_post(s->c, path, json_deep_copy(body), &r);
	client_wipe(body);
	*ret = !rv && r.status == 200;
	client_close(&r);
	return rv;
}

/* An ID of its own for each record, unless there is one only. */
static int write_lines(struct step *s, json_t *lines, bool one)
{
	uint64_t n = json_array_size(lines);
	int rv;

	if (!one)
		s->c->id = NULL;
	s->c->warned = false;
	rv = client_record(s->c, s->type, json_object(), lines);
	if (!rv)
		s->done += n;
	else
		s->refused += n;
	return rv;
}

static json_t *slice(const json_t *lines, size_t from, size_t n)
{
	json_t *part = json_array();

	for (size_t i = from; i < from + n && i < json_array_size(lines); i++)
		json_array_append(part, json_array_get(lines, i));
	return part;
}

static int write_part(struct step *s, size_t from, size_t n, bool one)
{
	json_t *part = slice(s->lines, from, n);
	bool fits = true;
	int rv = json_array_size(part) > 1 ? would_fit(s, part, &fits) : EXIT_DONE;

	if (!rv && fits)
		return write_lines(s, part, one);
	for (size_t i = 0; i < json_array_size(part) && (!rv || rv == EXIT_REFUSED); i++) {
		int got = write_lines(s, slice(part, i, 1), false);

		rv = got ? got : rv;
	}
	json_decref(part);
	return rv;
}

static int sign_all(struct step *s)
{
	size_t n = json_array_size(s->lines);
	bool one = n <= STEP_LINES;
	int rv = EXIT_DONE;

	if (n == 0) {
		SAY(stdout, M_STEP_NONE);
		return EXIT_DONE;
	}
	if (!one && s->c->id) {
		SAY(stderr, M_STEP_ID, say_num(STEP_LINES));
		return EXIT_USAGE;
	}
	for (size_t from = 0; from < n && (!rv || rv == EXIT_REFUSED); from += STEP_LINES)
		rv = write_part(s, from, STEP_LINES, one);
	return rv;
}

static int step(struct cli *c, const char *type, const char *state)
{
	struct step s = {.c = c, .type = type, .state = state, .lines = json_array()};
	int rv = gather(&s);
	FILE *out = c->json ? stderr : stdout;

	if (!rv)
		rv = sign_all(&s);
	if (s.done + s.refused > 1)
		SAY(out, M_STEP_DONE, say_num(s.done), say_num(s.refused));
	if (s.own)
		SAY(out, M_STEP_OWN, say_num(s.own), cli_option(c, "as"));
	json_decref(s.waiting);
	json_decref(s.lines);
	return rv;
}

int cmd_entry_review(struct cli *c)
{
	return step(c, "review", "recorded");
}

int cmd_entry_confirm(struct cli *c)
{
	return step(c, "confirm", "reviewed");
}
