/* The numbers of the status while they differ: recorded, durable, held by the hub, cosigned. */
#include "daemon/feed/sigs.h"
#include "lib/err.h"
#include "tests/lib/t.h"
#include "tests/lib/webnode.h"

static void of_own(uint64_t at_hub, uint64_t cosigned, uint64_t sealed)
{
	struct sigs_acked acked = {.size = at_hub};
	struct sigs_cosig c = {.size = cosigned, .witness = {1}};
	struct kv_txn *t;

	T_EQ(kv_begin(here.kv, true, &t), ERR_OK);
	T_EQ(sigs_acked_put(t, here.s.tx.own, &acked), ERR_OK);
	if (cosigned)
		T_EQ(sigs_cosig_put(t, here.s.tx.own, &c), ERR_OK);
	T_EQ(kv_commit(t), ERR_OK);
	here.guard.size = sealed;
}

static void is(const char *name, uint64_t want)
{
	char path[40], text[24];

	snprintf(path, sizeof(path), "feeds.1.%s", name);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)want);
	T_STR(at(path), text);
}

static void open_village(void)
{
	node_open(false);
	T_OK(own_size() >= 6);
}

static void shows(uint64_t at_hub, uint64_t cosigned, uint64_t sealed, uint64_t durable)
{
	of_own(at_hub, cosigned, sealed);
	WANT(get("/api/v1/status"), 200);
	T_STR(at("feeds.1.own"), "true");
	is("size", own_size());
	is("at_hub", at_hub);
	is("cosigned", cosigned);
	is("durable", durable);
	is("witnesses", cosigned > 0);
}

/* Never one in the place of another. */
static void test_each_number_is_its_own(void)
{
	shows(5, 3, 4, 4);
	shows(2, 1, 6, 6);
	shows(0, 1, 3, 3);
	shows(5, 5, own_size(), own_size());
}

/* What was not read back and signed is recorded and not durable; a guard that is ahead makes nothing durable that is
 * not there. */
static void test_what_is_not_sealed_is_not_durable(void)
{
	shows(0, 0, 0, 0);
	shows(0, 0, own_size() - 1, own_size() - 1);
	shows(0, 0, own_size() + 7, own_size());
}

/* A village cannot be asked whether the hub has sealed: of the town feed what is here counts. */
static void test_the_town_feed_is_durable_as_it_is_held(void)
{
	WANT(get("/api/v1/status"), 200);
	T_STR(at("feeds.0.own"), "false");
	T_STR(at("feeds.0.durable"), at("feeds.0.size"));
	T_STR(at("feeds.0.at_hub"), at("feeds.0.size"));
	T_STR(at("feeds.0.cosigned"), "0");
}

T_MAIN_WITH(open_village, node_close, T(test_each_number_is_its_own),
	    T(test_what_is_not_sealed_is_not_durable),
	    T(test_the_town_feed_is_durable_as_it_is_held))
