#include "daemon/io/workers.h"

#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "lib/err.h"
#include "lib/mem.h"

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t work, idle;
	void (*fn)(void *arg, uint32_t i);
	void *arg;
	uint32_t n, next, done; /* parts: all, handed out, returned */
	bool stop;
	uint32_t nthreads;
	pthread_t thread[WORKERS_MAX];
};

/* Runs the next part, if there is one. Called and left with the lock held. */
static bool run_next(struct workers *s)
{
	uint32_t i = s->next;
	void *arg = s->arg;

	if (i >= s->n)
		return false;
	s->next++;
	void (*fn)(void *, uint32_t) = s->fn;
	pthread_mutex_unlock(&s->lock);
	fn(arg, i);
	pthread_mutex_lock(&s->lock);
	if (++s->done == s->n)
		pthread_cond_signal(&s->idle);
	return true;
}

static void *thread_main(void *arg)
{
	struct workers *s = arg;

	pthread_mutex_lock(&s->lock);
	while (!s->stop)
		if (!run_next(s))
			pthread_cond_wait(&s->work, &s->lock);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

int workers_new(uint32_t threads, struct workers **ret)
{
	struct workers *s = mem_alloc(sizeof(*s));
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (!s)
		return ERR_NOMEM;
	if (threads == 0 && cores > 1)
		threads = (uint32_t)cores - 1;
	if (threads > WORKERS_MAX)
		threads = WORKERS_MAX;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->work, NULL);
	pthread_cond_init(&s->idle, NULL);
	/* fewer threads than wanted are slower, not wrong */
	while (s->nthreads < threads &&
	       pthread_create(&s->thread[s->nthreads], NULL, thread_main, s) == 0)
		s->nthreads++;
	*ret = s;
	return ERR_OK;
}

void workers_run(void *workers, void (*fn)(void *arg, uint32_t i), void *arg, uint32_t n)
{
	struct workers *s = workers;

	if (n == 0)
		return;
	pthread_mutex_lock(&s->lock);
	s->fn = fn;
	s->arg = arg;
	s->n = n;
	s->next = 1; /* part 0 is ours */
	s->done = 0;
	if (n > 1)
		pthread_cond_broadcast(&s->work);
	pthread_mutex_unlock(&s->lock);
	fn(arg, 0);
	pthread_mutex_lock(&s->lock);
	s->done++;
	while (run_next(s))
		;
	while (s->done < n)
		pthread_cond_wait(&s->idle, &s->lock);
	s->n = 0;
	pthread_mutex_unlock(&s->lock);
}

void workers_free(struct workers *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_broadcast(&s->work);
	pthread_mutex_unlock(&s->lock);
	for (uint32_t i = 0; i < s->nthreads; i++)
		pthread_join(s->thread[i], NULL);
	pthread_cond_destroy(&s->idle);
	pthread_cond_destroy(&s->work);
	pthread_mutex_destroy(&s->lock);
	mem_free(s);
}
