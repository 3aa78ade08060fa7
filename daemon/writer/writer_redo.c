#include "daemon/writer/halt.h"
#include "daemon/writer/writer.h"
#include "daemon/writer/writer_int.h"
#include "lib/err.h"
#include "lib/mem.h"

struct redo {
	struct job *job;
	struct job **list;
	uint32_t n;
};

static void redo_close(struct redo *r)
{
	mem_free(r->job);
	mem_free(r->list);
}

/* How many entries; 0: not what the writer wrote. */
static uint32_t count(struct bytes redo)
{
	struct cur c = cur_of(redo.p, redo.n);
	uint32_t n = 0;

	while (cur_left(&c) > 0 && n < WRITER_BATCH_MAX) {
		const uint8_t *leaf = cur_take(&c, ENTRY_LEAF_BYTES);
		struct entry e;

		if (!leaf || entry_parse(leaf, ENTRY_LEAF_BYTES, &e) ||
		    !cur_take(&c, e.payload_len))
			return 0;
		n++;
	}
	return cur_done(&c) ? 0 : n;
}

static int redo_jobs(const struct writer *w, struct redo *r)
{
	struct cur c = cur_of(w->journal.redo.p, w->journal.redo.n);
	uint32_t n = count(w->journal.redo);

	if (n == 0)
		return ERR_FORK;
	r->job = mem_array(n, sizeof(*r->job));
	r->list = mem_array(n, sizeof(struct job *));
	if (!r->job || !r->list)
		return ERR_NOMEM;
	for (r->n = 0; r->n < n; r->n++) {
		struct job *j = &r->job[r->n];
		struct job_append *a = &j->u.append;
		int err = entry_parse(cur_take(&c, ENTRY_LEAF_BYTES), ENTRY_LEAF_BYTES, &a->tx);

		if (err)
			return err;
		j->type = JOB_APPEND;
		a->payload.n = a->tx.payload_len;
		a->payload.p = cur_take(&c, a->payload.n);
		a->boot = a->tx.boot;
		a->boot_ms = a->tx.boot_ms;
		a->again = true;
		a->author_ok = entry_tx_verify(&a->tx, &w->town);
		r->list[r->n] = j;
	}
	return ERR_OK;
}

/* The batch has come out as it was; the root has every byte. A program with other rules than the one that wrote it may
 * give another verdict. */
static bool same(const struct writer *w, const struct redo *r)
{
	const struct guard *in = &w->journal.intent;

	for (uint32_t i = 0; i < r->n; i++)
		if (r->job[i].err || r->job[i].u.append.exists)
			return false;
	return w->ngrown == 1 && w->grown[0].no == w->own && w->grown[0].size == in->size &&
	       hash_cmp(&w->grown[0].root, &in->root) == 0;
}

int writer_redo(struct writer *w, struct errmsg *msg)
{
	struct redo r = {0};
	int err = redo_jobs(w, &r);

	/* In the plain order: whatever happens, the guard keeps what may have been sent until it is sealed.
	 * A batch of the journal that finds no room is taken out of the guard; this one must not be. */
	w->redo_over = true;
	if (!err)
		err = writer_apply(w, r.list, r.n);
	if (!err && !same(w, &r))
		err = ERR_FORK;
	if (!err)
		err = writer_commit(w);
	if (!err)
		err = writer_seal(w);
	redo_close(&r);
	if (err == ERR_FORK)
		return halt_set(msg, &(struct halt){.id = HALT_REDO_FAILED});
	if (err)
		return err_set(msg, err,
			       "the store lacks entries that this node has signed, and the guard "
			       "cannot bring them back: %s",
			       err_text(err));
	return ERR_OK;
}
