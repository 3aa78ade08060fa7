/* Two nodes exchange what they have, through cuts and restarts. */
#include "daemon/exchange/node.h"

#include "daemon/exchange/node_int.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "tests/lib/t.h"
#include "tests/lib/wire.h"

/* --- the way it should go --------------------------------------------------------------------------- */

static void test_a_village_enrols_and_both_feeds_arrive(void)
{
	static struct wire w;

	wire_up(&w, 1);
	T_OK(wire_linked(&w, HUB));
	T_OK(wire_linked(&w, VILLAGE));
	T_EQ(wire_size(&w, HUB, HUB), 3); /* charter, invitation, enrolment */
	T_EQ(wire_size(&w, VILLAGE, HUB), 3);
	wire_grants(&w, VILLAGE, 5); /* while connected: pushed at once */
	wire_grants(&w, HUB, 2);
	wire_run(&w);
	T_EQ(wire_size(&w, HUB, VILLAGE), 5);
	T_EQ(wire_size(&w, VILLAGE, HUB), 5);
	wire_check_equal(&w);
	T_EQ(w.dials, 1);
	wire_no_alarms(&w);
	wire_close(&w);
}

static void test_the_three_numbers_are_honest(void)
{
	static struct wire w;

	wire_up(&w, 2);
	w.no_dial = true;
	wire_cut(&w);
	wire_grants(&w, VILLAGE, 4);
	wire_run(&w);
	T_EQ(wire_status(&w, VILLAGE, VILLAGE).size, 4);
	T_EQ(wire_status(&w, VILLAGE, VILLAGE).at_hub, 0);
	T_EQ(wire_status(&w, VILLAGE, VILLAGE).cosigned, 0);
	w.no_dial = false;
	wire_pass(&w, 400000);
	T_EQ(wire_status(&w, VILLAGE, VILLAGE).at_hub, 4);
	T_EQ(wire_status(&w, VILLAGE, VILLAGE).cosigned, 4);
	T_EQ(wire_status(&w, HUB, HUB).cosigned, 3);
	wire_check_equal(&w);
	wire_no_alarms(&w);
	wire_close(&w);
}

static void test_many_entries_flow_through_the_window(void)
{
	static struct wire w;

	wire_up(&w, 3);
	w.no_dial = true;
	wire_cut(&w);
	for (unsigned i = 0; i < 40; i++)
		wire_grants(&w, VILLAGE, 100);
	w.no_dial = false;
	wire_pass(&w, 400000);
	T_EQ(wire_size(&w, HUB, VILLAGE), 4000);
	wire_check_equal(&w);
	T_EQ(wire_status(&w, VILLAGE, VILLAGE).at_hub, 4000);
	wire_no_alarms(&w);
	wire_close(&w);
}

static void test_what_is_written_while_an_answer_is_awaited_goes_together(void)
{
	static struct wire w;
	uint64_t answers;
	size_t one;

	wire_up(&w, 8);
	wire_grants(&w, VILLAGE, 1);
	one = w.q[HUB].n;
	T_OK(one > 0);
	wire_grants(&w, VILLAGE, 6);
	T_EQ(w.q[HUB].n, one);
	answers = w.sent[HUB];
	wire_run(&w);
	answers = w.sent[HUB] - answers;
	T_EQ(wire_size(&w, HUB, VILLAGE), 7);
	T_EQ(wire_status(&w, VILLAGE, VILLAGE).at_hub, 7);
	T_EQ(wire_status(&w, VILLAGE, VILLAGE).cosigned, 7);
	/* one cosignature for each of the two chunks, and nothing beside it */
	T_OK(answers < 2 * 180);
	wire_check_equal(&w);
	wire_no_alarms(&w);
	wire_close(&w);
}

static void test_many_chunks_are_answered_once(void)
{
	static struct wire w;
	uint64_t answers;

	wire_up(&w, 9);
	w.no_dial = true;
	wire_cut(&w);
	for (unsigned i = 0; i < 10; i++)
		wire_grants(&w, VILLAGE, 100);
	w.no_dial = false;
	answers = w.sent[HUB];
	wire_pass(&w, 400000);
	answers = w.sent[HUB] - answers;
	T_EQ(wire_status(&w, VILLAGE, VILLAGE).at_hub, 1000);
	T_OK(answers < 2 * 180 + 500); /* handshake and frontier */
	wire_close(&w);
}

static void test_equal_frontiers_cost_little(void)
{
	static struct wire w;
	uint64_t before;

	wire_up(&w, 4);
	wire_grants(&w, VILLAGE, 3);
	wire_run(&w);
	before = w.sent[HUB] + w.sent[VILLAGE];
	wire_cut(&w);
	wire_pass(&w, 5000);
	T_OK(wire_linked(&w, HUB));
	printf("reconnect %llu bytes\n",
	       (unsigned long long)(w.sent[HUB] + w.sent[VILLAGE] - before));
	T_OK(w.sent[HUB] + w.sent[VILLAGE] - before < 700);
	wire_no_alarms(&w);
	wire_close(&w);
}

/* --- cuts ------------------------------------------------------------------------------------------- */

/* How far a whole enrolment and exchange gets when the k-th message never arrives, wholly or partly. */
static bool cut_once(uint32_t k, size_t keep)
{
	static struct wire w;
	uint64_t held;
	bool was_cut;

	wire_open(&w, 5);
	w.cut_at = k;
	w.cut_keep = keep;
	T_EQ(host_start(&w.h[VILLAGE], 7, NULL), ERR_OK);
	wire_run(&w);
	wire_grants(&w, HUB, 2);
	wire_run(&w);
	if (wire_size(&w, VILLAGE, HUB) >= 3)
		wire_grants(&w, VILLAGE, 3);
	wire_run(&w);
	was_cut = w.delivered >= k;
	held = wire_size(&w, HUB, VILLAGE);
	wire_pass(&w, 400000);
	T_OK(wire_size(&w, HUB, VILLAGE) >= held);
	T_OK(wire_linked(&w, VILLAGE));
	if (wire_size(&w, VILLAGE, VILLAGE) == 0)
		wire_grants(&w, VILLAGE, 3);
	wire_run(&w);
	T_EQ(wire_size(&w, HUB, VILLAGE), 3);
	T_EQ(wire_size(&w, VILLAGE, HUB), 5);
	T_EQ(wire_status(&w, VILLAGE, VILLAGE).at_hub, 3);
	T_EQ(wire_status(&w, VILLAGE, VILLAGE).cosigned, 3);
	T_EQ(wire_status(&w, HUB, HUB).cosigned, 5);
	wire_check_equal(&w);
	wire_no_alarms(&w);
	wire_close(&w);
	return was_cut;
}

static void test_a_cut_at_every_message_loses_nothing(void)
{
	uint32_t k = 1;

	while (cut_once(k, 0))
		k++;
	T_OK(k > 10);
	for (uint32_t i = 1; i < k; i++)
		cut_once(i, 1 + i % 40);
}

static void test_the_hub_forgets_nothing_when_it_restarts(void)
{
	static struct wire w;

	wire_up(&w, 6);
	wire_grants(&w, VILLAGE, 5);
	wire_run(&w);
	host_crash(&w.h[HUB], NULL, NULL);
	wire_cut(&w);
	wire_grants(&w, VILLAGE, 5);
	T_EQ(host_start(&w.h[HUB], 8, NULL), ERR_OK);
	wire_pass(&w, 400000);
	T_EQ(wire_size(&w, HUB, VILLAGE), 10);
	wire_check_equal(&w);
	wire_no_alarms(&w);
	wire_close(&w);
}

static void test_a_newer_connection_replaces_the_older(void)
{
	static struct wire w;
	struct node_link l[4];

	wire_up(&w, 7);
	/* the village's end dies alone: for the hub the old connection still stands */
	w.open[HUB] = false;
	w.up = false;
	wire_feed_closed(&w, VILLAGE);
	wire_pass(&w, 3000);
	T_OK(wire_linked(&w, VILLAGE));
	wire_pass(&w, NODE_LINGER_MS + 1000);
	T_EQ(node_links(w.h[HUB].node, l, 4), 1);
	T_EQ(l[0].conn, w.conn);
	wire_close(&w);
}

/* --- disk ------------------------------------------------------------------------------------------- */

static void test_a_full_disk_is_nobodys_fault(void)
{
	static struct wire w;

	wire_up(&w, 22);
	kvmem_limit(w.h[HUB].kv, 1);
	wire_grants(&w, VILLAGE, 2);
	for (unsigned i = 0; i < 20; i++) {
		/* the hub's batches fail with ERR_FULL */
		struct host *h = &w.h[HUB];

		while (w.q[HUB].n || w.q[VILLAGE].n) {
			wire_carry(&w, HUB);
			wire_carry(&w, VILLAGE);
		}
		if (h->nqueue && !host_apply(h)) {
			T_EQ(host_commit(h), ERR_FULL);
			host_report(h, NULL, NULL);
		}
	}
	T_EQ(wire_size(&w, HUB, VILLAGE), 0);
	T_OK(w.dials <= 2); /* and it does not come back at once */
	kvmem_limit(w.h[HUB].kv, 0);
	wire_pass(&w, 400000);
	T_EQ(wire_size(&w, HUB, VILLAGE), 2);
	wire_check_equal(&w);
	wire_no_alarms(&w);
	wire_close(&w);
}

/* --- little memory ---------------------------------------------------------------------------------- */

static int new_and_free(struct host *h)
{
	struct node_cfg cfg = {.serves = true,
			       .town = h->town,
			       .feed = h->feed,
			       .feed_key = h->feed_key,
			       .transport = h->transport,
			       .boot = 1};
	struct node *n = NULL;
	int err = node_new(&cfg, h->kv, 1, &n);

	node_free(n);
	return err;
}

static void test_no_memory_for_a_node_is_an_error(void)
{
	static struct wire w;

	wire_open(&w, 27);
	T_OOM(new_and_free(&w.h[HUB]));
	wire_close(&w);
}

T_MAIN(T(test_a_village_enrols_and_both_feeds_arrive, "R28"), T(test_the_three_numbers_are_honest),
       T(test_many_entries_flow_through_the_window), T(test_equal_frontiers_cost_little),
       T(test_what_is_written_while_an_answer_is_awaited_goes_together),
       T(test_many_chunks_are_answered_once), T(test_a_cut_at_every_message_loses_nothing),
       T(test_the_hub_forgets_nothing_when_it_restarts),
       T(test_a_newer_connection_replaces_the_older), T(test_a_full_disk_is_nobodys_fault),
       T(test_no_memory_for_a_node_is_an_error))
