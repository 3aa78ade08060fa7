#ifndef DAEMON_LEDGER_QUERY_KEPT_H
#define DAEMON_LEDGER_QUERY_KEPT_H

#include "daemon/ledger/query/defaults.h"

/* A new version of catalogue, plan, scheme or prices starts from the one in force: what was left out stays as it was.
 * It is done before the record is signed, which then holds every value; the rules know nothing of it. */

enum kept_how {
	KEPT_GIVEN,
	KEPT_CHANGED,
	KEPT_WHOLE
}; /* a new line; one with other values; one taken over */
#define KEPT_PAYLOADS 2
struct kept {
	const struct rec_type *t;
	union rec_any *head;
	uint64_t given;	      /* bit of each field of the head that people gave */
	uint8_t *lines;	      /* nlines structs, of lib/mem: others may come in their place */
	uint64_t *line_given; /* as @given, one for each line; the same */
	uint32_t nlines;
	const struct bytes *drop; /* keys of lines that do not go on */
	uint32_t ndrop;
	/* what came of it */
	uint64_t version; /* that was followed; 0: this is the first */
	uint64_t carried,
		first; /* bits of fields of the head: as in that version; as the plan has them */
	enum kept_how *how; /* of each line */
	uint32_t *from;	    /* the line that people gave, from 1; 0: none */
	uint32_t ngone;	    /* lines of the village about items that the town has no more */
	void *payload[KEPT_PAYLOADS]; /* what texts are borrowed from */
	/* ERR_INVALID: this is missing, in the head (line 0) or a line from 1; NULL: the number of lines is wrong */
	const struct rec_field *missing;
	uint32_t line;
};

/* Does a version of this type start from another one? */
bool kept_is(const struct rec_type *t);
/* Fills in what was not given. @txid as for defaults_fill. ERR_INVALID: something is missing in a first version;
 * ERR_NOTFOUND: there is no line to drop, as @why says. kept_close also after a failure. */
int kept_fill(const struct defaults_at *at, const uint8_t *txid, struct kept *k,
	      struct reason *why);
void kept_close(struct kept *k); /* leaves @lines and @line_given */

#endif
