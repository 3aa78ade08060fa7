/* Who may enrol, and with what. */
#include "daemon/exchange/node.h"

#include "lib/err.h"
#include "tests/lib/t.h"
#include "tests/lib/wire.h"

static void test_another_town_is_turned_away(void)
{
	static struct wire w;

	wire_open(&w, 8);
	w.h[VILLAGE].town.b[0] ^= 1;
	host_crash(&w.h[VILLAGE], NULL, NULL);
	wire_start(&w);
	T_OK(!wire_linked(&w, HUB));
	T_OK(strstr(w.closed[HUB], "another town") != NULL);
	T_EQ(wire_size(&w, HUB, HUB), 2);
	wire_close(&w);
}

static void test_a_stranger_is_turned_away(void)
{
	static struct wire w;
	struct sign_key *invite;

	wire_open(&w, 9);
	T_EQ(sign_key_from_seed((const uint8_t[32]){9}, &invite), ERR_OK);
	sign_key_free(w.h[VILLAGE].invite);
	w.h[VILLAGE].invite = invite;
	wire_start(&w);
	T_OK(strstr(w.closed[HUB], "belongs to no village") != NULL);
	T_OK(strstr(w.closed[VILLAGE], "INVITE_UNKNOWN") == NULL);
	T_EQ(wire_size(&w, HUB, HUB), 2);
	/* it goes on trying, less and less often */
	wire_pass(&w, 3600000);
	T_OK(w.dials > 12);
	T_OK(w.dials < 40);
	wire_close(&w);
}

static void test_an_enrolment_by_another_key_is_refused(void)
{
	static struct wire w;

	wire_open(&w, 10);
	w.h[VILLAGE].enrol_tx.author[0] ^= 1;
	wire_start(&w);
	T_OK(!wire_linked(&w, VILLAGE));
	T_EQ(wire_size(&w, HUB, HUB), 2);
	wire_close(&w);
}

static void test_an_enrolment_that_was_changed_is_refused(void)
{
	static struct wire w;

	wire_open(&w, 11);
	w.h[VILLAGE].enrol_tx.sig[0] ^= 1;
	wire_start(&w);
	T_OK(!wire_linked(&w, VILLAGE));
	T_EQ(wire_size(&w, HUB, HUB), 2);
	T_OK(strstr(w.closed[VILLAGE], "L01") || strstr(w.closed[VILLAGE], "SIGNATURE"));
	wire_close(&w);
}

static void take_another_key(struct host *h, uint8_t seed)
{
	struct dh_key *other;

	T_EQ(dh_key_from_seed((const uint8_t[32]){seed}, &other), ERR_OK);
	dh_key_free(h->transport);
	h->transport = other;
}

static void test_an_enrolment_with_another_transport_key_is_refused(void)
{
	static struct wire w;

	wire_open(&w, 36);
	take_another_key(&w.h[VILLAGE], 6);
	wire_start(&w);
	T_OK(!wire_linked(&w, VILLAGE));
	T_EQ(wire_size(&w, HUB, HUB), 2); /* it would be in the feed for ever */
	wire_close(&w);
}

static void test_an_enrolment_carries_the_hubs_clock_evidence(void)
{
	static struct wire w;
	struct bytes leaf, payload;
	struct kv_txn *t;
	struct entry e;

	wire_up(&w, 37);
	T_EQ(kv_begin(w.h[HUB].kv, false, &t), ERR_OK);
	T_EQ(feedlog_read(t, FEED_TOWN, 2, &leaf, &payload), ERR_OK);
	T_EQ(entry_parse(leaf.p, leaf.n, &e), ERR_OK);
	kv_abort(t);
	T_EQ(e.type, REC_village_enrol);
	T_EQ(e.boot, w.h[HUB].boot);
	T_EQ(e.boot_ms, w.now + HOST_SLEPT_MS);
	wire_close(&w);
}

static void test_a_used_invitation_is_used(void)
{
	static struct wire w;

	wire_up(&w, 12);
	T_OK(wire_linked(&w, VILLAGE));
	/* somebody copied the invitation file and comes with a key of his own */
	host_crash(&w.h[VILLAGE], NULL, NULL);
	wire_cut(&w);
	take_another_key(&w.h[VILLAGE], 5);
	wire_start(&w);
	wire_pass(&w, 2000);
	T_OK(!wire_linked(&w, VILLAGE));
	T_EQ(wire_size(&w, HUB, HUB), 3);
	wire_close(&w);
}

/* Two folders made from one invitation: the second is told, and nobody else who has no invitation is. */
static void test_who_comes_with_a_used_invitation_is_told(void)
{
	static struct wire w;
	struct sign_key *used;
	struct alarm a;

	wire_up(&w, 41);
	T_OK(wire_linked(&w, VILLAGE));
	wire_cut(&w);
	used = w.h[VILLAGE].invite;
	w.h[VILLAGE].invite = NULL;
	host_close(&w.h[VILLAGE]);
	host_village(&w.h[VILLAGE], &w.h[HUB], 2, 99);
	wire_attach(&w, VILLAGE);
	sign_key_free(w.h[VILLAGE].invite);
	w.h[VILLAGE].invite = used;
	wire_start(&w);
	wire_pass(&w, 2000);
	T_OK(!wire_linked(&w, VILLAGE));
	T_OK(strstr(w.closed[VILLAGE], "INVITE_UNKNOWN") != NULL);
	T_EQ(node_alarms(w.h[VILLAGE].node, &a, 1), 1);
	T_EQ(a.id, ALARM_ENROLMENT_REFUSED);
	T_EQ(a.num[0], V_INVITE_UNKNOWN);
	wire_close(&w);
}

T_MAIN(T(test_another_town_is_turned_away, "R61"), T(test_a_stranger_is_turned_away),
       T(test_an_enrolment_by_another_key_is_refused),
       T(test_an_enrolment_that_was_changed_is_refused),
       T(test_an_enrolment_with_another_transport_key_is_refused),
       T(test_an_enrolment_carries_the_hubs_clock_evidence), T(test_a_used_invitation_is_used),
       T(test_who_comes_with_a_used_invitation_is_told))
