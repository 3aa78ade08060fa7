#include "daemon/web/api/body.h"
#include "daemon/web/api/handlers.h"
#include "daemon/web/api/reply.h"
#include "daemon/web/api/signer.h"
#include "lib/mem.h"

/* Sessions: a key is opened once and serves the requests that name the session's token, until it is idle for too long, too
 * old, locked, or its owner is revoked. */

struct unlock {
	const struct web_req *req;
	struct web_res *res;
	json_t *root;
	const char *name;
};

static void end(struct unlock *u)
{
	body_free(u->root);
	mem_free(u);
}

static void on_unlocked(void *ctx)
{
	struct unlock *u = ctx;
	struct web_wait *w = &u->res->wait;
	struct jw j;

	if (w->err) {
		signer_refuse(u->req, u->res, "as", u->name, "passphrase");
	} else {
		reply_json(u->res, 201, &j);
		jw_obj(&j);
		jw_kstr(&j, "session", w->token);
		jw_kstr(&j, "as", u->name);
		jw_ku64(&j, "expires_in", w->seconds);
		jw_obj_end(&j);
	}
	secret_wipe(w->token, sizeof(w->token));
	end(u);
}

void api_session_open(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	static const char *const keys[] = {"as", "passphrase", NULL};
	struct unlock *u = mem_alloc(sizeof(*u));
	const char *phrase;

	(void)s;
	if (!u) {
		reply_machine(req, res, ERR_NOMEM, NULL);
		return;
	}
	*u = (struct unlock){.req = req, .res = res};
	if (body_read(req, res, req->body, keys, &u->root) &&
	    body_need(req, res, u->root, "as", &u->name) &&
	    body_need(req, res, u->root, "passphrase", &phrase))
		res->wait = (struct web_wait){.what = WEB_WAIT_UNLOCK,
					      .name = u->name,
					      .passphrase = phrase,
					      .from = req->from,
					      .then = on_unlocked,
					      .ctx = u};
	else
		end(u);
}

void api_session_end(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	struct jw w;

	if (!req->bearer || s->session_end(s->tx.ctx, req->bearer, req->from)) {
		signer_no_session(req, res);
		return;
	}
	reply_json(res, 200, &w);
	jw_obj(&w);
	jw_kbool(&w, "ended", true);
	jw_obj_end(&w);
}

void api_session(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	struct web_unlocked u;
	struct jw w;

	if (!req->bearer || s->session_use(s->tx.ctx, req->bearer, req->from, &u)) {
		signer_no_session(req, res);
		return;
	}
	reply_json(res, 200, &w);
	jw_obj(&w);
	jw_kstr(&w, "as", u.name);
	jw_obj_end(&w);
	s->session_used(s->tx.ctx, &u);
}
