#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/t.h"
#include "tests/sim/sim.h"

/* The image of a whole disk, store and guard, is put into a second machine, which lives on beside the first one: both
 * dial with one key, and both write. Or the first is off meanwhile: then it is a backup of everything that was restored.
 * The hub has more of the feed than the image by then, so nothing that the clone writes may ever be taken; and as soon as
 * hub and clone have told each other what they hold, each that can know raises an alarm. */
#define WRITES_MAX 40

static struct machine *clone_of(struct sim *s)
{
	return &s->m[SIM_CLONE];
}

void clone_take(struct sim *s, uint32_t village)
{
	struct clone *c = &s->clone;
	struct machine *m = &s->m[village];

	if (c->image || clone_of(s)->host.up || m->phase != PH_IDLE || m->rotten || m->disk_bad)
		return;
	c->village = village;
	c->image = machine_image_of(m);
	guarddisk_copy(&m->host.guard, &c->guard);
}

static void drop_image(struct sim *s)
{
	kv_close(s->clone.image);
	s->clone.image = NULL;
	guarddisk_lose(&s->clone.guard);
}

/* Grants that nobody has asked for: enough that the clone has as much as the hub, or one more, or less. */
static void write_on(struct sim *s, uint64_t n)
{
	struct host *h = &clone_of(s)->host;
	struct rec_grant g = {.key = {sign_key_public(h->person[HOST_DEPUTY]), SIGN_KEY_BYTES},
			      .name = host_text("周主任"),
			      .role = ROLE_supervisor};
	struct cmd c;

	for (; n; n--) {
		host_tx(h, &s->keys, REC_grant, &g, NULL, 0, h->person[HOST_HEAD],
			machine_wall(clone_of(s)), &c);
		host_queue(h, &c.job);
		T_EQ(host_store(h), ERR_OK);
		cmd_close(&c);
	}
}

/* It has written before its line is up. */
static void boot(struct sim *s)
{
	struct clone *c = &s->clone;
	struct machine *m = clone_of(s), *first = &s->m[c->village];
	uint64_t held = host_size(&s->m[SIM_HUB].host, &first->host.feed);

	host_clone(&m->host, &first->host, c->image, &c->guard);
	c->image = NULL;
	m->host.index = SIM_CLONE;
	m->host.ctx = m;
	m->gen++;
	m->started = s->now;
	m->tick_at = 0;
	m->phase = PH_IDLE;
	m->linked = m->ended_good = false;
	T_EQ(host_start(&m->host, prng_next(&s->crash), NULL), ERR_OK);
	write_on(s, prng_below(&s->crash, held - c->size + 2));
	c->size = host_size(&m->host, &m->host.feed);
	c->held = held;
	c->met = false;
	s->lied[c->village] = true; /* alarms about it are right from now on */
	s->count.clones++;
	sim_say(s, "a clone of %s starts with %llu entries, the hub has %llu", first->host.name,
		(unsigned long long)c->size, (unsigned long long)held);
	if (sim_chance(&s->crash, 50))
		machine_stop(s, c->village);
	machine_wake(s, SIM_CLONE);
}

bool clone_boot(struct sim *s)
{
	struct clone *c = &s->clone;
	struct feed_head own;
	struct kv_txn *t;
	uint64_t held;

	if (!c->image)
		return true;
	held = host_size(&s->m[SIM_HUB].host, &s->m[c->village].host.feed);
	T_EQ(kv_begin(c->image, false, &t), ERR_OK);
	T_EQ(feedlog_head(t, s->m[c->village].host.own_no, &own), ERR_OK);
	kv_abort(t);
	c->size = own.size;
	if (own.size >= held)
		return false;
	/* what only its guard has would be done again, and be true */
	if (own.size && held - own.size < WRITES_MAX && c->guard.counter &&
	    guarddisk_newest(&c->guard)->intent.size <= own.size)
		boot(s);
	drop_image(s);
	return true;
}

void clone_end(struct sim *s)
{
	struct machine *m = clone_of(s);

	if (s->clone.image)
		drop_image(s);
	if (!m->host.kv)
		return;
	if (m->host.up) {
		host_crash(&m->host, NULL, NULL);
		net_crashed(s, SIM_CLONE);
	}
	host_clone_close(&m->host);
}

void clone_store(struct sim *s)
{
	struct machine *m = clone_of(s);

	T_EQ(host_store(&m->host), ERR_OK);
	m->phase = PH_IDLE;
	machine_wake(s, SIM_CLONE);
}

static bool has_alarm(const struct machine *m, const struct hash *feed)
{
	struct alarm a[NODE_ALARMS_MAX];
	uint32_t n = node_alarms(m->host.node, a, NODE_ALARMS_MAX);

	for (uint32_t i = 0; i < n; i++)
		if (!hash_cmp(&a[i].feed, feed))
			return true;
	return false;
}

static bool runs(const struct machine *m, uint32_t conn)
{
	struct node_link l[SIM_HOSTS * 2];
	uint32_t n = m->host.up ? node_links(m->host.node, l, SIM_HOSTS * 2) : 0;

	for (uint32_t i = 0; i < n; i++)
		if (l[i].conn == conn && l[i].running)
			return true;
	return false;
}

void clone_watch(struct sim *s)
{
	struct machine *m = clone_of(s), *hub = &s->m[SIM_HUB];
	struct node_link l;
	bool known = false;

	if (!m->host.up || s->clone.met || node_links(m->host.node, &l, 1) != 1)
		return;
	if (l.running && !has_alarm(m, &m->host.feed))
		sim_fail(s, "clone: a clone of %s does not see that the hub has another history",
			 s->m[s->clone.village].host.name);
	if (runs(hub, l.conn)) {
		s->clone.met = true;
		s->count.met++;
		known = has_alarm(hub, &m->host.feed);
	}
	/* what came since the hub said what it has is not in what it compares */
	if (s->clone.met && !known && s->clone.size <= s->clone.held)
		sim_fail(s, "clone: the hub does not see that a clone of %s has another history",
			 s->m[s->clone.village].host.name);
}
