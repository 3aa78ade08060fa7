#include "daemon/web/reply.h"

#include <stdio.h>
#include <string.h>

#include "daemon/rules/feedlog.h"
#include "daemon/rules/view.h"
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
	case ERR_CRYPTO: return SAYS("密码或密钥不符", "the passphrase or key does not fit");
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
	case ERR_TIMEOUT: return SAYS("没有及时得到答复", "no answer in time");
	default: return SAYS("程序内部错误", "an internal failure");
	}
}

void reply_machine(const struct web_req *req, struct web_res *res, int err,
		   const struct errmsg *msg)
{
	struct says hint = {0};

	if (msg && msg->text[0] && req->local && req->lang == LANG_EN)
		hint = SAYS(msg->text, msg->text);
	reply_error(res, req->lang, status_of(err), err_name(err), NULL, reply_words(err), hint);
}

const char *reply_param(const struct web_req *req, const char *name)
{
	for (uint32_t i = 0; i < req->nquery; i++)
		if (strcmp(req->query[i].name, name) == 0)
			return req->query[i].value;
	return NULL;
}

const char *reply_last(const struct web_req *req)
{
	const char *slash = strrchr(req->path, '/');

	return slash ? slash + 1 : req->path;
}

bool reply_param_u64(const struct web_req *req, struct web_res *res, const char *name, uint64_t max,
		     uint64_t *ret)
{
	const char *text = reply_param(req, name);
	char zh[160], en[160];
	uint64_t v;

	if (!text)
		return true;
	if (u64_parse(text, strlen(text), &v) && v <= max) {
		*ret = v;
		return true;
	}
	snprintf(zh, sizeof(zh), "参数 %s 应为 0 到 %llu 的整数", name, (unsigned long long)max);
	snprintf(en, sizeof(en), "parameter %s is a whole number from 0 to %llu", name,
		 (unsigned long long)max);
	reply_error(res, req->lang, 400, "PARAMETER", name, SAYS(zh, en), SAYS(NULL, NULL));
	return false;
}

bool reply_param_day(const struct web_req *req, struct web_res *res, const char *name, day_t *ret)
{
	const char *text = reply_param(req, name);
	char zh[96], en[96];

	if (!text || day_parse(text, strlen(text), ret))
		return true;
	snprintf(zh, sizeof(zh), "参数 %s 应为日期，如 2025-01-31", name);
	snprintf(en, sizeof(en), "parameter %s is a date like 2025-01-31", name);
	reply_error(res, req->lang, 400, "PARAMETER", name, SAYS(zh, en), SAYS(NULL, NULL));
	return false;
}

day_t reply_today(const struct web_services *s)
{
	return day_of_ms(s->wall_ms(s->ctx));
}

void reply_reason(struct jw *w, const struct reason *r, enum lang lang)
{
	struct buf text = {0};

	jw_kstr(w, "rule", reason_rule(r->id));
	jw_kstr(w, "name", reason_name(r->id));
	reason_text(r, lang, &text);
	jw_kstr(w, "text", buf_str(&text));
	buf_close(&text);
}

void reply_verdict(struct jw *w, const struct verdict *v, enum lang lang)
{
	jw_key(w, "verdict");
	jw_obj(w);
	jw_kbool(w, "accepted", verdict_ok(v));
	reply_reason(w, &v->reason, lang);
	jw_obj_end(w);
	jw_key(w, "warnings");
	jw_arr(w);
	for (uint32_t i = 0; i < v->nwarn && i < VERDICT_WARN_MAX; i++) {
		jw_obj(w);
		reply_reason(w, &v->warn[i], lang);
		jw_obj_end(w);
	}
	jw_arr_end(w);
	jw_ku64(w, "warnings_count", v->nwarn);
}

/* --- readings ------------------------------------------------------------------------------------ */

struct by_code {
	const char *code;
	uint32_t no;
};

static int match_code(void *ctx, const struct view_village *v)
{
	struct by_code *by = ctx;

	if (v->no == 0 || strcmp(v->code, by->code) != 0)
		return 0;
	by->no = v->no;
	return 1;
}

int reading_feed(const struct web_services *s, struct kv_txn *t, const char *name,
		 struct feed_head *ret)
{
	struct by_code by = {.code = name};
	struct hash id;
	uint32_t no = 0;
	int err = ERR_OK;

	if (!name || !name[0] || strcmp(name, "own") == 0)
		no = s->own;
	else if (strcmp(name, "town") == 0)
		no = FEED_TOWN;
	else if (hex_get(name, strlen(name), id.b, HASH_BYTES))
		err = feedlog_find(t, &id, &no);
	else
		err = view_villages(t, match_code, &by);
	if (err < 0)
		return err;
	if (by.no)
		no = by.no;
	return no ? feedlog_head(t, no, ret) : ERR_NOTFOUND;
}

bool reading_begin(struct reading *r, const struct web_services *s, const struct web_req *req,
		   struct web_res *res)
{
	int err;

	*r = (struct reading){.s = s, .req = req, .res = res};
	err = kv_begin(s->kv, false, &r->t);
	if (err) {
		reply_machine(req, res, err, NULL);
		return false;
	}
	err = reading_feed(s, r->t, reply_param(req, "feed"), &r->feed);
	if (err == ERR_NOTFOUND)
		reply_error(res, req->lang, 404, "FEED_UNKNOWN", "feed",
			    SAYS("这里没有这个日志", "there is no such feed here"),
			    SAYS("可用 own、town、村代码或日志编号",
				 "use own, town, a village code or a feed ID"));
	else if (err)
		reply_machine(req, res, err, NULL);
	if (err) {
		kv_abort(r->t);
		return false;
	}
	reply_json(res, 200, &r->w);
	jw_obj(&r->w);
	return true;
}

void reading_end(struct reading *r, int err)
{
	kv_abort(r->t);
	if (!err) {
		jw_obj_end(&r->w);
		buf_puts(&r->res->body, "\n");
		err = r->res->body.err;
	}
	if (err)
		reply_machine(r->req, r->res, err, NULL);
}

void reading_label(struct kv_txn *t, const struct feed_head *h, char out[FEED_LABEL_MAX])
{
	struct view_village v;
	struct view_town town;

	out[0] = '\0';
	if (h->no == FEED_TOWN) {
		if (!view_town(t, &town))
			snprintf(out, FEED_LABEL_MAX, "%s", town.name);
	} else if (!view_village_by_feed(t, &h->id, &v)) {
		snprintf(out, FEED_LABEL_MAX, "%s", v.name);
	}
}
