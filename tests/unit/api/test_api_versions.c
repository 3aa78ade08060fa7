/* A new version of catalogue, plan, scheme or prices starts from the one in force: nothing changes by being left out. */
#include "tests/lib/t.h"
#include "tests/lib/webnode.h"

#define COMMITTEE "{" SIGN("head") ","
#define LINES(x)  "\"lines\":[" x "]}"

/* A value of the newest record of a type. */
static const char *newest(const char *type, const char *path)
{
	char target[96], place[96];
	size_t n;

	snprintf(target, sizeof(target), "/api/v1/registers/%s", type);
	WANT(get(target), 200);
	n = json_array_size(json_object_get(answer, "items"));
	snprintf(place, sizeof(place), "items.%zu.%s", n - 1, path);
	return at(place);
}

static void post_scheme(const char *rest, int status)
{
	char body[1024];

	snprintf(body, sizeof(body), COMMITTEE "\"record\":{%s}}", rest);
	WANT(post("/api/v1/records/scheme", body), status);
}

#define FIRST_SCHEME                                                                               \
	COMMITTEE "\"record\":{\"version\":1,\"title\":\"方案\",\"from\":\"2026-01-01\"}," LINES(  \
		"{\"kind\":\"goods\",\"name\":\"积分超市\"}")

static void test_the_first_scheme_has_the_values_of_the_plan(void)
{
	node_open(false);
	WANT(post("/api/v1/records/scheme", FIRST_SCHEME), 200);
	T_STR(at("kept.version"), "0");
	T_STR(at("kept.usual.0.name"), "rate_points");
	T_STR(at("kept.usual.0.value"), "1.00 points");
	T_STR(newest("scheme", "record.threshold"), "100.00");
	T_STR(at("items.0.record.rate_points"), "1.00");
	T_STR(at("items.0.record.rate"), "1.00");
	T_STR(at("items.0.record.notified_days"), "3");
	T_STR(at("items.0.record.tolerance"), "10");
	T_STR(at("items.0.record.notice_days"), "7");
	node_close();
}

static void test_a_first_version_says_what_it_lacks(void)
{
	node_open(false);
	WANT(post("/api/v1/records/scheme",
		  COMMITTEE "\"record\":{\"version\":1,\"from\":\"2026-01-01\"}," LINES(
			  "{\"kind\":\"goods\",\"name\":\"积分超市\"}")),
	     400);
	T_STR(at("code"), "FIELD_MISSING");
	T_STR(at("field"), "record.title");
	post_scheme("\"version\":1,\"title\":\"方案\",\"from\":\"2026-01-01\"", 400);
	T_STR(at("code"), "LINES_COUNT");
	WANT(post("/api/v1/records/scheme",
		  COMMITTEE "\"record\":{\"version\":1,\"title\":\"方案\",\"from\":\"2026-01-01\"}"
			    "," LINES("{\"name\":\"积分超市\"}")),
	     400);
	T_STR(at("field"), "lines[0].kind");
	node_close();
}

static void test_what_a_scheme_leaves_out_stays(void)
{
	node_open(false);
	WANT(post("/api/v1/records/scheme", FIRST_SCHEME), 200);
	post_scheme("\"version\":2,\"from\":\"2026-03-02\",\"threshold\":\"60分\","
		    "\"notified_days\":\"5天\"",
		    200);
	T_STR(at("kept.version"), "1");
	T_STR(at("kept.lines.0"), "积分超市");
	post_scheme("\"version\":3,\"from\":\"2026-03-02\",\"tolerance\":0", 200);
	T_STR(newest("scheme", "record.threshold"), "60.00");
	T_STR(at("items.2.record.notified_days"), "5");
	T_STR(at("items.2.record.title"), "方案");
	T_STR(at("items.2.record.rate"), "1.00");
	T_STR(at("items.2.lines.0.name"), "积分超市");
	/* what is given is taken, also when it is nothing */
	T_STR(at("items.2.record.tolerance"), "0");
	node_close();
}

/* 0.50 yuan a point is not 0.50 yuan for the ten points of the version before. */
static void test_a_rate_alone_is_of_one_point(void)
{
	node_open(false);
	WANT(post("/api/v1/records/scheme", FIRST_SCHEME), 200);
	post_scheme("\"version\":2,\"from\":\"2026-03-02\",\"rate_points\":\"2\",\"rate\":\"1\"",
		    200);
	post_scheme("\"version\":3,\"from\":\"2026-03-02\",\"threshold\":\"80\"", 200);
	T_STR(newest("scheme", "record.rate_points"), "2.00");
	post_scheme("\"version\":4,\"from\":\"2026-03-02\",\"rate\":\"0.50元\"", 200);
	T_STR(newest("scheme", "record.rate_points"), "1.00");
	T_STR(at("items.3.record.rate"), "0.50");
	node_close();
}

static void test_a_unit_is_never_that_of_something_else(void)
{
	node_open(false);
	WANT(post("/api/v1/records/scheme", FIRST_SCHEME), 200);
	post_scheme("\"version\":2,\"from\":\"2026-03-02\",\"rate\":\"1分\"", 400);
	T_STR(at("field"), "record.rate");
	post_scheme("\"version\":2,\"from\":\"2026-03-02\",\"threshold\":\"100元\"", 400);
	T_STR(at("field"), "record.threshold");
	post_scheme("\"version\":2,\"from\":\"2026-03-02\",\"tolerance\":\"5%\"", 200);
	T_STR(newest("scheme", "record.tolerance"), "5");
	node_close();
}

static void test_a_value_far_from_the_plan_asks_first(void)
{
	static const char *const far[] = {"\"rate\":\"100\"", "\"threshold\":\"1\"",
					  "\"threshold\":\"201\"", "\"notified_days\":1",
					  "\"notice_days\":15"};
	static const char *const near[] = {"\"rate\":\"0.50\"", "\"threshold\":\"200\"",
					   "\"notified_days\":2", "\"notice_days\":5"};
	char body[256];
	uint64_t before;

	node_open(false);
	WANT(post("/api/v1/records/scheme", FIRST_SCHEME), 200);
	before = own_size();
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		snprintf(body, sizeof(body),
			 COMMITTEE "\"ask\":\"consent\",\"record\":{\"version\":2,"
				   "\"from\":\"2026-03-02\",%s}}",
			 far[i]);
		WANT(post("/api/v1/records/scheme", body), 200);
		T_STR(at("asked"), "true");
		T_STR(at("dry_run"), "true");
		T_STR(at("warnings.0.asks"), "true");
		T_STR(at("warnings.0.name"), i < 3 ? "FAR_AMOUNT" : "FAR_NUMBER");
	}
	T_EQ(own_size(), before);
	for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++) {
		snprintf(body, sizeof(body),
			 COMMITTEE "\"ask\":\"consent\",\"record\":{\"version\":%zu,"
				   "\"from\":\"2026-03-02\",%s}}",
			 2 + i, near[i]);
		WANT(post("/api/v1/records/scheme", body), 200);
		T_STR(at("asked"), "false");
	}
	T_EQ(own_size(), before + 4);
	/* who does not ask is answered with the warning */
	post_scheme("\"version\":9,\"from\":\"2026-03-02\",\"rate\":\"100\"", 200);
	T_STR(at("warnings.0.name"), "FAR_AMOUNT");
	T_EQ(own_size(), before + 5);
	node_close();
}

#define RECORD_ID "\"id\":\"00112233445566778899aabbccddeeff\","

/* The version that it followed first is not the newest any more, and still it is the same record. */
static void test_the_same_version_sent_again_is_the_same(void)
{
	static const char body[] = COMMITTEE RECORD_ID
		"\"record\":{\"version\":2,\"from\":\"2026-03-02\",\"threshold\":\"80\"}}";
	uint64_t before;

	node_open(false);
	WANT(post("/api/v1/records/scheme", FIRST_SCHEME), 200);
	WANT(post("/api/v1/records/scheme", body), 200);
	post_scheme("\"version\":3,\"from\":\"2026-03-02\",\"notified_days\":5", 200);
	before = own_size();
	WANT(post("/api/v1/records/scheme", body), 200);
	T_STR(at("exists"), "true");
	T_EQ(own_size(), before);
	node_close();
}

#define PRICES(version, lines)                                                                     \
	COMMITTEE "\"record\":{\"version\":" version ",\"from\":\"2026-03-02\"}," lines

static void test_goods_stay_on_the_list_until_they_are_dropped(void)
{
	node_open(false);
	WANT(post("/api/v1/records/prices",
		  PRICES("1",
			 LINES("{\"good\":\"G01\",\"title\":\"洗衣液\",\"class\":\"household\","
			       "\"unit\":\"瓶\",\"price\":\"20\",\"cost\":\"20\"},"
			       "{\"good\":\"G02\",\"title\":\"毛巾\",\"class\":\"household\","
			       "\"unit\":\"条\",\"price\":\"5\",\"cost\":\"5\"}"))),
	     200);
	WANT(post("/api/v1/records/prices",
		  PRICES("2", LINES("{\"good\":\"G02\",\"price\":\"6\"}"))),
	     200);
	T_STR(at("kept.lines.0"), "G01");
	/* line 2 of the record is line 1 of the request */
	T_STR(at("kept.from.0"), "0");
	T_STR(at("kept.from.1"), "1");
	T_STR(newest("prices", "lines.0.good"), "G01");
	T_STR(at("items.1.lines.1.price"), "6.00");
	T_STR(at("items.1.lines.1.title"), "毛巾");
	T_STR(at("items.1.lines.1.cost"), "5.00");
	WANT(post("/api/v1/records/prices", PRICES("3", "\"drop\":[\"G01\"]}")), 200);
	T_STR(newest("prices", "lines.0.good"), "G02");
	T_STR(at("items.2.lines.1.good"), "");
	WANT(post("/api/v1/records/prices", PRICES("4", "\"drop\":[\"G01\"]}")), 422);
	T_STR(at("verdict.name"), "DROP_UNKNOWN");
	/* a new one has no values to stay, and a list without goods is none */
	WANT(post("/api/v1/records/prices",
		  PRICES("4", LINES("{\"good\":\"G03\",\"price\":\"6\"}"))),
	     400);
	T_STR(at("field"), "lines[0].title");
	WANT(post("/api/v1/records/prices", PRICES("4", "\"drop\":[\"G02\"]}")), 400);
	T_STR(at("code"), "LINES_COUNT");
	node_close();
}

static void test_a_plan_keeps_its_text_and_steps(void)
{
	node_open(false);
	WANT(post("/api/v1/records/plan", COMMITTEE
		  "\"record\":{\"version\":1,\"title\":\"方案\",\"content\":\"重点内容若干\","
		  "\"standards\":\"评价标准若干\",\"procedure\":\"三人签名评定\","
		  "\"uses\":\"兑换与评优\"}," LINES("{\"step\":\"动员\"},"
						    "{\"step\":\"试点\"}")),
	     200);
	WANT(post("/api/v1/records/plan",
		  COMMITTEE "\"record\":{\"version\":2,\"uses\":\"兑换与评选\"},"
			    "\"drop\":[\"试点\"]," LINES("{\"step\":\"推广\","
							 "\"from\":\"2026-04-01\"}")),
	     200);
	T_STR(newest("plan", "record.procedure"), "三人签名评定");
	T_STR(at("items.1.record.uses"), "兑换与评选");
	T_STR(at("items.1.lines.0.step"), "动员");
	T_STR(at("items.1.lines.1.step"), "推广");
	T_STR(at("items.1.lines.2.step"), "");
	node_close();
}

#define ADOPT(version, rest)                                                                       \
	COMMITTEE "\"record\":{\"version\":" version ",\"from\":\"2026-03-01\"}," rest

/* "-" dropped, "" as the town, else the points. */
static const char *item_here(const char *code)
{
	char place[64];

	WANT(get("/api/v1/catalogue"), 200);
	for (size_t i = 0; i < json_array_size(json_object_get(answer, "items")); i++) {
		snprintf(place, sizeof(place), "items.%zu.code", i);
		if (strcmp(at(place), code) != 0)
			continue;
		snprintf(place, sizeof(place), "items.%zu.points", i);
		return at(place);
	}
	return "-";
}

static void test_a_village_keeps_its_own_items(void)
{
	node_open(false);
	T_STR(item_here("D101"), "3.00");
	WANT(post("/api/v1/records/adopt_catalogue",
		  ADOPT("32",
			LINES("{\"change\":\"drop\",\"code\":\"A101\"},"
			      "{\"code\":\"D101\",\"points\":\"4\"},"
			      "{\"code\":\"D199\",\"category\":\"D\",\"sign\":\"award\","
			      "\"name_zh\":\"认养公共花坛\",\"points\":\"3\",\"unit\":\"event\","
			      "\"scope\":\"household\"}"))),
	     200);
	T_STR(at("kept.from.0"), "1");
	T_STR(at("kept.from.2"), "3");
	T_STR(item_here("A101"), "-");
	T_STR(item_here("D101"), "4.00");
	T_STR(item_here("D199"), "3.00");
	T_STR(newest("adopt_catalogue", "lines.0.name_zh"), "事项");
	T_STR(newest("adopt_catalogue", "lines.1.change"), "change");
	T_STR(newest("adopt_catalogue", "lines.1.unit"), "event");
	T_STR(newest("adopt_catalogue", "lines.2.change"), "add");
	/* the next one, without a line */
	WANT(post("/api/v1/records/adopt_catalogue", ADOPT("33", "\"lines\":[]}")), 200);
	T_STR(at("kept.version"), "32");
	T_STR(at("kept.lines.1"), "D199");
	T_STR(at("kept.dropped.0"), "A101");
	T_STR(item_here("A101"), "-");
	T_STR(item_here("D101"), "4.00");
	T_STR(item_here("D199"), "3.00");
	/* one of its own ends, one of the town comes back */
	WANT(post("/api/v1/records/adopt_catalogue",
		  ADOPT("34", "\"drop\":[\"D199\"]," LINES("{\"code\":\"A101\"}"))),
	     200);
	T_STR(item_here("D199"), "-");
	T_STR(item_here("A101"), "2.00");
	T_STR(item_here("D101"), "4.00");
	/* a version that is over, and those of the town */
	WANT(get("/api/v1/catalogue?version=33"), 200);
	ANSWERS({"adopted", "33"}, {"filing.state", "none"});
	T_OK(strstr(answer_text, "D199"));
	WANT(get("/api/v1/catalogue?version=35"), 404);
	WANT(get("/api/v1/catalogue?version=1&feed=town"), 200);
	ANSWERS({"version", "1"}, {"adopted", ""});
	WANT(post("/api/v1/records/adopt_catalogue", ADOPT("35", "\"drop\":[\"Z999\"]}")), 422);
	T_STR(at("verdict.name"), "DROP_UNKNOWN");
	node_close();
}

T_MAIN(T(test_the_first_scheme_has_the_values_of_the_plan, "R45 R49 R52 I3"),
       T(test_a_first_version_says_what_it_lacks), T(test_what_a_scheme_leaves_out_stays, "R52"),
       T(test_a_rate_alone_is_of_one_point, "R49"), T(test_a_unit_is_never_that_of_something_else),
       T(test_a_value_far_from_the_plan_asks_first, "R49 R52"),
       T(test_the_same_version_sent_again_is_the_same),
       T(test_goods_stay_on_the_list_until_they_are_dropped, "R50"),
       T(test_a_plan_keeps_its_text_and_steps, "R14"),
       T(test_a_village_keeps_its_own_items, "R30 R31"))
