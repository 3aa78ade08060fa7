#include "daemon/web/api/signer.h"

#include <stdio.h>
#include <string.h>

#include "daemon/web/api/body.h"
#include "daemon/web/api/reply.h"

static void refuse_wrong(const struct web_req *req, struct web_res *res, const char *name,
			 const char *passphrase)
{
	char zh[160], en[160];

	snprintf(zh, sizeof(zh), "%.*s 的口令不对", body_shown(name), name);
	snprintf(en, sizeof(en), "the passphrase of %.*s does not fit", body_shown(name), name);
	reply_error(
		res, req->lang, 403, "PASSPHRASE", passphrase, SAYS(zh, en),
		SAYS("忘记口令：请村两委成员撤销此密钥并另建新密钥；首位村两委成员由镇里重新授予",
		     "forgotten: ask a committee member to revoke this key and add a new one; the "
		     "town office can grant the first committee member anew"));
}

static void refuse_waiting(const struct web_req *req, struct web_res *res, const char *name,
			   const char *passphrase)
{
	char zh[200], en[200];

	snprintf(zh, sizeof(zh), "%.*s 的口令连续多次不对，请 %u 秒后再试", body_shown(name), name,
		 res->wait.seconds);
	snprintf(en, sizeof(en),
		 "the passphrase of %.*s was wrong several times; try again in %u seconds",
		 body_shown(name), name, res->wait.seconds);
	reply_error(res, req->lang, 429, "PASSPHRASE_WAIT", passphrase, SAYS(zh, en),
		    SAYS(NULL, NULL));
}

static void refuse_unknown(const struct web_req *req, struct web_res *res, const char *name,
			   const char *who)
{
	char zh[160], en[160];

	snprintf(zh, sizeof(zh), "本机没有 %.*s 的密钥", body_shown(name), name);
	snprintf(en, sizeof(en), "there is no key of %.*s on this node", body_shown(name), name);
	reply_error(res, req->lang, 403, "PERSON_UNKNOWN", who, SAYS(zh, en),
		    SAYS("先用 cunzhang operator add 建立", "make one with cunzhang operator add"));
}

void signer_refuse(const struct web_req *req, struct web_res *res, const char *who,
		   const char *name, const char *passphrase)
{
	const struct web_wait *w = &res->wait;

	if (w->err == ERR_CRYPTO)
		refuse_wrong(req, res, name, passphrase);
	else if (w->err == ERR_BUSY && w->seconds)
		refuse_waiting(req, res, name, passphrase);
	else if (w->err == ERR_NOTFOUND || w->err == ERR_INVALID)
		refuse_unknown(req, res, name, who);
	else
		reply_machine(req, res, w->err, &w->msg);
}

void signer_no_session(const struct web_req *req, struct web_res *res)
{
	reply_error(res, req->lang, 401, "SESSION_ENDED", NULL,
		    SAYS("会话已结束（闲置、到时或被锁定），没有写入",
			 "the session has ended (idle, past its time, or locked); nothing was "
			 "written"),
		    SAYS("请重新解锁：cunzhang unlock --as 姓名",
			 "unlock again: cunzhang unlock --as NAME"));
}

static void on_opened(void *ctx)
{
	struct signer *x = ctx;
	const struct web_wait *w = &x->res->wait;

	x->key = x->own = w->key;
	if (w->err)
		signer_refuse(x->req, x->res, x->who, x->name, x->passphrase);
	x->then(x->ctx);
}

/* False: the answer is there. The name may be said, too, but no other. */
static bool use_session(struct signer *x, json_t *root)
{
	const char *name, *phrase;
	int err;

	if (!body_text(x->req, x->res, root, x->who, &name) ||
	    !body_text(x->req, x->res, root, x->passphrase, &phrase))
		return false;
	err = x->s->session_use(x->s->tx.ctx, x->req->bearer, x->req->from, &x->unlocked);
	if (err) {
		signer_no_session(x->req, x->res);
		return false;
	}
	x->name = x->unlocked.name;
	if (!phrase && (!name || strcmp(name, x->name) == 0)) {
		x->key = x->unlocked.key;
		return true;
	}
	reply_error(x->res, x->req->lang, 400, "FIELD_VALUE", x->who,
		    SAYS("会话属于另一人，或同时给了口令",
			 "the session is another person's, or a passphrase is given beside it"),
		    SAYS("用会话时不需要姓名和口令",
			 "with a session, name and passphrase are left out"));
	return false;
}

void signer_open(struct signer *x, json_t *root, const char *who, const char *passphrase,
		 bool may_be_unlocked, void (*then)(void *ctx), void *ctx)
{
	const char *phrase;

	x->who = who;
	x->passphrase = passphrase;
	x->then = then;
	x->ctx = ctx;
	if (may_be_unlocked && x->req->bearer) {
		use_session(x, root);
		then(ctx);
		return;
	}
	if (!body_need(x->req, x->res, root, who, &x->name) ||
	    !body_need(x->req, x->res, root, passphrase, &phrase)) {
		then(ctx);
		return;
	}
	x->res->wait = (struct web_wait){.what = WEB_WAIT_OPEN,
					 .name = x->name,
					 .passphrase = phrase,
					 .then = on_opened,
					 .ctx = x};
}

void signer_close(struct signer *x)
{
	sign_key_free(x->own);
	if (x->unlocked.session)
		x->s->session_used(x->s->tx.ctx, &x->unlocked);
	x->own = NULL;
	x->unlocked.session = NULL;
	x->key = NULL;
}
