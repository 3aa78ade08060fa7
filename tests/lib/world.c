#include "tests/lib/world.h"

#include <stdio.h>

#include "daemon/ledger/state/read_registers.h"
#include "lib/err.h"
#include "tests/lib/t.h"

void world_open(struct world *x, uint64_t seed)
{
	x->no = town_open(&x->w, seed);
	x->day = town_day(2026, 2, 20);
	x->today = town_day(2026, 3, 1);
	x->slips = 0;
}

void world_clock(struct world *x, day_t today)
{
	x->w.wall_ms = town_noon(today);
	x->today = today;
}

enum verdict_id world_put(struct world *x, const char *author, enum rec_code type, const void *head,
			  const void *lines, uint32_t nlines)
{
	return town_put(&x->w, x->no, author, type, head, lines, nlines);
}

uint64_t world_last(struct world *x)
{
	return town_size(&x->w, x->no) - 1;
}

struct view_household world_household(struct world *x, const char *household)
{
	struct view_household h;

	town_begin(&x->w);
	T_EQ(view_household(x->w.t, x->no, town_b(household), &h), ERR_OK);
	town_commit(&x->w);
	return h;
}

int64_t world_balance(struct world *x, const char *household)
{
	return points_raw(world_household(x, household).balance);
}

enum line_state world_line_state(struct world *x, uint64_t entry, uint32_t line)
{
	struct view_points p;

	town_begin(&x->w);
	T_EQ(view_points(x->w.t, x->no, entry, &p), ERR_OK);
	town_commit(&x->w);
	T_OK(line >= 1 && line <= p.nlines);
	return p.state[line];
}

/* --- goods ----------------------------------------------------------------------------------------- */
void world_changes(struct rec_adopt_catalogue_line l[WORLD_CHANGES])
{
	l[0] = (struct rec_adopt_catalogue_line){.change = CHANGE_change,
						 .code = town_b("D101"),
						 .name_zh = town_b("庭院整洁"),
						 .points = points_of(400),
						 .cap = points_of(800)};
	l[1] = (struct rec_adopt_catalogue_line){.change = CHANGE_drop, .code = town_b("Z001")};
	l[2] = (struct rec_adopt_catalogue_line){.change = CHANGE_add,
						 .code = town_b("V001"),
						 .name_zh = town_b("护林巡查"),
						 .points = points_of(250)};
}

void world_store(struct world *x, const struct rec_scheme *scheme,
		 const struct rec_prices_line *goods, uint32_t n)
{
	T_EQ(town_grant(&x->w, x->no, TOWN_HEAD, WORLD_KEEPER, ROLE_keeper, ""), V_ACCEPTED);
	T_EQ(town_put_scheme(&x->w, x->no, TOWN_HEAD, scheme), V_ACCEPTED);
	T_EQ(town_put_prices(&x->w, x->no, TOWN_HEAD, 1, town_day(2026, 1, 1), goods, n),
	     V_ACCEPTED);
}

struct rec_redemption world_slip(struct world *x, const char *household)
{
	snprintf(x->slip, sizeof(x->slip), "DH-%05u", (unsigned)++x->slips);
	return (struct rec_redemption){.slip = town_b(x->slip),
				       .household = town_b(household),
				       .day = x->today,
				       .minute = 600,
				       .receiver = town_b("王大明"),
				       .member = 1,
				       .witness = town_b("李会计"),
				       .prices = 1};
}

struct rec_redemption_line world_taken(const char *good, int64_t n, int64_t price)
{
	return (struct rec_redemption_line){
		.good = town_b(good), .quantity = qty_of(n), .points = points_of(n * price)};
}
