#include "daemon/web/api/reply.h"

#include <stdio.h>
#include <string.h>

#include "lib/text.h"

#define JSON_TYPE "application/json; charset=utf-8"

void reply_json(struct web_res *res, int status, struct jw *w)
{
	res->status = status;
	res->type = JSON_TYPE;
	buf_reset(&res->body);
	jw_init(w, &res->body);
}

void reply_error(struct web_res *res, enum lang lang, int status, const char *code,
		 const char *field, struct says message, struct says hint)
{
	struct jw w;

	reply_json(res, status, &w);
	jw_obj(&w);
	jw_kstr(&w, "code", code);
	jw_kstr(&w, "message", says_in(message, lang));
	if (field)
		jw_kstr(&w, "field", field);
	if (hint.zh)
		jw_kstr(&w, "hint", says_in(hint, lang));
	jw_obj_end(&w);
	buf_puts(&res->body, "\n");
}

static int status_of(int err)
{
	switch (err) {
	case ERR_INVALID:
	case ERR_FORMAT: return 400;
	case ERR_NOTFOUND: return 404;
	case ERR_EXISTS: return 409;
	case ERR_CRYPTO: return 403;
	case ERR_LIMIT: return 413;
	case ERR_FULL: return 507;
	case ERR_NOMEM:
	case ERR_BUSY:
	case ERR_STATE:
	case ERR_FORK:
	case ERR_CANCELED:
	case ERR_TIMEOUT: return 503;
	default: return 500;
	}
}

struct says reply_words(int err)
{
	switch (err) {
	case ERR_NOMEM: return SAYS("内存不足", "out of memory");
	case ERR_INVALID: return SAYS("内容超出允许范围", "a value is outside its bounds");
	case ERR_FORMAT: return SAYS("内容格式不对", "the bytes do not follow the format");
	case ERR_LIMIT: return SAYS("内容太大或太多", "too large or too many");
	case ERR_NOTFOUND: return SAYS("没有找到", "there is no such item");
	case ERR_EXISTS: return SAYS("已经存在", "the item exists already");
	case ERR_CRYPTO: return SAYS("口令或密钥不符", "the passphrase or key does not fit");
	case ERR_CORRUPT:
		return SAYS("存储内容与其摘要不符，请运行 cunzhang verify",
			    "stored bytes do not match their hash; run cunzhang verify");
	case ERR_FULL:
		return SAYS("磁盘或存储已满，没有写入任何内容",
			    "the disk or the store is full; nothing was written");
	case ERR_IO: return SAYS("读写磁盘失败", "reading or writing failed");
	case ERR_STATE:
	case ERR_FORK:
		return SAYS("本节点目前不能写入，请看 cunzhang status",
			    "this node does not write at present; see cunzhang status");
	case ERR_BUSY:
		return SAYS("排队的工作太多，请稍后再试",
			    "too much work is waiting, try again later");
	case ERR_CANCELED: return SAYS("节点正在停止", "the node is stopping");
	case ERR_IN_USE:
		return SAYS("地址已被别的程序占用（也许是另一个 cunzhangd）：请停掉它，或在 "
			    "config.ini 中换"
			    "一个端口",
			    "another program uses the address (another cunzhangd?): stop it or "
			    "give another "
			    "port in config.ini");
	case ERR_ADDRESS:
		return SAYS("本机没有这个地址，请改 config.ini",
			    "this machine does not have the address; change it in config.ini");
	case ERR_DENIED:
		return SAYS("没有权限（文件属于别的用户，或端口小于 1024）",
			    "permission denied (files of another user, or a port below 1024)");
	case ERR_READ_ONLY: return SAYS("磁盘是只读的", "the disk is read-only");
	case ERR_NEWER:
		return SAYS("数据是更新版本的程序写的，请用新版程序；没有改动任何内容",
			    "it was written by a newer program: use that one; nothing was changed");
	case ERR_TIMEOUT: return SAYS("没有及时得到答复", "no answer in time");
	default: return SAYS("程序内部错误", "an internal failure");
	}
}

void reply_machine(const struct web_req *req, struct web_res *res, int err,
		   const struct errmsg *msg)
{
	struct says hint = {0};

	if (msg && msg->text[0] && req->from.local && req->lang == LANG_EN)
		hint = SAYS(msg->text, msg->text);
	reply_error(res, req->lang, status_of(err), err_name(err), NULL, reply_words(err), hint);
}

const char *reply_last(const struct web_req *req)
{
	const char *slash = strrchr(req->path, '/');

	return slash ? slash + 1 : req->path;
}

void reply_verdict(struct jw *w, const struct verdict *v, enum lang lang)
{
	jw_key(w, "verdict");
	jw_obj(w);
	jw_kbool(w, "accepted", verdict_ok(v));
	reason_json(w, &v->reason, lang);
	jw_obj_end(w);
	jw_key(w, "warnings");
	jw_arr(w);
	for (uint32_t i = 0; i < v->nwarn && i < VERDICT_WARN_MAX; i++) {
		jw_obj(w);
		reason_json(w, &v->warn[i], lang);
		jw_kbool(w, "asks", reason_asks(v->warn[i].id));
		jw_obj_end(w);
	}
	jw_arr_end(w);
	jw_ku64(w, "warnings_count", v->nwarn);
}

void reply_issue(const struct web_req *req, struct web_res *res, const struct ask_issue *i)
{
	static const int status[] = {
		[ASK_WRONG] = 400, [ASK_MISSING] = 404, [ASK_CONFLICT] = 409, [ASK_UNFIT] = 422};

	reply_error(res, req->lang, status[i->why], i->code, i->param, SAYS(i->zh, i->en),
		    i->hint_zh[0] ? SAYS(i->hint_zh, i->hint_en) : SAYS(NULL, NULL));
}

static struct ask ask_of(const struct web_req *req)
{
	return (struct ask){.param = req->query, .nparams = req->nquery};
}

const char *reply_param(const struct web_req *req, const char *name)
{
	const struct ask a = ask_of(req);

	return ask_param(&a, name);
}

bool reply_param_u64(const struct web_req *req, struct web_res *res, const char *name, uint64_t max,
		     uint64_t *ret)
{
	struct ask a = ask_of(req);

	if (!ask_u64(&a, name, max, ret))
		return true;
	reply_issue(req, res, &a.issue);
	return false;
}

/* --- readings ------------------------------------------------------------------------------------ */

bool reading_begin(struct reading *r, const struct web_services *s, const struct web_req *req,
		   struct web_res *res)
{
	int err;

	*r = (struct reading){.s = s,
			      .req = req,
			      .res = res,
			      .ask = {.town = s->tx.town,
				      .day = tx_today(&s->tx),
				      .lang = req->lang,
				      .upto = req->from.local ? REC_PRIVATE : REC_PUBLIC,
				      .param = req->query,
				      .nparams = req->nquery}};
	err = kv_begin(s->tx.kv, false, &r->ask.t);
	if (err) {
		reply_machine(req, res, err, NULL);
		return false;
	}
	err = view_feed_named(r->ask.t, s->tx.own, ask_param(&r->ask, "feed"), &r->ask.feed);
	if (err == ERR_NOTFOUND)
		reply_error(res, req->lang, 404, "FEED_UNKNOWN", "feed",
			    SAYS("这里没有这个日志", "there is no such feed here"),
			    SAYS("可用 own、town、村代码或日志编号",
				 "use own, town, a village code or a feed ID"));
	else if (err)
		reply_machine(req, res, err, NULL);
	if (err) {
		kv_abort(r->ask.t);
		return false;
	}
	reply_json(res, 200, &r->w);
	jw_obj(&r->w);
	return true;
}

void reading_end(struct reading *r, int err)
{
	kv_abort(r->ask.t);
	if (err == ASK_REFUSED) {
		reply_issue(r->req, r->res, &r->ask.issue);
		return;
	}
	if (!err) {
		jw_obj_end(&r->w);
		buf_puts(&r->res->body, "\n");
		err = r->res->body.err;
	}
	if (err)
		reply_machine(r->req, r->res, err, NULL);
}
