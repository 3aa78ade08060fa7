#include "daemon/web/api/advice.h"

#include <stdio.h>
#include <string.h>

#include "daemon/ledger/query/clock_doubt.h"
#include "daemon/ledger/query/view.h"
#include "daemon/ledger/query/year_pending.h"
#include "daemon/web/api/second_key.h"
#include "lib/text.h"

#define KEY_SHOWN_BYTES 8

static int on_pending(void *ctx, const struct reason *r)
{
	verdict_warn(ctx, r);
	return ERR_OK;
}

int advice_warn(const struct web_services *s, const struct rec_type *t, const union rec_any *head,
		struct verdict *v)
{
	const struct rec_year_close *close = (const struct rec_year_close *)head->raw;
	struct reason clock;
	struct kv_txn *txn;
	int err = kv_begin(s->tx.kv, false, &txn);

	if (err)
		return err;
	err = clock_doubt(txn, s->tx.own, tx_today(&s->tx), &clock);
	if (!err && clock.id != V_ACCEPTED)
		verdict_warn(v, &clock);
	if (!err && t->code == REC_year_close)
		err = year_pending(txn, s->tx.own, close->year, on_pending, v);
	kv_abort(txn);
	return err;
}

int advice_second_key(const struct web_services *s, const union rec_any *head, struct verdict *v)
{
	const struct rec_grant *g = (const struct rec_grant *)head->raw;
	char name[sizeof(((struct view_person *)0)->name)], village[STATE_VILLAGE_CODE_MAX],
		hex[2 * KEY_SHOWN_BYTES + 1];
	struct reason why = {.id = V_SECOND_KEY};
	struct view_person p;
	int err;

	snprintf(name, sizeof(name), "%.*s", (int)g->name.n, (const char *)g->name.p);
	snprintf(village, sizeof(village), "%.*s", (int)g->village.n, (const char *)g->village.p);
	err = second_key_find(s, name, g->key.p, village, &p);
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	hex_put(hex, p.key, KEY_SHOWN_BYTES);
	reason_set_text(why.s, p.name, strlen(p.name));
	reason_set_text(why.t, hex, strlen(hex));
	verdict_warn(v, &why);
	return ERR_OK;
}

static int on_missing(void *ctx, const void *row)
{
	const struct row_missing *m = row;
	struct jw *w = ctx;
	char day[DATE_TEXT_MAX];

	jw_obj(w);
	jw_key(w, "what");
	jw_strn(w, (const char *)m->what.p, m->what.n);
	jw_key(w, "about");
	jw_strn(w, (const char *)m->subject.p, m->subject.n);
	jw_kstr(w, "due", day_text(m->due, day));
	jw_obj_end(w);
	return w->out->err;
}

int advice_put_missing(const struct web_services *s, enum lang lang, struct jw *w)
{
	struct ask a = {
		.town = s->tx.town, .day = tx_today(&s->tx), .lang = lang, .upto = REC_PRIVATE};
	int err = web_at_hub(s) ? ERR_OK : kv_begin(s->tx.kv, false, &a.t);

	if (err || web_at_hub(s))
		return err;
	err = feedlog_head(a.t, s->tx.own, &a.feed);
	jw_key(w, "missing");
	jw_arr(w);
	if (!err)
		err = view_each(&a, &views[VIEW_missing], on_missing, w);
	jw_arr_end(w);
	kv_abort(a.t);
	return err;
}
