#ifndef DAEMON_WEB_API_SEND_H
#define DAEMON_WEB_API_SEND_H

#include "daemon/web/api/api.h"
#include "daemon/writer/tx.h"

/* Transactions of a handler on their way into the log. */
struct send {
	const struct web_services *s;
	struct web_res *res;
	struct tx **v;
	struct job **jobs;
	uint32_t n;
	bool again; /* what runs is the second try */
	void (*then)(void *ctx, int err);
	void *ctx;
};

/* Signs @n and lets @res wait until they are sealed; those refused because another entry saw more of the town feed in the
 * meantime are sent once more. @then gets the first machine failure; each job then has its own result. It is called at once
 * when nothing could be sent. @x and what @v points to must not move until then; @v is put into another order. */
void send_begin(struct send *x, const struct web_services *s, struct web_res *res, struct tx **v,
		uint32_t n, void (*then)(void *ctx, int err), void *ctx);

#endif
