#include "tests/lib/reads.h"
#include "tests/lib/t.h"
#include "tests/lib/webnode.h"

/* The list of villages with what the town wrote down last about each. */
#define VILLAGES 12 /* the first is enrolled, the second invited, the others have come since */
#define FACTS	 8  /* about each that is enrolled */

static void code_of(uint32_t i, char ret[13])
{
	snprintf(ret, 13, "5001019992%02" PRIu32, i + 1);
}

static void open_town(void)
{
	char code[13];

	node_open(true);
	for (uint32_t i = 1; i < VILLAGES; i++) {
		code_of(i, code);
		T_EQ(town_invite(&here.w, code, "新村", DAY_NONE), V_ACCEPTED);
		if (i > 1)
			T_EQ(town_enrol(&here.w, code), V_ACCEPTED);
	}
}

static void put_fact(uint32_t village, bool work_team, uint64_t batch)
{
	char code[13];

	code_of(village, code);
	put_here("office", REC_village_fact,
		 &(struct rec_village_fact){.village = town_b(code),
					    .work_team = work_team ? YES_yes : YES_no,
					    .batch = batch},
		 NULL, 0);
}

static void test_the_last_fact_of_each_village_holds(void)
{
	open_town();
	put_fact(0, false, 3);
	put_fact(3, true, 1);
	put_fact(0, true, 2);
	put_fact(2, true, 1);
	put_fact(2, false, 1);
	WANT(get("/api/v1/villages"), 200);
	T_STR(at("items.0.work_team"), "true");
	T_STR(at("items.0.batch"), "2");
	T_STR(at("items.0.to_include"), "true");
	T_STR(at("items.1.enrolled"), "false");
	T_STR(at("items.1.work_team"), "false");
	T_STR(at("items.1.batch"), "0");
	T_STR(at("items.2.work_team"), "false");
	T_STR(at("items.2.batch"), "1");
	T_STR(at("items.3.work_team"), "true");
	T_STR(at("items.3.to_include"), "false");
	T_STR(at("items.11.code"), "500101999212");
	T_STR(at("items.11.batch"), "0");
	node_close();
}

/* How many rows of the store are read for the list. */
static uint32_t read_for_list(void)
{
	reads_begin(here.kv);
	WANT(get("/api/v1/villages"), 200);
	return reads_end();
}

static void test_each_fact_is_read_once_for_all_villages(void)
{
	uint32_t before, n = 0;

	open_town();
	before = read_for_list();
	for (uint32_t k = 0; k < FACTS; k++)
		for (uint32_t i = 0; i < VILLAGES; i++)
			if (i != 1) {
				put_fact(i, true, k);
				n++;
			}
	T_OK(read_for_list() <= before + 4 * n);
	T_STR(at("items.11.batch"), "7");
	node_close();
}

T_MAIN(T(test_the_last_fact_of_each_village_holds, "R13"),
       T(test_each_fact_is_read_once_for_all_villages))
