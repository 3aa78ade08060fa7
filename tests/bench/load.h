#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H

#include "daemon/io/dir.h"
#include "daemon/io/guardfile.h"
#include "daemon/io/storeq.h"
#include "daemon/writer/writer.h"
#include "lib/prng.h"
#include "proto/msg.h"
#include "proto/record.h"
#include "tests/bench/bench.h"

/* The work that is measured: a town and one enrolled village of LOAD_HOUSEHOLDS households, then points
 * entries as clerks write them, with item, place, reason, kind and number of evidence. Each year a household
 * gets about LOAD_PER_YEAR lines; nobody gets the same item twice within a year and a bit, so no cap and no
 * warning is in the way. A catalogue holds for a year: the template has those of LOAD_YEARS, and a load that
 * goes on for longer adopts the next one each December. */
#define LOAD_HOUSEHOLDS 360 /* at most */
#define LOAD_MEMBERS	3
#define LOAD_ITEMS	12
#define LOAD_PER_YEAR	30
#define LOAD_LINES_MAX	140
#define LOAD_YEAR0	2030 /* of the first line: after the templates are made */
#define LOAD_YEARS	20
#define LOAD_CYCLE	98 /* entries that one review and one confirmation agree to */
#define LOAD_PASSPHRASE "correct horse battery staple"
#define LOAD_PERSON	"录入员" /* a recorder whose key is sealed at the cost that a node uses */
#define LOAD_VILLAGE	(FEED_TOWN + 1) /* number of the village feed in every store */

/* A feed as its sender has it: enough to go on with leaves, chain, tree and checkpoints. */
struct load_feed {
	struct hash id, prev;
	uint64_t seq;
	struct tlog_edge edge;
	char origin[ORIGIN_MAX];
	const struct sign_key *key;
};

/* Author keys of the two nodes and the folders of their templates: a hub that has enrolled the village, a
 * village with its roster. Copies of them are what the lines work on. */
struct load {
	char hub[BENCH_PATH_MAX], village[BENCH_PATH_MAX];
	char hub_rostered[BENCH_PATH_MAX]; /* the hub when it holds the village's roster, too */
	struct hash town, feed;
	struct sign_key *officer, *head, *recorder, *reviewer, *confirmer;
	const struct sign_key
		*committee; /* who speaks for the village: @head, or another's (load_speak_for) */
	struct sign_key *keeper;   /* of the shop; NULL where nobody redeems */
	uint64_t town_size;	   /* entries of the town feed */
	uint64_t first;		   /* sequence of the first points entry */
	struct dir village_dir;	   /* of the template: keys */
	struct load_feed feed_end; /* where the village feed of the templates ends */
	struct prng g;
	int year0;	     /* of the first line */
	day_t day0;	     /* its first day */
	uint64_t next;	     /* number of the next line */
	uint64_t households; /* LOAD_HOUSEHOLDS unless changed */
	uint64_t per_year;   /* lines of a household; LOAD_PER_YEAR unless changed */
	int adopted;	     /* the last year that has a catalogue */
	uint64_t wait
		[LOAD_CYCLE]; /* entries that load_life has recorded and not reviewed yet, or not confirmed */
	uint32_t nwait;
	bool reviewed;
};
struct load_opts {
	const char *name;   /* the folders are NAME-hub, NAME-village, NAME-rostered */
	const char *listen; /* of the hub */
	int year0;
	bool bare; /* no catalogue, no households: the town is founded, the village enrolled, its people have roles */
};
/* Makes keys, folders and stores. */
void load_init(struct load *l, const struct load_opts *o);
void load_close(struct load *l); /* the folders stay until bench_end */
/* From the first line on again: for a new copy of a template. */
void load_restart(struct load *l);
/* A copy of a template under the data folder. */
void load_copy(const char *from, const char *name, char out[BENCH_PATH_MAX]);

/* An open node: store, guard file, writer, store thread. */
struct load_node {
	struct dir dir;
	struct kv *kv;
	struct guardfile *guard;
	struct writer *writer;
	struct storeq *q; /* NULL until load_node_queue */
	uint32_t own;
};
void load_node_open(struct load_node *n, const char *path);
void load_node_queue(struct load_node *n);
void load_node_close(struct load_node *n);
uint64_t load_size(struct load_node *n, uint32_t feed_no);
/* Runs the jobs as one batch through apply, commit and seal; every one must succeed. */
void load_batch(struct load_node *n, struct job **jobs, uint32_t njobs);
/* Stops the bench when a job failed or its verdict is a refusal. */
void load_check(const struct job *j);

/* The next points entry with @lines lines as a signed job; payload appended to @payload (the caller points
 * the job at it when the buffer no longer moves). */
void load_points(struct load *l, uint32_t lines, struct job *j, struct buf *payload);
/* All lines of points entry @seq agreed, by reviewer or confirmer. */
void load_step(struct load *l, enum rec_code step, uint64_t seq, struct job *j,
	       struct buf *payload);
/* Signs again: for lines where signing is part of what is timed. */
void load_sign(struct load *l, struct entry *tx);

/* Jobs with their payloads in one piece of memory. */
struct load_jobs {
	uint32_t n;
	struct job *job;
	struct job **list;
	size_t *at; /* where payloads begin */
	struct buf payload;
	size_t bytes; /* stored: leaves and payloads */
};
void load_jobs_new(struct load_jobs *js, struct load *l, uint32_t n, uint32_t lines);
void load_jobs_free(struct load_jobs *js);
/* What a village writes from day to day. */
enum load_life {
	LOAD_RECORDED, /* points entries of one line, and the catalogues that they need */
	LOAD_CONFIRMED /* the same, and LOAD_CYCLE of them at a time reviewed and confirmed */
};
/* The next entry of that life, to stand as entry @seq of the village feed; not signed. */
void load_life(struct load *l, enum load_life life, uint64_t seq, struct job *j,
	       struct buf *payload);
/* The day of the next line. */
day_t load_day(const struct load *l);
/* Fills a node with exactly @count entries, 1,000 a commit. The author signatures are wrong when @sign is false:
 * only for stores whose signatures are not looked at. Returns stored bytes of the entries. */
uint64_t load_fill(struct load *l, struct load_node *n, uint64_t count, enum load_life life,
		   bool sign);

/* The chunks in which the jobs would be sent as the next entries of @f. */
struct load_chunks {
	uint32_t n;
	struct job *job; /* JOB_INGEST, body set, check NULL */
	struct buf *body;
	uint64_t entries, stored, wire; /* wire: bodies with type, tag and length of each message */
};
void load_chunks_new(struct load_chunks *c, struct load_feed *f, const struct load_jobs *js);
void load_chunks_reset(struct load_chunks *c); /* to ingest the same chunks again */
void load_chunks_free(struct load_chunks *c);

/* --- more villages, at the hub alone --- */
struct load_village {
	struct hash feed;
	struct sign_key *feed_key, *head; /* head: the first committee member */
	struct dh_key *transport;
};
/* Invites and enrols villages number @first and following in the town feed of @hub. @code: at least 12 digits. */
void load_enrol(struct load *l, struct load_node *hub, uint32_t first, uint32_t n,
		struct load_village *ret);
void load_village_close(struct load_village *v);
/* Tasks of the town for all villages, with a day to do them by: the next @n entries of the town feed. */
void load_guidance(struct load *l, struct load_node *hub, uint32_t n, day_t due);
/* Lets @l speak for that village: its feed, its head, the town as it is now. Its people are those of @l. */
void load_speak_for(struct load *l, struct load_node *hub, const struct load_village *v);
/* Grants, catalogues and roster of the village that @l speaks for. */
void load_founding(struct load *l, struct load_jobs *js);
/* Jobs one by one: load_job_new gives the place of the next; load_jobs_done when there are no more. */
void load_jobs_open(struct load_jobs *js, uint32_t cap);
struct job *load_job_new(struct load_jobs *js);
void load_jobs_done(struct load_jobs *js);
/* A record of the village that @l speaks for, by @author on @day, not signed. */
void load_record(struct load *l, enum rec_code code, const void *head, const void *lines,
		 uint32_t nlines, const struct sign_key *author, day_t day, struct job *j,
		 struct buf *payload);
/* Where a feed ends in that store. */
void load_feed_of(struct load_node *n, const struct load_village *v, struct load_feed *ret);
/* Ingests the jobs as the next entries of @f. Their signatures are not there, and are taken for good: what is
 * measured on such a store must not look at them. */
void load_ingest(struct load *l, struct load_node *hub, struct load_feed *f,
		 const struct load_jobs *js);

#endif
