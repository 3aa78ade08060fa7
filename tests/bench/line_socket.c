#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/err.h"
#include "tests/bench/lines.h"
#include "tests/bench/yard.h"

/* What a village's clerks feel together: connections that stay open on the Unix socket of a running daemon, each
 * sending one signed write after the other and waiting until it is durable. Requests name a session, which holds the key
 * open; it was sealed at the cost that nodes use.
 *
 * Beside it PostgreSQL, as many connections inserting rows of RECORD_BYTES, synchronous_commit on, driven by its own
 * pgbench. */
#define CONNECTIONS  256
#define RECORD_BYTES 300
#define ANSWER_MAX   8192
#define TOKEN_MAX    128
#define PG_START_S   20
#define POLL_US	     50000

/* --- the node ------------------------------------------------------------------------------------------ */
struct client {
	pthread_t thread;
	const struct daemon_proc *p;
	const char *token;
	uint32_t first, n; /* writes */
};

static void send_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t k = write(fd, p, n);

		if (k <= 0)
			bench_fail("the node's socket: %s", strerror(errno));
		p += k;
		n -= (size_t)k;
	}
}

/* Reads an answer whole; it must have the status @status and name @what. */
static void read_answer(int fd, const char *status, const char *what, char b[ANSWER_MAX + 1])
{
	size_t n = 0, want = SIZE_MAX;

	while (n < want) {
		ssize_t k = n == ANSWER_MAX ? 0 : read(fd, b + n, ANSWER_MAX - n);
		const char *end, *length;

		if (k <= 0)
			bench_fail("the node's socket: no whole answer");
		n += (size_t)k;
		b[n] = 0;
		end = strstr(b, "\r\n\r\n");
		length = strcasestr(b, "content-length:");
		if (end && length && length < end)
			want = (size_t)(end + 4 - b) + strtoul(length + 15, NULL, 10);
	}
	if (strncmp(b + strlen("HTTP/1.1 "), status, strlen(status)) != 0 || !strstr(b, what))
		bench_fail("the node does not take it: %.600s", b);
}

static size_t request(const struct client *c, uint32_t i, char *out, size_t cap)
{
	static const char *const item[] = {"A102", "B101", "B102", "B103", "C101", "C102"};
	uint32_t k = c->first + i, household = k % LOAD_HOUSEHOLDS;
	char body[1024];
	int n = snprintf(
		body, sizeof(body),
		"{\"record\":{},\"lines\":[{"
		"\"household\":\"%02u%03u\",\"member\":%u,\"item\":\"%s\",\"place\":\"村道\","
		"\"reason\":\"义务投工投劳\",\"evidence\":\"签到表\",\"evidence_no\":\"CG-%u\"}]}",
		household / 200, household % 200, 1 + k / LOAD_HOUSEHOLDS % LOAD_MEMBERS,
		item[k / 7 % 6], k);

	n = snprintf(out, cap,
		     "POST /api/v1/records/points HTTP/1.1\r\nHost: localhost\r\n"
		     "Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s",
		     c->token, n, body);
	if (n < 0 || (size_t)n >= cap)
		bench_fail("request too long");
	return (size_t)n;
}

static void *client_main(void *arg)
{
	struct client *c = arg;
	int fd = daemon_connect(c->p);
	char out[2048], answer[ANSWER_MAX + 1];

	for (uint32_t i = 0; i < c->n; i++) {
		send_all(fd, out, request(c, i, out, sizeof(out)));
		read_answer(fd, "200", "\"entry\":", answer);
	}
	close(fd);
	return NULL;
}

/* Unlocks the key that signs all of it. */
static void unlock(const struct daemon_proc *p, char token[TOKEN_MAX])
{
	char body[256], out[512], answer[ANSWER_MAX + 1];
	int fd = daemon_connect(p), n;
	const char *at;

	n = snprintf(body, sizeof(body), "{\"as\":\"%s\",\"passphrase\":\"%s\"}", LOAD_PERSON,
		     LOAD_PASSPHRASE);
	n = snprintf(out, sizeof(out),
		     "POST /api/v1/sessions HTTP/1.1\r\nHost: localhost\r\n"
		     "Content-Length: %d\r\n\r\n%s",
		     n, body);
	send_all(fd, out, (size_t)n);
	read_answer(fd, "201", "\"session\":", answer);
	at = strstr(answer, "\"session\":");
	if (sscanf(at + strlen("\"session\":"), " \"%127[0-9a-f]\"", token) != 1)
		bench_fail("no token: %.200s", at);
	close(fd);
}

/* @n connections with @each writes; @number: of the writes before. */
static double node_rate(const struct daemon_proc *p, const char *token, uint32_t n, uint32_t each,
			uint32_t *number)
{
	struct client c[CONNECTIONS];
	uint64_t start = bench_ns();

	for (uint32_t i = 0; i < n; i++) {
		c[i] = (struct client){.p = p, .token = token, .first = *number, .n = each};
		*number += each;
		if (pthread_create(&c[i].thread, NULL, client_main, &c[i]))
			bench_fail("no thread");
	}
	for (uint32_t i = 0; i < n; i++)
		pthread_join(c[i].thread, NULL);
	return n * each / bench_since(start);
}

static double peak_mb(const struct daemon_proc *p)
{
	char path[64], line[128];
	double kb = NAN;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)p->pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "VmHWM: %lf", &kb);
	if (f)
		fclose(f);
	return kb / 1024;
}

/* --- PostgreSQL ---------------------------------------------------------------------------------------- */
struct postgres {
	char bin[128], dir[PATH_MAX], why[160];
	pid_t pid; /* 0: there is none, for the reason @why */
};

/* It refuses to run as root. */
static void become_postgres(void)
{
	const struct passwd *pw = getpwnam("postgres");

	if (getuid() == 0 &&
	    (!pw || initgroups("postgres", pw->pw_gid) || setgid(pw->pw_gid) || setuid(pw->pw_uid)))
		_exit(126);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static pid_t pg_spawn(const struct postgres *g, const char *program, const char *const *args,
		      const char *log)
{
	char path[256];
	pid_t pid = fork();

	if (pid)
		return pid;
	become_postgres();
	snprintf(path, sizeof(path), "%s/%s", g->bin, program);
	if (!freopen(log, "a", stdout) || dup2(STDOUT_FILENO, STDERR_FILENO) < 0 ||
	    !freopen("/dev/null", "r", stdin))
		_exit(126);
	execv(path, (char *const *)(uintptr_t)args);
	_exit(127);
}

static bool pg_run(const struct postgres *g, const char *program, const char *const *args,
		   const char *log)
{
	pid_t pid = pg_spawn(g, program, args, log);
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}
#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static bool pg_find(struct postgres *g)
{
	char path[192];

	for (int version = 18; version >= 13; version--) {
		snprintf(g->bin, sizeof(g->bin), "/usr/lib/postgresql/%d/bin", version);
		snprintf(path, sizeof(path), "%s/pgbench", g->bin);
		if (access(path, X_OK) == 0)
			return true;
	}
	snprintf(g->why, sizeof(g->why), "PostgreSQL is not installed");
	return false;
}

static bool pg_script(const struct postgres *g, char path[PATH_MAX + 16])
{
	FILE *f;

	snprintf(path, PATH_MAX + 16, "%s/insert.sql", g->dir);
	f = fopen(path, "w");
	if (!f)
		return false;
	fputs("insert into log(rec) values (decode('", f);
	for (int i = 0; i < RECORD_BYTES; i++)
		fputs("a7", f);
	fputs("', 'hex'));\n", f);
	return fclose(f) == 0;
}

static void pg_start(struct postgres *g)
{
	char db[PATH_MAX + 8], log[PATH_MAX + 8], sockets[PATH_MAX + 32], dir[BENCH_PATH_MAX];
	const struct passwd *pw = getpwnam("postgres");
	uint64_t start;
	bool ready = false;

	memset(g, 0, sizeof(*g));
	if (!pg_find(g))
		return;
	snprintf(g->why, sizeof(g->why), "PostgreSQL is installed but does not start");
	bench_dir("pg", dir);
	if (!realpath(dir, g->dir)) /* PostgreSQL goes to live in its data */
		return;
	if (getuid() == 0 && (!pw || chown(g->dir, pw->pw_uid, pw->pw_gid)))
		return;
	snprintf(db, sizeof(db), "%s/db", g->dir);
	snprintf(log, sizeof(log), "%s/log", g->dir);
	snprintf(sockets, sizeof(sockets), "unix_socket_directories=%s", g->dir);
	if (!pg_run(g, "initdb",
		    ARGS("initdb", "-D", db, "-U", "bench", "-A", "trust", "--no-sync"), log))
		return;
	g->pid = pg_spawn(g, "postgres",
			  ARGS("postgres", "-D", db, "-c", "listen_addresses=", "-c", sockets, "-c",
			       "max_wal_size=1GB", "-c", "synchronous_commit=on"),
			  log);
	for (start = bench_ns(); !ready && bench_since(start) < PG_START_S; usleep(POLL_US))
		ready = pg_run(g, "psql",
			       ARGS("psql", "-h", g->dir, "-U", "bench", "-qc",
				    "create table log(seq bigserial primary key, rec bytea)",
				    "postgres"),
			       log);
	if (ready)
		return;
	kill(g->pid, SIGQUIT);
	waitpid(g->pid, NULL, 0);
	g->pid = 0;
}

static void pg_stop(struct postgres *g)
{
	if (!g->pid)
		return;
	kill(g->pid, SIGINT);
	waitpid(g->pid, NULL, 0);
	bench_drop(g->dir);
}

static double pg_rate(const struct postgres *g, const char *seconds)
{
	char script[PATH_MAX + 16], log[PATH_MAX + 16], line[256];
	double rate = NAN;
	FILE *f;

	if (!pg_script(g, script))
		bench_fail("pgbench: %s", strerror(errno));
	snprintf(log, sizeof(log), "%s/rate", g->dir);
	unlink(log);
	if (!pg_run(g, "pgbench",
		    ARGS("pgbench", "-h", g->dir, "-U", "bench", "-n", "-M", "prepared", "-c", "32",
			 "-j", "2", "-T", seconds, "-f", script, "postgres"),
		    log))
		bench_fail("pgbench does not run (see %s)", log);
	f = fopen(log, "r");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "tps = %lf", &rate);
	if (f)
		fclose(f);
	return rate;
}

/* --- the row ------------------------------------------------------------------------------------------- */
static int this_year(void)
{
	time_t t = time(NULL);
	struct tm tm;

	return gmtime_r(&t, &tm) ? tm.tm_year + 1900 : LOAD_YEAR0;
}

void line_socket(void *ctx)
{
	uint32_t each = (uint32_t)bench_size(80, 4), number = 0;
	char token[TOKEN_MAX];
	struct daemon_proc node;
	struct postgres pg;
	struct load l; /* the daemon lives today: so must its village */

	(void)ctx;
	load_init(&l, &(struct load_opts){
			      .name = "today", .listen = "127.0.0.1:1", .year0 = this_year()});
	daemon_start(&node, l.village);
	daemon_wait(&node, bench_ns());
	unlock(&node, token);
	pg_start(&pg);
	if (!pg.pid) {
		bench_no_yard("socket", "%s", pg.why);
		bench_no_yard("socket.256", "%s", pg.why);
	}
	for (int rep = 0; rep < bench_reps(); rep++) {
		double many = node_rate(&node, token, 32, each, &number);
		double yard = pg.pid ? pg_rate(&pg, bench_quick ? "1" : "2") : NAN;

		bench_add("socket", many, yard);
		bench_add("socket.256", node_rate(&node, token, 256, each / 4, &number), yard);
		bench_add("socket.one", node_rate(&node, token, 1, 2 * each, &number),
			  yard_lmdb(RECORD_BYTES, 1, 2 * each));
	}
	bench_add("socket.memory", peak_mb(&node), NAN);
	pg_stop(&pg);
	daemon_stop(&node);
}
