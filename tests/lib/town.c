#include "tests/lib/town.h"

#include "daemon/ledger/state/reader.h"
#include "daemon/store/kvmem.h"
#include "lib/err.h"
#include "lib/hash.h"
#include "proto/manifest.h"
#include "tests/lib/t.h"

#define DAY_MS UINT64_C(86400000)

day_t town_day(int y, int m, int d)
{
	day_t day = DAY_NONE;

	T_OK(day_from_ymd(y, m, d, &day));
	return day;
}

uint64_t town_noon(day_t day)
{
	return (uint64_t)day * DAY_MS + DAY_MS / 6; /* 04:00 UTC */
}

/* --- keys and manifests ---------------------------------------------------------------------------- */
/* A number of its own for each piece of evidence, counted from when the town was made. */
#define NUMBERS 4096
static char numbers[NUMBERS][16];
static uint32_t next_number;

static struct bytes new_number(void)
{
	char *text = numbers[next_number % NUMBERS];

	snprintf(text, sizeof(numbers[0]), "T%u", next_number++ % 1000000);
	return town_b(text);
}

void town_init(struct town *w, struct kv *kv, uint64_t seed)
{
	T_EQ(crypto_start(), ERR_OK);
	memset(w, 0, sizeof(*w));
	w->kv = kv;
	w->seed = seed;
	prng_seed(&w->prng, seed);
	prng_fill(&w->prng, w->id.b, sizeof(w->id.b));
	w->wall_ms = town_noon(town_day(2026, 3, 1));
	next_number = 0;
}

void town_new(struct town *w, uint64_t seed)
{
	struct kv *kv;

	T_EQ(kvmem_new(&kv), ERR_OK);
	town_init(w, kv, seed);
	w->own_kv = true;
}

void town_close(struct town *w)
{
	kv_abort(w->t);
	w->t = NULL;
	for (uint32_t i = 0; i < w->nkeys; i++)
		sign_key_free(w->key[i].key);
	w->nkeys = 0;
	if (w->own_kv)
		kv_close(w->kv);
	w->own_kv = false;
}

void town_begin(struct town *w)
{
	T_OK(!w->t);
	T_EQ(kv_begin(w->kv, true, &w->t), ERR_OK);
}

void town_commit(struct town *w)
{
	T_EQ(kv_commit(w->t), ERR_OK);
	w->t = NULL;
}

const struct sign_key *town_key(struct town *w, const char *name)
{
	uint8_t text[64] = {0};
	struct hash seed;

	for (uint32_t i = 0; i < w->nkeys; i++)
		if (strcmp(w->key[i].name, name) == 0)
			return w->key[i].key;
	T_OK(w->nkeys < TOWN_KEYS_MAX);
	T_OK(strlen(name) < sizeof(w->key[0].name));
	be64_put(text, w->seed);
	memcpy(text + 8, name, strlen(name));
	hash_of(text, sizeof(text), &seed);
	memcpy(w->key[w->nkeys].name, name, strlen(name)); /* zeroed before */
	T_EQ(sign_key_from_seed(seed.b, &w->key[w->nkeys].key), ERR_OK);
	return w->key[w->nkeys++].key;
}

void town_manifest(struct town *w, const char *label, struct buf *out)
{
	struct manifest m = {.town = w->id};
	char name[40];

	snprintf(name, sizeof(name), "feed/%s", label);
	memcpy(m.feed_key, sign_key_public(town_key(w, name)), SIGN_KEY_BYTES);
	memcpy(m.nonce, m.feed_key, sizeof(m.nonce));
	T_EQ(manifest_pack(&m, out), ERR_OK);
}

/* --- transactions ---------------------------------------------------------------------------------- */
/* A bin of 32 bytes as msgpack has it, whose bytes mark it as the one to be cut. */
#define HALF_BYTES 5
static const uint8_t half[2 + HASH_BYTES] = {0xc4, HASH_BYTES, 'h', 'a', 'l', 'f', ' ', 'o', 'f',
					     ' ',  'a',	       ' ', 'd', 'i', 'g', 'e', 's', 't'};

struct bytes town_half(void)
{
	return (struct bytes){half + 2, HASH_BYTES};
}

/* The first one in a part, whose length stands before it. */
static void cut_half(struct buf *payload, const struct bytes *part)
{
	uint8_t *p = payload->p + (part->p - payload->p);
	size_t cut = HASH_BYTES - HALF_BYTES;

	for (size_t i = 0; i + sizeof(half) <= part->n; i++) {
		if (memcmp(p + i, half, sizeof(half)) != 0)
			continue;
		be16_put(p - 2, (uint16_t)(part->n - cut));
		p[i + 1] = HALF_BYTES;
		p += i + 2 + HALF_BYTES;
		memmove(p, p + cut, (size_t)(payload->p + payload->n - (p + cut)));
		payload->n -= cut;
		return;
	}
}

void town_tx(struct town *w, const struct hash *feed, uint64_t town_seen, const char *author,
	     const struct rec_type *type, const void *head, const void *lines, uint32_t nlines,
	     struct entry *e, struct buf *payload)
{
	const struct sign_key *key = town_key(w, author);
	uint8_t secret[ENTRY_SECRET_BYTES], random[10];
	struct rec_issue issue = {0};
	struct payload p;

	prng_fill(&w->prng, secret, sizeof(secret));
	prng_fill(&w->prng, random, sizeof(random));
	buf_reset(payload);
	int err = rec_encode(type, head, lines, nlines, secret, payload, &issue);
	if (err)
		t_fail(__FILE__, __LINE__, "%s part %u: field %s: %s", type->name, issue.part,
		       issue.field ? issue.field->name : "-", err_name(err));
	T_EQ(payload_parse(payload->p, payload->n, &p), ERR_OK);
	for (uint32_t i = p.nparts; i-- > 0;)
		cut_half(payload, &p.part[i]);
	T_EQ(payload_parse(payload->p, payload->n, &p), ERR_OK);
	*e = (struct entry){.feed = *feed,
			    .town_seen = town_seen,
			    .wall_ms = w->wall_ms,
			    .type = type->code,
			    .schema = type->schema,
			    .payload_len = (uint32_t)payload->n};
	payload_commit(&p, &e->commitment);
	memcpy(e->author, sign_key_public(key), SIGN_KEY_BYTES);
	txid_make(w->wall_ms, random, e->txid);
	entry_tx_sign(e, &w->id, key);
}

void town_place(const struct feed_head *h, struct entry *e)
{
	e->seq = h->size;
	e->epoch = h->epoch;
	e->prev = h->last;
	e->boot = 1;
	e->boot_ms = h->size;
}

static bool open_txn(struct town *w)
{
	if (w->t)
		return false;
	town_begin(w);
	return true;
}

/* As the writer keeps it. */
static void keep_verdict(struct town *w, uint32_t no, uint64_t seq)
{
	uint8_t key[VERDICT_KEY_BYTES];
	struct buf b = {0};

	if (verdict_ok(&w->last) && w->last.nwarn == 0)
		return;
	T_EQ(verdict_pack(&w->last, &b), ERR_OK);
	T_EQ(kv_put(w->t, KV_VERDICT, verdict_key(key, no, seq), buf_bytes(&b)), ERR_OK);
	buf_close(&b);
}

enum verdict_id town_append(struct town *w, uint32_t no, struct entry *e, struct bytes payload,
			    bool author_ok)
{
	uint8_t leaf[ENTRY_LEAF_BYTES];
	struct feedlog log;
	struct hash hash;
	struct fold f;
	bool own = open_txn(w);

	T_EQ(feedlog_open(&log, w->t, no), ERR_OK);
	town_place(&log.head, e);
	T_EQ(fold_open(&f, w->t, &w->id, &log.head), ERR_OK);
	T_EQ(fold_apply(&f, e, payload, author_ok, &w->last), ERR_OK);
	fold_close(&f);
	entry_pack(e, leaf);
	T_EQ(feedlog_append(&log, e, leaf, payload, &hash), ERR_OK);
	T_EQ(feedlog_flush(&log), ERR_OK);
	keep_verdict(w, no, e->seq);
	if (own)
		town_commit(w);
	return w->last.reason.id;
}

uint64_t town_size(struct town *w, uint32_t no)
{
	struct feed_head head;
	bool own = open_txn(w);

	T_EQ(feedlog_head(w->t, no, &head), ERR_OK);
	if (own)
		town_commit(w);
	return head.size;
}

enum verdict_id town_put(struct town *w, uint32_t no, const char *author, enum rec_code type,
			 const void *head, const void *lines, uint32_t nlines)
{
	struct buf payload = {0};
	struct feed_head h;
	struct entry e;
	bool own = open_txn(w);

	T_EQ(feedlog_head(w->t, no, &h), ERR_OK);
	town_tx(w, &h.id, town_size(w, FEED_TOWN), author, rec_type_of((uint16_t)type), head, lines,
		nlines, &e, &payload);
	town_append(w, no, &e, buf_bytes(&payload), true);
	buf_close(&payload);
	if (own)
		town_commit(w);
	return w->last.reason.id;
}

/* --- a small world --------------------------------------------------------------------------------- */
static void make_feed(struct town *w, uint32_t no, const char *label, uint32_t *ret_no)
{
	struct buf m = {0};
	struct feed_head head;
	struct hash id;
	char origin[ORIGIN_MAX];
	bool own = open_txn(w);

	town_manifest(w, label, &m);
	manifest_feed_id(m.p, m.n, &id);
	origin_of(TOWN_DOMAIN, &id, origin);
	T_EQ(feedlog_create(w->t, m.p, m.n, origin, no, &head), ERR_OK);
	*ret_no = head.no;
	buf_close(&m);
	if (own)
		town_commit(w);
}

void town_feed_only(struct town *w)
{
	uint32_t no;

	make_feed(w, FEED_TOWN, "town", &no);
}

void town_found(struct town *w)
{
	town_feed_only(w);
	struct rec_town_charter c = {.name = town_b("后山镇"),
				     .code = town_b("500101999"),
				     .domain = town_b(TOWN_DOMAIN),
				     .feed_key = town_key_bytes(town_key(w, "feed/town")),
				     .witness_key = town_key_bytes(town_key(w, "witness/town")),
				     .transport_key = town_key_bytes(town_key(w, "transport/town")),
				     .founder_name = town_b("王建国"),
				     .founder_key = town_key_bytes(town_key(w, "office")),
				     .rules = 1};
	T_EQ(town_put(w, FEED_TOWN, "office", REC_town_charter, &c, NULL, 0), V_ACCEPTED);
}

enum verdict_id town_invite(struct town *w, const char *code, const char *name, day_t expires)
{
	char key[40];

	snprintf(key, sizeof(key), "invite/%s", code);
	struct rec_invitation r = {.village_code = town_b(code),
				   .village_name = town_b(name),
				   .invite_key = town_key_bytes(town_key(w, key)),
				   .expires = expires};
	return town_put(w, FEED_TOWN, "office", REC_invitation, &r, NULL, 0);
}

enum verdict_id town_enrol(struct town *w, const char *code)
{
	char invite[40], witness[40], transport[40], head[40];
	struct buf m = {0};

	snprintf(invite, sizeof(invite), "invite/%s", code);
	snprintf(witness, sizeof(witness), "witness/%s", code);
	snprintf(transport, sizeof(transport), "transport/%s", code);
	snprintf(head, sizeof(head), "head/%s", code);
	town_manifest(w, code, &m);
	struct rec_village_enrol r = {.village_code = town_b(code),
				      .manifest = buf_bytes(&m),
				      .witness_key = town_key_bytes(town_key(w, witness)),
				      .transport_key = town_key_bytes(town_key(w, transport)),
				      .head_name = town_b("李支书"),
				      .head_key = town_key_bytes(town_key(w, head))};
	town_put(w, FEED_TOWN, invite, REC_village_enrol, &r, NULL, 0);
	buf_close(&m);
	return w->last.reason.id;
}

uint32_t town_feed(struct town *w, const char *code)
{
	uint32_t no;

	make_feed(w, 0, code, &no);
	return no;
}

enum verdict_id town_grant(struct town *w, uint32_t no, const char *author, const char *person,
			   enum rec_choice_ROLE role, const char *village)
{
	struct rec_grant g = {.key = town_key_bytes(town_key(w, person)),
			      .name = town_b(person),
			      .role = role,
			      .village = town_b(village)};

	return town_put(w, no, author, REC_grant, &g, NULL, 0);
}

static const struct {
	const char *code;
	enum rec_choice_SIGN sign;
	enum rec_choice_SCOPE scope;
	int64_t points, cap;
} items[] = {{"A101", SIGN_award, SCOPE_household, 200, 2400},
	     {"D101", SIGN_award, SCOPE_household, 300, 3600},
	     {"C101", SIGN_award, SCOPE_individual, 500, 6000},
	     {"D201", SIGN_deduct, SCOPE_household, 200, 2000},
	     {"A201", SIGN_deduct, SCOPE_individual, 1000, 3000},
	     {"Z001", SIGN_award, SCOPE_household, 100, 0},
	     {"Z002", SIGN_award, SCOPE_individual, 100, 0},
	     {"Z003", SIGN_award, SCOPE_household, 100000000, 0}};
#define NITEMS (sizeof(items) / sizeof(items[0]))

enum verdict_id town_catalogue(struct town *w, uint64_t version)
{
	struct rec_catalogue_line l[NITEMS];
	struct rec_catalogue head = {
		.version = version, .title = town_b("参考清单"), .from = town_day(2000, 1, 1)};

	for (uint32_t i = 0; i < NITEMS; i++)
		l[i] = (struct rec_catalogue_line){.code = town_b(items[i].code),
						   .category = CATEGORY_D,
						   .sign = items[i].sign,
						   .name_zh = town_b("事项"),
						   .points = points_of(items[i].points),
						   .cap = points_of(items[i].cap),
						   .scope = items[i].scope,
						   .evidence = town_b(TOWN_EVIDENCE ";照片")};
	return town_put(w, FEED_TOWN, "office", REC_catalogue, &head, l, NITEMS);
}

struct rec_scheme town_scheme(uint64_t version, day_t from)
{
	return (struct rec_scheme){.version = version,
				   .title = town_b("积分奖励方案"),
				   .from = from,
				   .rate_points = points_of(100),
				   .rate = fen_of(100),
				   .threshold = points_of(10000),
				   .notified_days = 3,
				   .notice_days = 7,
				   .object_days = 7,
				   .answer_days = 7,
				   .tolerance = 10,
				   .proxy_max = 3,
				   .scope = town_b("全体参与村民")};
}

enum verdict_id town_put_scheme(struct town *w, uint32_t no, const char *author,
				const struct rec_scheme *s)
{
	const struct rec_scheme_line goods = {.kind = REWARD_goods, .name = town_b("生活用品")};

	return town_put(w, no, author, REC_scheme, s, &goods, 1);
}

struct rec_prices_line town_good(const char *good, int64_t price)
{
	return (struct rec_prices_line){.good = town_b(good),
					.title = town_b("毛巾"),
					.class = GOODS_household,
					.unit = town_b("条"),
					.price = points_of(price),
					.cost = fen_of(price)};
}

enum verdict_id town_put_prices(struct town *w, uint32_t no, const char *author, uint64_t version,
				day_t from, const struct rec_prices_line *goods, uint32_t n)
{
	const struct rec_prices p = {.version = version, .from = from};

	return town_put(w, no, author, REC_prices, &p, goods, n);
}

enum verdict_id town_adopt(struct town *w, uint32_t no, const char *author, uint64_t version,
			   uint64_t base, day_t from)
{
	struct rec_adopt_catalogue a = {.version = version, .base = base, .from = from};

	return town_put(w, no, author, REC_adopt_catalogue, &a, NULL, 0);
}

uint64_t town_version(day_t day)
{
	int year = day_year(day);

	if (year < TOWN_YEAR_FIRST)
		return 1;
	return year > TOWN_YEAR_LAST ? TOWN_VERSIONS : (uint64_t)(year - TOWN_YEAR_FIRST + 1);
}

uint32_t town_village(struct town *w, const char *code)
{
	static const struct {
		const char *name;
		enum rec_choice_ROLE role;
	} staff[] = {{"rec", ROLE_recorder}, {"rev", ROLE_reviewer}, {"con", ROLE_confirmer}};
	char head[40], person[40];
	uint32_t no;

	T_EQ(town_invite(w, code, "示范村", DAY_NONE), V_ACCEPTED);
	T_EQ(town_enrol(w, code), V_ACCEPTED);
	no = town_feed(w, code);
	snprintf(head, sizeof(head), "head/%s", code);
	for (size_t i = 0; i < sizeof(staff) / sizeof(staff[0]); i++) {
		snprintf(person, sizeof(person), "%s/%s", staff[i].name, code);
		T_EQ(town_grant(w, no, head, person, staff[i].role, ""), V_ACCEPTED);
	}
	for (int y = TOWN_YEAR_FIRST; y <= TOWN_YEAR_LAST; y++) {
		day_t from = town_day(y, 1, 1);

		T_EQ(town_adopt(w, no, head, town_version(from), 1, from), V_ACCEPTED);
	}
	return no;
}

enum verdict_id town_household(struct town *w, uint32_t no, const char *author,
			       const char *household, uint32_t nmembers)
{
	struct rec_household_line l[40];
	struct rec_household h = {.household = town_b(household),
				  .group = town_b("1"),
				  .takes_part = YES_yes,
				  .consent_day = town_day(2020, 1, 1)};

	for (uint32_t i = 0; i < nmembers; i++)
		l[i] = (struct rec_household_line){.member = i + 1,
						   .name = town_b(i ? "王小明" : "王大明"),
						   .relation = town_b(i ? "长子" : "户主"),
						   .sex = SEX_male,
						   .birth = town_day(1960 + (int)i, 5, 1)};
	return town_put(w, no, author, REC_household, &h, l, nmembers);
}

struct rec_points_line town_line(const char *household, uint32_t member, const char *item,
				 day_t day)
{
	struct rec_points_line l = {.household = town_b(household),
				    .member = member,
				    .item = town_b(item),
				    .version = town_version(day),
				    .points = points_of(100),
				    .day = day,
				    .place = town_b("村委会广场"),
				    .reason = town_b("参加村庄清洁日"),
				    .evidence = town_b(TOWN_EVIDENCE),
				    .evidence_no = new_number()};

	for (uint32_t i = 0; i < NITEMS; i++)
		if (strcmp(items[i].code, item) == 0)
			l.points = points_of(items[i].points);
	/* a deduction: the household was told at once */
	if (strchr("AD", item[0]) && item[1] == '2')
		l.notified = day;
	return l;
}

enum verdict_id town_points(struct town *w, uint32_t no, const char *author,
			    const struct rec_points_line *lines, uint32_t n)
{
	struct rec_points head = {.note = town_b("")};

	return town_put(w, no, author, REC_points, &head, lines, n);
}

enum verdict_id town_step(struct town *w, uint32_t no, const char *author, enum rec_code step,
			  uint64_t entry, uint32_t line, enum rec_choice_DECISION decision)
{
	struct rec_review_line l = {.entry = entry, .line = line, .decision = decision};
	struct rec_review head = {.note = town_b("")};

	return town_put(w, no, author, step, &head, &l, 1);
}

enum verdict_id town_reverse(struct town *w, uint32_t no, const char *author, uint64_t entry,
			     uint32_t line)
{
	struct rec_reversal r = {.entry = entry, .line = line, .reason = town_b("重复记录")};

	return town_put(w, no, author, REC_reversal, &r, NULL, 0);
}

/* --- all of it ------------------------------------------------------------------------------------- */
uint32_t town_open(struct town *w, uint64_t seed)
{
	char household[20];
	uint32_t no;

	town_new(w, seed);
	town_found(w);
	T_EQ(town_catalogue(w, 1), V_ACCEPTED);
	no = town_village(w, TOWN_CODE);
	for (int i = 0; i < 10; i++) {
		snprintf(household, sizeof(household), "0100%d", i);
		T_EQ(town_household(w, no, TOWN_REC, household, 4), V_ACCEPTED);
	}
	return no;
}

uint64_t town_record(struct town *w, uint32_t no, const char *household, uint32_t member,
		     const char *item, day_t day)
{
	struct rec_points_line l = town_line(household, member, item, day);

	T_EQ(town_points(w, no, TOWN_REC, &l, 1), V_ACCEPTED);
	return town_size(w, no) - 1;
}

uint64_t town_earn(struct town *w, uint32_t no, const char *household, uint32_t member,
		   const char *item, day_t day)
{
	uint64_t e = town_record(w, no, household, member, item, day);

	T_EQ(town_step(w, no, TOWN_REV, REC_review, e, 0, DECISION_agree), V_ACCEPTED);
	T_EQ(town_step(w, no, TOWN_CON, REC_confirm, e, 0, DECISION_agree), V_ACCEPTED);
	return e;
}

void town_digest(struct town *w, uint32_t no, struct hash *ret)
{
	bool own = open_txn(w);

	T_EQ(fold_digest(w->t, no, ret), ERR_OK);
	if (own)
		town_commit(w);
}

int64_t town_redeemed(struct town *w, uint32_t no, const char *household, int year)
{
	struct state_redeemed x = {0};
	int err;

	town_begin(w);
	err = reader_redeemed(READER(w->t, no), no, town_b(household), year, &x);
	town_commit(w);
	T_OK(!err || err == ERR_NOTFOUND);
	return x.sum;
}
