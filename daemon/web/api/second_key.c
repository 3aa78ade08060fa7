#include "daemon/web/api/second_key.h"

#include <string.h>

#include "daemon/ledger/state/reader.h"
#include "lib/err.h"
#include "lib/look.h"

struct search {
	struct kv_txn *t;
	uint32_t own;
	struct bytes name;
	const uint8_t *key;
	bool found;
	struct view_person p;
};

/* Of a key that this feed has given a role the rules know. */
static int given_here(const struct search *x, const uint8_t key[SIGN_KEY_BYTES], bool *ret)
{
	struct state_person p = {0};
	int err = reader_person(READER(x->t, x->own), x->own, key, &p);

	*ret = !err && p.nroles;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int on_person(void *ctx, const struct view_person *p)
{
	struct search *x = ctx;
	bool here = false;
	int err;

	if (x->found || !p->roles || !look_same(bytes_str(p->name), x->name) ||
	    (x->key && memcmp(p->key, x->key, sizeof(p->key)) == 0))
		return ERR_OK;
	err = x->own == FEED_TOWN ? ERR_OK : given_here(x, p->key, &here);
	if (err || here)
		return err;
	x->p = *p;
	x->found = true;
	return ERR_OK;
}

static int search_in(struct search *x, uint32_t feed_no)
{
	return view_people(x->t, feed_no, DAY_NONE, on_person, x);
}

int second_key_find(const struct web_services *s, const char *name, const uint8_t *key,
		    const char *village, struct view_person *ret)
{
	struct search x = {.own = s->tx.own, .name = bytes_str(name), .key = key};
	struct feed_head head;
	int err = kv_begin(s->tx.kv, false, &x.t);

	if (err)
		return err;
	if (x.own != FEED_TOWN)
		err = search_in(&x, x.own);
	else if (village && !view_feed_named(x.t, x.own, village, &head) && head.no != FEED_TOWN)
		err = search_in(&x, head.no);
	kv_abort(x.t);
	if (!err && x.found)
		*ret = x.p;
	return err ? err : x.found ? ERR_OK : ERR_NOTFOUND;
}
