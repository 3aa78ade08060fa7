/* Chunks go compressed between two nodes that both say so, and only then; what does not fit is refused and the next
 * session goes on. */
#include "daemon/exchange/node.h"

#include "daemon/exchange/node_int.h"
#include "lib/err.h"
#include "tests/lib/t.h"
#include "tests/lib/wire.h"

#define ENTRIES 60

static void wire_of(struct wire *w, bool plain_hub, bool plain_village)
{
	wire_open(w, 60);
	w->h[VILLAGE].plain = plain_village;
	if (plain_hub) {
		w->h[HUB].plain = true;
		host_crash(&w->h[HUB], NULL, NULL);
		T_EQ(host_start(&w->h[HUB], 8, NULL), ERR_OK);
	}
	wire_start(w);
}

/* What the village sends for some entries. */
static uint64_t sent_of(bool plain_hub, bool plain_village)
{
	static struct wire w;
	uint64_t before, sent;

	wire_of(&w, plain_hub, plain_village);
	w.no_dial = true;
	wire_cut(&w);
	wire_grants(&w, VILLAGE, ENTRIES);
	wire_grants(&w, HUB, ENTRIES);
	w.no_dial = false;
	before = w.sent[VILLAGE];
	wire_pass(&w, 400000);
	sent = w.sent[VILLAGE] - before;
	T_EQ(wire_size(&w, HUB, VILLAGE), ENTRIES);
	wire_check_equal(&w);
	wire_no_alarms(&w);
	T_EQ(w.dials, 2);
	wire_close(&w);
	return sent;
}

static void test_chunks_are_compressed_when_both_say_so(void)
{
	uint64_t plain = sent_of(true, true), both = sent_of(false, false);

	printf("%d entries: %llu bytes, compressed %llu\n", ENTRIES, (unsigned long long)plain,
	       (unsigned long long)both);
	T_EQ(sent_of(true, false), plain);
	T_EQ(sent_of(false, true), plain);
	T_OK(both * 20 < plain * 19);
}

/* A compressed chunk of what the village would send next, though it was told of nothing. */
static void packed_chunk(struct wire *w, struct buf *msg)
{
	struct node *v = w->h[VILLAGE].node;
	struct session s = {.zstd = true};
	struct bytes b;
	uint64_t end;

	T_EQ(heads_chunk(v, 0, &end), ERR_OK);
	heads_txn_end(v);
	b = heads_message(v, &s);
	T_EQ(b.p[0], MSG_CHUNK_ZSTD);
	buf_reset(msg);
	buf_put(msg, b.p, b.n);
}

static void test_who_has_not_said_so_takes_none(void)
{
	static struct wire w;
	struct buf msg = {0};

	wire_of(&w, true, false);
	wire_grants(&w, VILLAGE, ENTRIES);
	wire_run(&w);
	packed_chunk(&w, &msg);
	w.no_dial = true;
	wire_say(&w, &msg);
	wire_run(&w);
	T_OK(!wire_linked(&w, HUB));
	T_STR(w.closed[HUB], "a message of type 12 has no place here");
	wire_no_alarms(&w);
	w.no_dial = false;
	wire_pass(&w, 400000);
	T_OK(wire_linked(&w, HUB));
	buf_close(&msg);
	wire_close(&w);
}

static void test_a_chunk_that_cannot_be_expanded_is_refused(void)
{
	for (unsigned how = 0; how < 3; how++) {
		static struct alarm a[NODE_ALARMS_MAX];
		static struct wire w;
		struct buf msg = {0};

		wire_of(&w, false, false);
		wire_grants(&w, VILLAGE, ENTRIES);
		wire_run(&w);
		packed_chunk(&w, &msg);
		if (how == 0)
			msg.n--;
		else if (how == 1)
			buf_put_u8(&msg, 0);
		else
			msg.n = 1;
		w.no_dial = true;
		wire_say(&w, &msg);
		wire_run(&w);
		T_OK(!wire_linked(&w, HUB));
		T_EQ(wire_alarms(&w, HUB, a), 1);
		T_EQ(a[0].id, ALARM_PEER_INVALID);
		T_EQ(a[0].err, ERR_FORMAT);
		T_EQ(wire_alarms(&w, VILLAGE, a), 1);
		T_EQ(a[0].id, ALARM_OWN_REFUSED);
		w.no_dial = false;
		wire_grants(&w, VILLAGE, 1);
		wire_pass(&w, 400000);
		T_EQ(wire_size(&w, HUB, VILLAGE), ENTRIES + 1);
		wire_check_equal(&w);
		buf_close(&msg);
		wire_close(&w);
	}
}

/* A bit of the sender's memory turns after it was compressed: it is made again for the next session. */
static void test_a_packed_chunk_that_rots_is_made_again(void)
{
	static struct wire w;
	uint64_t end;

	wire_of(&w, false, false);
	w.no_dial = true;
	wire_cut(&w);
	wire_grants(&w, VILLAGE, ENTRIES);
	T_EQ(heads_chunk(w.h[VILLAGE].node, 0, &end), ERR_OK);
	heads_txn_end(w.h[VILLAGE].node);
	heads_message(w.h[VILLAGE].node, &(struct session){.zstd = true});
	w.h[VILLAGE].node->packed.p[w.h[VILLAGE].node->packed.n - 9] ^= 4;
	w.no_dial = false;
	wire_pass(&w, 400000);
	T_EQ(wire_size(&w, HUB, VILLAGE), ENTRIES);
	T_OK(w.dials > 2);
	wire_check_equal(&w);
	wire_close(&w);
}

T_MAIN(T(test_chunks_are_compressed_when_both_say_so), T(test_who_has_not_said_so_takes_none),
       T(test_a_chunk_that_cannot_be_expanded_is_refused),
       T(test_a_packed_chunk_that_rots_is_made_again))
