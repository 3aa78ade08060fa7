#ifndef DAEMON_VERIFY_PROBLEM_H
#define DAEMON_VERIFY_PROBLEM_H

#include <stdint.h>

#include "daemon/ledger/state/verdict.h"
#include "daemon/verify/problems.def"
#include "lib/buf.h"
#include "lib/text.h"

/* What is wrong with a store: an identifier with numbers and texts. The sentence is made where it is shown. */
#define PROBLEM_ENUM(id, table, kind, zh, en) PROBLEM_##id,
enum problem_id { PROBLEMS(PROBLEM_ENUM) PROBLEM_COUNT };
#undef PROBLEM_ENUM

#define PROBLEM_NO_ENTRY UINT64_MAX
#define PROBLEM_TEXT_MAX 100

struct problem {
	enum problem_id id;
	char feed[65];		      /* feed ID in hex, or "" */
	char label[PROBLEM_TEXT_MAX]; /* village or town name where known */
	uint64_t entry;		      /* PROBLEM_NO_ENTRY: not about one entry */
	const char *table;
	int64_t num[2];
	char s[PROBLEM_TEXT_MAX], t[PROBLEM_TEXT_MAX], u[PROBLEM_TEXT_MAX];
	struct reason reason; /* PROBLEM_VERDICT_WRONG: as it should be */
};

const char *problem_name(enum problem_id id); /* "TREE_ALTERED" */
/* The sentence; appends to @out. */
int problem_text(const struct problem *p, enum lang lang, struct buf *out);

#endif
