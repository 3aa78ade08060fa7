#include "daemon/io/pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

#include "lib/err.h"
#include "lib/mem.h"

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct pool_work *first, **end;
	uint32_t nidle; /* wait and have not been woken */
	bool stopping;
	uint32_t nthreads;
	pthread_t thread[];
};

/* The next piece; NULL: there will be none. */
static struct pool_work *take(struct pool *p)
{
	struct pool_work *w;

	pthread_mutex_lock(&p->lock);
	while (!p->first && !p->stopping) {
		p->nidle++;
		pthread_cond_wait(&p->work, &p->lock);
	}
	w = p->first;
	if (w) {
		p->first = w->next;
		if (!p->first)
			p->end = &p->first;
	}
	pthread_mutex_unlock(&p->lock);
	return w;
}

static void *thread_main(void *arg)
{
	struct pool_work *w;

	while ((w = take(arg)))
		w->run(w->arg);
	return NULL;
}

int pool_new(uint32_t threads, struct pool **ret)
{
	struct pool *p = mem_alloc(sizeof(*p) + threads * sizeof(p->thread[0]));

	if (!p)
		return ERR_NOMEM;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	p->end = &p->first;
	while (p->nthreads < threads &&
	       pthread_create(&p->thread[p->nthreads], NULL, thread_main, p) == 0)
		p->nthreads++;
	if (!p->nthreads) {
		pool_free(p);
		return ERR_NOMEM;
	}
	*ret = p;
	return ERR_OK;
}

void pool_put(struct pool *p, struct pool_work *w)
{
	w->next = NULL;
	pthread_mutex_lock(&p->lock);
	*p->end = w;
	p->end = &w->next;
	/* a thread that is awake takes the next piece by itself */
	if (p->nidle) {
		p->nidle--;
		pthread_cond_signal(&p->work);
	}
	pthread_mutex_unlock(&p->lock);
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (uint32_t i = 0; i < p->nthreads; i++)
		pthread_join(p->thread[i], NULL);
	assert(!p->first);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
	mem_free(p);
}
