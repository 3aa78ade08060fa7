#include "daemon/ledger/state/state_register.h"

#include <string.h>

#include "lib/err.h"

/* --- objections ------------------------------------------------------------------------------------ */
void state_open_key(struct state_key *k, uint32_t feed_no, uint64_t entry, uint32_t line)
{
	state_key_of(k, feed_no, STATE_OBJECTION);
	state_key_u64(k, entry);
	state_key_u8(k, (uint8_t)line);
}

void state_open_pack(const struct state_open *o, struct buf *out)
{
	for (uint32_t i = 0; i < o->n; i++)
		buf_put_varint(out, o->seq[i]);
}

int state_open_parse(struct bytes row, struct state_open *ret)
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
void state_facility_key(struct state_key *k, uint32_t feed_no, struct bytes facility)
{
	state_key_of(k, feed_no, STATE_FACILITY);
	state_key_text(k, facility);
}

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

/* --- passbooks ------------------------------------------------------------------------------------- */
void state_book_key(struct state_key *k, uint32_t feed_no, struct bytes household)
{
	state_key_of(k, feed_no, STATE_BOOK);
	state_key_text(k, household);
}

void state_book_pack(const struct state_book *b, struct buf *out)
{
	buf_put_varint(out, b->seq);
	buf_put_u8(out, b->held);
	buf_put_varint(out, b->upto);
	buf_put_varint(out, b->lines);
	state_put_zigzag(out, b->balance);
	state_put_text(out, b->number);
}

int state_book_parse(struct bytes row, struct state_book *ret)
{
	struct cur c = cur_of(row.p, row.n);

	ret->seq = state_get_num(&c);
	uint8_t held = cur_u8(&c);
	ret->upto = state_get_num(&c);
	ret->lines = state_get_num(&c);
	ret->balance = state_get_zigzag(&c);
	ret->number = state_get_text(&c);
	ret->held = held == 1;
	return cur_done(&c) || held > 1 ? ERR_CORRUPT : ERR_OK;
}
