#include "daemon/web/api/body.h"

#include <stdio.h>
#include <string.h>

#include "daemon/web/api/reply.h"
#include "lib/text.h"

#define NO_HINT SAYS(NULL, NULL)

#define SHOWN_BYTES 64

int body_shown(const char *s)
{
	return (int)utf8_cut(s, strlen(s), SHOWN_BYTES);
}

static bool refuse(const struct web_req *req, struct web_res *res, const char *code,
		   const char *field, const char *zh, const char *en)
{
	char tz[256], te[256];

	snprintf(tz, sizeof(tz), "%.*s：%s", body_shown(field), field, zh);
	snprintf(te, sizeof(te), "%.*s: %s", body_shown(field), field, en);
	reply_error(res, req->lang, 400, code, field, SAYS(tz, te), NO_HINT);
	return false;
}

static bool known(const char *const *keys, const char *key)
{
	for (; *keys; keys++)
		if (strcmp(*keys, key) == 0)
			return true;
	return false;
}

bool body_read(const struct web_req *req, struct web_res *res, struct bytes text,
	       const char *const *keys, json_t **ret)
{
	json_error_t e;
	json_t *root = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &e), *v;
	const char *key;

	if (!json_is_object(root)) {
		char zh[128], en[128];

		/* The parser's own text may quote the body, and the body holds passphrases. */
		snprintf(zh, sizeof(zh), "请求内容不是 JSON 对象（第 %d 行第 %d 列）",
			 root ? 1 : e.line, root ? 1 : e.column);
		snprintf(en, sizeof(en), "the body is not a JSON object (line %d, column %d)",
			 root ? 1 : e.line, root ? 1 : e.column);
		reply_error(res, req->lang, 400, "JSON", NULL, SAYS(zh, en), NO_HINT);
		body_free(root);
		return false;
	}
	json_object_foreach (root, key, v) {
		if (known(keys, key))
			continue;
		refuse(req, res, "FIELD_UNKNOWN", key, "没有这个字段", "there is no such field");
		body_free(root);
		return false;
	}
	*ret = root;
	return true;
}

void body_free(json_t *root)
{
	const char *key;
	json_t *v;

	json_object_foreach (root, key, v)
		if (json_is_string(v))
			secret_wipe((char *)json_string_value(v), json_string_length(v));
	json_decref(root);
}

bool body_text(const struct web_req *req, struct web_res *res, json_t *root, const char *key,
	       const char **ret)
{
	json_t *v = json_object_get(root, key);

	*ret = NULL;
	if (!v || json_is_null(v))
		return true;
	if (!json_is_string(v))
		return refuse(req, res, "FIELD_VALUE", key, "应为文字", "a text is expected");
	*ret = json_string_value(v);
	return true;
}

bool body_need(const struct web_req *req, struct web_res *res, json_t *root, const char *key,
	       const char **ret)
{
	if (!body_text(req, res, root, key, ret))
		return false;
	if (*ret && (*ret)[0])
		return true;
	return refuse(req, res, "FIELD_MISSING", key, "缺少", "is missing");
}

bool body_flag(const struct web_req *req, struct web_res *res, json_t *root, const char *key,
	       bool *ret)
{
	json_t *v = json_object_get(root, key);

	if (!v || json_is_null(v))
		return true;
	if (!json_is_boolean(v))
		return refuse(req, res, "FIELD_VALUE", key, "应为 true 或 false",
			      "true or false is expected");
	*ret = json_is_true(v);
	return true;
}

bool body_txid(const struct web_req *req, struct web_res *res, json_t *root,
	       uint8_t txid[TXID_BYTES], bool *ret_given)
{
	const char *text;

	*ret_given = false;
	if (!body_text(req, res, root, "id", &text))
		return false;
	if (!text)
		return true;
	*ret_given = hex_get(text, strlen(text), txid, TXID_BYTES);
	return *ret_given || refuse(req, res, "FIELD_VALUE", "id", "应为 32 位十六进制数字",
				    "32 hexadecimal digits are expected");
}
