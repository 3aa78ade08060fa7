#include "daemon/ledger/query/kept.h"

#include <string.h>

#include "daemon/feed/feedlog.h"
#include "daemon/ledger/state/read_catalogue.h"
#include "daemon/ledger/state/versions_in_force.h"
#include "lib/mem.h"
#include "proto/entry.h"

/* The version that a new one follows, and the town's catalogue behind a village's. */
struct before {
	const struct defaults_at *at;
	struct kept *k;
	bool found, again; /* again: it is this record itself, sent once more */
	union rec_any head;
	struct payload p, town;
	uint32_t nlines;
	const struct rec_field *key;
};

bool kept_is(const struct rec_type *t)
{
	return rec_line_key(t) != NULL;
}

static uint64_t bit(uint32_t i)
{
	return UINT64_C(1) << i;
}

static void *line_at(const struct kept *k, uint32_t i)
{
	return k->lines + (size_t)i * k->t->line_size;
}

/* --- which version is followed ----------------------------------------------------------------------- */
static enum doc_kind doc_of(const struct rec_type *t)
{
	switch (t->code) {
	case REC_plan: return DOC_PLAN;
	case REC_scheme: return DOC_SCHEME;
	case REC_prices: return DOC_PRICES;
	default: return DOC_CATALOGUE;
	}
}

/* Its first day; a plan has none. */
static day_t first_day(const struct kept *k)
{
	for (uint32_t i = 0; i < k->t->nhead; i++)
		if (strcmp(k->t->head[i].name, "from") == 0)
			return rec_day(&k->t->head[i], k->head);
	return DAY_NONE;
}

struct latest {
	day_t day;
	struct document begun, newest;
	bool any, has_begun;
};

static int on_version(void *ctx, const struct document *d)
{
	struct latest *l = ctx;
	bool begun = d->from != DAY_NONE && l->day != DAY_NONE && d->from <= l->day;

	if (begun && (!l->has_begun || d->from >= l->begun.from)) {
		l->begun = *d;
		l->has_begun = true;
	}
	l->newest = *d;
	l->any = true;
	return ERR_OK;
}

/* The one that its first day falls in or comes after, else the newest; of a year that is over, too. */
static int version_before(struct before *b, uint64_t *ret_entry)
{
	struct latest l = {.day = first_day(b->k)};
	int err = read_documents(READER(b->at->t, b->at->feed_no), doc_of(b->k->t), on_version, &l);

	if (err || !l.any)
		return err ? err : ERR_NOTFOUND;
	*ret_entry = l.has_begun ? l.begun.entry : l.newest.entry;
	b->k->version = l.has_begun ? l.begun.version : l.newest.version;
	return ERR_OK;
}

/* A payload that outlives the transaction. */
static int own_payload(struct before *b, uint32_t feed, uint64_t seq, void **to,
		       struct payload *ret)
{
	struct bytes leaf = {0}, payload = {0};
	int err = feedlog_read(b->at->t, feed, seq, &leaf, &payload);

	if (err)
		return err;
	*to = mem_array(payload.n + 1, 1);
	if (!*to)
		return ERR_NOMEM;
	memcpy(*to, payload.p, payload.n);
	return payload_parse(*to, payload.n, ret) ? ERR_CORRUPT : ERR_OK;
}

/* The same request again is the same record: what was written under its ID says what was left out. */
static int written_before(struct before *b, const uint8_t *txid, uint64_t *ret_entry)
{
	struct bytes leaf = {0}, payload = {0};
	struct entry e;
	int err = feedlog_txid(b->at->t, b->at->feed_no, txid, ret_entry);

	if (!err)
		err = feedlog_read(b->at->t, b->at->feed_no, *ret_entry, &leaf, &payload);
	if (!err)
		err = entry_parse(leaf.p, leaf.n, &e);
	if (!err && (e.type != b->k->t->code || e.schema != b->k->t->schema))
		err = ERR_NOTFOUND;
	b->again = !err;
	return err;
}

static int find_before(struct before *b, const uint8_t *txid)
{
	uint64_t entry = 0;
	int err = txid ? written_before(b, txid, &entry) : ERR_NOTFOUND;

	if (err == ERR_NOTFOUND)
		err = version_before(b, &entry);
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	err = own_payload(b, b->at->feed_no, entry, &b->k->payload[0], &b->p);
	if (!err &&
	    (rec_decode_head(b->k->t, &b->p, &b->head) || rec_nlines(b->k->t, &b->p, &b->nlines)))
		err = ERR_CORRUPT;
	b->found = !err;
	return err;
}

/* --- the head ---------------------------------------------------------------------------------------- */
static bool is_given(const struct kept *k, const struct rec_field *f)
{
	return k->given & bit((uint32_t)(f - k->t->head));
}

static void fill_head(struct before *b)
{
	struct kept *k = b->k;

	for (uint32_t i = 0; i < k->t->nhead; i++) {
		const struct rec_field *f = &k->t->head[i];
		bool alone = f->together && is_given(k, f->together);

		if (f->fill != REC_KEPT || is_given(k, f))
			continue;
		if (b->found && !(alone && !b->again)) {
			rec_copy(f, k->head, &b->head);
			k->carried |= bit(i);
		} else if (rec_put_first(f, k->head)) {
			k->first |= bit(i);
		}
	}
}

static bool lacks(const struct rec_field *f, uint64_t there, uint32_t i, const void *s)
{
	if (there & bit(i))
		return false;
	return f->kind == REC_CHOICE || (f->min > 0 && rec_is_zero(f, s));
}

static int missing(struct kept *k, const struct rec_field *f, uint32_t line)
{
	k->missing = f;
	k->line = line;
	return ERR_INVALID;
}

static int check_head(struct kept *k)
{
	for (uint32_t i = 0; i < k->t->nhead; i++)
		if (k->t->head[i].fill == REC_KEPT &&
		    lacks(&k->t->head[i], k->given | k->carried | k->first, i, k->head))
			return missing(k, &k->t->head[i], 0);
	return ERR_OK;
}

/* --- the town's catalogue ---------------------------------------------------------------------------- */
/* What was not given, as the town has it. */
static void put_town(const struct kept *k, const struct rec_catalogue_line *i, uint64_t given,
		     void *line)
{
	const struct rec_adopt_catalogue_line town = {.change = CHANGE_change,
						      .code = i->code,
						      .category = i->category,
						      .sign = i->sign,
						      .name_zh = i->name_zh,
						      .name_en = i->name_en,
						      .points = i->points,
						      .unit = i->unit,
						      .cap = i->cap,
						      .scope = i->scope,
						      .evidence = i->evidence,
						      .document = i->document};

	for (uint32_t f = 0; f < k->t->nline; f++)
		if (!(given & bit(f)))
			rec_copy(&k->t->line[f], line, &town);
}

static int town_item(const struct before *b, struct bytes code, struct rec_catalogue_line *ret)
{
	for (uint32_t i = 0; i + 1 < b->town.nparts; i++) {
		if (rec_decode_line(rec_type_of(REC_catalogue), &b->town, i, ret))
			return ERR_CORRUPT;
		if (bytes_eq(ret->code, code))
			return ERR_OK;
	}
	return ERR_NOTFOUND;
}

static int read_town(struct before *b)
{
	const struct rec_adopt_catalogue *a = (const struct rec_adopt_catalogue *)b->k->head->raw;
	struct state_version v;
	int err = read_catalogue(READER(b->at->t, FEED_TOWN), a->base, &v);

	if (!err)
		err = own_payload(b, FEED_TOWN, v.seq, &b->k->payload[1], &b->town);
	return err == ERR_NOTFOUND ? ERR_OK : err; /* the rule refuses a base that is not there */
}

/* What a village's line does to the town's list follows from both: an item that the town took up is changed no longer
 * added, and one that it dropped is nobody's to change. */
static enum rec_choice_CHANGE change_of(enum rec_choice_CHANGE now, bool in_town)
{
	if (now == CHANGE_drop)
		return CHANGE_drop;
	return in_town ? CHANGE_change : now;
}

/* --- lines ------------------------------------------------------------------------------------------- */
struct merged {
	uint8_t *lines;
	uint64_t *given;
	enum kept_how *how;
	uint32_t *from;
	uint32_t n;
};

static void *merged_at(const struct before *b, const struct merged *m, uint32_t i)
{
	return m->lines + (size_t)i * b->k->t->line_size;
}

static int merged_open(const struct before *b, struct merged *m)
{
	size_t n = (size_t)b->nlines + b->k->nlines + b->k->ndrop + 1;

	m->lines = mem_array(n, b->k->t->line_size);
	m->given = mem_array(n, sizeof(m->given[0]));
	m->how = mem_array(n, sizeof(m->how[0]));
	m->from = mem_array(n, sizeof(m->from[0]));
	return m->lines && m->given && m->how && m->from ? ERR_OK : ERR_NOMEM;
}

static void merged_close(struct merged *m)
{
	mem_free(m->lines);
	mem_free(m->given);
	mem_free(m->how);
	mem_free(m->from);
}

static int take_lines(const struct before *b, struct merged *m)
{
	for (; m->n < b->nlines; m->n++) {
		if (rec_decode_line(b->k->t, &b->p, m->n, merged_at(b, m, m->n)))
			return ERR_CORRUPT;
		m->how[m->n] = KEPT_WHOLE;
		m->from[m->n] = 0;
		m->given[m->n] = UINT64_MAX;
	}
	return ERR_OK;
}

/* The line taken over with this key; m->n: there is none. */
static uint32_t find_line(const struct before *b, const struct merged *m, struct bytes key)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (m->how[i] == KEPT_WHOLE && bytes_eq(rec_bytes(b->key, merged_at(b, m, i)), key))
			return i;
	return m->n;
}

static void remove_line(const struct before *b, struct merged *m, uint32_t i)
{
	size_t size = b->k->t->line_size;

	m->n--;
	memmove(merged_at(b, m, i), merged_at(b, m, i + 1), (m->n - i) * size);
	memmove(m->given + i, m->given + i + 1, (m->n - i) * sizeof(m->given[0]));
	memmove(m->how + i, m->how + i + 1, (m->n - i) * sizeof(m->how[0]));
	memmove(m->from + i, m->from + i + 1, (m->n - i) * sizeof(m->from[0]));
}

/* Line @from that people gave, from 1: over the one with its key, or behind them all. */
static void put_line(const struct before *b, struct merged *m, uint32_t from)
{
	const struct rec_type *t = b->k->t;
	const void *line = line_at(b->k, from - 1);
	uint64_t given = b->k->line_given[from - 1];
	uint32_t at = find_line(b, m, rec_bytes(b->key, line));
	bool known = at < m->n;
	union rec_any v;

	memcpy(v.raw, line, t->line_size);
	for (uint32_t i = 0; i < t->nline; i++) {
		if (given & bit(i))
			continue;
		if (known)
			rec_copy(&t->line[i], v.raw, merged_at(b, m, at));
		else if (rec_put_first(&t->line[i], v.raw))
			given |= bit(i);
	}
	memcpy(merged_at(b, m, at), v.raw, t->line_size);
	m->how[at] = known ? KEPT_CHANGED : KEPT_GIVEN;
	m->given[at] = known ? UINT64_MAX : given;
	m->from[at] = from;
	m->n += !known;
}

static int no_line(const struct before *b, struct bytes key, struct reason *why)
{
	*why = (struct reason){.id = V_DROP_UNKNOWN, .num = {(int64_t)b->k->version}};
	reason_set_text(why->s, key.p, key.n);
	reason_set_text(why->t, b->k->t->name, strlen(b->k->t->name));
	return ERR_NOTFOUND;
}

/* --- what a village does to the town's list ------------------------------------------------------------ */
static struct rec_adopt_catalogue_line *adopt_line(const struct before *b, const struct merged *m,
						   uint32_t i)
{
	return (struct rec_adopt_catalogue_line *)merged_at(b, m, i);
}

/* Of the first field of such a line, its change. */
#define CHANGE_GIVEN UINT64_C(1)

/* Drops an item: the town's by a line that says so, the village's own by leaving its line out. @from: the line that
 * people gave, 0: none. */
static int drop_item(struct before *b, struct merged *m, struct bytes code, uint32_t from,
		     struct reason *why)
{
	uint32_t at = find_line(b, m, code);
	struct rec_catalogue_line item;
	int err = town_item(b, code, &item);

	if (err == ERR_NOTFOUND && at == m->n)
		return b->again ? ERR_OK : no_line(b, code, why);
	if (err == ERR_NOTFOUND) {
		remove_line(b, m, at);
		return ERR_OK;
	}
	if (err)
		return err;
	memset(merged_at(b, m, at), 0, b->k->t->line_size);
	put_town(b->k, &item, 0, merged_at(b, m, at));
	adopt_line(b, m, at)->change = CHANGE_drop;
	m->how[at] = at < m->n ? KEPT_CHANGED : KEPT_GIVEN;
	m->given[at] = UINT64_MAX;
	m->from[at] = from;
	m->n += at == m->n;
	return ERR_OK;
}

/* A line for an item of the town (@item) or of the village's own (NULL). */
static void put_item(struct before *b, struct merged *m, uint32_t i,
		     const struct rec_catalogue_line *item)
{
	const struct rec_adopt_catalogue_line *l = line_at(b->k, i);
	uint32_t at = find_line(b, m, l->code);
	bool own = at < m->n && adopt_line(b, m, at)->change != CHANGE_drop;
	uint64_t given = b->k->line_given[i];

	put_line(b, m, i + 1);
	if (item && !own) {
		put_town(b->k, item, given, merged_at(b, m, at));
		m->given[at] = UINT64_MAX;
	}
	if (!(given & CHANGE_GIVEN) || (own && !item))
		adopt_line(b, m, at)->change = item ? CHANGE_change : CHANGE_add;
	m->given[at] |= CHANGE_GIVEN;
}

/* A line that people gave may say of itself that it drops its item. */
static int put_change(struct before *b, struct merged *m, uint32_t i, struct reason *why)
{
	const struct rec_adopt_catalogue_line *l = line_at(b->k, i);
	bool drops = (b->k->line_given[i] & CHANGE_GIVEN) && l->change == CHANGE_drop;
	struct rec_catalogue_line item;
	int err = drops ? drop_item(b, m, l->code, i + 1, why) : town_item(b, l->code, &item);

	if (!drops && (!err || err == ERR_NOTFOUND)) {
		put_item(b, m, i, err ? NULL : &item);
		err = ERR_OK;
	}
	return err;
}

/* The village's lines against another list of the town. */
static int follow_town(struct before *b, struct merged *m)
{
	struct rec_catalogue_line item;
	int err = ERR_OK;

	for (uint32_t i = 0; i < m->n && b->k->payload[1];) {
		struct rec_adopt_catalogue_line *l = adopt_line(b, m, i);

		err = m->how[i] == KEPT_WHOLE ? town_item(b, l->code, &item) : ERR_OK;
		if (err && err != ERR_NOTFOUND)
			return err;
		if (err && l->change != CHANGE_add) {
			remove_line(b, m, i);
			b->k->ngone++;
			continue;
		}
		if (m->how[i] == KEPT_WHOLE)
			l->change = change_of((enum rec_choice_CHANGE)l->change, !err);
		i++;
	}
	return ERR_OK;
}

/* --- all of it ----------------------------------------------------------------------------------------- */
static int drop_line(struct before *b, struct merged *m, struct bytes key, struct reason *why)
{
	uint32_t at = find_line(b, m, key);

	if (b->k->t->code == REC_adopt_catalogue)
		return drop_item(b, m, key, 0, why);
	if (at < m->n)
		remove_line(b, m, at);
	else if (!b->again)
		return no_line(b, key, why);
	return ERR_OK;
}

static int merge(struct before *b, struct merged *m, struct reason *why)
{
	struct kept *k = b->k;
	bool adopts = k->t->code == REC_adopt_catalogue;
	int err = merged_open(b, m);

	if (!err)
		err = take_lines(b, m);
	if (!err && adopts)
		err = follow_town(b, m);
	for (uint32_t i = 0; i < k->ndrop && !err; i++)
		err = drop_line(b, m, k->drop[i], why);
	for (uint32_t i = 0; i < k->nlines && !err; i++) {
		if (adopts)
			err = put_change(b, m, i, why);
		else
			put_line(b, m, i + 1);
	}
	return err;
}

static int check_lines(struct kept *k)
{
	if (k->nlines < k->t->lines_min || k->nlines > k->t->lines_max)
		return missing(k, NULL, 0);
	for (uint32_t line = 0; line < k->nlines; line++)
		for (uint32_t i = 0; i < k->t->nline; i++)
			if (lacks(&k->t->line[i], k->line_given[line], i, line_at(k, line)))
				return missing(k, &k->t->line[i], k->from[line]);
	return ERR_OK;
}

static void take_merged(struct kept *k, struct merged *m)
{
	mem_free(k->lines);
	mem_free(k->line_given);
	k->lines = m->lines;
	k->line_given = m->given;
	k->how = m->how;
	k->from = m->from;
	k->nlines = m->n;
	*m = (struct merged){.n = 0};
}

int kept_fill(const struct defaults_at *at, const uint8_t *txid, struct kept *k, struct reason *why)
{
	struct before b = {.at = at, .k = k, .key = rec_line_key(k->t)};
	struct merged m = {.n = 0};
	int err = find_before(&b, txid);

	if (!err)
		fill_head(&b);
	if (!err && k->t->code == REC_adopt_catalogue)
		err = read_town(&b);
	if (!err)
		err = merge(&b, &m, why);
	if (!err)
		take_merged(k, &m);
	merged_close(&m);
	if (!err)
		err = check_head(k);
	return err ? err : check_lines(k);
}

void kept_close(struct kept *k)
{
	mem_free(k->how);
	mem_free(k->from);
	for (uint32_t i = 0; i < KEPT_PAYLOADS; i++)
		mem_free(k->payload[i]);
	k->how = NULL;
	k->from = NULL;
	memset(k->payload, 0, sizeof(k->payload));
}
