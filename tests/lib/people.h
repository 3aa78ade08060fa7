#ifndef TESTS_LIB_PEOPLE_H
#define TESTS_LIB_PEOPLE_H

#include "tests/lib/provoke.h"
#include "tests/lib/world.h"

/* The people of a village change: records of the day of the world, put with provoke_put. */
enum verdict_id people_change(struct world *x, const char *household, uint32_t member,
			      enum rec_choice_LEAVE kind, day_t day);
/* A granddaughter is born. */
enum verdict_id people_join(struct world *x, const char *household, uint32_t member,
			    const char *name);
/* Members @from become @to, both as digits of one number each. */
enum verdict_id people_split(struct world *x, const char *household, const char *into,
			     const char *from, const char *to, int64_t points);
enum verdict_id people_merge(struct world *x, const char *household, const char *into,
			     const char *from, const char *to);
/* One line of points. */
enum verdict_id people_points(struct world *x, const char *household, uint32_t member,
			      const char *item, day_t day);
/* The numbers of the last refusal. */
void people_nums(const struct world *x, int64_t a, int64_t b, int64_t c);

struct view_member people_member(struct world *x, const char *household, uint32_t member);
/* A handful of "household/member:number ". */
#define PEOPLE_ROOM 60 /* for each */
#define PEOPLE_TEXT (PEOPLE_ROOM * 16)
void people_scores(struct world *x, int year, const char *want);

#endif
