#include "daemon/web/api/send.h"

#include "lib/mem.h"

static void end(struct send *x, int err)
{
	mem_free(x->jobs);
	x->jobs = NULL;
	x->then(x->ctx, err);
}

static void on_sealed(void *ctx);

static void sign_and_wait(struct send *x)
{
	int err = tx_sign(&x->s->tx, x->v, x->n, x->jobs);

	if (err) {
		end(x, err);
		return;
	}
	x->res->wait = (struct web_wait){
		.what = WEB_WAIT_JOBS, .jobs = x->jobs, .n = x->n, .then = on_sealed, .ctx = x};
}

static void on_sealed(void *ctx)
{
	struct send *x = ctx;
	int err = x->res->wait.err;

	for (uint32_t i = 0; !err && i < x->n; i++)
		err = x->jobs[i]->err;
	x->n = err || x->again ? 0 : tx_overtaken(x->v, x->n);
	x->again = true;
	if (x->n)
		sign_and_wait(x);
	else
		end(x, err);
}

void send_begin(struct send *x, const struct web_services *s, struct web_res *res, struct tx **v,
		uint32_t n, void (*then)(void *ctx, int err), void *ctx)
{
	*x = (struct send){.s = s, .res = res, .v = v, .n = n, .then = then, .ctx = ctx};
	x->jobs = mem_array(n, sizeof(x->jobs[0]));
	if (x->jobs)
		sign_and_wait(x);
	else
		end(x, ERR_NOMEM);
}
