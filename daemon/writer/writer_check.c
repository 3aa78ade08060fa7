#include <string.h>

#include "daemon/writer/writer.h"
#include "lib/mem.h"

int chunk_check_new(struct bytes body, const struct hash *town, struct chunk_check **ret)
{
	struct chunk_check *c;
	struct hash feed;
	uint64_t from;
	uint32_t n;
	int err = chunk_peek(body.p, body.n, &feed, &from, &n);

	if (err)
		return err;
	if (n > CHUNK_ENTRIES_MAX)
		return ERR_LIMIT;
	c = mem_alloc(sizeof(*c) + n * sizeof(c->entries[0]));
	if (!c)
		return ERR_NOMEM;
	err = chunk_parse(body.p, body.n, c->entries, n, &c->chunk);
	if (err) {
		mem_free(c);
		return err;
	}
	for (uint32_t i = 0; i < n; i++)
		c->author_ok[i] = entry_tx_verify(&c->entries[i].e, town);
	*ret = c;
	return ERR_OK;
}

int writer_check(struct job *j, const struct hash *town)
{
	struct job_ingest *g = &j->u.ingest;
	struct hash feed;
	uint32_t n;

	g->bad_seq = 0;
	chunk_peek(g->body.p, g->body.n, &feed, &g->bad_seq, &n);
	j->err = chunk_check_new(g->body, town, &g->check);
	g->wrong = j->err && j->err != ERR_NOMEM;
	return j->err;
}

void chunk_check_free(struct chunk_check *c)
{
	mem_free(c);
}
