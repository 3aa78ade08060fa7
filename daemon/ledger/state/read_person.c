#include "daemon/ledger/state/read_person.h"

#include <string.h>

#include "lib/err.h"
#include "lib/text.h"

int read_town_person(const struct reader *r, const uint8_t key[32], struct state_person *ret)
{
	struct bytes found, row;
	struct state_key k;
	int err;

	state_town_person_key(&k, FEED_TOWN, key, r->known);
	err = reader_before(r, &k, 1, &found, &row);
	return err ? err : state_person_parse(row, ret);
}

/* An unknown clock does not end a term. */
static bool counts_on(const struct state_role *r, day_t on)
{
	return on == DAY_NONE ||
	       ((r->from == DAY_NONE || on >= r->from) && (r->to == DAY_NONE || on <= r->to));
}

uint32_t read_person_roles(const struct state_person *p, const char *village, day_t on)
{
	uint32_t roles = 0;

	for (uint32_t i = 0; i < p->nroles; i++)
		if (strcmp(p->role[i].village, village) == 0 && counts_on(&p->role[i], on))
			roles |= UINT32_C(1) << p->role[i].role;
	return roles;
}

/* The code of the village whose feed this is; "" for the town and for a village not enrolled. */
static int village_of(const struct reader *r, char code[STATE_VILLAGE_CODE_MAX])
{
	struct feed_head head;
	struct state_enrol en;
	int err;

	code[0] = '\0';
	if (r->feed_no == FEED_TOWN)
		return ERR_OK;
	err = feedlog_head(r->txn, r->feed_no, &head);
	if (err)
		return err;
	err = reader_enrol(r, FEED_TOWN, head.id.b, &en);
	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	str_set(code, STATE_VILLAGE_CODE_MAX, en.code);
	return ERR_OK;
}

static void add_grants(struct view_person *to, const struct state_person *p, const char *village)
{
	for (uint32_t i = 0; i < p->nroles; i++)
		if (strcmp(p->role[i].village, village) == 0)
			to->grant[to->ngrants++] = p->role[i];
}

/* ERR_NOTFOUND: neither the feed nor, for this village, the town knows the person. */
static int read_both(const struct reader *r, const char *village, const uint8_t key[32], day_t on,
		     struct view_person *ret)
{
	struct state_person town, own;
	int town_err = read_town_person(r, key, &town), own_err = ERR_NOTFOUND;
	bool here = r->feed_no == FEED_TOWN;

	if (r->feed_no != FEED_TOWN)
		own_err = reader_person(r, r->feed_no, key, &own);
	if (town_err && town_err != ERR_NOTFOUND)
		return town_err;
	if (own_err && own_err != ERR_NOTFOUND)
		return own_err;
	for (uint32_t i = 0; !town_err && i < town.nroles; i++)
		here = here || (*village && strcmp(town.role[i].village, village) == 0);
	if (own_err && (town_err || !here))
		return ERR_NOTFOUND;
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->key, key, 32);
	str_set(ret->name, sizeof(ret->name), own_err ? town.name : own.name);
	if (!own_err) {
		ret->roles |= read_person_roles(&own, "", on);
		add_grants(ret, &own, "");
	}
	if (!town_err && (r->feed_no == FEED_TOWN || *village)) {
		ret->roles |= read_person_roles(&town, village, on);
		add_grants(ret, &town, village);
	}
	return ERR_OK;
}

int read_person(const struct reader *r, const uint8_t key[32], day_t on, struct view_person *ret)
{
	char village[STATE_VILLAGE_CODE_MAX];
	int err = village_of(r, village);

	return err ? err : read_both(r, village, key, on, ret);
}

/* --- everybody ------------------------------------------------------------------------------------- */
struct people {
	const struct reader *r;
	char village[STATE_VILLAGE_CODE_MAX];
	day_t on;
	int (*fn)(void *ctx, const struct view_person *p);
	void *ctx;
	uint8_t last[32]; /* in the town one person has a row for every change */
	bool any;
};

static int on_person(struct people *w, const uint8_t key[32])
{
	struct view_person p;
	int err = read_both(w->r, w->village, key, w->on, &p);

	if (err)
		return err == ERR_NOTFOUND ? ERR_OK : err;
	return w->fn(w->ctx, &p);
}

static int on_own_row(void *ctx, struct bytes key, struct bytes row)
{
	struct state_person_parts at;
	int err = state_person_split(key, &at);

	(void)row;
	return err ? err : on_person(ctx, at.key);
}

/* Who has a row in the village was shown with that. */
static int on_town_row(void *ctx, struct bytes key, struct bytes row)
{
	struct state_town_person_parts at;
	struct state_person own;
	struct people *w = ctx;
	int err = state_town_person_split(key, &at);

	(void)row;
	if (err || (w->any && memcmp(w->last, at.key, sizeof(w->last)) == 0))
		return err;
	memcpy(w->last, at.key, sizeof(w->last));
	w->any = true;
	if (w->r->feed_no != FEED_TOWN && !reader_person(w->r, w->r->feed_no, at.key, &own))
		return ERR_OK;
	return on_person(w, w->last);
}

int view_people(struct kv_txn *t, uint32_t feed_no, day_t on,
		int (*fn)(void *ctx, const struct view_person *p), void *ctx)
{
	const struct reader r = reader_of(t, feed_no);
	struct people w = {.r = &r, .on = on, .fn = fn, .ctx = ctx};
	struct state_key k;
	int err = village_of(&r, w.village);

	state_key_of(&k, feed_no, STATE_PERSON);
	if (!err && feed_no != FEED_TOWN)
		err = reader_each(&r, &k, 0, on_own_row, &w);
	state_key_of(&k, FEED_TOWN, STATE_TOWN_PERSON);
	if (!err && (feed_no == FEED_TOWN || w.village[0]))
		err = reader_each(&r, &k, 0, on_town_row, &w);
	return err;
}
