#include "daemon/ledger/state/state_register.h"

#include <string.h>

#include "lib/err.h"

/* --- objections ------------------------------------------------------------------------------------ */
void state_objection_pack(const struct state_objection *o, struct buf *out)
{
	for (uint32_t i = 0; i < o->n; i++)
		buf_put_varint(out, o->seq[i]);
}

int state_objection_parse(struct bytes row, struct state_objection *ret)
{
	struct cur c = cur_of(row.p, row.n);

	ret->n = 0;
	while (cur_left(&c) && c.err == ERR_OK) {
		if (ret->n == STATE_OBJECTIONS_MAX)
			return ERR_CORRUPT;
		ret->seq[ret->n++] = state_get_num(&c);
	}
	return c.err ? ERR_CORRUPT : ERR_OK;
}

/* --- facilities ------------------------------------------------------------------------------------ */
void state_facility_pack(const struct state_facility *f, struct buf *out)
{
	for (uint32_t i = 0; i < f->n; i++) {
		const struct state_keeper *k = &f->keeper[i];

		state_put_day(out, k->from);
		state_put_day(out, k->to);
		state_put_text(out, (struct bytes){(const uint8_t *)k->household, k->household_n});
	}
}

int state_facility_parse(struct bytes row, struct state_facility *ret)
{
	struct cur c = cur_of(row.p, row.n);

	ret->n = 0;
	while (cur_left(&c) && c.err == ERR_OK) {
		struct state_keeper *k = &ret->keeper[ret->n];

		if (ret->n == STATE_KEEPERS_MAX)
			return ERR_CORRUPT;
		k->from = state_get_day(&c);
		k->to = state_get_day(&c);
		struct bytes household = state_get_text(&c);
		if (household.n > sizeof(k->household))
			return ERR_CORRUPT;
		k->household_n = (uint8_t)household.n;
		if (household.n)
			memcpy(k->household, household.p, household.n);
		ret->n++;
	}
	return c.err ? ERR_CORRUPT : ERR_OK;
}

void state_facility_add(struct state_facility *f, const struct state_keeper *k)
{
	uint32_t at = f->n;

	while (at > 0 && f->keeper[at - 1].from >= k->from)
		at--;
	if (at < f->n && f->keeper[at].from == k->from) {
		f->keeper[at] = *k;
		return;
	}
	if (f->n == STATE_KEEPERS_MAX) {
		if (at == 0) /* older than all that are remembered */
			return;
		memmove(f->keeper, f->keeper + 1, --f->n * sizeof(*k));
		at--;
	}
	memmove(f->keeper + at + 1, f->keeper + at, (f->n - at) * sizeof(*k));
	f->keeper[at] = *k;
	f->n++;
}

const struct state_keeper *state_facility_on(const struct state_facility *f, day_t day)
{
	uint32_t n = f->n;

	while (n > 0 && f->keeper[n - 1].from > day)
		n--;
	if (n == 0 || (f->keeper[n - 1].to != DAY_NONE && day > f->keeper[n - 1].to))
		return NULL;
	return &f->keeper[n - 1];
}

/* --- opening hours --------------------------------------------------------------------------------- */
void state_hours_pack(const struct state_hours *h, struct buf *out)
{
	for (uint32_t i = 0; i < h->n; i++) {
		buf_put_varint(out, h->open[i].from);
		buf_put_varint(out, h->open[i].to);
	}
}

int state_hours_parse(struct bytes row, struct state_hours *ret)
{
	struct cur c = cur_of(row.p, row.n);

	ret->n = 0;
	while (cur_left(&c) && c.err == ERR_OK) {
		if (ret->n == STATE_HOURS_MAX)
			return ERR_CORRUPT;
		ret->open[ret->n].from = state_get_u32(&c);
		ret->open[ret->n++].to = state_get_u32(&c);
	}
	return c.err ? ERR_CORRUPT : ERR_OK;
}
