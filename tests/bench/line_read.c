#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "lib/err.h"
#include "tests/bench/lines.h"

/* Papers and pages of a village whose feed is short, and of one whose feed is long. In both the last quarter is the
 * same: SHOP_HOUSEHOLDS households that have no lines but those of that quarter, so that both are asked for the same
 * answer. They are asked through the routes, in this process: HTTP is not measured. */
#define SHOP_HOUSEHOLDS 12
#define LINES_EACH	8 /* of a household, in each sheet */
#define SHEETS		3
#define FIRST_CODE	90001
#define TURN_S		0.02
#define TEXT_MAX	65536
#define SAME_PERCENT	2 /* answers differ by the digits of sequences and of days */

struct shop {
	struct api_node a;
	int year;
	char from[16], to[16];	       /* the quarter */
	char slip[24], code[64];       /* sequence of the redemption, check code of the notice */
	char check[96], household[16]; /* a path, a number */
};

/* POST of a record; gives its sequence. */
__attribute__((format(printf, 4, 5))) static uint64_t put(struct shop *s, const char *type,
							  const char *who, const char *fmt, ...)
{
	static char fields[TEXT_MAX], body[TEXT_MAX + 256];
	struct buf answer;
	char path[64];
	uint64_t seq;
	json_t *root;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(fields, sizeof(fields), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(fields))
		bench_fail("%s: too long", type);
	n = snprintf(body, sizeof(body), "{\"as\":\"%s\",\"passphrase\":\"%s\",%s}", who,
		     LOAD_PASSPHRASE, fields);
	snprintf(path, sizeof(path), "/api/v1/records/%s", type);
	api_post(&s->a, path, NULL, (struct bytes){(uint8_t *)body, (size_t)n}, &answer);
	root = json_loadb((const char *)answer.p, answer.n, 0, NULL);
	seq = (uint64_t)json_integer_value(json_object_get(root, "entry"));
	if (!seq)
		bench_fail("%s: %.*s", path, (int)answer.n, (const char *)answer.p);
	json_decref(root);
	buf_close(&answer);
	return seq;
}

static void found_shop(struct shop *s)
{
	uint8_t seed[SIGN_SEED_BYTES] = {9};
	char hex[2 * SIGN_KEY_BYTES + 1];

	BENCH_OK(sign_key_from_seed(seed, &s->a.l->keeper));
	hex_put(hex, sign_key_public(s->a.l->keeper), SIGN_KEY_BYTES);
	put(s, "grant", "head",
	    "\"record\":{\"key\":\"%s\",\"name\":\"张小红\",\"role\":\"keeper\"}", hex);
	put(s, "scheme", "head",
	    "\"record\":{\"version\":1,\"title\":\"奖励方案\",\"from\":\"%d-01-01\",\"rate_"
	    "points\":\"1.00\","
	    "\"rate\":\"1.00\",\"threshold\":\"1.00\",\"notified_days\":3,\"notice_days\":7,"
	    "\"object_days\":7,\"answer_days\":7,\"tolerance\":10,\"proxy_max\":3,\"scope\":"
	    "\"全村\"},"
	    "\"lines\":[{\"kind\":\"goods\",\"name\":\"生活用品\"}]",
	    s->year);
	put(s, "prices", "head",
	    "\"record\":{\"version\":1,\"from\":\"%d-01-01\"},\"lines\":[{\"good\":\"MJ\","
	    "\"title\":\"毛巾\","
	    "\"class\":\"household\",\"unit\":\"条\",\"price\":\"1.00\",\"cost\":\"1.00\"}]",
	    s->year);
	put(s, "opening", "keeper",
	    "\"record\":{\"place\":\"积分超市\"},"
	    "\"lines\":[{\"day\":\"%d-03-20\",\"from\":\"09:00\",\"to\":\"17:00\"}]",
	    s->year);
}

static void move_in(struct shop *s)
{
	for (int h = 0; h < SHOP_HOUSEHOLDS; h++)
		put(s, "household", "head",
		    "\"record\":{\"household\":\"%d\",\"group\":\"9\",\"takes_part\":\"yes\","
		    "\"consent_day\":\"2029-12-01\",\"passbook\":\"S-%d\"},\"lines\":["
		    "{\"member\":1,\"name\":\"冉大明\",\"sex\":\"male\",\"hukou\":\"local\","
		    "\"birth\":\"%d-%02d-01\"},"
		    "{\"member\":2,\"name\":\"冉小红\",\"sex\":\"female\",\"hukou\":\"local\","
		    "\"birth\":\"%d-%02d-02\"}"
		    "]",
		    FIRST_CODE + h, FIRST_CODE + h, 1950 + h / 12, 1 + h % 12, 1950 + h / 12,
		    1 + h % 12);
}

/* A sheet of the quarter: LINES_EACH items for each household, reviewed and confirmed. */
static void sheet(struct shop *s, int number)
{
	static const char *const item[] = {"A102", "B101", "B102", "B103",
					   "C101", "C102", "C105", "D104"};
	static char text[TEXT_MAX];
	unsigned long long seq;
	size_t n = 0;

	for (int i = 0; i < SHOP_HOUSEHOLDS * LINES_EACH; i++)
		n += (size_t)snprintf(
			text + n, sizeof(text) - n,
			"%s{\"household\":\"%d\",\"member\":%d,\"item\":\"%s\","
			"\"day\":\"%d-%02d-%02d\",\"place\":\"村道\",\"reason\":\"义务投工\","
			"\"evidence\":\"签到表\",\"evidence_no\":\"%d-%d\"}",
			i ? "," : "", FIRST_CODE + i / LINES_EACH, 1 + number % 2,
			item[i % LINES_EACH], s->year, 1 + number, 1 + i % LINES_EACH, number, i);
	seq = put(s, "points", "recorder", "\"record\":{},\"lines\":[%s]", text);
	put(s, "review", "reviewer",
	    "\"record\":{},\"lines\":[{\"entry\":%llu,\"decision\":\"agree\"}]", seq);
	put(s, "confirm", "confirmer",
	    "\"record\":{},\"lines\":[{\"entry\":%llu,\"decision\":\"agree\"}]", seq);
}

static const char *const *notice_query(const struct shop *s)
{
	static const char *q[7];

	q[0] = "kind", q[1] = "assessment";
	q[2] = "from", q[3] = s->from;
	q[4] = "to", q[5] = s->to;
	return q;
}

static void post_notice(struct shop *s)
{
	struct buf page;
	json_t *root;
	char *record;

	api_get(&s->a, "/api/v1/paper/notice", notice_query(s), &page);
	root = json_loadb((const char *)page.p, page.n, 0, NULL);
	record = json_dumps(json_object_get(root, "record"), JSON_COMPACT);
	if (!record || !json_string_value(json_object_get(root, "code")))
		bench_fail("a notice without a record: %.*s", (int)page.n, (const char *)page.p);
	put(s, "notice", "recorder", "\"record\":%s", record);
	snprintf(s->check, sizeof(s->check), "/api/v1/notices/%s",
		 json_string_value(json_object_get(root, "code")));
	free(record);
	json_decref(root);
	buf_close(&page);
}

/* A catalogue for the year of the shop, as those before it. */
static void adopt_until(struct shop *s)
{
	struct load *l = s->a.l;

	while (l->adopted < s->year) {
		l->adopted++;
		put(s, "adopt_catalogue", "head",
		    "\"record\":{\"version\":%d,\"base\":1,\"from\":\"%d-01-01\"}",
		    l->adopted - l->year0 + 1, l->adopted);
	}
}

static void live(struct shop *s, struct load *l, const char *dir)
{
	int m, d;

	api_open(&s->a, l, dir);
	day_to_ymd(load_day(l), &s->year, &m, &d);
	s->year++;
	day_from_ymd(s->year, 3, 20, &s->a.today);
	snprintf(s->from, sizeof(s->from), "%d-01-01", s->year);
	snprintf(s->to, sizeof(s->to), "%d-03-31", s->year);
	snprintf(s->household, sizeof(s->household), "%d", FIRST_CODE);
	adopt_until(s);
	found_shop(s);
	move_in(s);
	for (int i = 0; i < SHEETS; i++)
		sheet(s, i);
	snprintf(s->slip, sizeof(s->slip), "%llu",
		 (unsigned long long)put(
			 s, "redemption", "keeper",
			 "\"record\":{\"slip\":\"DH-1\",\"household\":\"%d\",\"minute\":\"10:00\","
			 "\"receiver\":\"冉大明\",\"member\":1,\"prices\":1},"
			 "\"lines\":[{\"good\":\"MJ\",\"quantity\":\"2\"}]",
			 FIRST_CODE));
	post_notice(s);
}

static void check_same(const char *row, struct shop *few, struct shop *many, const char *path_few,
		       const char *path_many, const char *const *query_few,
		       const char *const *query_many)
{
	struct buf a, b;
	size_t off;

	api_get(&few->a, path_few, query_few, &a);
	api_get(&many->a, path_many, query_many, &b);
	off = a.n > b.n ? a.n - b.n : b.n - a.n;
	if (off * 100 > a.n * SAME_PERCENT)
		bench_fail("%s: not the same answer: %zu and %zu bytes", row, a.n, b.n);
	buf_close(&a);
	buf_close(&b);
}

static void read_row(const char *row, struct shop *few, struct shop *many, const char *path_few,
		     const char *path_many, const char *const *query_few,
		     const char *const *query_many)
{
	if (!bench_wants(row))
		return;
	check_same(row, few, many, path_few, path_many, query_few, query_many);
	for (int rep = 0; rep < bench_reps(); rep++) {
		double ours = api_time(&many->a, path_many, query_many, TURN_S) * 1e6;

		bench_add(row, ours, api_time(&few->a, path_few, query_few, TURN_S) * 1e6);
	}
}

#define Q(...) ((const char *const[]){__VA_ARGS__, NULL})

void read_rows(struct load *small, const char *small_dir, struct load *large, const char *large_dir)
{
	static struct shop few, many;
	const char *notice[7] = {0};
	char page[64];

	live(&few, small, small_dir);
	live(&many, large, large_dir);
	snprintf(page, sizeof(page), "/api/v1/households/%d", FIRST_CODE);
	read_row("read.slip", &few, &many, "/api/v1/paper/slip", "/api/v1/paper/slip",
		 Q("entry", few.slip), Q("entry", many.slip));
	read_row("read.passbook", &few, &many, "/api/v1/paper/passbook", "/api/v1/paper/passbook",
		 Q("household", few.household), Q("household", many.household));
	memcpy(notice, notice_query(&few), sizeof(notice));
	read_row("read.notice", &few, &many, "/api/v1/paper/notice", "/api/v1/paper/notice", notice,
		 notice_query(&many));
	read_row("read.check", &few, &many, few.check, many.check, NULL, NULL);
	read_row("read.household", &few, &many, page, page, NULL, NULL);
	read_row("read.ledger", &few, &many, "/api/v1/tables/ledger", "/api/v1/tables/ledger",
		 Q("household", few.household), Q("household", many.household));
	api_close(&few.a);
	api_close(&many.a);
}
