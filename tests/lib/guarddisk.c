#include "tests/lib/guarddisk.h"

#include <assert.h>

#include "lib/err.h"
#include "tests/lib/t.h"

static void fill(struct guarddisk_slot *s, const struct guard *sealed, const struct guard *intent,
		 struct bytes redo)
{
	static const struct guard none;

	buf_reset(&s->cosigned);
	T_EQ(buf_put(&s->cosigned, sealed->cosigned, sealed->ncosigned * sizeof(*sealed->cosigned)),
	     ERR_OK);
	s->sealed = *sealed;
	s->sealed.cosigned = (const void *)s->cosigned.p;
	s->intent = intent ? *intent : none;
	buf_reset(&s->redo);
	T_EQ(buf_put(&s->redo, redo.p, redo.n), ERR_OK);
}

/* The older slot gets what d->next holds, or what the fate wants. */
static int put(struct guarddisk *d)
{
	struct guarddisk_slot *to = &d->slot[(d->counter + 1) % 2];
	bool fails = d->err && d->good == 0;

	if (d->err && d->good)
		d->good--;
	if (!fails || d->fate == GUARDDISK_WRITTEN) {
		fill(to, &d->next.sealed, &d->next.intent, buf_bytes(&d->next.redo));
		to->counter = d->counter + 1;
	} else if (d->fate == GUARDDISK_TORN) {
		to->counter = 0;
	}
	if (fails)
		return d->err;
	d->counter++;
	return ERR_OK;
}

int guarddisk_save(void *ctx, const struct guard *g)
{
	struct guarddisk *d = ctx;

	assert(!d->busy);
	fill(&d->next, g, NULL, (struct bytes){0});
	return put(d);
}

static int begin(void *ctx, const struct guard *sealed, const struct guard *intent,
		 struct bytes redo)
{
	struct guarddisk *d = ctx;

	assert(!d->busy && redo.n <= GUARD_REDO_MAX && sealed->epoch == intent->epoch);
	d->busy = true;
	fill(&d->next, sealed, intent, redo);
	return ERR_OK;
}

static int wait_for(void *ctx)
{
	struct guarddisk *d = ctx;

	assert(d->busy);
	d->busy = false;
	return put(d);
}

const struct guarddisk_slot *guarddisk_newest(const struct guarddisk *d)
{
	return &d->slot[d->slot[1].counter > d->slot[0].counter];
}

bool guarddisk_open(struct guarddisk *d, struct guard *ret, struct guard_journal *ret_journal)
{
	const struct guarddisk_slot *s = guarddisk_newest(d);

	d->busy = false;
	d->counter = s->counter;
	buf_reset(&d->found);
	*ret_journal = (struct guard_journal){.begin = begin, .wait = wait_for, .ctx = d};
	if (!s->counter)
		return false;
	T_EQ(buf_put(&d->found, s->redo.p, s->redo.n), ERR_OK);
	ret_journal->intent = s->intent;
	ret_journal->redo = buf_bytes(&d->found);
	*ret = s->sealed;
	return true;
}

void guarddisk_lose(struct guarddisk *d)
{
	for (int i = 0; i < 2; i++) {
		buf_close(&d->slot[i].redo);
		buf_close(&d->slot[i].cosigned);
	}
	buf_close(&d->next.redo);
	buf_close(&d->next.cosigned);
	buf_close(&d->found);
	*d = (struct guarddisk){0};
}
