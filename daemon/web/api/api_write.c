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
#include "daemon/web/api/send.h"
#include "daemon/web/api/signer.h"
#include "daemon/web/api/summary.h"
#include "daemon/writer/trial.h"
#include "daemon/writer/tx.h"
#include "lib/mem.h"
#include "lib/text.h"

#define KEY_SHOWN_BYTES 8

/* Write only what has no warnings, or none that somebody has to accept: a person is asked first. */
enum ask_first { ASK_NOBODY, ASK_CONSENT, ASK_ALL };

/* One change: who asks for it, under which ID, for real or not. It lives until the answer is there: a handler returns while
 * it waits. */
struct change {
	const struct web_services *s;
	const struct web_req *req;
	struct web_res *res;
	json_t *root;
	struct signer author;
	struct recjson r;
	struct tx x, *one[1];
	struct send send;
	void (*ready)(struct change *c); /* the author's key is there */
	void (*sent)(struct change *c);
	uint8_t txid[TXID_BYTES];
	bool has_txid, dry_run;
	uint8_t texts[DEFAULTS_KEPT_MAX]; /* that were left out */
	enum ask_first ask;
	bool asked;    /* it was tried only, because of its warnings */
	bool only_key; /* a second key for the name has been asked about */
	struct kept kept;
	struct verdict advice; /* warnings that are not the rules' */
	json_t *head;	       /* of a record that is not in the request itself */
	/* of a person who gets a role */
	struct signer subject;
	uint8_t key[SIGN_KEY_BYTES];
	bool created;
	/* of an invitation */
	uint8_t seed[SIGN_SEED_BYTES];
	struct buf file;
};

static void change_end(struct change *c)
{
	tx_close(&c->x);
	recjson_close(&c->r);
	kept_close(&c->kept);
	signer_close(&c->author);
	signer_close(&c->subject);
	secret_wipe(c->seed, sizeof(c->seed));
	if (c->file.p)
		secret_wipe(c->file.p, c->file.cap);
	buf_close(&c->file);
	json_decref(c->head);
	body_free(c->root);
	mem_free(c);
}

static void on_author(void *ctx)
{
	struct change *c = ctx;

	if (c->author.key)
		c->ready(c);
	else
		change_end(c);
}

/* Reads what all bodies have, then @ready goes on with the author's key; it ends the change, or lets it wait. */
static void change_begin(const struct web_services *s, const struct web_req *req,
			 struct web_res *res, const char *const *keys, const char *passphrase,
			 void (*ready)(struct change *c))
{
	struct change *c = mem_alloc(sizeof(*c));

	if (!c) {
		reply_machine(req, res, ERR_NOMEM, NULL);
		return;
	}
	*c = (struct change){.s = s, .req = req, .res = res, .ready = ready};
	c->author = c->subject = (struct signer){.s = s, .req = req, .res = res};
	if (body_read(req, res, req->body, keys, &c->root) &&
	    body_txid(req, res, c->root, c->txid, &c->has_txid) &&
	    body_flag(req, res, c->root, "dry_run", &c->dry_run))
		signer_open(&c->author, c->root, "as", passphrase, true, on_author, c);
	else
		change_end(c);
}

/* Opens the answer with everything that all of them have. The caller ends the object. */
static void put_result(struct change *c, struct jw *w)
{
	const struct job_append *a = &c->x.job.u.append;
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

/* Makes it; false: the answer is there. */
static bool make_tx(struct change *c)
{
	struct rec_issue issue = {0};
	int err;

	tx_close(&c->x);
	err = tx_make(&c->s->tx, c->r.t, &c->r.head, c->r.lines, c->r.nlines, c->author.key,
		      c->has_txid ? c->txid : NULL, &c->x, &issue);
	if (err == ERR_INVALID) {
		struct recjson_issue i = {.why = RECJSON_VALUE,
					  .t = c->r.t,
					  .field = issue.field,
					  .line = issue.part};

		snprintf(i.path, sizeof(i.path), "%s.%s", issue.part ? "lines" : "record",
			 issue.field ? issue.field->name : "");
		recjson_refuse(&i, c->req->lang, c->res);
	} else if (err == ERR_LIMIT) {
		too_large(c);
	} else if (err) {
		reply_machine(c->req, c->res, err, NULL);
	}
	return !err;
}

/* The verdict that it would get now; false: the answer is there. */
static bool try_tx(struct change *c)
{
	int err = trial_of(&c->s->tx, &c->x);

	if (err)
		reply_machine(c->req, c->res, err, NULL);
	return !err;
}

static void on_sent(void *ctx, int err)
{
	struct change *c = ctx;

	if (!err) {
		c->sent(c);
		return;
	}
	reply_machine(c->req, c->res, err, NULL);
	change_end(c);
}

/* For real. @sent ends the change. */
static void send_tx(struct change *c, void (*sent)(struct change *c))
{
	c->sent = sent;
	c->one[0] = &c->x;
	send_begin(&c->send, c->s, c->res, c->one, 1, on_sent, c);
}

/* Has it a warning that a person must be asked about? */
static bool must_ask(const struct change *c)
{
	const struct verdict *v = &c->x.job.u.append.verdict;
	bool any = c->ask != ASK_NOBODY && (c->advice.nwarn || (c->ask == ASK_ALL && v->nwarn));

	for (uint32_t i = 0; i < v->nwarn && i < VERDICT_WARN_MAX && !any; i++)
		any = c->ask != ASK_NOBODY && reason_asks(v->warn[i].id);
	return any && verdict_ok(v) && !c->x.job.u.append.exists;
}

/* Warnings that are not the rules'; false: the answer is there. */
static bool advise(struct change *c)
{
	int err;

	c->advice.nwarn = 0;
	err = advice_warn(c->s, c->r.t, &c->r.head, &c->advice);
	if (!err && c->r.t->code == REC_grant && !c->only_key)
		err = advice_second_key(c->s, &c->r.head, &c->advice);
	if (err)
		reply_machine(c->req, c->res, err, NULL);
	return !err;
}

/* A trial, which shows what to ask about; false: the answer is there. */
static bool run_trial(struct change *c)
{
	if (!advise(c) || !make_tx(c) || !try_tx(c))
		return false;
	c->asked = !c->dry_run && must_ask(c);
	return true;
}

/* For real, unless it was a trial that was asked for, or one that shows what to ask about. @sent ends the change. */
static void run_asking(struct change *c, void (*sent)(struct change *c))
{
	bool trial = c->dry_run || c->ask != ASK_NOBODY;

	if (trial ? !run_trial(c) : !advise(c) || !make_tx(c))
		change_end(c);
	else if (trial && (c->dry_run || c->asked || !verdict_ok(&c->x.job.u.append.verdict)))
		sent(c);
	else
		send_tx(c, sent);
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
static bool read_record(struct change *c, const struct rec_type *t, json_t *head, json_t *lines)
{
	struct recjson *r = &c->r;
	struct recjson_issue issue;
	int err;

	recjson_close(r);
	*r = (struct recjson){0};

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
static bool was_submitted(struct change *c)
{
	int err;

	if (c->r.t->code != REC_filing_reply)
		return true;
	err = find_submission(c, (const struct rec_filing_reply *)c->r.head.raw);
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
static bool is_once(struct change *c)
{
	const struct recjson *r = &c->r;
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
static int put_balance(struct change *c, struct jw *w)
{
	const struct recjson *r = &c->r;
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
static int put_advice(struct change *c, struct jw *w)
{
	const struct job_append *j = &c->x.job.u.append;
	bool written = verdict_ok(&j->verdict) && !c->dry_run && !c->asked;
	struct ask a = {.lang = c->req->lang, .upto = REC_PRIVATE};

	/* the record is written: words that cannot be found do not make it a failure */
	if (!c->dry_run && !c->asked && !kv_begin(c->s->tx.kv, false, &a.t)) {
		if (!feedlog_head(a.t, c->s->tx.own, &a.feed))
			(void)summary_put(&a, &c->r, written || j->exists ? j->seq : UINT64_MAX, w);
		kv_abort(a.t);
	}
	return verdict_ok(&j->verdict) ? advice_put_missing(c->s, c->req->lang, w) : ERR_OK;
}

static void record_sent(struct change *c)
{
	const struct verdict *v = &c->x.job.u.append.verdict;
	int err = ERR_OK;
	struct jw w;

	put_result(c, &w);
	if (c->r.t->code == REC_redemption && verdict_ok(v))
		err = put_balance(c, &w);
	if (!err)
		err = put_advice(c, &w);
	jw_obj_end(&w);
	if (err)
		reply_machine(c->req, c->res, err, NULL);
	if (c->r.t->code == REC_revoke && verdict_ok(v) && !c->dry_run && !c->asked)
		c->s->sessions_end_of(c->s->tx.ctx,
				      ((const struct rec_revoke *)c->r.head.raw)->key.p);
	change_end(c);
}

static void record_ready(struct change *c)
{
	const struct rec_type *t = rec_type_named(reply_last(c->req));

	if (read_ask(c) &&
	    read_record(c, t, json_object_get(c->root, "record"),
			json_object_get(c->root, "lines")) &&
	    was_submitted(c) && is_once(c))
		run_asking(c, record_sent);
	else
		change_end(c);
}

void api_record(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	static const char *const keys[] = {"as",    "passphrase", "id",	 "dry_run", "record",
					   "lines", "drop",	  "ask", NULL};

	if (rec_type_named(reply_last(req)))
		change_begin(s, req, res, keys, "passphrase", record_ready);
	else
		reply_error(res, req->lang, 404, "TYPE_UNKNOWN", NULL,
			    SAYS("没有这种记录", "there is no such type of record"),
			    SAYS(NULL, NULL));
}

/* --- people -------------------------------------------------------------------------------------- */

/* Reads the grant for @key; false: the answer is there. */
static bool read_grant(struct change *c, const uint8_t key[SIGN_KEY_BYTES])
{
	static const char *const fields[] = {"name", "role", "village", "from", "to", "group"};
	char hex[2 * SIGN_KEY_BYTES + 1];
	json_t *head = json_object();

	json_decref(c->head);
	c->head = head;
	hex_put(hex, key, SIGN_KEY_BYTES);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		json_t *v = json_object_get(c->root, fields[i]);

		if (v)
			json_object_set(head, fields[i], v);
	}
	json_object_set_new(head, "key", json_string(hex));
	return read_record(c, rec_type_of(REC_grant), head, NULL);
}

static void put_grant(struct change *c, bool has_key)
{
	struct jw w;

	put_result(c, &w);
	if (has_key)
		jw_khex(&w, "key", c->key, SIGN_KEY_BYTES);
	jw_kbool(&w, "created", c->created);
	jw_obj_end(&w);
}

static void grant_sent(struct change *c)
{
	put_grant(c, true);
	change_end(c);
}

static void grant(struct change *c)
{
	if (read_grant(c, c->key))
		run_asking(c, grant_sent);
	else
		change_end(c);
}

static void on_created(void *ctx)
{
	struct change *c = ctx;
	const struct web_wait *w = &c->res->wait;

	c->created = true;
	memcpy(c->key, w->public_key, SIGN_KEY_BYTES);
	if (!w->err) {
		grant(c);
		return;
	}
	if (w->err == ERR_INVALID)
		reply_error(c->res, c->req->lang, 400, "FIELD_VALUE", "name",
			    SAYS("这个姓名不能作密钥名", "this cannot be the name of a key"),
			    SAYS("可用字母、数字、. _ - 和汉字，最多 48 字节（一个汉字 3 字节）",
				 "use letters, digits, . _ - or Chinese characters, at most 48 "
				 "bytes (a Chinese character has 3)"));
	else
		reply_machine(c->req, c->res, w->err, &w->msg);
	change_end(c);
}

/* Would a new key get the role? Tried with a throw-away random one; false: the answer is there. */
static bool would_grant(struct change *c)
{
	uint8_t nobody[SIGN_KEY_BYTES];
	int err = c->s->tx.random(c->s->tx.ctx, nobody, sizeof(nobody));

	if (err)
		reply_machine(c->req, c->res, err, NULL);
	if (err || !read_grant(c, nobody) || !run_trial(c))
		return false;
	if (verdict_ok(&c->x.job.u.append.verdict) && !c->dry_run && !c->asked)
		return true;
	put_grant(c, false);
	return false;
}

/* A sealed key only when the role would be granted: a refused grant leaves no key behind. */
static void make_person(struct change *c, const char *name)
{
	const char *phrase;

	if (!body_need(c->req, c->res, c->root, "passphrase", &phrase)) {
		change_end(c);
		return;
	}
	if (strlen(phrase) < WEB_PASSPHRASE_MIN) {
		reply_error(c->res, c->req->lang, 400, "FIELD_VALUE", "passphrase",
			    SAYS("口令至少 8 个字节", "a passphrase has at least 8 bytes"),
			    SAYS(NULL, NULL));
		change_end(c);
		return;
	}
	if (would_grant(c))
		c->res->wait = (struct web_wait){.what = WEB_WAIT_CREATE,
						 .name = name,
						 .passphrase = phrase,
						 .then = on_created,
						 .ctx = c};
	else
		change_end(c);
}

static void on_same(void *ctx)
{
	struct change *c = ctx;

	if (c->subject.key)
		grant(c);
	else
		change_end(c);
}

/* Whoever gives a passphrase for a key that exists must know it. */
static void same_person(struct change *c)
{
	const char *phrase;

	if (!body_text(c->req, c->res, c->root, "passphrase", &phrase))
		change_end(c);
	else if (phrase)
		signer_open(&c->subject, c->root, "name", "passphrase", false, on_same, c);
	else
		grant(c);
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
	c->only_key = true;
	err = second ? ERR_NOTFOUND : second_key_find(c->s, name, key, village, &p);
	if (!err)
		refuse_second(c, &p);
	else if (err != ERR_NOTFOUND)
		reply_machine(c->req, c->res, err, NULL);
	return err == ERR_NOTFOUND;
}

/* The key that gets the role: given in the request, here already, or made now. */
static void person_ready(struct change *c)
{
	const char *name, *hex;

	if (!read_ask(c) || !body_need(c->req, c->res, c->root, "name", &name) ||
	    !body_text(c->req, c->res, c->root, "key", &hex)) {
		change_end(c);
		return;
	}
	if (hex && !hex_get(hex, strlen(hex), c->key, SIGN_KEY_BYTES)) {
		reply_error(c->res, c->req->lang, 400, "FIELD_VALUE", "key",
			    SAYS("密钥应为 64 位十六进制数字", "a key has 64 hexadecimal digits"),
			    SAYS(NULL, NULL));
		change_end(c);
		return;
	}
	if (hex || !c->s->person_public(c->s->tx.ctx, name, c->key)) {
		if (!only_key(c, name, c->key))
			change_end(c);
		else if (hex)
			grant(c);
		else
			same_person(c);
		return;
	}
	if (only_key(c, name, NULL))
		make_person(c, name);
	else
		change_end(c);
}

void api_person(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	static const char *const keys[] = {"name",    "passphrase",    "role",
					   "village", "from",	       "to",
					   "group",   "key",	       "second_key",
					   "as",      "as_passphrase", "id",
					   "dry_run", "ask",	       NULL};

	change_begin(s, req, res, keys, "as_passphrase", person_ready);
}

/* --- invitations --------------------------------------------------------------------------------- */

#define INVITE_LABEL "CZ invitation seed\n"

/* The seed follows from author and ID: the same request again gives the same invitation. */
static bool invite_seed(struct change *c)
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
	sign_key_seed(c->author.key, secret);
	kdf(c->seed, SIGN_SEED_BYTES, secret, sizeof(secret), msg, sizeof(msg));
	secret_wipe(secret, sizeof(secret));
	return true;
}

static void invitation_sent(struct change *c);

static void invite(struct change *c)
{
	static const char *const fields[] = {"village_code", "village_name", "expires"};
	struct sign_key *key = NULL;
	char hex[2 * SIGN_KEY_BYTES + 1];
	json_t *head;
	int err = sign_key_from_seed(c->seed, &key);

	if (err) {
		reply_machine(c->req, c->res, err, NULL);
		change_end(c);
		return;
	}
	hex_put(hex, sign_key_public(key), SIGN_KEY_BYTES);
	sign_key_free(key);
	head = c->head = json_object();
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		json_t *v = json_object_get(c->root, fields[i]);

		if (v)
			json_object_set(head, fields[i], v);
	}
	json_object_set_new(head, "invite_key", json_string(hex));
	if (read_record(c, rec_type_of(REC_invitation), head, NULL))
		run_asking(c, invitation_sent);
	else
		change_end(c);
}

/* Made before anything is written: what cannot be put into a file must not stand in the log. Names that
 * are missing are left to the record. */
static bool make_invitation(struct change *c)
{
	struct errmsg msg = {0};
	const char *code, *name;
	int err;

	if (!body_text(c->req, c->res, c->root, "village_code", &code) ||
	    !body_text(c->req, c->res, c->root, "village_name", &name))
		return false;
	if (!web_at_hub(c->s) || !code || !name)
		return true;
	err = c->s->invitation(c->s->tx.ctx, code, name, c->seed, &c->file, &msg);
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
static void invitation_sent(struct change *c)
{
	struct jw w;

	put_result(c, &w);
	if (verdict_ok(&c->x.job.u.append.verdict) && !c->dry_run && !c->asked) {
		jw_key(&w, "file");
		jw_strn(&w, (const char *)c->file.p, c->file.n);
	}
	jw_obj_end(&w);
	change_end(c);
}

static void invitation_ready(struct change *c)
{
	if (read_ask(c) && invite_seed(c) && make_invitation(c))
		invite(c);
	else
		change_end(c);
}

void api_invitation(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	static const char *const keys[] = {"village_code", "village_name", "expires",
					   "as",	   "passphrase",   "id",
					   "dry_run",	   "ask",	   NULL};

	change_begin(s, req, res, keys, "passphrase", invitation_ready);
}
