#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/err.h"
#include "tests/bench/lines.h"
#include "tests/bench/link.h"

/* A year of a village goes to its hub over a bad link. Both nodes are real: their stores, writers and step machines;
 * the link between them and the clock are emulated (link.h), so that the seconds do not depend on this machine. What a
 * job of the store costs is STORE_US, as a disk that syncs; the CPU is free, which next to seconds of air it is.
 *
 * The year is that of tests/data/village-1, 3,603 lines, imported as clerks do; town feed, catalogues and roster
 * are at both ends before. Time runs from the first connection until the hub has stored everything; bytes are
 * counted until both know of it. */
#define BIT_S	  64000
#define LOSS	  0.1
#define DELAY_US  UINT64_C(300000)
#define QUEUE	  16000
#define STORE_US  UINT64_C(5000)
#define LIMIT_US  (UINT64_C(3600) * 1000000)
#define JOBS_MAX  4096
#define VILLAGE	  0
#define HUB	  1
#define YEAR	  2025
#define DATA	  "tests/data/"
#define DATA_MAX  ((size_t)8 << 20)
#define CUTS	  7 /* in each repetition, at other places of the feed */
#define SINGLES	  150
#define SINGLE_US UINT64_C(20000) /* from one of them to the next */
#define NEVER	  UINT64_MAX

static const struct link_opts radio = {
	.bit_s = BIT_S, .loss = LOSS, .delay_us = DELAY_US, .queue = QUEUE};
static const struct link_opts lan = {.bit_s = 1e9, .loss = 0, .delay_us = 500, .queue = 1 << 24};

struct end {
	struct load_node n;
	struct node *node;
	uint32_t conn;	    /* 0: none */
	uint64_t announced; /* size of the own feed in the last EV_GREW */
};
struct world {
	struct end end[2];
	struct link *link;
	uint64_t now, dial_us; /* dial_us: when the connection under way is there */
	uint32_t conns;
	struct {
		uint64_t at;
		unsigned side;
		struct job *job;
	} job[JOBS_MAX];
	uint32_t njobs;
};

/* --- two nodes and a link ------------------------------------------------------------------------------ */
static void feed(struct world *w, unsigned side, struct event *ev);

static void hang_up(struct world *w, unsigned side)
{
	struct event ev = {.type = EV_CLOSED, .conn = w->end[side].conn};

	w->end[side].conn = 0;
	if (ev.conn)
		feed(w, side, &ev);
}

static void seal_pending(struct end *e)
{
	if (writer_pending(e->n.writer))
		BENCH_OK(writer_run(e->n.writer, NULL, 0));
}

static void store(struct world *w, unsigned side, struct job *j)
{
	struct end *e = &w->end[side];

	BENCH_OK(writer_run(e->n.writer, &j, 1));
	seal_pending(e);
	if (w->njobs == JOBS_MAX)
		bench_fail("too many jobs at once");
	w->job[w->njobs].at = w->now + STORE_US;
	w->job[w->njobs].side = side;
	w->job[w->njobs++].job = j;
}

static void perform(struct world *w, unsigned side, const struct effect *fx)
{
	switch (fx->type) {
	case FX_SEND:
		if (fx->conn == w->end[side].conn)
			link_write(w->link, side, w->now, fx->bytes.p, fx->bytes.n);
		break;
	case FX_CLOSE: /* of one that is gone already it is the last word */
		if (fx->conn == w->end[side].conn)
			bench_fail("the %s closes the connection: %s", side ? "hub" : "village",
				   fx->text);
		break;
	case FX_CONNECT: w->dial_us = link_connect(w->link, w->now); break;
	case FX_STORE: store(w, side, fx->job); break;
	case FX_LOG:
		if (fx->err)
			bench_fail("the %s logs: %s", side ? "hub" : "village", fx->text);
	}
}

static void feed(struct world *w, unsigned side, struct event *ev)
{
	static struct effects fx[2];
	struct effects *out = &fx[side];

	ev->now_ms = ev->boot_ms = w->now / 1000 + 1;
	ev->wall_ms = (uint64_t)time(NULL) * 1000;
	BENCH_OK(node_step(w->end[side].node, ev, out));
	for (uint32_t i = 0; i < out->n; i++)
		perform(w, side, &out->v[i]);
}

static void announce_head(struct world *w, unsigned side)
{
	struct event ev = {.type = EV_GREW};

	writer_head(w->end[side].n.writer, &ev.head);
	if (ev.head.size <= w->end[side].announced)
		return;
	w->end[side].announced = ev.head.size;
	feed(w, side, &ev);
}

static void on_bytes(void *ctx, unsigned side, const uint8_t *p, size_t n)
{
	struct world *w = ctx;
	struct event ev = {.type = EV_BYTES, .conn = w->end[side].conn, .bytes = {p, n}};

	if (ev.conn)
		feed(w, side, &ev);
}

static void on_sent(void *ctx, unsigned side, size_t n)
{
	struct world *w = ctx;
	struct event ev = {.type = EV_SENT, .conn = w->end[side].conn, .sent = n};

	if (ev.conn)
		feed(w, side, &ev);
}

static void connected(struct world *w)
{
	struct event ev = {.conn = ++w->conns, .source = 1};

	w->dial_us = NEVER;
	for (unsigned side = 0; side < 2; side++) {
		w->end[side].conn = ev.conn;
		memset(ev.entropy, (int)(2 * w->conns + side), sizeof(ev.entropy));
		ev.type = side == HUB ? EV_ACCEPT : EV_DIAL;
		feed(w, side, &ev);
	}
}

static void jobs_done(struct world *w)
{
	while (w->njobs && w->job[0].at <= w->now) {
		struct event ev = {.type = EV_STORED, .job = w->job[0].job};
		unsigned side = w->job[0].side;

		memmove(w->job, w->job + 1, --w->njobs * sizeof(w->job[0]));
		if (ev.job->err)
			bench_fail("a job of the %s: %s", side ? "hub" : "village",
				   err_name(ev.job->err));
		feed(w, side, &ev);
		announce_head(w, side);
	}
}

static void ticks(struct world *w)
{
	for (unsigned side = 0; side < 2; side++) {
		struct event ev = {.type = EV_TICK};

		if (node_next_tick(w->end[side].node) <= w->now / 1000 + 1)
			feed(w, side, &ev);
	}
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t next_event(const struct world *w)
{
	uint64_t at = least(link_next(w->link), w->dial_us);

	if (w->njobs)
		at = least(at, w->job[0].at);
	for (unsigned side = 0; side < 2; side++) {
		uint64_t tick = node_next_tick(w->end[side].node);

		if (tick < NEVER / 1000)
			at = least(at, tick * 1000);
	}
	return at;
}

static void turn(struct world *w)
{
	uint64_t at = next_event(w);

	w->now = at > w->now ? at : w->now;
	if (w->now > LIMIT_US)
		bench_fail("the nodes do not settle");
	if (w->dial_us <= w->now)
		connected(w);
	link_run(w->link, w->now);
	jobs_done(w);
	ticks(w);
}

static void run_until(struct world *w, uint64_t at)
{
	while (next_event(w) <= at)
		turn(w);
	w->now = at;
}

/* As daemon/io/driver.c starts it. */
static void start_node(struct end *e, uint64_t seed)
{
	const struct dir *d = &e->n.dir;
	struct node_cfg cfg = {
		.town = d->town,
		.feed = d->feed,
		.feed_key = d->feed_key,
		.transport = d->transport_key,
		.boot = 1,
		.serves = d->cfg.role == NODE_HUB,
		.features = HELLO_ZSTD,
		.upstream = {.feed_no = d->cfg.role == NODE_VILLAGE ? FEED_TOWN : 0,
			     .invite = d->invite_key,
			     .enrol_tx = d->enrol_tx,
			     .enrol_payload = buf_bytes(&d->enrol_payload)},
	};

	origin_of(d->cfg.domain, &d->feed, cfg.origin);
	memcpy(cfg.upstream.transport, d->cfg.hub_transport, DH_KEY_BYTES);
	BENCH_OK(node_new(&cfg, e->n.kv, seed, &e->node));
}

static void world_open(struct world *w, const char *village, const char *hub,
		       const struct link_opts *o, uint64_t seed)
{
	struct link_ops ops = {on_bytes, on_sent, w};

	memset(w, 0, sizeof(*w));
	w->dial_us = NEVER;
	w->link = link_new(o, &ops, seed);
	load_node_open(&w->end[VILLAGE].n, village);
	load_node_open(&w->end[HUB].n, hub);
	for (unsigned side = 0; side < 2; side++) {
		struct event ev = {.type = EV_TICK};

		seal_pending(&w->end[side]);
		start_node(&w->end[side], seed + side);
		feed(w, side, &ev);
		announce_head(w, side);
	}
}

static void world_close(struct world *w)
{
	while (w->njobs)
		node_job_free(w->job[--w->njobs].job);
	for (unsigned side = 0; side < 2; side++) {
		node_free(w->end[side].node);
		load_node_close(&w->end[side].n);
	}
	link_free(w->link);
}

/* Size of the village's feed at the hub; 0: not there yet. */
static uint64_t at_hub(struct world *w)
{
	struct kv_txn *t;
	struct feed_head h = {0};
	uint32_t no;

	BENCH_OK(kv_begin(w->end[HUB].n.kv, false, &t));
	if (feedlog_find(t, &w->end[VILLAGE].n.dir.feed, &no) == ERR_OK)
		BENCH_OK(feedlog_head(t, no, &h));
	kv_abort(t);
	return h.size;
}

/* How much of it the village knows to be there, cosigned by the hub. */
static uint64_t acknowledged(struct world *w)
{
	struct load_node *n = &w->end[VILLAGE].n;
	struct feed_status st;
	struct kv_txn *t;

	BENCH_OK(kv_begin(n->kv, false, &t));
	BENCH_OK(writer_feed_status(t, n->own, false, &st));
	kv_abort(t);
	return st.at_hub < st.cosigned ? st.at_hub : st.cosigned;
}

static bool town_is_there(struct world *w)
{
	return load_size(&w->end[VILLAGE].n, FEED_TOWN) == load_size(&w->end[HUB].n, FEED_TOWN);
}

/* Until both know all of it. Gives when the hub had it. */
static uint64_t settle(struct world *w)
{
	uint64_t size = load_size(&w->end[VILLAGE].n, w->end[VILLAGE].n.own), stored = 0;

	while (acknowledged(w) < size || !town_is_there(w)) {
		turn(w);
		if (!stored && at_hub(w) == size)
			stored = w->now;
	}
	return stored;
}

/* --- the year ------------------------------------------------------------------------------------------ */
static void import(struct api_node *a, const char *kind, const char *head, const char *file)
{
	static char body[DATA_MAX];
	size_t n = (size_t)snprintf(body, 1024, "%s\n", head), got;
	char path[64], name[128];
	FILE *f;

	snprintf(name, sizeof(name), DATA "%s", file);
	snprintf(path, sizeof(path), "/api/v1/import/%s", kind);
	f = fopen(name, "rb");
	if (!f)
		bench_fail("%s: not there; run from the root of the work tree", name);
	got = fread(body + n, 1, sizeof(body) - n, f);
	fclose(f);
	api_post(a, path, (const char *const[]){"accept", "1", NULL},
		 (struct bytes){(uint8_t *)body, n + got}, NULL);
}

#define SIGN(as, phrase, who) "\"" as "\":\"" who "\",\"" phrase "\":\"" LOAD_PASSPHRASE "\""

static void adopt(struct api_node *a, int year)
{
	char body[512];
	int n = snprintf(body, sizeof(body),
			 "{" SIGN("as", "passphrase",
				  "head") ",\"record\":{\"version\":%d,\"base\":1,"
					  "\"from\":\"%d-01-01\"}}",
			 year - YEAR + 1, year);

	api_post(a, "/api/v1/records/adopt_catalogue", NULL,
		 (struct bytes){(uint8_t *)body, (size_t)n}, NULL);
}

static day_t today(void)
{
	return day_of_ms((uint64_t)time(NULL) * 1000);
}

/* Hub and village as they stand before the year. */
static void make_town(struct load *l)
{
	static struct world w;
	struct api_node a;
	int y, m, d;

	load_init(l, &(struct load_opts){
			     .name = "year", .listen = "127.0.0.1:1", .year0 = YEAR, .bare = true});
	api_open(&a, l, l->hub);
	a.today = today();
	import(&a, "catalogue",
	       "{" SIGN("as", "passphrase",
			"office") ",\"title\":\"清单\",\"from\":\"2025-01-01\"}",
	       "catalogue.csv");
	api_close(&a);
	world_open(&w, l->village, l->hub, &lan, 1);
	settle(&w);
	world_close(&w);
	api_open(&a, l, l->village);
	a.today = today();
	day_to_ymd(a.today, &y, &m, &d);
	for (int year = YEAR; year <= y; year++)
		adopt(&a, year);
	import(&a, "roster", "{" SIGN("as", "passphrase", "head") "}", "village-1/roster.csv");
	api_close(&a);
	world_open(&w, l->village, l->hub, &lan, 2);
	settle(&w);
	world_close(&w);
}

static void make_year(struct load *l, char village[BENCH_PATH_MAX])
{
	struct api_node a;

	load_copy(l->village, "year-written", village);
	api_open(&a, l, village);
	a.today = today();
	import(&a, "entries",
	       "{" SIGN("as", "passphrase", "recorder") "," SIGN(
		       "review_as", "review_passphrase",
		       "reviewer") "," SIGN("confirm_as", "confirm_passphrase", "confirmer") "}",
	       "village-1/entries-2025.csv");
	api_close(&a);
}

/* --- single records ------------------------------------------------------------------------------------ */
enum {
	DAY,
	HOUSEHOLD,
	PERSON,
	ITEM,
	ITEM_NAME,
	PLACE,
	REASON,
	EVIDENCE,
	NUMBER,
	NOTIFIED,
	COLUMNS
};

/* The row as a record of one line; false: it is of one person, or a deduction. */
static bool single(char *row, char *body, size_t cap)
{
	const char *cell[COLUMNS] = {""};
	int n = 0;

	for (char *at = row; at && n < COLUMNS; n++) {
		cell[n] = strsep(&at, ",");
		row[strcspn(row, "\r\n")] = 0;
	}
	if (n < COLUMNS || *cell[PERSON] || cell[NOTIFIED][0] == '2')
		return false;
	n = snprintf(body, cap,
		     "{" SIGN("as", "passphrase",
			      "recorder") ",\"lines\":[{\"household\":\"%s\",\"member\":0,"
					  "\"item\":\"%s\",\"day\":\"%s\",\"place\":\"%s\","
					  "\"reason\":\"%s\",\"evidence\":\"%s\","
					  "\"evidence_no\":\"%s\"}]}",
		     cell[HOUSEHOLD], cell[ITEM], cell[DAY], cell[PLACE], cell[REASON],
		     cell[EVIDENCE], cell[NUMBER]);
	if ((size_t)n >= cap)
		bench_fail("a row too long");
	return true;
}

/* Records so many rows of the year one by one over a link that is up. */
static void record_singles(struct world *w, struct load *l, uint64_t n)
{
	char row[1024], body[2048];
	struct api_node a;
	FILE *f = fopen(DATA "village-1/entries-2025.csv", "rb");

	if (!f)
		bench_fail("no data; run from the root of the work tree");
	api_at(&a, l, &w->end[VILLAGE].n);
	a.today = today();
	for (bool head = true; n && fgets(row, sizeof(row), f); head = false) {
		if (head || !single(row, body, sizeof(body)))
			continue;
		api_post(&a, "/api/v1/records/points", (const char *const[]){"accept", "1", NULL},
			 (struct bytes){(uint8_t *)body, strlen(body)}, NULL);
		seal_pending(&w->end[VILLAGE]);
		announce_head(w, VILLAGE);
		run_until(w, w->now + SINGLE_US);
		n--;
	}
	fclose(f);
	if (n)
		bench_fail("too few rows for single records");
}

/* --- the rows ------------------------------------------------------------------------------------------ */
struct passage {
	double seconds;
	uint64_t wire, delivered;
};

/* Sends the year; with @cut, the link is cut once when so many bytes have arrived. */
static struct passage pass(struct load *l, const char *written, uint64_t seed, uint64_t cut)
{
	static struct world w;
	char village[BENCH_PATH_MAX], hub[BENCH_PATH_MAX];
	struct passage p;

	load_copy(written, "pass-village", village);
	load_copy(l->hub, "pass-hub", hub);
	world_open(&w, village, hub, &radio, seed);
	while (cut && link_delivered(w.link) < cut)
		turn(&w);
	if (cut) {
		link_cut(w.link);
		hang_up(&w, VILLAGE);
		hang_up(&w, HUB);
	}
	p.seconds = (double)settle(&w) / 1e6;
	p.wire = link_wire(w.link);
	p.delivered = link_delivered(w.link);
	world_close(&w);
	return p;
}

/* Single records, from the first of them on. */
static struct passage pass_singles(struct load *l, uint64_t seed)
{
	static struct world w;
	char village[BENCH_PATH_MAX], hub[BENCH_PATH_MAX];
	struct passage p;
	uint64_t start;

	load_copy(l->village, "pass-village", village);
	load_copy(l->hub, "pass-hub", hub);
	world_open(&w, village, hub, &radio, seed);
	settle(&w);
	start = w.now;
	p.wire = link_wire(w.link);
	p.delivered = link_delivered(w.link);
	record_singles(&w, l, SINGLES);
	p.seconds = (double)(settle(&w) - start) / 1e6;
	p.wire = link_wire(w.link) - p.wire;
	p.delivered = link_delivered(w.link) - p.delivered;
	world_close(&w);
	return p;
}

/* The bytes of the year as they are stored. */
static uint64_t stored_bytes(struct load *l, const char *written)
{
	struct load_node n, before;
	uint64_t bytes = 0, from;
	struct kv_txn *t;

	load_node_open(&before, l->village);
	from = load_size(&before, before.own);
	load_node_close(&before);
	load_node_open(&n, written);
	BENCH_OK(kv_begin(n.kv, false, &t));
	for (uint64_t seq = from; seq < load_size(&n, n.own); seq++) {
		struct bytes leaf, payload;

		BENCH_OK(feedlog_read(t, n.own, seq, &leaf, &payload));
		bytes += leaf.n + payload.n;
	}
	kv_abort(t);
	load_node_close(&n);
	return bytes;
}

/* What arrived twice: the most that a cut cost, of some at different places. */
static void cut_row(struct load *l, const char *written, uint64_t seed, const struct passage *whole)
{
	double most = 0;
	int cuts = (int)bench_size(CUTS, 2);

	for (int i = 1; i <= cuts; i++) {
		struct passage p = pass(l, written, seed,
					whole->delivered * (uint64_t)i / (uint64_t)(cuts + 1));
		double cost = ((double)p.delivered - (double)whole->delivered) / 1024;

		most = cost > most ? cost : most;
	}
	bench_add("link.cut", most, NAN);
}

void line_link(void *ctx)
{
	int reps = (int)bench_size(BENCH_REPS_MAX, 1); /* losses differ more than machines do */
	char written[BENCH_PATH_MAX];
	struct load l;
	uint64_t stored;

	(void)ctx;
	make_town(&l);
	make_year(&l, written);
	stored = stored_bytes(&l, written);
	for (int rep = 0; rep < reps; rep++) {
		uint64_t seed = 11 + (uint64_t)rep;
		struct passage p = pass(&l, written, seed, 0);
		double copy = link_copy(&radio, seed, p.delivered);

		struct passage few = pass_singles(&l, seed);

		bench_add("link.single", few.seconds, NAN);
		bench_add("link.single.bytes", (double)few.wire / 1e3, NAN);
		bench_add("link", p.seconds, NAN);
		bench_add("link.bytes", (double)p.wire / 1e3, NAN);
		bench_add("link.copy", (double)p.delivered / p.seconds, (double)p.delivered / copy);
		if (bench_wants("link.cut") && rep < bench_reps())
			cut_row(&l, written, seed, &p);
	}
	bench_note("link.copy",
		   "of the bytes that our protocol sends; stored, the year is %.0f kB, whose copy "
		   "takes %.0f s; emulated, see tests/bench/link.h",
		   (double)stored / 1e3, link_copy(&radio, 11, stored));
}
