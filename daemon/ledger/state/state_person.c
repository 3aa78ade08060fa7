#include "daemon/ledger/state/state.h"

#include <string.h>

#include "lib/err.h"

static void put_str(struct buf *out, const char *s)
{
	state_put_text(out, (struct bytes){(const uint8_t *)s, strlen(s)});
}

static void get_str(struct cur *c, char *ret, size_t cap)
{
	struct bytes text = state_get_text(c);

	memset(ret, 0, cap);
	if (text.n >= cap || (text.n && memchr(text.p, 0, text.n)))
		c->err = ERR_FORMAT;
	else if (text.n)
		memcpy(ret, text.p, text.n);
}

void state_person_pack(const struct state_person *p, struct buf *out)
{
	buf_put_varint(out, p->no);
	state_put_text(out, p->name);
	buf_put_varint(out, p->nroles);
	for (uint32_t i = 0; i < p->nroles; i++) {
		const struct state_role *r = &p->role[i];

		buf_put_u8(out, r->role);
		put_str(out, r->village);
		state_put_day(out, r->from);
		state_put_day(out, r->to);
		put_str(out, r->group);
	}
}

int state_person_parse(struct bytes row, struct state_person *ret)
{
	struct cur c = cur_of(row.p, row.n);

	ret->no = state_get_u32(&c);
	ret->name = state_get_text(&c);
	ret->nroles = state_get_u32(&c);
	if (ret->nroles > STATE_ROLES_MAX || ret->name.n > STATE_PERSON_NAME)
		return ERR_CORRUPT;
	for (uint32_t i = 0; i < ret->nroles; i++) {
		struct state_role *r = &ret->role[i];

		r->role = cur_u8(&c);
		get_str(&c, r->village, sizeof(r->village));
		r->from = state_get_day(&c);
		r->to = state_get_day(&c);
		get_str(&c, r->group, sizeof(r->group));
	}
	return cur_done(&c) ? ERR_CORRUPT : ERR_OK;
}
