/* The driver between real sockets and a real store, on this thread's loop: what a daemon holds after connections have
 * come and gone, what it does when it cannot go on, and what it says when it does not start. */
#include "daemon/io/driver.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/exchange/node_int.h"
#include "daemon/io/driver_int.h"
#include "daemon/io/file.h"
#include "lib/mem.h"
#include "tests/lib/t.h"

#define PATIENCE_MS 20000 /* what does not come until then fails the test */
#define CROWD	    24	  /* fewer than one address may have */
#define ROUNDS	    3
#define OPERATOR    "王建国"
#define PASSPHRASE  "correct horse"
static char village_code[13] = "500101000001";

struct node_process {
	char path[96];
	struct dir dir;
	struct driver *d;
	bool closed;
};

static char top[64];
static char at_hub[32];
static uint16_t hub_port;
static uv_loop_t loop;
static uv_timer_t wake_up; /* so that a loop without events comes back and the test looks again */
static uint64_t begun;
static struct node_process hub, village;

/* --- the loop --------------------------------------------------------------------------------------- */
static void on_wake_up(uv_timer_t *t)
{
	(void)t;
}

static void open_loop(void)
{
	T_EQ(uv_loop_init(&loop), 0);
	T_EQ(uv_timer_init(&loop, &wake_up), 0);
	T_EQ(uv_timer_start(&wake_up, on_wake_up, 5, 5), 0);
}

static void close_loop(void)
{
	uv_close((uv_handle_t *)&wake_up, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	T_EQ(uv_loop_close(&loop), 0);
}

static void turn(void)
{
	if (uv_hrtime() / 1000000 - begun > PATIENCE_MS)
		t_fail(__FILE__, __LINE__, "nothing came for %d ms", PATIENCE_MS);
	uv_run(&loop, UV_RUN_ONCE);
}
#define UNTIL(cond)                                                                                \
	for (begun = uv_hrtime() / 1000000; !(cond);)                                              \
	turn()

static uint32_t open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	uint32_t n = 0;

	T_OK(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* --- nodes ------------------------------------------------------------------------------------------ */

/* One that nobody listens on; what a test listens on it closes before anybody else asks for one. */
static uint16_t free_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof(at);

	T_EQ(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	T_EQ(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	close(fd);
	return ntohs(at.sin_port);
}

static void make_hub(void)
{
	struct dir_hub_opts o = {.name = "小河镇",
				 .code = "500101000",
				 .domain = "points.example",
				 .listen = at_hub,
				 .operator_name = OPERATOR,
				 .passphrase = PASSPHRASE,
				 .cost = {1, 8}};

	hub_port = free_port();
	snprintf(at_hub, sizeof(at_hub), "127.0.0.1:%u", hub_port);
	snprintf(hub.path, sizeof(hub.path), "%s/hub", top);
	T_EQ(dir_init_hub(hub.path, &o, NULL), ERR_OK);
}

static int start(struct node_process *p, struct errmsg *msg)
{
	int err;

	p->d = NULL;
	p->closed = false;
	T_EQ(dir_open(p->path, &p->dir, msg), ERR_OK);
	T_EQ(dir_boot(&p->dir, msg), ERR_OK);
	err = driver_start(&loop, &p->dir, &p->d, msg);
	return err;
}

static void on_closed(void *ctx)
{
	struct node_process *p = ctx;

	p->closed = true;
}

static void stop(struct node_process *p)
{
	if (p->d) {
		driver_close(p->d, on_closed, p);
		UNTIL(p->closed);
		T_EQ(p->d->pending, 0);
		driver_free(p->d);
	}
	p->d = NULL;
	dir_close(&p->dir);
}

static void starts(struct node_process *p)
{
	struct errmsg msg = {0};

	if (start(p, &msg))
		t_fail(__FILE__, __LINE__, "%s", msg.text);
}

/* A signed invitation by the hub's operator, as a job. */
static void invitation_job(struct job *ret, struct buf *payload, const uint8_t key[SIGN_KEY_BYTES])
{
	static const uint8_t secret[ENTRY_SECRET_BYTES] = {3};
	static uint8_t random[10];
	struct rec_invitation inv = {.village_code = bytes_str(village_code),
				     .village_name = bytes_str("石桥村"),
				     .invite_key = {key, SIGN_KEY_BYTES}};
	const struct rec_type *t = rec_type_of(REC_invitation);
	struct sign_key *author;
	struct payload parts;
	struct entry e = {.feed = hub.dir.feed,
			  .type = t->code,
			  .schema = t->schema,
			  .wall_ms = UINT64_C(1770000000000)};

	buf_reset(payload);
	random[0]++;
	T_EQ(dir_person_open(&hub.dir, OPERATOR, PASSPHRASE, &author, NULL), ERR_OK);
	T_EQ(rec_encode(t, &inv, NULL, 0, secret, payload, NULL), ERR_OK);
	T_EQ(payload_parse(payload->p, payload->n, &parts), ERR_OK);
	payload_commit(&parts, &e.commitment);
	e.payload_len = (uint32_t)payload->n;
	txid_make(e.wall_ms, random, e.txid);
	entry_tx_sign(&e, &hub.dir.town, author);
	sign_key_free(author);
	*ret = (struct job){
		.type = JOB_APPEND,
		.u.append = {.tx = e, .payload = buf_bytes(payload), .author_ok = true, .boot = 1}};
}

/* The hub, which must run, invites a village. */
static void invite(struct buf *ret_text)
{
	uint8_t seed[SIGN_SEED_BYTES] = {(uint8_t)village_code[11]};
	struct buf payload = {0};
	struct sign_key *key;
	struct job j, *one = &j;

	T_EQ(sign_key_from_seed(seed, &key), ERR_OK);
	invitation_job(&j, &payload, sign_key_public(key));
	T_EQ(storeq_run(hub.d->storeq, &one, 1), ERR_OK);
	T_EQ(j.err, ERR_OK);
	T_OK(verdict_ok(&j.u.append.verdict));
	T_EQ(dir_invitation(&hub.dir, village_code, "石桥村", seed, ret_text, NULL), ERR_OK);
	sign_key_free(key);
	buf_close(&payload);
}

/* The village's directory is made. */
static void make_village(void)
{
	struct dir_village_opts v = {
		.operator_name = "李秀英", .passphrase = PASSPHRASE, .cost = {1, 8}};
	struct buf text = {0};

	invite(&text);
	v.invitation = buf_str(&text);
	v.invitation_n = text.n;
	snprintf(village.path, sizeof(village.path), "%s/village", top);
	T_EQ(dir_init_village(village.path, &v, NULL), ERR_OK);
	buf_close(&text);
}

static void open_all(void)
{
	t_has_threads();
	T_EQ(crypto_start(), ERR_OK);
	signal(SIGPIPE, SIG_IGN);
	snprintf(top, sizeof(top), "/tmp/driver-XXXXXX");
	T_OK(mkdtemp(top) != NULL);
	open_loop();
	make_hub();
}

static void close_all(void)
{
	struct errmsg msg;

	close_loop();
	T_EQ(file_empty_dir(top, &msg), ERR_OK);
	T_EQ(rmdir(top), 0);
}

/* --- connections ------------------------------------------------------------------------------------ */
static uint32_t connections(const struct driver *d)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < d->nconns; i++)
		n += d->conns[i] != NULL;
	return n;
}

static int call_hub(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_port = htons(hub_port);
	T_OK(fd >= 0);
	T_EQ(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* Who hangs up, who is hung up on for what he says, and who sends no more leave nothing behind. */
static void test_connections_come_and_go(void)
{
	uint32_t files, pending;

	starts(&hub);
	files = open_files();
	pending = hub.d->pending;
	for (unsigned round = 0; round < ROUNDS; round++) {
		int fd[CROWD];

		for (unsigned i = 0; i < CROWD; i++)
			fd[i] = call_hub();
		UNTIL(connections(hub.d) == CROWD || round);
		for (unsigned i = 0; i < CROWD; i++) {
			if (i % 3 == 0)
				T_EQ(send(fd[i], "\xff\xff never a frame", 17, MSG_NOSIGNAL), 17);
			if (i % 3 == 1)
				shutdown(fd[i], SHUT_WR);
			if (i % 3)
				close(fd[i]);
		}
		UNTIL(connections(hub.d) == 0);
		for (unsigned i = 0; i < CROWD; i += 3)
			close(fd[i]);
	}
	T_EQ(open_files(), files);
	T_EQ(hub.d->pending, pending);
	stop(&hub);
}

/* A village may have no network for months. */
static void test_dials_that_fail_leave_nothing(void)
{
	uint32_t files, pending;

	starts(&hub);
	make_village();
	stop(&hub); /* nobody listens there now */
	starts(&village);
	UNTIL(village.d->node->failures == 1);
	UNTIL(connections(village.d) == 0 && !village.d->resolving);
	files = open_files();
	pending = village.d->pending;
	for (uint32_t i = 2; i < 32; i++) {
		struct event tick = {.type = EV_TICK};

		village.d->node->dial_ms = 0; /* as if the pause were over */
		driver_feed(village.d, &tick);
		UNTIL(village.d->node->failures == i);
		UNTIL(connections(village.d) == 0 && !village.d->resolving);
	}
	T_EQ(open_files(), files);
	T_EQ(village.d->pending, pending);
	stop(&village);
}

/* It waits in the system's queue, and is taken when there is room. */
static void test_a_connection_waits_while_there_is_no_room(void)
{
	int fd;

	starts(&hub);
	fd = call_hub();
	mem_fail_after(0);
	UNTIL(hub.d->backlog);
	T_EQ(connections(hub.d), 0);
	UNTIL(connections(hub.d) == 1);
	T_OK(!hub.d->backlog);
	close(fd);
	UNTIL(connections(hub.d) == 0);
	stop(&hub);
}

/* --- two nodes on one loop -------------------------------------------------------------------------- */
static uint64_t size_of(struct driver *d, const struct hash *feed)
{
	struct feed_head h = {0};
	struct kv_txn *t;
	uint32_t no;

	T_EQ(kv_begin(d->kv, false, &t), ERR_OK);
	if (!feedlog_find(t, feed, &no))
		T_EQ(feedlog_head(t, no, &h), ERR_OK);
	kv_abort(t);
	return h.size;
}

static bool linked(struct driver *d)
{
	struct node_link l[2];

	return d->services.links(d, l, 2) == 1 && l[0].running;
}

static void test_a_village_enrols_and_has_the_town_feed(void)
{
	struct alarm a[NODE_ALARMS_MAX];

	starts(&hub);
	make_village();
	starts(&village);
	UNTIL(linked(hub.d) && linked(village.d));
	UNTIL(size_of(village.d, &hub.dir.feed) == 3); /* charter, invitation, enrolment */
	T_EQ(size_of(hub.d, &hub.dir.feed), 3);
	T_EQ(hub.d->services.alarms(hub.d, a, NODE_ALARMS_MAX), 0);
	T_EQ(village.d->services.alarms(village.d, a, NODE_ALARMS_MAX), 0);
	stop(&hub);
	UNTIL(!linked(village.d));
	starts(&hub); /* and it comes back by itself */
	UNTIL(linked(hub.d) && linked(village.d));
	stop(&village);
	UNTIL(connections(hub.d) == 0);
	stop(&hub);
}

/* --- a store that fails ----------------------------------------------------------------------------- */

/* From now on every sync of every thread fails. */
static void syncs_fail(void)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fdatasync, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {sizeof(f) / sizeof(f[0]), f};

	T_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	T_EQ(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &prog), 0);
}

static int reported, report_err;

static void on_reported(void *ctx, struct job *j)
{
	(void)ctx;
	report_err = j->err;
	__atomic_store_n(&reported, 1, __ATOMIC_RELEASE);
}

static int broken_child(void)
{
	struct buf payload = {0};
	struct job j, *one = &j;
	struct node_link l[1];

	T_EQ(uv_loop_fork(&loop), 0);
	starts(&hub);
	invitation_job(&j, &payload, hub.dir.manifest);
	syncs_fail();
	T_EQ(storeq_put(hub.d->storeq, &one, 1, on_reported, NULL), ERR_OK);
	UNTIL(driver_broken(hub.d));
	UNTIL(__atomic_load_n(&reported, __ATOMIC_ACQUIRE));
	T_EQ(report_err, ERR_IO); /* and nothing else was said to whoever asked */
	T_EQ(storeq_put(hub.d->storeq, &one, 1, on_reported, NULL), ERR_STATE);
	T_EQ(hub.d->services.links(hub.d, l, 1), 0);
	stop(&hub);
	close_loop();
	buf_close(&payload);
	return 0;
}

static void test_a_write_that_did_not_reach_the_disk_ends_the_daemon(void)
{
	int status;
	pid_t pid = fork();

	T_OK(pid >= 0);
	if (pid == 0)
		exit(broken_child());
	T_EQ(waitpid(pid, &status, 0), pid);
	T_OK(WIFEXITED(status));
	T_EQ(WEXITSTATUS(status), 0);
}

/* --- a restored backup ------------------------------------------------------------------------------ */
static void copy(const char *from, const char *to)
{
	struct buf b = {0};

	T_EQ(file_read(from, (size_t)64 << 20, &b, NULL), ERR_OK);
	T_EQ(file_write(to, b.p, b.n, 0600, NULL), ERR_OK);
	buf_close(&b);
}

/* One GET on the local socket; the status line is compared. */
static void local_answers(const char *path, const char *want)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char answer[512], request[128];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t n = 0;
	ssize_t got = 0;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/sock", hub.path);
	T_EQ(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	snprintf(request, sizeof(request),
		 "GET %s HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n", path);
	T_EQ(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	begun = uv_hrtime() / 1000000;
	while (n < strlen(want)) {
		turn();
		got = recv(fd, answer + n, sizeof(answer) - n - 1, MSG_DONTWAIT);
		T_OK(got != 0);
		n += got > 0 ? (size_t)got : 0;
	}
	answer[strlen(want)] = '\0';
	T_STR(answer, want);
	close(fd);
}

static void test_on_a_restored_backup_a_daemon_only_shows_what_it_has(void)
{
	char store[128], backup[128], path[DIR_PATH_MAX];
	struct buf text = {0};
	struct stat st;

	snprintf(store, sizeof(store), "%s/store/data.mdb", hub.path);
	snprintf(backup, sizeof(backup), "%s/backup.mdb", top);
	copy(store, backup);
	starts(&hub);
	T_OK(!driver_halted(hub.d));
	local_answers("/healthz", "HTTP/1.1 200");
	T_EQ(stat(dir_path(&hub.dir, "sock", path) ? "" : path, &st), 0);
	T_EQ(st.st_mode & 0777, 0600); /* nobody else may write */
	invite(&text);
	stop(&hub);
	copy(backup, store);
	starts(&hub); /* a batch that the guard has comes back */
	T_OK(!driver_halted(hub.d));
	T_EQ(size_of(hub.d, &hub.dir.feed), 2);
	village_code[11] = '2';
	invite(&text);
	stop(&hub);
	copy(backup, store);
	starts(&hub);
	T_OK(driver_halted(hub.d) != NULL);
	T_EQ(driver_halted(hub.d)->id, HALT_STORE_OLD);
	T_OK(!hub.d->listening); /* it speaks to nobody outside */
	T_OK(!hub.d->storeq);	 /* nothing can be written */
	local_answers("/healthz", "HTTP/1.1 503");
	local_answers("/api/v1/status", "HTTP/1.1 200");
	stop(&hub);
	buf_close(&text);
}

/* --- what does not start ---------------------------------------------------------------------------- */
static void does_not_start(int want, const char *why)
{
	struct errmsg msg = {0};
	uint32_t files = open_files();

	T_EQ(start(&hub, &msg), want);
	T_OK(hub.d);
	if (!strstr(msg.text, why))
		t_fail(__FILE__, __LINE__, "\"%s\" does not say \"%s\"", msg.text, why);
	stop(&hub);
	T_OK(open_files() <= files);
}

static void set_config(const char *key, const char *value)
{
	char path[128], *line, *rest;
	struct buf b = {0}, out = {0};

	snprintf(path, sizeof(path), "%s/config.ini", hub.path);
	T_EQ(file_read(path, FILE_BYTES_MAX, &b, NULL), ERR_OK);
	rest = (char *)(uintptr_t)buf_str(&b);
	while ((line = strsep(&rest, "\n")))
		if (strncmp(line, key, strlen(key)) || line[strlen(key)] != ' ')
			buf_printf(&out, "%s\n", line);
	buf_printf(&out, "%s = %s\n", key, value);
	T_EQ(file_write(path, out.p, out.n, 0644, NULL), ERR_OK);
	buf_close(&b);
	buf_close(&out);
}

static void test_what_does_not_start_says_why_and_holds_nothing(void)
{
	char path[160], moved[160];
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	starts(&hub); /* the loop makes what it keeps */
	stop(&hub);
	at.sin_port = htons(hub_port);
	T_EQ(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	T_EQ(listen(fd, 1), 0);
	does_not_start(ERR_IN_USE, "\"listen\": 127.0.0.1:");
	set_config("listen", "127.0.0.1");
	does_not_start(ERR_INVALID, "is not host:port");
	set_config("listen", "256.256.256.256:7100");
	does_not_start(ERR_ADDRESS, "\"listen\": 256.256.256.256:7100");
	set_config("listen", at_hub);
	set_config("http", at_hub);
	close(fd);
	does_not_start(ERR_IN_USE, "\"http\": 127.0.0.1:"); /* by its own exchange */
	set_config("http", "127.0.0.1:x");
	does_not_start(ERR_INVALID, "config key \"http\"");
	set_config("http", "256.256.256.256:80");
	does_not_start(ERR_ADDRESS, "cannot be found");
	set_config("http", "");
	snprintf(path, sizeof(path), "%s/guard", hub.path);
	snprintf(moved, sizeof(moved), "%s/moved", top);
	T_EQ(rename(path, moved), 0);
	T_EQ(file_write(path, "no guard", 8, 0600, NULL), ERR_OK);
	starts(&hub);
	T_OK(driver_halted(hub.d) != NULL);
	T_EQ(driver_halted(hub.d)->id, HALT_GUARD_DAMAGED);
	stop(&hub);
	T_EQ(rename(moved, path), 0);
	snprintf(path, sizeof(path), "%s/store", hub.path);
	T_EQ(rename(path, moved), 0);
	does_not_start(ERR_NOTFOUND, "store");
	T_EQ(rename(moved, path), 0);
	starts(&hub);
	stop(&hub);
}

/* Whichever allocation fails: it says so or goes on without, and closes cleanly. */
static void test_a_start_without_memory_holds_nothing(void)
{
	long live;
	int err = ERR_NOMEM;

	for (long n = 0; err; n++) {
		T_OK(n < 2000);
		T_EQ(dir_open(hub.path, &hub.dir, NULL), ERR_OK);
		T_EQ(dir_boot(&hub.dir, NULL), ERR_OK);
		hub.d = NULL;
		hub.closed = false;
		live = mem_live();
		mem_fail_after(n);
		err = driver_start(&loop, &hub.dir, &hub.d, NULL);
		mem_fail_after(-1);
		T_OK(err == ERR_OK || err == ERR_NOMEM);
		if (!hub.d)
			T_EQ(mem_live(), live);
		stop(&hub);
	}
}

T_MAIN_WITH(open_all, close_all, T(test_connections_come_and_go),
	    T(test_dials_that_fail_leave_nothing),
	    T(test_a_connection_waits_while_there_is_no_room),
	    T(test_a_village_enrols_and_has_the_town_feed),
	    T(test_a_write_that_did_not_reach_the_disk_ends_the_daemon),
	    T(test_on_a_restored_backup_a_daemon_only_shows_what_it_has),
	    T(test_what_does_not_start_says_why_and_holds_nothing),
	    T(test_a_start_without_memory_holds_nothing))
