/* What a notice of the catalogue says that it shows. */
#include "daemon/ledger/query/notice_figures.h"

#include "daemon/feed/feedlog.h"
#include "lib/err.h"
#include "tests/lib/t.h"
#include "tests/lib/world.h"

#define SEED 78

static void adopt(struct world *x, uint64_t version, const struct rec_adopt_catalogue_line *l,
		  uint32_t n)
{
	struct rec_adopt_catalogue a = {
		.version = version,
		.base = 1,
		.from = town_day(2019 + (int)version, 1, 1),
	};

	T_EQ(town_put(&x->w, x->no, TOWN_HEAD, REC_adopt_catalogue, &a, l, n), V_ACCEPTED);
}

/* Items in force in that version's year. */
static uint64_t items(struct world *x, uint64_t version)
{
	struct rec_notice n = {.kind = NOTICE_catalogue, .to = town_day(2019 + (int)version, 6, 1)};
	struct feed_head h;

	town_begin(&x->w);
	T_EQ(feedlog_head(x->w.t, x->no, &h), ERR_OK);
	n.size = h.size;
	T_EQ(notice_figures(x->w.t, x->no, &n), ERR_OK);
	T_EQ(points_raw(n.plus), 0);
	T_EQ(points_raw(n.minus), 0);
	town_commit(&x->w);
	return n.lines;
}

/* R30 R33 */
static void test_dropped_items_are_not_counted(void)
{
	struct rec_adopt_catalogue_line l[WORLD_CHANGES];
	uint64_t all;
	struct world x;

	world_changes(l);
	world_open(&x, SEED);
	adopt(&x, 9, NULL, 0);
	adopt(&x, 10, l, 1);
	adopt(&x, 11, l, 2);
	adopt(&x, 12, l, 3);
	all = items(&x, 9);
	T_OK(all > 2);
	T_EQ(items(&x, 10), all);
	T_EQ(items(&x, 11), all - 1);
	T_EQ(items(&x, 12), all);
	town_close(&x.w);
}

T_MAIN(T(test_dropped_items_are_not_counted))
