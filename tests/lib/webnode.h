#ifndef TESTS_LIB_WEBNODE_H
#define TESTS_LIB_WEBNODE_H

#include <jansson.h>

#include "tests/lib/services.h"

/* The handlers over a memory store and the real writer; the outside is faked, nothing of ours is. One node in a
 * process: a town with catalogue 1, the village VILLAGE and its households 05001 (two members) and 05002 (one). */
#define VILLAGE "500101999201"
#define HERE	"head/" VILLAGE
#define PASS	SERVICES_PASS

extern struct webnode {
	struct kv *kv;
	struct town w;
	struct writer *writer;
	struct guard guard;
	struct web_services s;
	struct services_outside outside;
	const char *bearer; /* of the next requests */
	uint32_t keys;	    /* of people, when it opened */
	uint32_t submits;
	const struct halt *halted;
	bool full;
	const char *unlinked;
	bool move_town; /* let the town feed grow before the next submit */
	uint32_t cut;	/* the next submit is cut off behind so many jobs */
} here;

/* @hub: the town's node; else the village's. */
void node_open(bool hub);
void node_close(void);
/* Anew, behind what was put into the own feed around it. */
void node_open_writer(void);
uint32_t keys_made(void);    /* of people, since it was opened */
uint32_t village_here(void); /* number of the village's feed */
uint64_t own_size(void);
/* An accepted record of the own feed, around the handlers; its number. */
uint64_t put_here(const char *author, enum rec_code type, const void *head, const void *lines,
		  uint32_t count);
/* Of 2026: notified 5 days before, notices 8, objections 5, answers 2. */
void put_scheme(void);

/* --- requests --- */
#define ANSWER_MAX (1 << 20)
/* Of the last request; NULL when it was not JSON. */
extern json_t *answer;
extern char answer_text[ANSWER_MAX];
/* @target: "path?a=b&c=d". Returns the status. Whatever is asked, parameters, status and keys of the answer are
 * those of openapi.yaml. */
int ask(const char *method, const char *target, struct bytes body, bool local, enum lang lang);
int get(const char *target);
int post(const char *target, const char *body);
/* "items.0.name" in the last answer; "" when it is not there. Numbers and flags as text. */
const char *at(const char *path);

/* What the last answer says: paths and texts. */
struct answered {
	const char *path, *text;
};
void answers_are(const char *file, int line, const struct answered *want);
#define ANSWERS(...)                                                                               \
	answers_are(__FILE__, __LINE__, (const struct answered[]){__VA_ARGS__, {NULL, NULL}})

#define WANT(status, want)                                                                         \
	do {                                                                                       \
		int t_s = (status);                                                                \
		if (t_s != (want))                                                                 \
			t_fail(__FILE__, __LINE__, "status %d, want %d: %.2000s", t_s, (want),     \
			       answer_text);                                                       \
	} while (0)

#define SIGN(who) "\"as\":\"" who "/" VILLAGE "\",\"passphrase\":\"" PASS "\""
#define LINE(household, item, day)                                                                 \
	"{\"household\":\"" household "\",\"member\":0,\"item\":\"" item "\",\"day\":\"" day       \
	"\",\"place\":\"广场\",\"reason\":\"村庄清洁日\",\"evidence\":\"" TOWN_EVIDENCE "\"}"
#define POINTS(lines) "{" SIGN("rec") ",\"lines\":[" lines "]}"
#define DIGEST(c)     c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c

#endif
