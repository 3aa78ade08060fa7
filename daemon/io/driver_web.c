#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/io/address.h"
#include "daemon/io/attachments.h"
#include "daemon/io/clock.h"
#include "daemon/io/driver_int.h"
#include "daemon/io/entropy.h"
#include "daemon/io/log.h"

#define LISTEN_BACKLOG	 64
#define POOL_THREADS	 4 /* what handlers do there is work, not waiting */
#define NODE_LINKS_SHOWN 8 /* a village has one to the hub */

_Static_assert(sizeof(((struct sockaddr_un *)0)->sun_path) >= DIR_SOCK_MAX, "a path fits");

/* --- services: called on threads of the pool --------------------------------------------------------- */
static uint64_t svc_wall(void *ctx)
{
	(void)ctx;
	return clock_wall_ms();
}

static void svc_stamp(void *ctx, uint32_t *ret_boot, uint64_t *ret_boot_ms)
{
	struct driver *d = ctx;

	*ret_boot = d->dir->boot;
	*ret_boot_ms = clock_boot_ms();
}

static int svc_random(void *ctx, void *p, size_t n)
{
	(void)ctx;
	entropy_fill(p, n);
	return ERR_OK;
}

static int svc_person_public(void *ctx, const char *name, uint8_t ret_public[SIGN_KEY_BYTES])
{
	struct driver *d = ctx;

	return dir_person_public(d->dir, name, ret_public);
}

static int svc_session_use(void *ctx, const char *token, struct web_from from,
			   struct web_unlocked *ret)
{
	return keyring_use(((struct driver *)ctx)->keyring, token, from, ret);
}

static void svc_session_used(void *ctx, const struct web_unlocked *u)
{
	keyring_used(((struct driver *)ctx)->keyring, u);
}

static int svc_session_end(void *ctx, const char *token, struct web_from from)
{
	return keyring_end(((struct driver *)ctx)->keyring, token, from);
}

static void svc_sessions_end_of(void *ctx, const uint8_t key[SIGN_KEY_BYTES])
{
	keyring_end_of(((struct driver *)ctx)->keyring, key);
}

static uint32_t svc_sessions(void *ctx, struct web_session *ret, uint32_t max)
{
	return keyring_sessions(((struct driver *)ctx)->keyring, ret, max);
}

static uint64_t svc_wrong(void *ctx)
{
	return keyring_wrong(((struct driver *)ctx)->keyring);
}

static uint32_t svc_links(void *ctx, struct node_link *ret, uint32_t max)
{
	struct driver *d = ctx;
	uint32_t n = 0;

	pthread_mutex_lock(&d->node_lock);
	if (d->node)
		n = node_links(d->node, ret, max);
	pthread_mutex_unlock(&d->node_lock);
	return n;
}

static uint32_t svc_alarms(void *ctx, struct alarm *ret, uint32_t max)
{
	struct driver *d = ctx;
	uint32_t n = 0;

	pthread_mutex_lock(&d->node_lock);
	if (d->node)
		n = node_alarms(d->node, ret, max);
	pthread_mutex_unlock(&d->node_lock);
	return n;
}

static int svc_guard(void *ctx, struct guard *ret)
{
	struct driver *d = ctx;

	int err = d->guardfile ? guardfile_load(d->guardfile, ret) : ERR_NOTFOUND;

	ret->cosigned = NULL; /* the store thread's */
	ret->ncosigned = 0;
	return err;
}

static int svc_invitation(void *ctx, const char *village_code, const char *village_name,
			  const uint8_t invite_seed[SIGN_SEED_BYTES], struct buf *out,
			  struct errmsg *msg)
{
	struct driver *d = ctx;

	return dir_invitation(d->dir, village_code, village_name, invite_seed, out, msg);
}

static void *svc_file_begin(void *ctx)
{
	struct driver *d = ctx;

	return attachments_begin(d->dir->path);
}

static void svc_file_add(void *file, const void *p, size_t n)
{
	attachments_add(file, p, n);
}

static int svc_file_keep(void *file, struct hash *ret, bool *ret_new, struct errmsg *msg)
{
	return attachments_keep(file, ret, ret_new, msg);
}

static void svc_file_end(void *file)
{
	attachments_end(file);
}

static const struct halt *svc_halted(void *ctx)
{
	return driver_halted(ctx);
}

static bool any_link(struct driver *d)
{
	struct node_link link[NODE_LINKS_SHOWN];
	uint32_t n = d->node ? node_links(d->node, link, NODE_LINKS_SHOWN) : 0;

	for (uint32_t i = 0; i < n; i++)
		if (link[i].running)
			return true;
	return false;
}

static void svc_unlinked(void *ctx, enum lang lang, struct buf *out)
{
	struct driver *d = ctx;
	char said[sizeof(d->unlinked_said)];
	enum unlinked why;

	pthread_mutex_lock(&d->node_lock);
	why = any_link(d) ? UNLINKED_NOT : d->unlinked;
	memcpy(said, d->unlinked_said, sizeof(said));
	pthread_mutex_unlock(&d->node_lock);
	unlinked_text(why, d->dir->cfg.hub, lang, out);
	if (why == UNLINKED_ENDED && said[0])
		buf_printf(out, lang == LANG_EN ? " (%s)" : "（%s）", said);
}

static bool svc_full(void *ctx)
{
	struct driver *d = ctx;

	return d->storeq && storeq_full(d->storeq);
}

/* --- what handlers wait for ---------------------------------------------------------------------------- */

/* Store thread. */
static void on_job(void *ctx, struct job *j)
{
	struct waiting *x = ctx;

	(void)j;
	if (--x->w->left == 0)
		x->done(x->arg);
}

static void await_jobs(struct driver *d, struct waiting *x)
{
	struct web_wait *w = x->w;
	int err;

	w->left = w->n;
	err = d->storeq ? storeq_put(d->storeq, w->jobs, w->n, on_job, x) : ERR_STATE;
	/* once they are queued they may be done, and the request gone */
	if (!err)
		return;
	w->err = err;
	x->done(x->arg);
}

static void await(void *ctx, struct waiting *x)
{
	struct driver *d = ctx;

	if (x->w->what == WEB_WAIT_JOBS)
		await_jobs(d, x);
	else
		keyring_put(d->keyring, x);
}

static int open_person(void *ctx, const char *name, const char *passphrase, struct sign_key **ret,
		       struct errmsg *msg)
{
	struct driver *d = ctx;

	return dir_person_open(d->dir, name, passphrase, ret, msg);
}

static int create_person(void *ctx, const char *name, const char *passphrase,
			 uint8_t ret_public[SIGN_KEY_BYTES], struct errmsg *msg)
{
	struct driver *d = ctx;
	struct seal_cost cost = {SEAL_OPS_DEFAULT, SEAL_MEM_KIB_DEFAULT};

	return dir_person_create(d->dir, name, passphrase, cost, ret_public, msg);
}

static uint64_t boot_ms(void *ctx)
{
	(void)ctx;
	return clock_boot_ms();
}

static int start_threads(struct driver *d)
{
	struct keyring_ops ops = {.ctx = d,
				  .open = open_person,
				  .create = create_person,
				  .now_ms = boot_ms,
				  .random = svc_random,
				  .idle_s = d->dir->cfg.unlock_minutes * 60};
	int err = pool_new(POOL_THREADS, &d->pool);

	return err ? err : keyring_start(&ops, &d->keyring);
}

/* --- sockets ------------------------------------------------------------------------------------------ */
static int fail_fd(int fd, struct errmsg *msg, const char *what)
{
	int e = errno;

	if (fd >= 0)
		close(fd);
	return err_set(msg, address_error(e), "%s: %s", what, strerror(e));
}

static int listen_local(struct driver *d, int *ret_fd, struct errmsg *msg)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char path[DIR_PATH_MAX];
	int fd, err = dir_path(d->dir, "sock", path);

	if (err || strlen(path) >= DIR_SOCK_MAX)
		return err_set(msg, ERR_LIMIT, "%s: too long for a socket; choose a shorter --dir",
			       d->dir->path);
	memcpy(at.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unlink(path); /* main holds the lock of the directory: nobody else listens here */
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) || chmod(path, 0600) ||
	    listen(fd, LISTEN_BACKLOG))
		return fail_fd(fd, msg, path);
	*ret_fd = fd;
	return ERR_OK;
}

static int listen_public(struct driver *d, char host[ADDRESS_HOST_BYTES], int *ret_fd,
			 struct errmsg *msg)
{
	const char *at = d->dir->cfg.http;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *res;
	char port[ADDRESS_PORT_BYTES];
	int fd, on = 1;

	if (!address_split(at, host, port))
		return err_set(msg, ERR_INVALID, "config key \"http\": \"%s\" is not host:port",
			       at);
	if (getaddrinfo(host, port, &hints, &res))
		return err_set(msg, ERR_ADDRESS, "config key \"http\": \"%s\" cannot be found", at);
	fd = socket(res->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, res->ai_addr, res->ai_addrlen) || listen(fd, LISTEN_BACKLOG)) {
		char what[sizeof(d->dir->cfg.http) + 24];

		snprintf(what, sizeof(what), "config key \"http\": %s", at);
		freeaddrinfo(res);
		return fail_fd(fd, msg, what);
	}
	freeaddrinfo(res);
	*ret_fd = fd;
	return ERR_OK;
}

static int start_http(struct driver *d, struct http_opts *o, struct http **ret, struct errmsg *msg)
{
	int err;

	o->pool = d->pool;
	o->await = await;
	err = http_start(d->loop, o, &d->services, ret, msg);

	if (!err)
		d->pending++;
	return err;
}

/* Reached under the names that people outside know it by: what it listens on, what invitations say, the
 * domain of the town. */
static int start_public(struct driver *d, struct errmsg *msg)
{
	const struct dir_config *cfg = &d->dir->cfg;
	struct http_opts o = {.fd = -1};
	char host[ADDRESS_HOST_BYTES], advertised[ADDRESS_HOST_BYTES], port[ADDRESS_PORT_BYTES];
	uint32_t n = 0;
	int err = listen_public(d, host, &o.fd, msg);

	if (err)
		return err;
	o.host[n++] = host;
	if (address_split(cfg->advertise, advertised, port))
		o.host[n++] = advertised;
	if (cfg->domain[0])
		o.host[n++] = cfg->domain;
	assert(n < HTTP_HOSTS_MAX);
	err = start_http(d, &o, &d->http_public, msg);
	if (!err)
		log_line(LOG_LEVEL_INFO, log_english() ? "http: listening on %s" : "网页：监听 %s",
			 cfg->http);
	return err;
}

int driver_web_start(struct driver *d, struct errmsg *msg)
{
	struct web_services *s = &d->services;
	struct http_opts local = {.fd = -1, .local = true};
	int err;

	s->tx.ctx = d;
	s->tx.kv = d->kv;
	s->tx.town = d->dir->town;
	s->tx.wall_ms = svc_wall;
	s->tx.stamp = svc_stamp;
	s->tx.random = svc_random;
	s->person_public = svc_person_public;
	s->session_use = svc_session_use;
	s->session_used = svc_session_used;
	s->session_end = svc_session_end;
	s->sessions_end_of = svc_sessions_end_of;
	s->sessions = svc_sessions;
	s->wrong_passphrases = svc_wrong;
	s->links = svc_links;
	s->alarms = svc_alarms;
	s->guard = svc_guard;
	s->invitation = svc_invitation;
	s->file_begin = svc_file_begin;
	s->file_add = svc_file_add;
	s->file_keep = svc_file_keep;
	s->file_end = svc_file_end;
	s->halted = svc_halted;
	s->full = svc_full;
	s->unlinked = d->dir->cfg.role == NODE_VILLAGE ? svc_unlinked : NULL;
	attachments_sweep(d->dir->path);
	err = start_threads(d);
	if (!err)
		err = listen_local(d, &local.fd, msg);
	if (!err)
		err = start_http(d, &local, &d->http_local, msg);
	return err || !d->dir->cfg.http[0] ? err : start_public(d, msg);
}

static void on_http_closed(void *ctx)
{
	driver_release(ctx);
}

void driver_web_close(struct driver *d)
{
	char path[DIR_PATH_MAX];

	if (d->http_local) {
		http_close(d->http_local, on_http_closed, d);
		if (!dir_path(d->dir, "sock", path))
			unlink(path);
	}
	if (d->http_public)
		http_close(d->http_public, on_http_closed, d);
}
