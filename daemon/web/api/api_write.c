#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ledger/query/defaults.h"
#include "daemon/ledger/query/elsewhere.h"
#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/read_filing.h"
#include "daemon/ledger/state/state.h"
#include "daemon/web/api/advice.h"
#include "daemon/web/api/body.h"
#include "daemon/web/api/handlers.h"
#include "daemon/web/api/keptjson.h"
#include "daemon/web/api/names.h"
#include "daemon/web/api/recjson.h"
#include "daemon/web/api/reply.h"
#include "daemon/web/api/second_key.h"
#include "daemon/web/api/summary.h"
#include "daemon/writer/tx.h"
#include "lib/text.h"

#define KEY_SHOWN_BYTES 8

/* Write only what has no warnings, or none that somebody has to accept: a person is asked first. */
enum ask_first { ASK_NOBODY, ASK_CONSENT, ASK_ALL };

/* One change: who asks for it, under which ID, for real or not. */
struct change {
	const struct web_services *s;
	const struct web_req *req;
	struct web_res *res;
	json_t *root;
	struct sign_key *author;
	uint8_t txid[TXID_BYTES];
	bool has_txid, dry_run;
	uint8_t texts[DEFAULTS_KEPT_MAX]; /* that were left out */
	enum ask_first ask;
	bool asked; /* it was tried only, because of its warnings */
	struct kept kept;
	struct verdict advice; /* warnings that are not the rules' */
};

static bool change_begin(struct change *c, const struct web_services *s, const struct web_req *req,
			 struct web_res *res, const char *const *keys, const char *passphrase)
{
	*c = (struct change){.s = s, .req = req, .res = res};
	return body_read(req, res, req->body, keys, &c->root) &&
	       body_txid(req, res, c->root, c->txid, &c->has_txid) &&
	       body_flag(req, res, c->root, "dry_run", &c->dry_run) &&
	       body_person(s, req, res, c->root, "as", passphrase, &c->author);
}

static void change_end(struct change *c)
{
	kept_close(&c->kept);
	sign_key_free(c->author);
	body_free(c->root);
}

/* Opens the answer with everything that all of them have. The caller ends the object. */
static void put_result(struct change *c, const struct tx *x, struct jw *w)
{
	const struct job_append *a = &x->job.u.append;
	bool done = verdict_ok(&a->verdict);

	bool written = done && !c->dry_run && !c->asked;
	struct verdict v = a->verdict;

	for (uint32_t i = 0; done && i < c->advice.nwarn && i < VERDICT_WARN_MAX; i++)
		verdict_warn(&v, &c->advice.warn[i]);
	reply_json(c->res, done ? 200 : 422, w);
	jw_obj(w);
	reply_verdict(w, &v, c->req->lang);
	jw_khex(w, "feed", a->tx.feed.b, HASH_BYTES);
	jw_key(w, "entry");
	if (written || a->exists)
		jw_u64(w, a->seq);
	else
		jw_null(w);
	jw_kbool(w, "exists", a->exists);
	jw_kbool(w, "dry_run", c->dry_run || c->asked);
	jw_kbool(w, "asked", c->asked);
	jw_khex(w, "id", a->tx.txid, TXID_BYTES);
	if (c->kept.t)
		keptjson_put(w, &c->kept, c->req->lang);
}

static void refuse_by_rule(struct change *c, const struct reason *why)
{
	struct verdict v = {.reason = *why};
	struct jw w;

	reply_json(c->res, 422, &w);
	jw_obj(&w);
	reply_verdict(&w, &v, c->req->lang);
	jw_kbool(&w, "exists", false);
	jw_kbool(&w, "dry_run", c->dry_run);
	jw_obj_end(&w);
}

/* --- any record ---------------------------------------------------------------------------------- */

static bool is_given(void *ctx, const char *field)
{
	return json_object_get(ctx, field) != NULL;
}

static int fill(struct change *c, const struct defaults_at *at, struct defaults_record *d,
		struct recjson *r, struct reason *why, struct recjson_issue *issue)
{
	const uint8_t *txid = c->has_txid ? c->txid : NULL;
	int err = defaults_fill(at, txid, d, why);

	if (!err && kept_is(r->t))
		err = keptjson_fill(at, txid, r, &c->kept, why, issue);
	return err;
}

/* What was left out because it follows from the rest; false: the answer is there. */
static bool complete(struct change *c, json_t *head, struct recjson *r)
{
	const struct tx_services *s = &c->s->tx;
	struct bytes drop[KEPTJSON_DROP_MAX];
	struct recjson_issue issue;
	struct defaults_at at = {.feed_no = s->own, .wall_ms = s->wall_ms(s->ctx)};
	struct buf texts = {.p = c->texts, .cap = sizeof(c->texts), .max = sizeof(c->texts)};
	struct defaults_record d = {.t = r->t,
				    .head = &r->head,
				    .lines = r->lines,
				    .nlines = r->nlines,
				    .has_minute = json_object_get(head, "minute") != NULL,
				    .given = is_given,
				    .ctx = head,
				    .kept = &texts};
	struct reason why = {0};
	int err;

	if (!keptjson_drop(c->req, c->res, c->root, r->t, drop, &c->kept.ndrop))
		return false;
	c->kept.drop = drop;
	err = kv_begin(s->kv, false, &at.t);
	if (!err) {
		err = fill(c, &at, &d, r, &why, &issue);
		kv_abort(at.t);
	}
	c->kept.drop = NULL;
	if (err == ERR_NOTFOUND)
		refuse_by_rule(c, &why);
	else if (err == ERR_INVALID)
		recjson_refuse(&issue, c->req->lang, c->res);
	else if (err)
		reply_machine(c->req, c->res, err, NULL);
	return !err;
}

static void too_large(struct change *c)
{
	char zh[160], en[160];

	snprintf(zh, sizeof(zh), "一条记录最多 %d 字节，请分成几条录入", ENTRY_PAYLOAD_MAX);
	snprintf(en, sizeof(en), "one entry holds at most %d bytes; split it", ENTRY_PAYLOAD_MAX);
	reply_error(c->res, c->req->lang, 413, "TOO_LARGE", "lines", SAYS(zh, en),
		    SAYS(NULL, NULL));
}

/* Makes and submits; false: the answer is there. */
static bool run_tx(struct change *c, const struct recjson *r, bool dry_run, struct tx *x)
{
	struct rec_issue issue = {0};
	struct tx *one[] = {x};
	int err = tx_make(&c->s->tx, r->t, &r->head, r->lines, r->nlines, c->author,
			  c->has_txid ? c->txid : NULL, x, &issue);

	if (err == ERR_INVALID) {
		struct recjson_issue i = {
			.why = RECJSON_VALUE, .t = r->t, .field = issue.field, .line = issue.part};

		snprintf(i.path, sizeof(i.path), "%s.%s", issue.part ? "lines" : "record",
			 issue.field ? issue.field->name : "");
		recjson_refuse(&i, c->req->lang, c->res);
	} else if (err == ERR_LIMIT) {
		too_large(c);
	} else if (err) {
		reply_machine(c->req, c->res, err, NULL);
	} else {
		err = tx_submit(&c->s->tx, one, 1, dry_run);
		if (err)
			reply_machine(c->req, c->res, err, NULL);
	}
	return !err;
}

/* Has it a warning that a person must be asked about? */
static bool must_ask(const struct change *c, const struct tx *x)
{
	const struct verdict *v = &x->job.u.append.verdict;
	bool any = c->ask != ASK_NOBODY && (c->advice.nwarn || (c->ask == ASK_ALL && v->nwarn));

	for (uint32_t i = 0; i < v->nwarn && i < VERDICT_WARN_MAX && !any; i++)
		any = c->ask != ASK_NOBODY && reason_asks(v->warn[i].id);
	return any && verdict_ok(v) && !x->job.u.append.exists;
}

/* For real, unless it was a trial that was asked for, or one that shows what to ask about. */
static bool run_asking(struct change *c, const struct recjson *r, struct tx *x)
{
	int err = advice_warn(c->s, r->t, &r->head, &c->advice);

	if (err) {
		reply_machine(c->req, c->res, err, NULL);
		return false;
	}
	if (c->dry_run || c->ask == ASK_NOBODY)
		return run_tx(c, r, c->dry_run, x);
	if (!run_tx(c, r, true, x))
		return false;
	c->asked = must_ask(c, x);
	if (c->asked || !verdict_ok(&x->job.u.append.verdict))
		return true;
	tx_close(x);
	return run_tx(c, r, false, x);
}

static bool read_ask(struct change *c)
{
	const char *ask;

	if (!body_text(c->req, c->res, c->root, "ask", &ask))
		return false;
	c->ask = !ask ? ASK_NOBODY : strcmp(ask, "all") == 0 ? ASK_ALL : ASK_CONSENT;
	if (!ask || c->ask == ASK_ALL || strcmp(ask, "consent") == 0)
		return true;
	reply_error(c->res, c->req->lang, 400, "FIELD_VALUE", "ask",
		    SAYS("ask 应为 all 或 consent", "ask is all or consent"), SAYS(NULL, NULL));
	return false;
}

/* At another node even a record that lacks something would be the wrong one. */
static bool belongs_here(struct change *c, const struct rec_type *t)
{
	enum rec_feed here = web_at_hub(c->s) ? REC_FEED_TOWN : REC_FEED_VILLAGE;
	struct reason why = {.id = V_WRONG_FEED};

	if (t->feed & here)
		return true;
	reason_set_text(why.s, t->name, strlen(t->name));
	refuse_by_rule(c, &why);
	return false;
}

/* Reads the record out of JSON; false: the answer is there. */
static bool read_record(struct change *c, const struct rec_type *t, json_t *head, json_t *lines,
			struct recjson *r)
{
	struct recjson_issue issue;
	int err;

	if (!belongs_here(c, t) || !names_to_numbers(c->s, c->req, c->res, t, head, lines))
		return false;
	err = recjson_read(t, head, lines, r, &issue);
	if (err == ERR_INVALID)
		recjson_refuse(&issue, c->req->lang, c->res);
	else if (err)
		reply_machine(c->req, c->res, err, NULL);
	return !err && complete(c, head, r);
}

/* --- replies to filings ---------------------------------------------------------------------------- */
/* Not found: neither the version nor a submission of it is here. */
static int find_submission(struct change *c, const struct rec_filing_reply *r)
{
	static const enum doc_kind kind[] = {[SUBJECT_catalogue] = DOC_CATALOGUE,
					     [SUBJECT_plan] = DOC_PLAN,
					     [SUBJECT_scheme] = DOC_SCHEME};
	char code[STATE_VILLAGE_CODE_MAX];
	struct view_filing f = {0};
	struct feed_head h;
	struct kv_txn *t;
	int err = kv_begin(c->s->tx.kv, false, &t);

	if (err)
		return err;
	snprintf(code, sizeof(code), "%.*s", (int)r->village.n, (const char *)r->village.p);
	err = view_feed_named(t, c->s->tx.own, code, &h);
	if (!err)
		err = view_filing(t, h.no, kind[r->subject], r->version, UINT64_MAX, &f);
	kv_abort(t);
	return !err && f.state == FILING_NONE ? ERR_NOTFOUND : err;
}

/* The rules of the town feed cannot look into a village's; this node, which holds both, can, so that a slip
 * of the pen files nothing. False: the answer is there. */
static bool was_submitted(struct change *c, const struct recjson *r)
{
	int err;

	if (r->t->code != REC_filing_reply)
		return true;
	err = find_submission(c, (const struct rec_filing_reply *)r->head.raw);
	if (err == ERR_NOTFOUND)
		reply_error(
			c->res, c->req->lang, 409, "NOT_SUBMITTED", "version",
			SAYS("该村没有报送过这个版本，不能答复",
			     "this village has not submitted this version: there is nothing to "
			     "reply to"),
			SAYS("请核对村代码、备案事项和版本（table filings --feed 村代码）；"
			     "刚报送的，等日志同步后再答复",
			     "check village, subject and version (table filings --feed CODE); what "
			     "was sent just now arrives with the next exchange"));
	else if (err)
		reply_machine(c->req, c->res, err, NULL);
	return !err;
}

/* The rules look at one household: that a person is in no other one, and a number near none, is found here. False: the
 * answer is there. */
static bool is_once(struct change *c, const struct recjson *r)
{
	struct reason why;
	struct kv_txn *t;
	int err = kv_begin(c->s->tx.kv, false, &t);

	if (!err) {
		const struct reader reader = reader_of(t, c->s->tx.own);

		err = elsewhere_find(&reader, r->t, &r->head, r->lines, r->nlines, &why);
		kv_abort(t);
	}
	if (err == ERR_EXISTS)
		refuse_by_rule(c, &why);
	else if (err)
		reply_machine(c->req, c->res, err, NULL);
	return !err;
}

static void put_amount(struct jw *w, const char *key, struct points p)
{
	char text[AMOUNT_TEXT_MAX];

	jw_kstr(w, key, points_text(p, text));
}

/* What the keeper says to whoever stands at the counter: total, balance before and after. */
static int put_balance(struct change *c, const struct recjson *r, struct jw *w)
{
	const struct rec_redemption *head = (const struct rec_redemption *)r->head.raw;
	const struct rec_redemption_line *l = (const struct rec_redemption_line *)r->lines;
	struct points total = POINTS_ZERO, before, after;
	struct view_household h;
	struct kv_txn *t;
	bool fits = true;
	int err = kv_begin(c->s->tx.kv, false, &t);

	if (err)
		return err;
	err = view_household(t, c->s->tx.own, head->household, &h);
	kv_abort(t);
	for (uint32_t i = 0; i < r->nlines && fits; i++)
		fits = points_add(total, l[i].points, &total);
	if (err)
		return err;
	before = after = h.balance;
	fits = fits && (c->dry_run || c->asked ? points_sub(before, total, &after)
					       : points_add(after, total, &before));
	if (!fits)
		return ERR_CORRUPT;
	put_amount(w, "total", total);
	put_amount(w, "before", before);
	put_amount(w, "balance", after);
	return ERR_OK;
}

/* What it was in words, what is to be done next, and what is still missing. */
static int put_advice(struct change *c, const struct recjson *r, const struct tx *x, struct jw *w)
{
	const struct job_append *j = &x->job.u.append;
	bool written = verdict_ok(&j->verdict) && !c->dry_run && !c->asked;
	struct ask a = {.lang = c->req->lang, .upto = REC_PRIVATE};

	/* the record is written: words that cannot be found do not make it a failure */
	if (!c->dry_run && !c->asked && !kv_begin(c->s->tx.kv, false, &a.t)) {
		if (!feedlog_head(a.t, c->s->tx.own, &a.feed))
			(void)summary_put(&a, r, written || j->exists ? j->seq : UINT64_MAX, w);
		kv_abort(a.t);
	}
	return verdict_ok(&j->verdict) ? advice_put_missing(c->s, c->req->lang, w) : ERR_OK;
}

void api_record(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	static const char *const keys[] = {"as",    "passphrase", "id",	 "dry_run", "record",
					   "lines", "drop",	  "ask", NULL};
	const struct rec_type *t = rec_type_named(reply_last(req));
	struct recjson r = {0};
	struct tx x = {0};
	struct change c;
	struct jw w;

	if (!t) {
		reply_error(res, req->lang, 404, "TYPE_UNKNOWN", NULL,
			    SAYS("没有这种记录", "there is no such type of record"),
			    SAYS(NULL, NULL));
		return;
	}
	if (change_begin(&c, s, req, res, keys, "passphrase") && read_ask(&c) &&
	    read_record(&c, t, json_object_get(c.root, "record"), json_object_get(c.root, "lines"),
			&r) &&
	    was_submitted(&c, &r) && is_once(&c, &r) && run_asking(&c, &r, &x)) {
		int err = ERR_OK;

		put_result(&c, &x, &w);
		if (t->code == REC_redemption && verdict_ok(&x.job.u.append.verdict))
			err = put_balance(&c, &r, &w);
		if (!err)
			err = put_advice(&c, &r, &x, &w);
		jw_obj_end(&w);
		if (err)
			reply_machine(req, res, err, NULL);
	}
	tx_close(&x);
	recjson_close(&r);
	change_end(&c);
}

/* --- people -------------------------------------------------------------------------------------- */

/* The grant for @key; false: the answer is there (also when it was refused by a rule). */
static bool grant(struct change *c, const uint8_t key[SIGN_KEY_BYTES], bool dry_run, struct tx *x)
{
	static const char *const fields[] = {"name", "role", "village", "from", "to", "group"};
	char hex[2 * SIGN_KEY_BYTES + 1];
	struct recjson r = {0};
	json_t *head = json_object();
	bool ok;

	hex_put(hex, key, SIGN_KEY_BYTES);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		json_t *v = json_object_get(c->root, fields[i]);

		if (v)
			json_object_set(head, fields[i], v);
	}
	json_object_set_new(head, "key", json_string(hex));
	ok = read_record(c, rec_type_of(REC_grant), head, NULL, &r) && run_tx(c, &r, dry_run, x);
	recjson_close(&r);
	json_decref(head);
	return ok;
}

static void put_grant(struct change *c, const struct tx *x, const uint8_t key[SIGN_KEY_BYTES],
		      bool created)
{
	struct jw w;

	put_result(c, x, &w);
	if (key)
		jw_khex(&w, "key", key, SIGN_KEY_BYTES);
	jw_kbool(&w, "created", created);
	jw_obj_end(&w);
}

/* A sealed key only after a trial grant to a throw-away random key: a refused grant leaves no key behind. */
static bool make_person(struct change *c, const char *name, uint8_t ret_key[SIGN_KEY_BYTES])
{
	struct errmsg msg = {0};
	const char *phrase;
	uint8_t nobody[SIGN_KEY_BYTES];
	struct tx x = {0};
	bool ok = false;
	int err;

	if (!body_need(c->req, c->res, c->root, "passphrase", &phrase))
		return false;
	if (strlen(phrase) < WEB_PASSPHRASE_MIN) {
		reply_error(c->res, c->req->lang, 400, "FIELD_VALUE", "passphrase",
			    SAYS("密码至少 8 个字节", "a passphrase has at least 8 bytes"),
			    SAYS(NULL, NULL));
		return false;
	}
	err = c->s->tx.random(c->s->tx.ctx, nobody, sizeof(nobody));
	if (err) {
		reply_machine(c->req, c->res, err, NULL);
	} else if (grant(c, nobody, true, &x)) {
		ok = verdict_ok(&x.job.u.append.verdict) && !c->dry_run;
		if (!ok)
			put_grant(c, &x, NULL, false);
	}
	tx_close(&x);
	if (!ok)
		return false;
	err = c->s->person_create(c->s->tx.ctx, name, phrase, ret_key, &msg);
	if (err == ERR_INVALID)
		reply_error(c->res, c->req->lang, 400, "FIELD_VALUE", "name",
			    SAYS("这个姓名不能作密钥名", "this cannot be the name of a key"),
			    SAYS("可用字母、数字、. _ - 和汉字，最多 48 字节（一个汉字 3 字节）",
				 "use letters, digits, . _ - or Chinese characters, at most 48 "
				 "bytes (a Chinese character has 3)"));
	else if (err)
		reply_machine(c->req, c->res, err, &msg);
	return !err;
}

/* Whoever gives a passphrase for a key that exists must know it. */
static bool same_person(struct change *c)
{
	struct sign_key *key = NULL;
	const char *phrase;

	if (!body_text(c->req, c->res, c->root, "passphrase", &phrase))
		return false;
	if (phrase && !body_person(c->s, c->req, c->res, c->root, "name", "passphrase", &key))
		return false;
	sign_key_free(key);
	return true;
}

static void refuse_second(struct change *c, const struct view_person *p)
{
	char key[2 * KEY_SHOWN_BYTES + 1], zh[ASK_TEXT_MAX], en[ASK_TEXT_MAX];

	hex_put(key, p->key, KEY_SHOWN_BYTES);
	snprintf(zh, sizeof(zh), "%s 已用另一密钥（%s…）担任职责，这将是同一姓名的第二把密钥",
		 p->name, key);
	snprintf(en, sizeof(en),
		 "%s holds a role under another key (%s...); this would be a second key for that "
		 "name",
		 p->name, key);
	reply_error(c->res, c->req->lang, 409, "SECOND_KEY", "name", SAYS(zh, en),
		    SAYS("一人一把密钥：同一人请由授予方改授本机的密钥（operator list "
			 "查密钥，operator add "
			 "姓名 --key 密钥）；确要第二把，或是同名的另一人，加 --second-key",
			 "one person, one key: let who granted that role grant it to the key that "
			 "is here "
			 "(operator list shows it, operator add NAME --key KEY); for a second one "
			 "all the "
			 "same, or a namesake, add --second-key"));
}

/* No second key for a name unless it is asked for; @key NULL: one that is to be made. */
static bool only_key(struct change *c, const char *name, const uint8_t *key)
{
	struct view_person p;
	const char *village;
	bool second = false;
	int err;

	if (!body_flag(c->req, c->res, c->root, "second_key", &second) ||
	    !body_text(c->req, c->res, c->root, "village", &village))
		return false;
	err = second ? ERR_NOTFOUND : second_key_find(c->s, name, key, village, &p);
	if (!err)
		refuse_second(c, &p);
	else if (err != ERR_NOTFOUND)
		reply_machine(c->req, c->res, err, NULL);
	return err == ERR_NOTFOUND;
}

/* The key that gets the role: given in the request, here already, or made now. */
static bool person_key(struct change *c, uint8_t ret_key[SIGN_KEY_BYTES], bool *ret_created)
{
	const char *name, *hex;

	*ret_created = false;
	if (!body_need(c->req, c->res, c->root, "name", &name) ||
	    !body_text(c->req, c->res, c->root, "key", &hex))
		return false;
	if (hex) {
		if (hex_get(hex, strlen(hex), ret_key, SIGN_KEY_BYTES))
			return only_key(c, name, ret_key);
		reply_error(c->res, c->req->lang, 400, "FIELD_VALUE", "key",
			    SAYS("密钥应为 64 位十六进制数字", "a key has 64 hexadecimal digits"),
			    SAYS(NULL, NULL));
		return false;
	}
	if (!c->s->person_public(c->s->tx.ctx, name, ret_key))
		return only_key(c, name, ret_key) && same_person(c);
	*ret_created = true;
	return only_key(c, name, NULL) && make_person(c, name, ret_key);
}

void api_person(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	static const char *const keys[] = {"name",	 "passphrase", "role",		"village",
					   "from",	 "to",	       "group",		"key",
					   "second_key", "as",	       "as_passphrase", "id",
					   "dry_run",	 NULL};
	uint8_t key[SIGN_KEY_BYTES];
	struct tx x = {0};
	struct change c;
	bool created;

	if (change_begin(&c, s, req, res, keys, "as_passphrase") && person_key(&c, key, &created) &&
	    grant(&c, key, c.dry_run, &x))
		put_grant(&c, &x, key, created);
	tx_close(&x);
	change_end(&c);
}

/* --- invitations --------------------------------------------------------------------------------- */

#define INVITE_LABEL "CZ invitation seed\n"

/* The seed follows from author and ID: the same request again gives the same invitation. */
static bool invite_seed(struct change *c, uint8_t seed[SIGN_SEED_BYTES])
{
	uint8_t secret[SIGN_SEED_BYTES], msg[sizeof(INVITE_LABEL) - 1 + TXID_BYTES], random[10];

	if (!c->has_txid) {
		int err = c->s->tx.random(c->s->tx.ctx, random, sizeof(random));

		if (err) {
			reply_machine(c->req, c->res, err, NULL);
			return false;
		}
		txid_make(c->s->tx.wall_ms(c->s->tx.ctx), random, c->txid);
		c->has_txid = true;
	}
	memcpy(msg, INVITE_LABEL, sizeof(INVITE_LABEL) - 1);
	memcpy(msg + sizeof(INVITE_LABEL) - 1, c->txid, TXID_BYTES);
	sign_key_seed(c->author, secret);
	kdf(seed, SIGN_SEED_BYTES, secret, sizeof(secret), msg, sizeof(msg));
	secret_wipe(secret, sizeof(secret));
	return true;
}

static bool invite(struct change *c, const uint8_t seed[SIGN_SEED_BYTES], struct tx *x)
{
	static const char *const fields[] = {"village_code", "village_name", "expires"};
	struct sign_key *key = NULL;
	char hex[2 * SIGN_KEY_BYTES + 1];
	struct recjson r = {0};
	json_t *head;
	bool ok;
	int err = sign_key_from_seed(seed, &key);

	if (err) {
		reply_machine(c->req, c->res, err, NULL);
		return false;
	}
	hex_put(hex, sign_key_public(key), SIGN_KEY_BYTES);
	sign_key_free(key);
	head = json_object();
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		json_t *v = json_object_get(c->root, fields[i]);

		if (v)
			json_object_set(head, fields[i], v);
	}
	json_object_set_new(head, "invite_key", json_string(hex));
	ok = read_record(c, rec_type_of(REC_invitation), head, NULL, &r) &&
	     run_tx(c, &r, c->dry_run, x);
	recjson_close(&r);
	json_decref(head);
	return ok;
}

/* Made before anything is written: what cannot be put into a file must not stand in the log. Names that
 * are missing are left to the record. */
static bool make_invitation(struct change *c, const uint8_t seed[SIGN_SEED_BYTES], struct buf *file)
{
	struct errmsg msg = {0};
	const char *code, *name;
	int err;

	if (!body_text(c->req, c->res, c->root, "village_code", &code) ||
	    !body_text(c->req, c->res, c->root, "village_name", &name))
		return false;
	if (!web_at_hub(c->s) || !code || !name)
		return true;
	err = c->s->invitation(c->s->tx.ctx, code, name, seed, file, &msg);
	if (err == ERR_INVALID)
		reply_error(c->res, c->req->lang, 400, "FIELD_VALUE", "village_name",
			    SAYS("村名前后不能有空格，也不能含有“ ;”",
				 "a village name has no spaces around it and no \" ;\""),
			    SAYS(NULL, NULL));
	else if (err)
		reply_machine(c->req, c->res, err, &msg);
	return !err;
}

/* The file is the one answer that holds a secret: the seed that lets one village enrol. It goes only to
 * the local administrator, and only after the invitation stands in the log. */
static void put_invitation(struct change *c, const struct tx *x, const struct buf *file)
{
	struct jw w;

	put_result(c, x, &w);
	if (verdict_ok(&x->job.u.append.verdict) && !c->dry_run) {
		jw_key(&w, "file");
		jw_strn(&w, (const char *)file->p, file->n);
	}
	jw_obj_end(&w);
}

void api_invitation(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	static const char *const keys[] = {"village_code", "village_name", "expires", "as",
					   "passphrase",   "id",	   "dry_run", NULL};
	uint8_t seed[SIGN_SEED_BYTES];
	struct buf file = {0};
	struct tx x = {0};
	struct change c;

	if (change_begin(&c, s, req, res, keys, "passphrase") && invite_seed(&c, seed)) {
		if (make_invitation(&c, seed, &file) && invite(&c, seed, &x))
			put_invitation(&c, &x, &file);
		secret_wipe(seed, sizeof(seed));
	}
	if (file.p)
		secret_wipe(file.p, file.cap);
	buf_close(&file);
	tx_close(&x);
	change_end(&c);
}
