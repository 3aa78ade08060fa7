#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stdio.h>

#include "tests/lib/t.h"
#include "tests/sim/books.h"

/* What was lived through. A record type that nobody here writes, and a refusal that the books foretell and
 * nobody meets, are things the simulator does not test: over many seeds there must be none. */

static void count_feed(struct sim *s, struct kv_txn *t, uint32_t no)
{
	struct bytes leaf, payload;
	struct feed_head head;
	struct verdict v;
	struct entry e;

	T_EQ(feedlog_head(t, no, &head), ERR_OK);
	for (uint64_t seq = 0; seq < head.size; seq++) {
		T_EQ(feedlog_read(t, no, seq, &leaf, &payload), ERR_OK);
		T_EQ(entry_parse(leaf.p, leaf.n, &e), ERR_OK);
		T_EQ(read_verdict(t, no, seq, &v), ERR_OK);
		T_OK(e.type < SIM_TYPES);
		s->count.accepted_of[e.type] += verdict_ok(&v);
	}
}

/* The hub has every feed. */
void cover_count(struct sim *s)
{
	struct kv_txn *t;
	uint32_t no;

	T_EQ(kv_begin(s->m[SIM_HUB].host.kv, false, &t), ERR_OK);
	for (uint32_t f = 0; f < SIM_HOSTS; f++)
		if (!feedlog_find(t, &s->m[f].host.feed, &no))
			count_feed(s, t, no);
	kv_abort(t);
}

void cover_add(struct sim_count *to, const struct sim_count *c)
{
	for (unsigned i = 0; i < SIM_TYPES; i++) {
		to->accepted_of[i] += c->accepted_of[i];
		to->refused_of[i] += c->refused_of[i];
	}
	for (unsigned i = 0; i < V_COUNT; i++) {
		to->verdict[i] += c->verdict[i];
		to->warned[i] += c->warned[i];
	}
}

void cover_print(const struct sim_count *c)
{
	printf("%-20s %10s %10s\n", "record", "accepted", "refused");
	for (uint32_t i = 0; i < rec_ntypes; i++)
		printf("%-20s %10" PRIu64 " %10" PRIu64 "\n", rec_types[i].name,
		       c->accepted_of[rec_types[i].code], c->refused_of[rec_types[i].code]);
	printf("%-20s %10s %10s\n", "verdict", "answered", "warned");
	for (unsigned i = 0; i < V_COUNT; i++)
		if (c->verdict[i] || c->warned[i])
			printf("%-20s %10" PRIu64 " %10" PRIu64 "\n",
			       reason_name((enum verdict_id)i), c->verdict[i], c->warned[i]);
}

bool cover_all(const struct sim_count *c)
{
	bool all = true;

	for (uint32_t i = 0; i < rec_ntypes; i++) {
		if (c->accepted_of[rec_types[i].code])
			continue;
		printf("cover: no record of type %s was ever accepted; let tests/sim/work*.c write "
		       "some\n",
		       rec_types[i].name);
		all = false;
	}
	for (unsigned i = 0; i < V_COUNT; i++) {
		if (c->verdict[i] || !books_know((enum verdict_id)i))
			continue;
		printf("cover: the books know %s, and nobody was ever refused so\n",
		       reason_name((enum verdict_id)i));
		all = false;
	}
	return all;
}
