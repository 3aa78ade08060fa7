#include "tests/bench/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/io/kvlmdb.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "proto/record.h"

#define VILLAGE_CODE "500101999201"
#define TOWN_CODE    "500101999"
#define TOWN_VERSION 1
#define ITEM_POINTS  200    /* 2.00 */
#define ITEM_CAP     100000 /* 1000.00 a year */
#define FILL_BATCH   1000
#define AHEAD	     31 /* days that a catalogue is adopted before it begins */
#define ENROL_BATCH  1000
#define INGEST_BATCH 16
#define MS_PER_DAY   UINT64_C(86400000)
#define HOUR_MS	     UINT64_C(3600000)
#define STEP	     7919 /* a prime: walks all members before one comes again */

static const struct seal_cost cheap = {1, 8192};

static const char *const item_code[LOAD_ITEMS] = {"A102", "B101", "B102", "B103", "C101", "C102",
						  "C105", "D104", "E104", "E105", "F102", "G103"};
static const char *const item_name[LOAD_ITEMS] = {
	"参加政策宣讲或集中学习", "协助调解邻里纠纷",	"参加治安巡防或应急值守",
	"反映安全隐患经查实",	  "义务投工投劳",	"管护道路渠系等公共设施",
	"建议被村两委采纳",	  "参加村庄清洁日",	"志愿帮扶老弱困难群众",
	"无偿献血或公益捐赠",	  "参加技能培训并结业", "获镇级或村级表彰"};
static const char *const place[] = {"村委会", "院坝", "文化广场", "村道", "渠边"};

static struct bytes text(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}

static uint64_t day_ms(day_t day, uint64_t hour)
{
	return (uint64_t)day * MS_PER_DAY + (hour - 8) * HOUR_MS;
}

/* --- transactions ---------------------------------------------------------------------------------- */
static void make_job(struct load *l, const struct hash *feed, enum rec_code code, const void *head,
		     const void *lines, uint32_t nlines, const struct sign_key *author,
		     uint64_t wall_ms, struct job *j, struct buf *payload)
{
	const struct rec_type *t = rec_type_of((uint16_t)code);
	uint8_t secret[ENTRY_SECRET_BYTES], random[10];
	size_t start = payload->n;
	struct rec_issue issue = {0};
	struct payload parts;
	struct entry e = {.feed = *feed,
			  .wall_ms = wall_ms,
			  .type = t->code,
			  .schema = t->schema,
			  .epoch = 1,
			  .town_seen = hash_cmp(feed, &l->feed) ? 0 : l->town_size};

	prng_fill(&l->g, secret, sizeof(secret));
	prng_fill(&l->g, random, sizeof(random));
	if (rec_encode(t, head, lines, nlines, secret, payload, &issue))
		bench_fail("%s: part %u, %s is outside its bounds", t->name, issue.part,
			   issue.field ? issue.field->name : "shape");
	BENCH_OK(payload_parse(payload->p + start, payload->n - start, &parts));
	payload_commit(&parts, &e.commitment);
	e.payload_len = (uint32_t)(payload->n - start);
	txid_make(wall_ms, random, e.txid);
	memcpy(e.author, sign_key_public(author), SIGN_KEY_BYTES);
	*j = (struct job){.type = JOB_APPEND,
			  .u.append = {.tx = e,
				       .payload = {payload->p + start, payload->n - start},
				       .boot = 1,
				       .boot_ms = wall_ms % MS_PER_DAY,
				       .author_ok = true}};
}

day_t load_day(const struct load *l)
{
	return (day_t)(l->day0 + l->next * 365 / (l->households * l->per_year));
}

static uint64_t version_of(const struct load *l, int year)
{
	return (uint64_t)(year - l->year0 + 1);
}

static int year_of(day_t day)
{
	int y, m, d;

	day_to_ymd(day, &y, &m, &d);
	return y;
}

static void points_line(struct load *l, struct rec_points_line *r, char household[8],
			char number[24], day_t *ret_day)
{
	uint64_t people = l->households * LOAD_MEMBERS;
	uint64_t who = l->next * STEP % people, round = l->next / people;
	uint64_t h = who / LOAD_MEMBERS, item = (round + who) % LOAD_ITEMS;
	day_t day = load_day(l);
	int y, m, d;

	day_to_ymd(day, &y, &m, &d);
	snprintf(household, 8, "%02u%03u", (unsigned)(h / 200 % 100), (unsigned)(h % 200));
	snprintf(number, 24, "WJ-%04d%02d%02d-%05u", y % 10000, m % 100, d % 100,
		 (unsigned)(l->next % 100000));
	*r = (struct rec_points_line){.household = text(household),
				      .member = who % LOAD_MEMBERS + 1,
				      .item = text(item_code[item]),
				      .version = version_of(l, y),
				      .points = points_of(ITEM_POINTS),
				      .day = day,
				      .place = text(place[l->next % 5]),
				      .reason = text(item_name[item]),
				      .evidence = text("签到表"),
				      .evidence_no = text(number)};
	*ret_day = day;
	l->next++;
}

void load_points(struct load *l, uint32_t lines, struct job *j, struct buf *payload)
{
	static const struct rec_points head;
	struct rec_points_line line[LOAD_LINES_MAX];
	char household[LOAD_LINES_MAX][8], number[LOAD_LINES_MAX][24];
	day_t day = 0;

	for (uint32_t i = 0; i < lines; i++)
		points_line(l, &line[i], household[i], number[i], &day);
	make_job(l, &l->feed, REC_points, &head, line, lines, l->recorder,
		 day_ms(day, 18) + l->next % HOUR_MS, j, payload);
}

/* The lines of @n entries agreed. */
static void agree(struct load *l, enum rec_code step, const uint64_t *seq, uint32_t n,
		  struct job *j, struct buf *payload)
{
	static const struct rec_review head;
	struct rec_review_line line[LOAD_CYCLE];

	_Static_assert(sizeof(struct rec_review_line) == sizeof(struct rec_confirm_line),
		       "review and confirmation have the same fields");
	for (uint32_t i = 0; i < n; i++)
		line[i] = (struct rec_review_line){.entry = seq[i], .decision = DECISION_agree};
	make_job(l, &l->feed, step, &head, line, n, step == REC_review ? l->reviewer : l->confirmer,
		 day_ms(load_day(l), 20) + l->next % HOUR_MS, j, payload);
}

void load_step(struct load *l, enum rec_code step, uint64_t seq, struct job *j, struct buf *payload)
{
	agree(l, step, &seq, 1, j, payload);
}

void load_record(struct load *l, enum rec_code code, const void *head, const void *lines,
		 uint32_t nlines, const struct sign_key *author, day_t day, struct job *j,
		 struct buf *payload)
{
	make_job(l, &l->feed, code, head, lines, nlines, author, day_ms(day, 9), j, payload);
}

static void adopt(struct load *l, int year, day_t day, struct job *j, struct buf *payload)
{
	struct rec_adopt_catalogue a = {.version = version_of(l, year), .base = TOWN_VERSION};

	day_from_ymd(year, 1, 1, &a.from);
	load_record(l, REC_adopt_catalogue, &a, NULL, 0, l->committee, day, j, payload);
}

void load_life(struct load *l, enum load_life life, uint64_t seq, struct job *j,
	       struct buf *payload)
{
	day_t day = load_day(l);

	if (year_of(day + AHEAD) > l->adopted) {
		adopt(l, ++l->adopted, day, j, payload);
	} else if (life == LOAD_RECORDED || l->nwait < LOAD_CYCLE) {
		load_points(l, 1, j, payload);
		if (life == LOAD_CONFIRMED)
			l->wait[l->nwait++] = seq;
	} else {
		agree(l, l->reviewed ? REC_confirm : REC_review, l->wait, l->nwait, j, payload);
		l->nwait = l->reviewed ? 0 : l->nwait;
		l->reviewed = !l->reviewed;
	}
}

static const struct sign_key *author_of(const struct load *l, const struct entry *tx)
{
	const struct sign_key *k[] = {l->recorder, l->reviewer, l->confirmer, l->committee,
				      l->officer};

	for (size_t i = 0; i < sizeof(k) / sizeof(k[0]); i++)
		if (memcmp(sign_key_public(k[i]), tx->author, SIGN_KEY_BYTES) == 0)
			return k[i];
	bench_fail("an author without a key");
}

void load_sign(struct load *l, struct entry *tx)
{
	entry_tx_sign(tx, &l->town, author_of(l, tx));
}

/* For stores whose signatures nobody looks at. It fails at the first look: S is no number below the order. */
static void no_signature(struct load *l, struct entry *tx)
{
	prng_fill(&l->g, tx->sig, SIGN_BYTES);
	memset(tx->sig + SIGN_BYTES / 2, 0xff, SIGN_BYTES / 2);
}

void load_jobs_open(struct load_jobs *js, uint32_t cap)
{
	*js = (struct load_jobs){.job = calloc(cap, sizeof(*js->job)),
				 .list = calloc(cap, sizeof(struct job *)),
				 .at = calloc(cap, sizeof(*js->at))};
	if (!js->job || !js->list || !js->at)
		bench_fail("no memory");
	buf_init(&js->payload, (size_t)2 << 30);
}

struct job *load_job_new(struct load_jobs *js)
{
	js->at[js->n] = js->payload.n;
	return &js->job[js->n++];
}

void load_jobs_done(struct load_jobs *js)
{
	for (uint32_t i = 0; i < js->n; i++) {
		struct job_append *a = &js->job[i].u.append;

		a->payload.p = js->payload.p + js->at[i];
		js->list[i] = &js->job[i];
		js->bytes += ENTRY_LEAF_BYTES + a->payload.n;
	}
}

void load_jobs_new(struct load_jobs *js, struct load *l, uint32_t n, uint32_t lines)
{
	load_jobs_open(js, n);
	for (uint32_t i = 0; i < n; i++) {
		struct job *j = load_job_new(js);

		load_points(l, lines, j, &js->payload);
		load_sign(l, &j->u.append.tx);
	}
	load_jobs_done(js);
}

void load_jobs_free(struct load_jobs *js)
{
	free(js->job);
	free(js->list);
	free(js->at);
	buf_close(&js->payload);
}

/* --- nodes ----------------------------------------------------------------------------------------- */
static int save_guard(void *ctx, const struct guard *g)
{
	return guardfile_save(ctx, g);
}

void load_node_open(struct load_node *n, const char *path)
{
	char store[DIR_PATH_MAX];
	struct errmsg msg = {0};
	struct writer_keys keys;
	struct guard_ops ops = {save_guard, NULL};
	struct guard_journal journal;
	struct guard guard;
	struct kv_txn *t;
	int err;

	memset(n, 0, sizeof(*n));
	if (dir_open(path, &n->dir, &msg))
		bench_fail("%s", msg.text);
	BENCH_OK(dir_path(&n->dir, "store", store));
	if (kvlmdb_open(store, NULL, &n->kv, &msg))
		bench_fail("%s", msg.text);
	if (guardfile_open(n->dir.cfg.guard, &n->guard, &msg))
		bench_fail("%s", msg.text);
	BENCH_OK(kv_begin(n->kv, false, &t));
	BENCH_OK(feedlog_find(t, &n->dir.feed, &n->own));
	kv_abort(t);
	keys = (struct writer_keys){n->dir.feed_key, n->dir.witness_key};
	ops.ctx = n->guard;
	err = guardfile_load(n->guard, &guard);
	guardfile_journal(n->guard, &journal);
	if (writer_open(n->kv, &n->dir.town, n->own, &keys, err ? NULL : &guard, &journal, &ops,
			&n->writer, &msg))
		bench_fail("%s: %s", path, msg.text);
}

void load_node_queue(struct load_node *n)
{
	BENCH_OK(storeq_start(n->writer, NULL, NULL, &n->q));
}

void load_node_close(struct load_node *n)
{
	storeq_stop(n->q);
	writer_free(n->writer);
	guardfile_close(n->guard);
	kv_close(n->kv);
	dir_close(&n->dir);
	memset(n, 0, sizeof(*n));
}

uint64_t load_size(struct load_node *n, uint32_t feed_no)
{
	struct feed_head head;
	struct kv_txn *t;

	BENCH_OK(kv_begin(n->kv, false, &t));
	BENCH_OK(feedlog_head(t, feed_no, &head));
	kv_abort(t);
	return head.size;
}

void load_check(const struct job *j)
{
	const struct reason *r = &j->u.append.verdict.reason;
	struct buf b = {0};

	if (j->err)
		bench_fail("job %d: %s", (int)j->type, err_name(j->err));
	if (j->type == JOB_INGEST && j->u.ingest.refused)
		bench_fail("%u entries of a chunk were refused", j->u.ingest.refused);
	if (j->type != JOB_APPEND)
		return;
	if (r->id != V_ACCEPTED || j->u.append.verdict.nwarn) {
		reason_text(r->id == V_ACCEPTED ? &j->u.append.verdict.warn[0] : r, LANG_EN, &b);
		bench_fail("an entry of type %u was not plainly accepted: %s %s",
			   j->u.append.tx.type, reason_name(r->id), buf_str(&b));
	}
}

void load_batch(struct load_node *n, struct job **jobs, uint32_t njobs)
{
	BENCH_OK(writer_apply(n->writer, jobs, njobs));
	BENCH_OK(writer_commit(n->writer));
	BENCH_OK(writer_seal(n->writer));
	for (uint32_t i = 0; i < njobs; i++)
		load_check(jobs[i]);
}

uint64_t load_fill(struct load *l, struct load_node *n, uint64_t count, enum load_life life,
		   bool sign)
{
	uint64_t bytes = 0, seq = load_size(n, n->own);

	while (count) {
		uint32_t batch = count < FILL_BATCH ? (uint32_t)count : FILL_BATCH;
		struct load_jobs js;

		load_jobs_open(&js, batch);
		for (uint32_t i = 0; i < batch; i++) {
			struct job *j = load_job_new(&js);

			load_life(l, life, seq++, j, &js.payload);
			if (sign)
				load_sign(l, &j->u.append.tx);
			else
				no_signature(l, &j->u.append.tx);
		}
		load_jobs_done(&js);
		load_batch(n, js.list, batch);
		bytes += js.bytes;
		count -= batch;
		load_jobs_free(&js);
	}
	return bytes;
}

void load_copy(const char *from, const char *name, char out[BENCH_PATH_MAX])
{
	char src[BENCH_PATH_MAX + 4];
	int status;
	pid_t pid;

	bench_dir(name, out);
	snprintf(src, sizeof(src), "%s/.", from);
	pid = fork();
	if (pid == 0) {
		execlp("cp", "cp", "-a", src, out, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		bench_fail("cannot copy %s", from);
}

/* --- the templates --------------------------------------------------------------------------------- */
static void append_one(struct load_node *n, struct job *j)
{
	load_batch(n, &j, 1);
}

static void town_catalogue(struct load *l, struct load_node *hub)
{
	struct rec_catalogue_line line[LOAD_ITEMS];
	struct rec_catalogue cat = {
		.version = TOWN_VERSION, .title = text("积分事项参考清单"), .from = l->day0 - 365};
	struct buf payload = {0};
	struct job j;

	for (size_t i = 0; i < LOAD_ITEMS; i++)
		line[i] = (struct rec_catalogue_line){.code = text(item_code[i]),
						      .category = CATEGORY_C,
						      .sign = SIGN_award,
						      .name_zh = text(item_name[i]),
						      .points = points_of(ITEM_POINTS),
						      .unit = UNIT_event,
						      .cap = points_of(ITEM_CAP),
						      .scope = SCOPE_individual,
						      .evidence = text("签到表;照片")};
	make_job(l, &hub->dir.feed, REC_catalogue, &cat, line, LOAD_ITEMS, l->officer,
		 day_ms(l->day0 - 300, 9), &j, &payload);
	entry_tx_sign(&j.u.append.tx, &l->town, l->officer);
	append_one(hub, &j);
	buf_close(&payload);
}

/* Gives the invitation's text. */
static void invite(struct load *l, struct load_node *hub, struct buf *invitation)
{
	uint8_t seed[SIGN_SEED_BYTES] = {7};
	struct buf payload = {0};
	struct sign_key *key;
	struct errmsg msg = {0};
	struct job j;

	BENCH_OK(sign_key_from_seed(seed, &key));
	struct rec_invitation inv = {.village_code = text(VILLAGE_CODE),
				     .village_name = text("青山村"),
				     .invite_key = {sign_key_public(key), SIGN_KEY_BYTES}};
	make_job(l, &hub->dir.feed, REC_invitation, &inv, NULL, 0, l->officer,
		 day_ms(l->day0 - 299, 9), &j, &payload);
	entry_tx_sign(&j.u.append.tx, &l->town, l->officer);
	append_one(hub, &j);
	if (dir_invitation(&hub->dir, VILLAGE_CODE, "青山村", seed, invitation, &msg))
		bench_fail("%s", msg.text);
	sign_key_free(key);
	buf_close(&payload);
}

static void ingest_one(struct load_node *to, const struct hash *feed, struct buf *body)
{
	struct job j = {.type = JOB_INGEST,
			.u.ingest = {.feed = *feed, .body = buf_bytes(body), .now_s = 1}};

	append_one(to, &j);
	buf_reset(body);
}

static void chunk_sign(struct chunk_writer *w, const struct tlog_edge *edge, const char *origin,
		       const struct sign_key *key)
{
	struct checkpoint c = {.size = edge->size};
	uint8_t sig[SIGN_BYTES];

	tlog_root(edge, &c.root);
	snprintf(c.origin, sizeof(c.origin), "%s", origin);
	BENCH_OK(checkpoint_sign(&c, key, sig));
	BENCH_OK(chunk_finish(w, &c.root, sig));
}

/* Sends a feed of one node to another as chunks, without the exchange. Gives where it ends. */
static void send_feed(struct load_node *from, uint32_t no, const struct sign_key *key,
		      struct load_node *to, struct load_feed *end)
{
	struct tlog_edge edge = {0};
	struct buf body = {0};
	struct chunk_writer w;
	struct feed_head h;
	struct kv_txn *t;
	struct hash leaf_hash;

	BENCH_OK(kv_begin(from->kv, false, &t));
	BENCH_OK(feedlog_head(t, no, &h));
	for (uint64_t seq = 0; seq < h.size;) {
		struct bytes leaf, payload;
		int err = ERR_OK;

		BENCH_OK(chunk_begin(&w, &body, &h.id, seq, h.epoch));
		while (seq < h.size) {
			BENCH_OK(feedlog_read(t, no, seq, &leaf, &payload));
			err = chunk_add(&w, leaf.p, payload);
			if (err)
				break;
			hash_leaf(leaf.p, leaf.n, &leaf_hash);
			BENCH_OK(tlog_append(&edge, &leaf_hash, NULL, NULL));
			seq++;
		}
		if (err && err != ERR_LIMIT)
			BENCH_OK(err);
		chunk_sign(&w, &edge, h.origin, key);
		ingest_one(to, &h.id, &body);
	}
	kv_abort(t);
	buf_close(&body);
	*end = (struct load_feed){
		.id = h.id, .prev = h.last, .seq = h.size, .edge = h.edge, .key = key};
	memcpy(end->origin, h.origin, sizeof(end->origin));
}

static void grant(struct load *l, const struct sign_key *who, const char *name,
		  enum rec_choice_ROLE role, struct load_jobs *js)
{
	struct rec_grant g = {
		.key = {sign_key_public(who), SIGN_KEY_BYTES}, .name = text(name), .role = role};

	load_record(l, REC_grant, &g, NULL, 0, l->committee, l->day0 - 200, load_job_new(js),
		    &js->payload);
}

static void household(struct load *l, unsigned h, struct job *j, struct buf *payload)
{
	static const char *const name[] = {"孟林强", "何秀英", "孟小红"};
	static const char *const relation[] = {"户主", "妻", "女"};
	struct rec_household_line line[LOAD_MEMBERS];
	char code[8], group[4];

	snprintf(code, sizeof(code), "%02u%03u", h / 200 % 100, h % 200);
	snprintf(group, sizeof(group), "%u", h / 200 % 100 + 1);
	struct rec_household r = {.household = text(code),
				  .group = text(group),
				  .takes_part = YES_yes,
				  .consent_day = l->day0 - 100};
	for (size_t m = 0; m < LOAD_MEMBERS; m++)
		line[m] = (struct rec_household_line){.member = m + 1,
						      .name = text(name[m % 3]),
						      .relation = text(relation[m % 3]),
						      .sex = m == 0 ? SEX_male : SEX_female,
						      .birth = l->day0 - 365 * (m == 2 ? 20 : 45)};
	make_job(l, &l->feed, REC_household, &r, line, LOAD_MEMBERS, l->committee,
		 day_ms(l->day0 - 100, 10), j, payload);
}

static void grants(struct load *l, struct load_jobs *js)
{
	grant(l, l->recorder, "记录员", ROLE_recorder, js);
	grant(l, l->reviewer, "审核员", ROLE_reviewer, js);
	grant(l, l->confirmer, "确认人", ROLE_confirmer, js);
}

void load_founding(struct load *l, struct load_jobs *js)
{
	grants(l, js);
	for (int i = 0; i < LOAD_YEARS; i++)
		adopt(l, l->year0 + i, l->day0 - 160, load_job_new(js), &js->payload);
	for (unsigned h = 0; h < l->households; h++)
		household(l, h, load_job_new(js), &js->payload);
}

static void village_entries(struct load *l, struct load_node *n, const struct sign_key *sealed,
			    bool bare)
{
	struct load_jobs js;

	load_jobs_open(&js, 4 + LOAD_YEARS + LOAD_HOUSEHOLDS);
	grant(l, sealed, LOAD_PERSON, ROLE_recorder, &js);
	if (bare)
		grants(l, &js);
	else
		load_founding(l, &js);
	load_jobs_done(&js);
	for (uint32_t i = 0; i < js.n; i++)
		load_sign(l, &js.job[i].u.append.tx);
	load_batch(n, js.list, js.n);
	load_jobs_free(&js);
}

static void person(const struct dir *d, const char *name, struct seal_cost cost,
		   struct sign_key **ret)
{
	uint8_t pub[SIGN_KEY_BYTES];
	struct errmsg msg = {0};

	if (dir_person_create(d, name, LOAD_PASSPHRASE, cost, pub, &msg) ||
	    dir_person_open(d, name, LOAD_PASSPHRASE, ret, &msg))
		bench_fail("%s", msg.text);
}

static void init_village(struct load *l, struct load_node *hub, const struct buf *invitation,
			 bool bare)
{
	struct dir_village_opts o = {.invitation = (const char *)invitation->p,
				     .invitation_n = invitation->n,
				     .http = "",
				     .operator_name = "支书",
				     .passphrase = LOAD_PASSPHRASE,
				     .cost = cheap};
	struct load_feed unused;
	struct sign_key *sealed;
	struct load_node v;
	struct errmsg msg = {0};

	if (dir_init_village(l->village, &o, &msg))
		bench_fail("%s", msg.text);
	load_node_open(&v, l->village);
	l->feed = v.dir.feed;
	struct job j = {.type = JOB_APPEND,
			.u.append = {.tx = v.dir.enrol_tx,
				     .payload = buf_bytes(&v.dir.enrol_payload),
				     .author_ok = true}};
	append_one(hub, &j);
	l->town_size = load_size(hub, FEED_TOWN);
	send_feed(hub, FEED_TOWN, hub->dir.feed_key, &v, &unused);
	if (dir_person_open(&v.dir, "支书", LOAD_PASSPHRASE, &l->head, &msg))
		bench_fail("%s", msg.text);
	l->committee = l->head;
	person(&v.dir, "记录员", cheap, &l->recorder);
	person(&v.dir, "审核员", cheap, &l->reviewer);
	person(&v.dir, "确认人", cheap, &l->confirmer);
	person(&v.dir, LOAD_PERSON, (struct seal_cost){SEAL_OPS_DEFAULT, SEAL_MEM_KIB_DEFAULT},
	       &sealed);
	village_entries(l, &v, sealed, bare);
	sign_key_free(sealed);
	l->first = load_size(&v, LOAD_VILLAGE);
	load_node_close(&v);
}

/* The hub that has everything of the village's template, and where that feed ends. */
static void init_rostered(struct load *l, const char *name)
{
	struct load_node v, hub;
	struct errmsg msg = {0};

	if (dir_open(l->village, &l->village_dir, &msg))
		bench_fail("%s", msg.text);
	load_copy(l->hub, name, l->hub_rostered);
	load_node_open(&hub, l->hub_rostered);
	load_node_open(&v, l->village);
	send_feed(&v, LOAD_VILLAGE, l->village_dir.feed_key, &hub, &l->feed_end);
	load_node_close(&v);
	load_node_close(&hub);
}

void load_restart(struct load *l)
{
	l->next = 0;
	l->nwait = 0;
	l->reviewed = false;
	l->adopted = l->year0 + LOAD_YEARS - 1;
}

static void load_defaults(struct load *l, const struct load_opts *o)
{
	memset(l, 0, sizeof(*l));
	l->per_year = LOAD_PER_YEAR;
	l->households = LOAD_HOUSEHOLDS;
	l->year0 = o->year0;
	day_from_ymd(o->year0, 1, 1, &l->day0);
	load_restart(l);
	prng_seed(&l->g, 1);
}

void load_init(struct load *l, const struct load_opts *opts)
{
	struct dir_hub_opts o = {.name = "青山镇",
				 .code = TOWN_CODE,
				 .domain = "qingshan.example",
				 .listen = opts->listen,
				 .advertise = opts->listen,
				 .http = "",
				 .operator_name = "经办人",
				 .passphrase = LOAD_PASSPHRASE,
				 .cost = cheap};
	struct buf invitation = {0};
	struct errmsg msg = {0};
	struct load_node hub;
	char name[3][64];

	load_defaults(l, opts);
	for (size_t i = 0; i < 3; i++)
		snprintf(name[i], sizeof(name[i]), "%s-%s", opts->name,
			 (const char *const[]){"hub", "village", "rostered"}[i]);
	bench_dir(name[0], l->hub);
	bench_dir(name[1], l->village);
	if (dir_init_hub(l->hub, &o, &msg))
		bench_fail("%s", msg.text);
	load_node_open(&hub, l->hub);
	l->town = hub.dir.town;
	if (dir_person_open(&hub.dir, "经办人", LOAD_PASSPHRASE, &l->officer, &msg))
		bench_fail("%s", msg.text);
	if (!opts->bare)
		town_catalogue(l, &hub);
	invite(l, &hub, &invitation);
	init_village(l, &hub, &invitation, opts->bare);
	load_node_close(&hub);
	init_rostered(l, name[2]);
	buf_close(&invitation);
}

void load_close(struct load *l)
{
	sign_key_free(l->officer);
	sign_key_free(l->head);
	sign_key_free(l->recorder);
	sign_key_free(l->reviewer);
	sign_key_free(l->confirmer);
	sign_key_free(l->keeper);
	dir_close(&l->village_dir);
}

/* --- chunks ---------------------------------------------------------------------------------------- */
static void chunk_end(struct load_chunks *c, struct load_feed *f, struct chunk_writer *w)
{
	chunk_sign(w, &f->edge, f->origin, f->key);
	c->wire += w->out->n + 1 + 16 + 2;
	c->n++;
}

void load_chunks_new(struct load_chunks *c, struct load_feed *f, const struct load_jobs *js)
{
	uint32_t cap = js->n; /* at most one chunk an entry */
	struct chunk_writer w = {0};

	*c = (struct load_chunks){.job = calloc(cap, sizeof(*c->job)),
				  .body = calloc(cap, sizeof(*c->body)),
				  .entries = js->n};
	if (!c->job || !c->body)
		bench_fail("no memory");
	for (uint32_t i = 0; i < js->n;) {
		const struct job_append *a = &js->job[i].u.append;
		struct entry e = a->tx;
		uint8_t leaf[ENTRY_LEAF_BYTES];
		int err;

		e.seq = f->seq;
		e.prev = f->prev;
		e.epoch = 1;
		e.boot = a->boot;
		e.boot_ms = a->boot_ms;
		entry_pack(&e, leaf);
		if (!w.out)
			BENCH_OK(chunk_begin(&w, &c->body[c->n], &f->id, f->seq, 1));
		err = chunk_add(&w, leaf, a->payload);
		if (err == ERR_LIMIT) {
			chunk_end(c, f, &w);
			w.out = NULL;
			continue;
		}
		BENCH_OK(err);
		hash_leaf(leaf, sizeof(leaf), &f->prev);
		BENCH_OK(tlog_append(&f->edge, &f->prev, NULL, NULL));
		f->seq++;
		i++;
		c->stored += ENTRY_LEAF_BYTES + a->payload.n;
	}
	if (w.out)
		chunk_end(c, f, &w);
	load_chunks_reset(c);
}

void load_chunks_reset(struct load_chunks *c)
{
	for (uint32_t i = 0; i < c->n; i++) {
		struct job *j = &c->job[i];
		struct hash feed;
		uint64_t from;
		uint32_t n;

		BENCH_OK(chunk_peek(c->body[i].p, c->body[i].n, &feed, &from, &n));
		*j = (struct job){
			.type = JOB_INGEST,
			.u.ingest = {.feed = feed, .body = buf_bytes(&c->body[i]), .now_s = 1}};
	}
}

void load_chunks_free(struct load_chunks *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		buf_close(&c->body[i]);
	free(c->job);
	free(c->body);
}

/* --- more villages --------------------------------------------------------------------------------- */
static struct sign_key *new_key(struct load *l)
{
	uint8_t seed[SIGN_SEED_BYTES];
	struct sign_key *k;

	prng_fill(&l->g, seed, sizeof(seed));
	BENCH_OK(sign_key_from_seed(seed, &k));
	return k;
}

static void enrol_one(struct load *l, struct load_node *hub, uint32_t i, struct load_village *v,
		      struct load_jobs *js)
{
	struct sign_key *invite = new_key(l), *witness = new_key(l);
	struct manifest m = {.town = l->town};
	struct buf manifest = {0};
	uint8_t seed[DH_KEY_BYTES];
	char code[16];
	struct job *j;

	snprintf(code, sizeof(code), "5001%08u", i);
	struct rec_invitation inv = {.village_code = text(code),
				     .village_name = text("远山村"),
				     .invite_key = {sign_key_public(invite), SIGN_KEY_BYTES}};
	j = load_job_new(js);
	make_job(l, &hub->dir.feed, REC_invitation, &inv, NULL, 0, l->officer,
		 day_ms(l->day0 - 299, 9), j, &js->payload);
	entry_tx_sign(&j->u.append.tx, &l->town, l->officer);
	v->feed_key = new_key(l);
	v->head = new_key(l);
	prng_fill(&l->g, seed, sizeof(seed));
	BENCH_OK(dh_key_from_seed(seed, &v->transport));
	memcpy(m.feed_key, sign_key_public(v->feed_key), SIGN_KEY_BYTES);
	prng_fill(&l->g, m.nonce, sizeof(m.nonce));
	BENCH_OK(manifest_pack(&m, &manifest));
	manifest_feed_id(manifest.p, manifest.n, &v->feed);
	struct rec_village_enrol r = {.village_code = text(code),
				      .manifest = buf_bytes(&manifest),
				      .witness_key = {sign_key_public(witness), SIGN_KEY_BYTES},
				      .transport_key = {dh_key_public(v->transport), DH_KEY_BYTES},
				      .head_name = text("支书"),
				      .head_key = {sign_key_public(v->head), SIGN_KEY_BYTES}};
	j = load_job_new(js);
	make_job(l, &hub->dir.feed, REC_village_enrol, &r, NULL, 0, invite,
		 day_ms(l->day0 - 298, 9), j, &js->payload);
	entry_tx_sign(&j->u.append.tx, &l->town, invite);
	buf_close(&manifest);
	sign_key_free(invite);
	sign_key_free(witness);
}

void load_enrol(struct load *l, struct load_node *hub, uint32_t first, uint32_t n,
		struct load_village *ret)
{
	for (uint32_t i = 0; i < n; i += ENROL_BATCH) {
		uint32_t batch = n - i < ENROL_BATCH ? n - i : ENROL_BATCH;
		struct load_jobs js;

		load_jobs_open(&js, 2 * batch);
		for (uint32_t k = i; k < i + batch; k++)
			enrol_one(l, hub, first + k, &ret[k], &js);
		load_jobs_done(&js);
		load_batch(hub, js.list, js.n);
		load_jobs_free(&js);
	}
}

void load_guidance(struct load *l, struct load_node *hub, uint32_t n, day_t due)
{
	const struct rec_guidance g = {.kind = GUIDE_rectify,
				       .title = text("补齐公示"),
				       .text = text("请补齐上季度公示"),
				       .due = due};
	struct load_jobs js;

	load_jobs_open(&js, n);
	for (uint32_t i = 0; i < n; i++) {
		struct job *j = load_job_new(&js);

		make_job(l, &hub->dir.feed, REC_guidance, &g, NULL, 0, l->officer,
			 day_ms(l->day0 - 297, 9), j, &js.payload);
		entry_tx_sign(&j->u.append.tx, &l->town, l->officer);
	}
	load_jobs_done(&js);
	load_batch(hub, js.list, js.n);
	load_jobs_free(&js);
}

void load_village_close(struct load_village *v)
{
	sign_key_free(v->feed_key);
	sign_key_free(v->head);
	dh_key_free(v->transport);
}

void load_speak_for(struct load *l, struct load_node *hub, const struct load_village *v)
{
	l->feed = v->feed;
	l->committee = v->head;
	l->town_size = load_size(hub, FEED_TOWN);
	load_restart(l);
}

void load_feed_of(struct load_node *n, const struct load_village *v, struct load_feed *ret)
{
	struct feed_head h;
	struct kv_txn *t;
	uint32_t no;

	BENCH_OK(kv_begin(n->kv, false, &t));
	BENCH_OK(feedlog_find(t, &v->feed, &no));
	BENCH_OK(feedlog_head(t, no, &h));
	kv_abort(t);
	*ret = (struct load_feed){
		.id = h.id, .prev = h.last, .seq = h.size, .edge = h.edge, .key = v->feed_key};
	memcpy(ret->origin, h.origin, sizeof(ret->origin));
}

/* As writer_check, but that the signatures are taken for good. */
static void trust(struct load *l, struct job *j)
{
	struct chunk_check *c;

	BENCH_OK(chunk_check_new(j->u.ingest.body, &l->town, &c));
	for (size_t i = 0; i < CHUNK_ENTRIES_MAX; i++)
		c->author_ok[i] = true;
	j->u.ingest.check = c;
}

void load_ingest(struct load *l, struct load_node *hub, struct load_feed *f,
		 const struct load_jobs *js)
{
	struct load_chunks c;

	for (uint32_t i = 0; i < js->n; i++)
		no_signature(l, &js->job[i].u.append.tx);
	load_chunks_new(&c, f, js);
	for (uint32_t i = 0; i < c.n;) {
		struct job *list[INGEST_BATCH];
		uint32_t n = 0;

		for (; n < INGEST_BATCH && i < c.n; n++, i++) {
			list[n] = &c.job[i];
			trust(l, list[n]);
		}
		load_batch(hub, list, n);
		while (n--)
			chunk_check_free(list[n]->u.ingest.check);
	}
	load_chunks_free(&c);
}
