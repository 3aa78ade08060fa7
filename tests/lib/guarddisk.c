#include "tests/lib/guarddisk.h"

#include "lib/err.h"
#include "tests/lib/t.h"

/* The heads of @before, as they are after those that changed. */
static void fill(struct guarddisk_slot *s, const struct guarddisk_slot *before,
		 const struct guard *sealed, const struct guard *intent, struct bytes redo)
{
	static const struct guard none;

	T_OK(sealed->ncosigned <= GUARD_CHANGED_MAX);
	guard_heads_reset(&s->heads);
	T_EQ(guard_heads_put_all(&s->heads, before->heads.v, before->heads.n), ERR_OK);
	T_EQ(guard_heads_put_all(&s->heads, sealed->cosigned, sealed->ncosigned), ERR_OK);
	s->sealed = *sealed;
	s->sealed.cosigned = s->heads.v;
	s->sealed.ncosigned = s->heads.n;
	s->intent = intent ? *intent : none;
	buf_reset(&s->redo);
	T_EQ(buf_put(&s->redo, redo.p, redo.n), ERR_OK);
}

/* The older slot gets what d->next holds, or what the fate wants. */
static int put(struct guarddisk *d)
{
	struct guarddisk_slot *to = &d->slot[(d->counter + 1) % 2], was;
	bool fails = d->err && d->good == 0;

	if (d->err && d->good)
		d->good--;
	if (!fails || d->fate == GUARDDISK_WRITTEN) {
		was = *to;
		*to = d->next;
		to->counter = d->counter + 1;
		d->next = was; /* for its memory */
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

	T_OK(!d->busy);
	fill(&d->next, guarddisk_newest(d), g, NULL, (struct bytes){0});
	return put(d);
}

static int begin(void *ctx, const struct guard *sealed, const struct guard *intent,
		 struct bytes redo)
{
	struct guarddisk *d = ctx;

	T_OK(!d->busy && redo.n <= GUARD_REDO_MAX && sealed->epoch == intent->epoch);
	d->busy = true;
	fill(&d->next, guarddisk_newest(d), sealed, intent, redo);
	return ERR_OK;
}

static int wait_for(void *ctx)
{
	struct guarddisk *d = ctx;

	T_OK(d->busy);
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

void guarddisk_copy(const struct guarddisk *from, struct guarddisk *to)
{
	const struct guarddisk_slot *s = guarddisk_newest(from);
	struct guard sealed = s->sealed;

	*to = (struct guarddisk){0};
	if (!s->counter)
		return;
	sealed.cosigned = NULL; /* all are in the slot */
	sealed.ncosigned = 0;
	fill(&to->slot[0], s, &sealed, &s->intent, buf_bytes(&s->redo));
	to->slot[0].counter = to->counter = 2; /* the next one goes to the other slot */
}

void guarddisk_lose(struct guarddisk *d)
{
	for (int i = 0; i < 2; i++) {
		buf_close(&d->slot[i].redo);
		guard_heads_close(&d->slot[i].heads);
	}
	buf_close(&d->next.redo);
	guard_heads_close(&d->next.heads);
	buf_close(&d->found);
	*d = (struct guarddisk){0};
}
