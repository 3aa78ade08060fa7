#include "tests/sim/sim.h"

#include <string.h>

#include "daemon/feed/feedlog_int.h"
#include "lib/err.h"
#include "tests/lib/t.h"

#define MINUTE_MS      UINT64_C(60000)
#define YEAR_MS	       (365 * 24 * 60 * MINUTE_MS)
#define CRASH_EVERY_MS (8 * MINUTE_MS)
#define DOWN_MS	       (2 * MINUTE_MS)
#define PHASE_CRASH    2 /* percent of store phases */

static const struct {
	uint64_t every_ms, lasts_ms;
} faults[FAULTS] = {
	[FAULT_LINK] = {6 * MINUTE_MS, 3 * MINUTE_MS},
	[FAULT_DISK] = {10 * MINUTE_MS, MINUTE_MS},
	[FAULT_SYNC] = {15 * MINUTE_MS, 20000},
	[FAULT_GUARD] = {15 * MINUTE_MS, 20000},
	[FAULT_CLOCK] = {8 * MINUTE_MS, 5 * MINUTE_MS},
	[FAULT_STRANGER] = {5 * MINUTE_MS, 1},
	[FAULT_ROT] = {6 * MINUTE_MS, MINUTE_MS},
	[FAULT_COPY] = {6 * MINUTE_MS, 3 * MINUTE_MS},
	[FAULT_SLOW] = {12 * MINUTE_MS, 2 * MINUTE_MS},
	[FAULT_STOP] = {12 * MINUTE_MS, 3 * MINUTE_MS},
	[FAULT_ONEWAY] = {8 * MINUTE_MS, MINUTE_MS},
	[FAULT_REDO] = {6 * MINUTE_MS, 3 * MINUTE_MS},
	[FAULT_LAND] = {12 * MINUTE_MS, MINUTE_MS},
	[FAULT_CLONE] = {8 * MINUTE_MS, 3 * MINUTE_MS},
	[FAULT_LIAR] = {4 * MINUTE_MS, 4 * MINUTE_MS},
};
#define SLOW_MS 60000 /* a sync on a slow disk */

/* --- clocks ---------------------------------------------------------------------------------------- */

static uint64_t since_boot(void *ctx, struct host *h)
{
	const struct machine *m = ctx;

	(void)h;
	return m->s->now - m->started + 1;
}

uint64_t machine_wall(const struct machine *m)
{
	if (m->clock_unknown)
		return 0;
	if (m->clock_1970)
		return m->s->now - m->started;
	return (uint64_t)((int64_t)sim_wall(m->s) + m->clock_off);
}

static uint64_t wall_of(void *ctx, struct host *h)
{
	(void)h;
	return machine_wall(ctx);
}

static void clock_goes_wrong(struct sim *s, struct machine *m)
{
	switch (prng_below(&s->clock, 4)) {
	case 0: m->clock_1970 = true; break;
	case 1: m->clock_unknown = true; break;
	case 2: m->clock_off = (int64_t)(10 * YEAR_MS); break;
	default: m->clock_off = -(int64_t)prng_below(&s->clock, YEAR_MS); break;
	}
}

static void clock_right(struct machine *m)
{
	m->clock_1970 = m->clock_unknown = false;
	m->clock_off = 0;
}

/* --- life ------------------------------------------------------------------------------------------ */

static void next_fault(struct sim *s, uint32_t host, enum sim_fault f, bool end)
{
	struct sim_event ev = {.type = SE_FAULT, .host = host, .a = (uint64_t)f * 2 + end};
	uint64_t ms = end ? faults[f].lasts_ms : faults[f].every_ms;

	sim_at(s, 1 + prng_below(&s->disk, 2 * ms), &ev);
}

static bool may_have(uint32_t host, enum sim_fault f)
{
	if (f == FAULT_STRANGER)
		return host == SIM_HUB;
	return host != SIM_HUB ||
	       (f != FAULT_ROT && f != FAULT_CLONE && f != FAULT_ONEWAY && f != FAULT_LIAR);
}

void machine_open(struct sim *s)
{
	struct sim_event ev = {.type = SE_RESTART};

	s->m[SIM_CLONE].s = s;
	host_hub(&s->m[SIM_HUB].host, s->opts.seed * 64 + 1);
	for (uint32_t i = 1; i < SIM_HOSTS; i++)
		host_village(&s->m[i].host, &s->m[SIM_HUB].host, i, s->opts.seed * 64 + 1 + i);
	for (uint32_t i = 0; i < SIM_HOSTS; i++) {
		struct machine *m = &s->m[i];

		m->s = s;
		m->host.plain = (s->opts.seed + i) % 4 == 0; /* an older program, say */
		m->host.ctx = m;
		m->host.perform = net_perform;
		m->host.now_ms = since_boot;
		m->host.wall_ms = wall_of;
		ev.host = i;
		sim_at(s, i * 100, &ev);
		for (unsigned f = 0; f < FAULTS; f++)
			if (s->with[f] && may_have(i, f))
				next_fault(s, i, f, false);
	}
}

/* --- copies of the store --------------------------------------------------------------------------- */

static void copies_drop(struct machine *m)
{
	while (m->ncopies)
		kv_abort(m->copy[--m->ncopies]);
}

static void copies_add(struct machine *m)
{
	if (m->ncopies == SIM_COPIES)
		kv_abort(m->copy[--m->ncopies]);
	memmove(m->copy + 1, m->copy, m->ncopies * sizeof(m->copy[0]));
	T_EQ(kv_begin(m->host.kv, false, &m->copy[0]), ERR_OK);
	m->ncopies++;
}

void machine_close(struct sim *s)
{
	clone_end(s);
	for (uint32_t i = 0; i < SIM_HOSTS; i++) {
		kv_close(s->m[i].image);
		copies_drop(&s->m[i]);
		host_close(&s->m[i].host);
		buf_close(&s->m[i].leaf_acked);
	}
}

/* --- what it waits for ----------------------------------------------------------------------------- */

static void want_tick(struct sim *s, struct machine *m)
{
	struct sim_event ev = {.type = SE_TICK, .host = m->host.index, .gen = m->gen};
	uint64_t next = node_next_tick(m->host.node), at;

	if (next == UINT64_MAX)
		return;
	at = m->started + next - 1;
	if (at <= s->now)
		at = s->now + 1;
	if (m->tick_at && m->tick_at <= at)
		return;
	m->tick_at = at;
	sim_at(s, at - s->now, &ev);
}

/* The next phase takes its time, and the power may go in the midst of it. */
static void want_store(struct sim *s, struct machine *m, enum phase next, uint64_t ms_max)
{
	struct sim_event ev = {.type = SE_STORE, .host = m->host.index, .gen = m->gen};
	uint64_t ms = next == PH_COMMIT ? ms_max : 1 + prng_below(&s->disk, ms_max);

	m->phase = next;
	sim_at(s, ms, &ev);
	if (!s->with_crashes || s->calm || m->host.index == SIM_CLONE ||
	    !sim_chance(&s->crash, PHASE_CRASH))
		return;
	ev.type = SE_CRASH;
	sim_at(s, prng_below(&s->crash, ms + 1), &ev);
}

/* Store and guard are written side by side. */
static void want_commit(struct sim *s, struct machine *m)
{
	m->commit_at = s->now;
	m->store_ms = 1 + prng_below(&s->disk, m->slow ? SLOW_MS : 150);
	m->guard_ms = 1 + prng_below(&s->disk, m->slow ? SLOW_MS : 150);
	want_store(s, m, PH_COMMIT, m->store_ms > m->guard_ms ? m->store_ms : m->guard_ms);
}

static void wake(struct sim *s, struct machine *m)
{
	if (!m->host.up)
		return;
	if (m->phase == PH_IDLE && (m->host.nqueue || writer_pending(m->host.writer)))
		want_store(s, m, PH_APPLY, 20);
	want_tick(s, m);
}

void machine_wake(struct sim *s, uint32_t host)
{
	wake(s, &s->m[host]);
}

void machine_feed(struct sim *s, uint32_t host, struct event *ev)
{
	struct machine *m = &s->m[host];

	if (!m->host.up)
		return;
	host_feed(&m->host, ev);
	wake(s, m);
}

void machine_offer(struct sim *s, uint32_t host, struct cmd *c)
{
	host_queue(&s->m[host].host, &c->job);
	wake(s, &s->m[host]);
}

/* Nothing of what was meant for it is lost, it only comes late. */
bool machine_defers(struct sim *s, const struct sim_event *ev)
{
	struct machine *m = &s->m[ev->host];
	uint64_t more;

	if (m->stopped_until <= s->now || ev->type == SE_CRASH || ev->type == SE_RESTART ||
	    ev->type == SE_FAULT || ev->type == SE_IMAGE || ev->type == SE_CALM ||
	    ev->type == SE_CHECK)
		return false;
	more = m->stopped_until - s->now;
	if (ev->type == SE_TICK && m->tick_at == ev->at)
		m->tick_at = s->now + more;
	sim_at(s, more, ev);
	return true;
}

void machine_tick(struct sim *s, const struct sim_event *ev)
{
	struct event tick = {.type = EV_TICK};

	if (s->m[ev->host].tick_at != ev->at)
		return;
	s->m[ev->host].tick_at = 0;
	machine_feed(s, ev->host, &tick);
}

/* --- store ----------------------------------------------------------------------------------------- */

static void broken(struct sim *s, struct machine *m, const char *what, int err)
{
	if (writer_state(m->host.writer) != WRITER_DEAD) {
		sim_fail(s, "%s: %s failed: %s", m->host.name, what, err_text(err));
		return;
	}
	sim_say(s, "%s: %s failed (%s), stops", m->host.name, what, err_name(err));
	if (sim_chance(&s->crash, 50))
		host_fail(&m->host, work_failed, s);
	machine_crash(s, m->host.index);
}

static void report(struct sim *s, struct machine *m)
{
	m->phase = PH_IDLE;
	law_before_report(s, m->host.index);
	host_report(&m->host, work_done, s);
	law_reported(s, m->host.index);
	if (m->old_copy && guarddisk_newest(&m->host.guard)->intent.size &&
	    sim_chance(&s->crash, 50))
		machine_crash(s, m->host.index); /* at the moment when the guard has most to do */
	wake(s, m);
}

static void apply(struct sim *s, struct machine *m)
{
	int err;

	law_before_apply(s, m->host.index);
	err = host_apply(&m->host);
	if (err)
		broken(s, m, "apply", err);
	else
		want_commit(s, m);
}

static void commit(struct sim *s, struct machine *m)
{
	int err = host_commit(&m->host);

	if (err == ERR_FULL) {
		s->count.fulls++;
		want_store(s, m, PH_REPORT, 10); /* nothing was changed; that is reported */
	} else if (err) {
		broken(s, m, "commit", err);
	} else {
		copies_add(m);
		law_committed(s, m->host.index);
		want_store(s, m, PH_SEAL, 30);
	}
}

/* What is in a place of the store, with one bit of it changed; a second time it is as before. */
static void flip_at(struct machine *m, enum kv_table table, struct bytes key, size_t byte)
{
	uint8_t row[ENTRY_LEAF_BYTES + ENTRY_PAYLOAD_MAX];
	struct kv_txn *t;
	struct bytes v;

	T_EQ(kv_begin(m->host.kv, true, &t), ERR_OK);
	T_EQ(kv_get(t, table, key, &v), ERR_OK);
	T_OK(byte < v.n);
	memcpy(row, v.p, v.n);
	row[byte] ^= 1;
	T_EQ(kv_put(t, table, key, kv_bytes(row, v.n)), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
}

/* Reads wrong: the leaf of a new entry, or its hash in the tree. Nobody may sign it. */
static void land_wrong(struct sim *s, struct machine *m, uint64_t seq)
{
	bool tree = sim_chance(&s->disk, 50);
	enum kv_table table = tree ? KV_TREE : KV_ENTRY;
	uint8_t raw[TREE_KEY_BYTES > ENTRY_KEY_BYTES ? TREE_KEY_BYTES : ENTRY_KEY_BYTES];
	struct bytes key = tree ? feedlog_tree_key(raw, m->host.own_no, 0, seq / ROW_HASHES)
				: feedlog_entry_key(raw, m->host.own_no, seq);
	size_t row = tree ? (size_t)(seq % ROW_HASHES) * HASH_BYTES : 0;
	size_t byte = row + (size_t)prng_below(&s->disk, tree ? HASH_BYTES : ENTRY_LEAF_BYTES);
	int err;

	flip_at(m, table, key, byte);
	err = host_seal(&m->host);
	flip_at(m, table, key, byte);
	s->count.landed++;
	if (err == ERR_OK)
		sim_fail(s, "signed is read back: %s has signed entry %llu, which reads wrong",
			 m->host.name, (unsigned long long)seq);
	else
		broken(s, m, "seal", err);
}

static void seal(struct sim *s, struct machine *m)
{
	uint64_t size = host_size(&m->host, &m->host.feed);
	struct guard g;
	int err;

	writer_head(m->host.writer, &g);
	if (m->lands_wrong && size > g.size && !m->rotten && !m->disk_bad) {
		land_wrong(s, m, g.size + prng_below(&s->disk, size - g.size));
		return;
	}
	err = host_seal(&m->host);
	if (err)
		broken(s, m, "seal", err);
	if (err)
		return;
	law_signed(s, m->host.index);
	want_store(s, m, PH_REPORT, 20);
}

void machine_store(struct sim *s, uint32_t host)
{
	struct machine *m = &s->m[host];

	if (host == SIM_CLONE) {
		clone_store(s);
		return;
	}
	switch (m->phase) {
	case PH_APPLY: apply(s, m); break;
	case PH_COMMIT: commit(s, m); break;
	case PH_SEAL: seal(s, m); break;
	case PH_REPORT: report(s, m); break;
	case PH_IDLE: T_OK(false); break;
	}
}

/* --- crashes --------------------------------------------------------------------------------------- */

/* The power went while store and guard were being written: each has reached its disk or not. */
static void half_commit(struct sim *s, struct machine *m)
{
	struct guarddisk *d = &m->host.guard, before = *d;
	uint64_t gone = s->now - m->commit_at;

	if (gone < m->store_ms)
		kvmem_fail_commits(m->host.kv, ERR_IO);
	if (!d->err)
		d->err = ERR_IO;
	d->good = gone >= m->guard_ms; /* nothing after this one */
	d->fate = prng_below(&s->crash, 2) ? GUARDDISK_TORN : GUARDDISK_NOTHING;
	s->count.half += (gone < m->store_ms) != (gone < m->guard_ms);
	s->count.torn += gone < m->guard_ms && d->fate == GUARDDISK_TORN;
	host_commit(&m->host);
	kvmem_fail_commits(m->host.kv, m->sync_err);
	d->err = before.err;
	d->good = before.good;
	d->fate = before.fate;
}

void machine_crash(struct sim *s, uint32_t host)
{
	struct sim_event ev = {.type = SE_RESTART, .host = host};
	struct machine *m = &s->m[host];

	if (!m->host.up || (s->calm && writer_state(m->host.writer) != WRITER_DEAD))
		return;
	sim_say(s, "%s: crash in phase %d", m->host.name, m->phase);
	s->count.crashes++;
	if (m->phase == PH_COMMIT && writer_state(m->host.writer) == WRITER_APPLIED)
		half_commit(s, m);
	host_crash(&m->host, work_lost, s);
	net_crashed(s, host);
	law_restarted(s, host);
	sim_at(s, 1000 + prng_below(&s->crash, s->calm ? 1000 : DOWN_MS), &ev);
}

/* A village that has its own entries gets again what its store lacks of the town feed. A hub that lacks what it has acknowledged
 * makes villages complain, as it should. */
static bool may_lack(struct sim *s, struct machine *m)
{
	const struct law_feed *own = &s->feed[m->host.index];

	if (m->host.index == SIM_HUB ||
	    host_size(&m->host, &m->host.feed) < own->edge[m->host.index].size)
		return false;
	s->count.lacking++;
	law_went_back(s, m->host.index);
	return true;
}

/* An old copy of the store is put in its place. The node must have all that it ever signed, by redoing the
 * batch of the guard, or refuse; then the right store is found again. What it lacks of other feeds it must not
 * cosign otherwise than before. Returns whether the node runs, on the old copy. */
static bool start_on_copy(struct sim *s, struct machine *m, uint32_t back)
{
	struct kv *newest = m->host.kv;
	struct errmsg why = {0};
	uint64_t size = host_size(&m->host, &m->host.feed);
	int err;

	if (guarddisk_newest(&m->host.guard)->intent.size > size)
		return false; /* the newest lacks it too: redone on the copy, it would be missing there */
	if (m->host.index != SIM_HUB) {
		liar_tries(s, m->host.index, host_store_of(m->copy[back]),
			   &guarddisk_newest(&m->host.guard)->sealed);
		liar_twin(s, m->host.index, m->copy[m->ncopies - 1]);
	}
	m->host.kv = host_store_of(m->copy[back]);
	size = host_size(&m->host, &m->host.feed);
	if (sim_chance(&s->crash, 30)) /* on a disk that has too little room at first */
		kvmem_limit(m->host.kv,
			    kvmem_bytes(m->host.kv) + (size_t)prng_below(&s->crash, 2000));
	err = host_start(&m->host, prng_next(&s->crash), &why);
	kvmem_limit(m->host.kv, 0);
	if (err == ERR_FULL && !m->host.guard.err)
		err = host_start(&m->host, prng_next(&s->crash), &why);
	s->count.copies++;
	sim_say(s, "%s: started on a copy %u batches old: %s", m->host.name, back, err_name(err));
	if (!err) {
		law_opened(s, m->host.index);
		s->count.redone += host_size(&m->host, &m->host.feed) > size;
		if (law_has_all(s, m->host.index) || may_lack(s, m)) {
			copies_drop(m);
			kv_close(newest);
			return true;
		}
		host_crash(&m->host, NULL, NULL);
		net_crashed(s, m->host.index);
		m->gen++;
	} else if (err == ERR_FORK) {
		s->count.forks++;
	} else if (!m->host.guard.err) {
		sim_fail(s, "%s does not start on an old copy: %s", m->host.name, why.text);
	}
	kv_close(m->host.kv);
	m->host.kv = newest;
	return false;
}

void machine_restart(struct sim *s, uint32_t host)
{
	struct machine *m = &s->m[host];
	struct sim_event ev = {.type = SE_CRASH, .host = host};
	struct errmsg why = {0};
	int err = ERR_OK;
	bool up;

	if (m->host.up) /* the hub, once, from its setting up */
		host_crash(&m->host, NULL, NULL);
	m->gen++;
	m->started = s->now;
	m->tick_at = 0;
	m->stopped_until = 0;
	m->linked = m->ended_good = false;
	m->phase = PH_IDLE;
	up = m->old_copy && m->old_copy < m->ncopies && !m->rotten &&
	     start_on_copy(s, m, m->old_copy);
	m->old_copy = 0;
	m->redo_fails &= guarddisk_newest(&m->host.guard)->intent.size > 0;
	if (m->redo_fails && !m->host.guard.err)
		m->host.guard.err = ERR_IO;
	if (!up && !s->failed)
		err = host_start(&m->host, prng_next(&s->crash), &why);
	if (s->failed)
		return;
	if (err && (m->disk_bad || m->host.guard.err || m->rotten)) {
		/* it has something to sign and store, and cannot now; the store may have it already */
		law_committed(s, host);
		if (m->redo_fails)
			m->host.guard.err = ERR_OK;
		m->redo_fails = false;
		ev.type = SE_RESTART;
		sim_at(s, 5000, &ev);
		return;
	}
	m->redo_fails = false;
	if (err) {
		sim_fail(s, "%s does not start: %s: %s", m->host.name, err_name(err), why.text);
		return;
	}
	copies_add(m);
	law_opened(s, host);
	law_restarted(s, host);
	wake(s, m);
	ev.gen = m->gen;
	if (s->with_crashes)
		sim_at(s, 1 + prng_below(&s->crash, 2 * CRASH_EVERY_MS), &ev);
}

/* --- rot ------------------------------------------------------------------------------------------- */

/* Flips the last bit of the author's signature in a stored leaf. Nothing here looks at it again but the
 * sender of a chunk; whoever receives it must see that it is not what was signed. */
static void flip(struct machine *m)
{
	uint8_t key[ENTRY_KEY_BYTES];

	flip_at(m, KV_ENTRY, feedlog_entry_key(key, m->host.own_no, m->rotten_seq),
		ENTRY_LEAF_BYTES - 1);
	copies_drop(m); /* they differ in more than batches now */
}

/* The writer is between its batches and the disk takes writes. */
static bool may_flip(const struct machine *m)
{
	return (!m->host.up || m->phase == PH_IDLE || m->phase == PH_APPLY) && !m->disk_bad;
}

static void rot(struct sim *s, struct machine *m)
{
	uint64_t size = host_size(&m->host, &m->host.feed);

	if (m->rotten || size == 0 || !may_flip(m))
		return;
	m->rotten = s->rotted[m->host.index] = true;
	m->rotten_seq = size - 1;
	sim_say(s, "%s: entry %llu rots", m->host.name, (unsigned long long)m->rotten_seq);
	flip(m);
}

static bool heal(struct machine *m)
{
	if (m->rotten && !may_flip(m))
		return false;
	if (m->rotten)
		flip(m);
	m->rotten = false;
	return true;
}

void machine_stop(struct sim *s, uint32_t host)
{
	struct machine *m = &s->m[host];

	if (!m->host.up || m->stopped_until > s->now)
		return;
	m->stopped_until = s->now + 1 + prng_below(&s->disk, 5 * MINUTE_MS);
	s->count.stops++;
}

/* --- faults ---------------------------------------------------------------------------------------- */

static void begin(struct sim *s, struct machine *m, enum sim_fault f)
{
	switch (f) {
	case FAULT_LINK:
		m->blocked = true;
		net_blocked(s, m->host.index);
		break;
	case FAULT_DISK:
		kvmem_limit(m->host.kv,
			    kvmem_bytes(m->host.kv) + (size_t)prng_below(&s->disk, 3000));
		m->disk_bad = true;
		break;
	case FAULT_SYNC:
		m->sync_err = ERR_IO;
		kvmem_fail_commits(m->host.kv, m->sync_err);
		m->disk_bad = true;
		break;
	case FAULT_GUARD:
		m->host.guard.err = sim_chance(&s->disk, 50) ? ERR_IO : ERR_FULL;
		m->host.guard.good = (uint32_t)prng_below(&s->disk, 3);
		m->host.guard.fate = (enum guarddisk_fate)prng_below(&s->disk, 3);
		break;
	case FAULT_CLOCK: clock_goes_wrong(s, m); break;
	case FAULT_STRANGER: net_stranger(s); break;
	case FAULT_SLOW: m->slow = true; break;
	case FAULT_STOP: machine_stop(s, m->host.index); break;
	case FAULT_ONEWAY: m->oneway = true; break;
	case FAULT_REDO: m->redo_fails = true; break;
	case FAULT_LAND: m->lands_wrong = true; break;
	case FAULT_CLONE:
		if (s->clone.village == m->host.index)
			clone_end(s);
		clone_take(s, m->host.index);
		break;
	case FAULT_LIAR:
		m->liar = true;
		net_cut_off(s, m->host.index); /* and has the next connection */
		break;
	case FAULT_ROT: rot(s, m); break;
	case FAULT_COPY:
		m->old_copy =
			1 + (sim_chance(&s->disk, 50) ? (uint32_t)prng_below(&s->disk, 3) : 0);
		break;
	case FAULTS: break;
	}
}

/* False: not just now. */
static bool end(struct machine *m, enum sim_fault f)
{
	switch (f) {
	case FAULT_LINK: m->blocked = false; break;
	case FAULT_DISK:
	case FAULT_SYNC:
		m->sync_err = ERR_OK;
		kvmem_limit(m->host.kv, 0);
		kvmem_fail_commits(m->host.kv, ERR_OK);
		m->disk_bad = false;
		break;
	case FAULT_GUARD: m->host.guard.err = ERR_OK; break;
	case FAULT_COPY: m->old_copy = 0; break;
	case FAULT_CLOCK: clock_right(m); break;
	case FAULT_ROT: return heal(m);
	case FAULT_SLOW: m->slow = false; break;
	case FAULT_ONEWAY: m->oneway = false; break;
	case FAULT_LAND: m->lands_wrong = false; break;
	case FAULT_CLONE:
		return m->s->calm || m->s->clone.village != m->host.index || clone_boot(m->s);
	case FAULT_LIAR:
		if (m->liar)
			net_cut_off(m->s,
				    m->host.index); /* what it has said does not outlive its line */
		m->liar = false;
		break;
	case FAULT_REDO: m->redo_fails = false; break;
	case FAULT_STOP: /* it goes on by itself */
	case FAULT_STRANGER:
	case FAULTS: break;
	}
	return true;
}

void machine_fault(struct sim *s, const struct sim_event *ev)
{
	struct machine *m = &s->m[ev->host];
	enum sim_fault f = (enum sim_fault)(ev->a / 2);
	bool ends = ev->a % 2;

	if (ends && !end(m, f)) {
		sim_at(s, 1000, ev);
		return;
	}
	if (s->calm)
		return;
	if (!ends)
		begin(s, m, f);
	next_fault(s, ev->host, f, !ends);
}

struct kv *machine_image_of(struct machine *m)
{
	struct kv_txn *t;
	struct kv *kv;

	T_EQ(kv_begin(m->host.kv, false, &t), ERR_OK);
	kv = host_store_of(t);
	kv_abort(t);
	return kv;
}

void machine_image(struct sim *s)
{
	for (uint32_t i = 1; i < SIM_HOSTS; i++) {
		s->m[i].image = machine_image_of(&s->m[i]);
		s->m[i].image_guard = guarddisk_newest(&s->m[i].host.guard)->sealed;
	}
}

void machine_calm(struct sim *s)
{
	clone_end(s);
	for (uint32_t i = 0; i < SIM_HOSTS; i++) {
		if (s->m[i].stopped_until > s->now) /* what waited comes in its own time */
			s->m[i].stopped_until = s->now;
		for (unsigned f = 0; f < FAULTS; f++)
			end(&s->m[i], f); /* rot that cannot heal now has its event */
	}
}
