#include "daemon/io/faults.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define MAPS_MAX     8
#define EXIT_MACHINE 3

/* Read by the handler, which takes no lock: the size is set last and cleared first. */
static struct map {
	_Atomic uintptr_t at;
	_Atomic size_t n;
} maps[MAPS_MAX];
static pthread_mutex_t maps_lock = PTHREAD_MUTEX_INITIALIZER;
static const char *_Atomic end_sentence;
static struct sigaction before[NSIG];
_Thread_local volatile sig_atomic_t faults_inside;

void faults_map(const void *p, size_t n)
{
	pthread_mutex_lock(&maps_lock);
	for (int i = 0; p && i < MAPS_MAX; i++) {
		if (maps[i].n)
			continue;
		maps[i].at = (uintptr_t)p;
		maps[i].n = n;
		break;
	}
	pthread_mutex_unlock(&maps_lock);
}

void faults_unmap(const void *p)
{
	pthread_mutex_lock(&maps_lock);
	for (int i = 0; p && i < MAPS_MAX; i++)
		if (maps[i].n && maps[i].at == (uintptr_t)p)
			maps[i].n = 0;
	pthread_mutex_unlock(&maps_lock);
}

static bool is_mapped(const void *p)
{
	for (int i = 0; i < MAPS_MAX; i++)
		if ((uintptr_t)p - maps[i].at < maps[i].n)
			return true;
	return false;
}

_Noreturn void faults_end(void)
{
	const char *s = end_sentence;

	if (s && (write(STDERR_FILENO, s, strlen(s)) < 0 || write(STDERR_FILENO, "\n", 1) < 0))
		_exit(EXIT_MACHINE); /* nowhere left to say so */
	_exit(EXIT_MACHINE);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)context;
	/* of SIGBUS all but a pointer of ours that is odd: the disk, or the memory itself */
	if ((number == SIGBUS && info->si_code > 0 && info->si_code != BUS_ADRALN) ||
	    (info->si_code > 0 && (faults_inside || is_mapped(info->si_addr))))
		faults_end();
	/* the same instruction again, without us */
	sigaction(number, &before[number], NULL);
}

void faults_set(const char *sentence)
{
	struct sigaction act = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

	sigemptyset(&act.sa_mask);
	if (!end_sentence) {
		sigaction(SIGBUS, &act, &before[SIGBUS]);
		sigaction(SIGSEGV, &act, &before[SIGSEGV]);
	}
	end_sentence = sentence;
}
