#include "daemon/ledger/query/ask.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void set_text(char out[ASK_TEXT_MAX], const char *text)
{
	size_t n = text ? utf8_cut(text, strlen(text), ASK_TEXT_MAX - 1) : 0;

	if (n)
		memcpy(out, text, n);
	out[n] = '\0';
}

int ask_refuse(struct ask *a, enum ask_why why, const char *code, const char *param,
	       struct says message, struct says hint)
{
	struct ask_issue *i = &a->issue;

	i->why = why;
	i->code = code;
	i->param = param;
	set_text(i->zh, message.zh);
	set_text(i->en, message.en);
	set_text(i->hint_zh, hint.zh);
	set_text(i->hint_en, hint.en);
	return ASK_REFUSED;
}

const char *ask_param(const struct ask *a, const char *name)
{
	for (uint32_t i = 0; i < a->nparams; i++)
		if (strcmp(a->param[i].name, name) == 0)
			return a->param[i].value;
	return NULL;
}

int ask_u64(struct ask *a, const char *name, uint64_t max, uint64_t *ret)
{
	const char *text = ask_param(a, name);
	char zh[160], en[160];
	uint64_t v;

	if (!text)
		return ERR_OK;
	if (u64_parse(text, strlen(text), &v) && v <= max) {
		*ret = v;
		return ERR_OK;
	}
	snprintf(zh, sizeof(zh), "参数 %s 应为 0 到 %" PRIu64 " 的整数", name, max);
	snprintf(en, sizeof(en), "parameter %s is a whole number from 0 to %" PRIu64, name, max);
	return ask_refuse(a, ASK_WRONG, "PARAMETER", name, SAYS(zh, en), SAYS(NULL, NULL));
}

int ask_day(struct ask *a, const char *name, day_t *ret)
{
	const char *text = ask_param(a, name);
	char zh[96], en[96];

	if (!text || day_parse(text, strlen(text), ret))
		return ERR_OK;
	snprintf(zh, sizeof(zh), "参数 %s 应为日期，如 2025-01-31", name);
	snprintf(en, sizeof(en), "parameter %s is a date like 2025-01-31", name);
	return ask_refuse(a, ASK_WRONG, "PARAMETER", name, SAYS(zh, en), SAYS(NULL, NULL));
}
