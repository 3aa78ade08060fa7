/* A witness signs one history, whatever happens to its store; and what a node says of those who cosigned. */
#include "daemon/writer/writer.h"

#include "lib/err.h"
#include "tests/lib/stage.h"
#include "tests/lib/t.h"

/* --- a witness whose store went back ---------------------------------------------------------------- */

static bool cosigns(struct pair_node *n, struct pair_node *owner, uint64_t from, uint64_t to)
{
	struct job j;

	pair_chunk(owner, from, to, &chunk);
	T_EQ(stage_ingest(n, buf_bytes(&chunk), &j), ERR_OK);
	T_EQ(j.u.ingest.size, to);
	return j.u.ingest.cosigned;
}

/* @n goes on with the store of @old, which is empty-handed afterwards; the guard stays. */
static void swap_store(struct pair_node *n, struct pair_node *old)
{
	struct kv *newest = n->kv;

	pair_node_stop(n);
	pair_node_stop(old);
	n->kv = old->kv;
	old->kv = newest;
	stage_restart(n);
}

/* Its own feed has not moved, so only what it cosigned shows that it lacks something. */
static void test_a_village_whose_store_went_back_signs_one_history(void)
{
	for (int journal = 0; journal < 2; journal++) {
		struct pair_node twin, old;

		stage_hub(&hub, 5);
		stage_hub(&twin, 2);
		stage_grants(&twin, 0, 900, 4);
		for (int forked = 0; forked < 2; forked++) {
			stage_village(&village, 1);
			stage_village(&old, 1);
			village.journal = journal;
			stage_restart(&village);
			T_OK(cosigns(&village, &hub, 3, 8));
			swap_store(&village, &old);
			if (forked) {
				T_OK(!cosigns(&village, &twin, 3, 8));
				T_OK(!cosigns(&village, &twin, 8, 9));
				stage_restart(&village);
			} else {
				T_OK(!cosigns(&village, &hub, 3, 6)); /* never a smaller size */
				T_OK(cosigns(&village, &hub, 6, 8));
			}
			T_OK(!cosigns(&village, forked ? &twin : &hub, 0, forked ? 9 : 8));
			pair_node_close(&village);
			pair_node_close(&old);
		}
		pair_node_close(&hub);
		pair_node_close(&twin);
	}
}

static void test_a_hub_whose_store_went_back_signs_one_history(void)
{
	for (int journal = 0; journal < 2; journal++) {
		struct pair_node old, twin;

		stage_hub(&hub, 0);
		stage_hub(&old, 0);
		hub.journal = journal;
		stage_restart(&hub);
		stage_village(&village, 4);
		stage_village(&twin, 2);
		stage_grants(&twin, PAIR_STARTED, 900, 4);
		T_OK(cosigns(&hub, &village, 0, 3));
		swap_store(&hub, &old);
		T_OK(!cosigns(&hub, &twin, 0, 2));
		T_OK(!cosigns(&hub, &twin, 2, 6));
		swap_store(&hub, &old); /* the right one is found again */
		T_OK(cosigns(&hub, &village, 3, 4));
		pair_node_close(&hub);
		pair_node_close(&old);
		pair_node_close(&village);
		pair_node_close(&twin);
	}
}

/* The power went when the store had reached its disk and the guard had not: what the store says is cosigned
 * is sent after the start, so it is guarded first. */
static void test_what_only_the_store_has_cosigned_is_guarded_at_the_start(void)
{
	struct pair_node twin, old;
	struct job j = {.type = JOB_INGEST}, *jobs = &j;
	struct errmsg msg;

	stage_hub(&hub, 5);
	stage_hub(&twin, 2);
	stage_grants(&twin, 0, 900, 4);
	stage_village(&village, 1);
	stage_village(&old, 1);
	village.journal = true;
	stage_restart(&village);
	pair_chunk(&hub, 3, 8, &chunk);
	j.u.ingest.body = buf_bytes(&chunk);
	j.u.ingest.now_s = STAGE_NOW_S;
	village.guard_err = ERR_IO;
	T_EQ(pair_run(&village, &jobs, 1), ERR_IO);
	T_EQ(writer_state(village.w), WRITER_DEAD);
	pair_node_stop(&village);
	T_EQ(pair_node_start(&village, &msg), ERR_IO); /* and not before */
	village.guard_err = ERR_OK;
	T_EQ(pair_node_start(&village, &msg), ERR_OK);
	T_EQ(stage_size(&village, FEED_TOWN), 8);
	swap_store(&village, &old);
	T_OK(!cosigns(&village, &twin, 3, 8));
	pair_node_close(&old);
	pair_node_close(&twin);
}

static void test_a_cosignature_waits_for_no_second_disk(void)
{
	uint32_t saves;

	stage_hub(&hub, 5);
	stage_village(&village, 1);
	village.journal = true;
	stage_restart(&village);
	saves = village.guard_saves;
	T_OK(cosigns(&village, &hub, 3, 8)); /* guarded beside the commit */
	T_EQ(village.guard_saves, saves);
	T_EQ(village.guard.ncosigned, 1);
	T_EQ(village.guard.cosigned[0].size, 8);
	stage_grants(&village, 8, 400, 2);
	T_EQ(village.guard_saves, saves);
	T_EQ(village.guard.ncosigned, 1);
}

/* --- what was cosigned ------------------------------------------------------------------------------ */

static struct feed_status status_of(struct pair_node *n, uint32_t no, bool is_hub)
{
	struct feed_status s;
	struct kv_txn *t;

	T_EQ(kv_begin(n->kv, false, &t), ERR_OK);
	T_EQ(writer_feed_status(t, no, is_hub, &s), ERR_OK);
	kv_abort(t);
	return s;
}

static void test_status_is_three_honest_numbers(void)
{
	struct feed_status s;

	stage_hub(&hub, 0);
	stage_village(&village, 9);
	s = status_of(&village, PAIR_VILLAGE_NO, false);
	T_EQ(s.size, 9);
	T_EQ(s.at_hub, 0);
	T_EQ(s.cosigned, 0);
	T_EQ(s.witnesses, 0);
	T_EQ(stage_acked(&village, PAIR_VILLAGE, 6), ERR_OK);
	T_EQ(stage_acked(&village, PAIR_VILLAGE, 10),
	     ERR_STATE); /* nobody holds what is not here */
	T_EQ(stage_cosig(&village, PAIR_VILLAGE, PAIR_HUB, 5, false), ERR_OK);
	T_EQ(stage_cosig(&village, PAIR_VILLAGE, PAIR_HUB, 4, false),
	     ERR_OK); /* older: of no use */
	T_EQ(stage_cosig(&village, PAIR_VILLAGE, PAIR_HUB, 6, true), ERR_FORK);
	T_EQ(stage_cosig(&village, PAIR_VILLAGE, PAIR_HUB, 10, false), ERR_STATE);
	T_EQ(stage_cosig(&village, PAIR_HUB, PAIR_VILLAGE, 1, false),
	     ERR_INVALID); /* our own name */
	s = status_of(&village, PAIR_VILLAGE_NO, false);
	T_EQ(s.at_hub, 6);
	T_EQ(s.cosigned, 5);
	T_EQ(s.witnesses, 1);
	s = status_of(&village, FEED_TOWN, false); /* cosigned by us when it came */
	T_EQ(s.size, PAIR_STARTED);
	T_EQ(s.at_hub, PAIR_STARTED);
	T_EQ(s.cosigned, PAIR_STARTED);
	T_EQ(s.witnesses, 1);
}

/* What the village says of a feed at this size, with the cosignature of one witness. */
static void note_is_good(enum pair_feed feed, uint64_t size, enum pair_feed witness)
{
	struct vkey known[2] = {{.type = NOTE_ED25519}, {.type = NOTE_COSIG}};
	struct buf note = {0};
	struct checkpoint c;
	struct kv_txn *t;
	uint32_t cosigs;

	T_EQ(kv_begin(village.kv, false, &t), ERR_OK);
	T_EQ(writer_note(t, (uint32_t)feed + 1, &note), ERR_OK);
	kv_abort(t);
	memcpy(known[0].name, tw.origin[feed], ORIGIN_MAX);
	memcpy(known[0].key, sign_key_public(tw.feed_key[feed]), SIGN_KEY_BYTES);
	witness_name_of("town.example", &tw.feed[witness], known[1].name);
	memcpy(known[1].key, sign_key_public(tw.witness[witness]), SIGN_KEY_BYTES);
	T_EQ(note_open((const char *)note.p, note.n, known, 2, &c, &cosigs), ERR_OK);
	T_EQ(c.size, size);
	T_EQ(cosigs, 1);
	buf_close(&note);
}

static void test_the_note_is_one_that_others_can_check(void)
{
	stage_hub(&hub, 0);
	stage_village(&village, 3);
	T_EQ(pair_run(&village, NULL, 0), ERR_OK);
	T_EQ(stage_cosig(&village, PAIR_VILLAGE, PAIR_HUB, 3, false), ERR_OK);
	note_is_good(PAIR_VILLAGE, 3, PAIR_HUB);
	note_is_good(PAIR_HUB, PAIR_STARTED, PAIR_VILLAGE);
}

T_MAIN_WITH(stage_open, stage_close, T(test_a_village_whose_store_went_back_signs_one_history),
	    T(test_a_hub_whose_store_went_back_signs_one_history),
	    T(test_what_only_the_store_has_cosigned_is_guarded_at_the_start),
	    T(test_a_cosignature_waits_for_no_second_disk), T(test_status_is_three_honest_numbers),
	    T(test_the_note_is_one_that_others_can_check))
