#include "daemon/writer/halt.h"

#include <inttypes.h>
#include <string.h>

#include "lib/template.h"

static const struct {
	const char *name;
	struct says says;
} halts[HALT_COUNT] = {[HALT_NONE] = {"", {"", ""}},
#define HALT_TEXT(id, zh, en) [HALT_##id] = {#id, {zh, en}},
		       HALTS(HALT_TEXT)
#undef HALT_TEXT
};

const char *halt_name(enum halt_id id)
{
	return halts[id].name;
}

static void put_number(const void *ctx, char what, char how, struct buf *out)
{
	const struct halt *h = ctx;
	unsigned i = (unsigned)(what - '0');

	(void)how;
	buf_printf(out, "%" PRIu64, i < ERRMSG_NUMS ? h->num[i] : 0);
}

int halt_text(const struct halt *h, enum lang lang, struct buf *out)
{
	return template_fill(says_in(halts[h->id].says, lang), put_number, h, out);
}

int halt_set(struct errmsg *msg, const struct halt *h)
{
	struct buf text = {0};

	if (!msg)
		return ERR_FORK;
	halt_text(h, LANG_EN, &text);
	err_set(msg, ERR_FORK, "%s", buf_str(&text));
	buf_close(&text);
	msg->why = (int)h->id;
	memcpy(msg->num, h->num, sizeof(msg->num));
	return ERR_FORK;
}

struct halt halt_of(const struct errmsg *msg)
{
	struct halt h = {.id = HALT_NONE};

	if (msg->why <= HALT_NONE || msg->why >= HALT_COUNT)
		return h;
	h.id = (enum halt_id)msg->why;
	memcpy(h.num, msg->num, sizeof(h.num));
	return h;
}
