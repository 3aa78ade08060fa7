#include "daemon/ledger/state/state_text.h"

#include <inttypes.h>

#include "lib/err.h"
#include "lib/look.h"
#include "lib/text.h"

#define HEX_SHOWN 4

static void put_hex(struct buf *out, struct bytes b)
{
	char hex[2 * HEX_SHOWN + 1] = "";

	hex_put(hex, b.p, b.n < HEX_SHOWN ? b.n : HEX_SHOWN);
	buf_puts(out, hex);
}

/* Damaged text could break a line or a terminal. */
static void put_text(struct buf *out, struct bytes s)
{
	struct look_found ignored;

	if (utf8_clean(s.p, s.n, false) && !look_find(s, false, &ignored))
		buf_put(out, s.p, s.n);
	else
		put_hex(out, s);
}

static void put_day(struct buf *out, day_t day)
{
	char text[DATE_TEXT_MAX];

	buf_puts(out, day_text(day, text));
}

static uint64_t number_of(struct bytes b)
{
	uint64_t v = 0;

	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	return v;
}

static void put_part(struct buf *out, enum state_part_type type, struct bytes part)
{
	switch (type) {
	case STATE_PART_UINT: /* behind its length */
		buf_printf(out, "%" PRIu64, number_of((struct bytes){part.p + 1, part.n - 1}));
		break;
	case STATE_PART_U8:
	case STATE_PART_U16:
	case STATE_PART_U32:
	case STATE_PART_U64: buf_printf(out, "%" PRIu64, number_of(part)); break;
	case STATE_PART_DAY:
		put_day(out, (day_t)((uint32_t)number_of(part) - STATE_DAY_BIAS));
		break;
	case STATE_PART_TEXT:
	case STATE_PART_REST: put_text(out, part); break;
	case STATE_PART_KEY:
	case STATE_PART_ID: put_hex(out, part); break;
	}
}

void state_text_key(struct bytes key, struct buf *out)
{
	struct cur c = cur_of(key.p, key.n);
	const struct state_row *row;

	cur_take(&c, STATE_FEED_LEN);
	row = state_row_of(cur_u8(&c));
	for (size_t i = 0; row && i < row->nparts; i++) {
		struct bytes part = state_key_part(&c, row->part[i].type);

		if (c.err)
			break;
		buf_put_u8(out, ' ');
		put_part(out, row->part[i].type, part);
	}
}

static void put_field(struct buf *out, enum state_field_type type, struct cur *c)
{
	switch (type) {
	case STATE_FIELD_BOOL:
	case STATE_FIELD_U8: buf_printf(out, "%u", cur_u8(c)); break;
	case STATE_FIELD_NUM:
	case STATE_FIELD_U32: buf_printf(out, "%" PRIu64, state_get_num(c)); break;
	case STATE_FIELD_SUM: buf_printf(out, "%" PRId64, state_get_zigzag(c)); break;
	case STATE_FIELD_DAY: put_day(out, state_get_day(c)); break;
	case STATE_FIELD_TEXT:
	case STATE_FIELD_CODE: put_text(out, state_get_text(c)); break;
	case STATE_FIELD_KEY:
	case STATE_FIELD_RAW: {
		struct bytes b = {c->p, cur_left(c)};

		cur_take(c, b.n);
		put_text(out, b);
		break;
	}
	}
}

void state_text_value(uint8_t kind, struct bytes value, struct buf *out)
{
	const struct state_row *row = state_row_of(kind);
	struct cur c = cur_of(value.p, value.n);

	for (size_t i = 0; row && i < row->nfields && c.err == ERR_OK; i++) {
		buf_printf(out, "%s%s=", i ? " " : "", row->field[i].name);
		put_field(out, row->field[i].type, &c);
	}
	if (c.err || cur_left(&c))
		buf_printf(out, "(%zu bytes)", value.n);
}
