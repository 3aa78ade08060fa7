#include "daemon/exchange/alarm.h"

#include <inttypes.h>

#include "daemon/ledger/state/verdict.h"
#include "lib/template.h"

static const struct {
	const char *name;
	struct says says;
} alarms[ALARM_COUNT] = {[ALARM_NONE] = {"", {"", ""}},
#define ALARM_TEXT(id, zh, en) [ALARM_##id] = {#id, {zh, en}},
			 ALARMS(ALARM_TEXT)
#undef ALARM_TEXT
};

const char *alarm_name(enum alarm_id id)
{
	return alarms[id].name;
}

static void put_number(const void *ctx, char what, char how, struct buf *out)
{
	const struct alarm *a = ctx;
	int64_t v = a->num[what == '1'];

	if (how == 'v' && v >= 0 && v < V_COUNT)
		buf_puts(out, reason_name((enum verdict_id)v));
	else
		buf_printf(out, "%" PRId64, v);
}

int alarm_text(const struct alarm *a, enum lang lang, struct buf *out)
{
	return template_fill(says_in(alarms[a->id].says, lang), put_number, a, out);
}
