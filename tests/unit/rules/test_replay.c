#include "tests/lib/replay.h"

#include "daemon/ledger/rules/fold.h"
#include "lib/err.h"
#include "tests/lib/t.h"
#include "tests/lib/town.h"

/* The state of the past is what the store held then, whatever came later. */
enum { STEPS = 12 };
struct moment {
	uint64_t size, town;
	struct hash digest;
};

static struct moment moment_now(struct town *w, uint32_t no)
{
	struct moment m = {.size = town_size(w, no), .town = town_size(w, FEED_TOWN)};

	town_digest(w, no, &m.digest);
	return m;
}

static void expect(struct town *w, uint32_t no, const struct moment *m)
{
	struct replay past = {0};
	struct feed_head head;
	struct hash digest;

	town_begin(w);
	T_EQ(feedlog_head(w->t, no, &head), ERR_OK);
	T_EQ(replay_at(w->t, &w->id, &head, m->size, m->town, &past), ERR_OK);
	T_EQ(fold_digest(past.t, no, &digest), ERR_OK);
	T_MEM(&digest, &m->digest, sizeof(digest));
	replay_close(&past);
	town_commit(w);
}

static void test_every_state_of_the_past_comes_back(void)
{
	struct rec_roster_change death = {
		.household = town_b("01001"), .member = 2, .kind = LEAVE_death};
	struct moment was[STEPS], end;
	struct town w;
	uint32_t no = town_open(&w, 1);
	day_t day = town_day(2026, 2, 20);

	for (uint32_t i = 0; i < STEPS; i++) {
		was[i] = moment_now(&w, no);
		switch (i % 4) {
		case 0: town_earn(&w, no, "01001", 0, "A101", day - (day_t)i); break;
		case 1: T_EQ(town_catalogue(&w, 2 + i), V_ACCEPTED); break; /* the town goes on */
		case 2: /* refused: stays, and has no effect */
			T_EQ(town_step(&w, no, TOWN_REV, REC_confirm, 1, 1, DECISION_agree),
			     V_NO_ROLE);
			break;
		default:
			death.member = 1 + i / 4;
			death.day = day;
			T_EQ(town_put(&w, no, TOWN_HEAD, REC_roster_change, &death, NULL, 0),
			     V_ACCEPTED);
		}
	}
	end = moment_now(&w, no);
	for (uint32_t i = 0; i < STEPS; i++)
		expect(&w, no, &was[i]);
	expect(&w, no, &end);
	town_digest(&w, no, &was[0].digest); /* and the present is as it was */
	T_MEM(&was[0].digest, &end.digest, sizeof(end.digest));
	town_close(&w);
}

/* An entry is refused that no verdict says was refused: damage, and no page is made of it. */
static void test_a_refused_entry_without_its_verdict_is_damage(void)
{
	uint8_t key[VERDICT_KEY_BYTES];
	struct replay past = {0};
	struct feed_head head;
	struct town w;
	uint32_t no = town_open(&w, 3);
	uint64_t at = town_size(&w, no);

	T_EQ(town_step(&w, no, TOWN_REV, REC_confirm, 1, 1, DECISION_agree), V_NO_ROLE);
	town_begin(&w);
	T_EQ(kv_del(w.t, KV_VERDICT, verdict_key(key, no, at)), ERR_OK);
	T_EQ(feedlog_head(w.t, no, &head), ERR_OK);
	T_EQ(replay_at(w.t, &w.id, &head, head.size, town_size(&w, FEED_TOWN), &past), ERR_CORRUPT);
	T_OK(!past.kv);
	town_commit(&w);
	town_close(&w);
}

static void test_what_is_not_here_has_no_past(void)
{
	struct replay past = {0};
	struct feed_head head;
	struct town w;
	uint32_t no = town_open(&w, 2);
	uint64_t town = town_size(&w, FEED_TOWN);

	town_begin(&w);
	T_EQ(feedlog_head(w.t, no, &head), ERR_OK);
	T_EQ(replay_at(w.t, &w.id, &head, head.size + 1, town, &past), ERR_NOTFOUND);
	T_EQ(replay_at(w.t, &w.id, &head, head.size, town + 1, &past), ERR_NOTFOUND);
	/* entries that saw more of the town than is asked for */
	T_EQ(replay_at(w.t, &w.id, &head, head.size, 1, &past), ERR_NOTFOUND);
	T_OK(past.kv == NULL);
	town_commit(&w);
	town_close(&w);
}

T_MAIN(T(test_every_state_of_the_past_comes_back),
       T(test_a_refused_entry_without_its_verdict_is_damage), T(test_what_is_not_here_has_no_past))
