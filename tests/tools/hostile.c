#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "daemon/io/dir.h"
#include "daemon/io/entropy.h"
#include "lib/err.h"
#include "proto/msg.h"
#include "proto/noise.h"

/* hostile PORT MODE COUNT [DIR]: behaves badly towards a hub's exchange port, COUNT times, each on a connection
 * of its own, and expects the hub to hang up. DIR is a village's directory: it lends town ID, hub key and, for the
 * insider modes, its own transport key. Exit 0 when every connection was dropped. */

struct foe {
	struct dir dir;
	int fd;
	struct noise n;
	bool noise;
};

static const uint8_t bombs[][5] = {{0xdd, 0xff, 0xff, 0xff, 0xff},
				   {0xdf, 0xff, 0xff, 0xff, 0xff},
				   {0xc6, 0xff, 0xff, 0xff, 0xff},
				   {0xdb, 0xff, 0xff, 0xff, 0xff},
				   {0xc9, 0xff, 0xff, 0xff, 0xff}};

static int dial(const char *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
	struct timeval tv = {.tv_sec = 20};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at))) {
		perror("connect");
		exit(3);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return fd;
}

static void put(struct foe *f, const void *p, size_t n)
{
	if (send(f->fd, p, n, MSG_NOSIGNAL) < 0)
		return; /* dropped already: what was wanted */
}

static void put_frame(struct foe *f, const void *p, size_t n)
{
	uint8_t head[2];

	be16_put(head, (uint16_t)n);
	put(f, head, 2);
	put(f, p, n);
}

static bool get(struct foe *f, uint8_t *p, size_t n)
{
	while (n) {
		ssize_t got = recv(f->fd, p, n, 0);

		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

/* True when the other side ended the connection within the time limit. */
static bool dropped(struct foe *f)
{
	uint8_t b[4096];
	ssize_t got;

	do
		got = recv(f->fd, b, sizeof(b), 0);
	while (got > 0);
	return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

/* A proper handshake with @key; @town sets the prologue. False when the hub hung up on the way. */
static bool handshake(struct foe *f, const struct dh_key *key, const struct hash *town)
{
	uint8_t prologue[sizeof(NOISE_LABEL) - 1 + 32], seed[32], len[2], msg[512];
	struct hello hello = {.version = HELLO_VERSION, .frame_max = MSG_FRAME_MAX};
	struct buf out = {0}, in = {0};
	bool ok;

	memcpy(prologue, NOISE_LABEL, sizeof(NOISE_LABEL) - 1);
	memcpy(prologue + sizeof(NOISE_LABEL) - 1, town->b, 32);
	entropy_fill(seed, sizeof(seed));
	f->noise = !noise_init(&f->n, true, key, f->dir.cfg.hub_transport, prologue,
			       sizeof(prologue), seed);
	ok = f->noise && !noise_write(&f->n, "", 0, &out);
	if (ok)
		put_frame(f, out.p, out.n);
	ok = ok && get(f, len, 2) && be16_get(len) <= sizeof(msg) && get(f, msg, be16_get(len)) &&
	     !noise_read(&f->n, msg, be16_get(len), &in);
	buf_reset(&out);
	buf_reset(&in);
	if (ok) {
		hello_pack(&hello, &in);
		ok = !noise_write(&f->n, in.p, in.n, &out);
		put_frame(f, out.p, out.n);
	}
	buf_close(&out);
	buf_close(&in);
	return ok;
}

static void seal_and_send(struct foe *f, const void *p, size_t n, bool flip, size_t cut)
{
	struct buf out = {0};

	if (!noise_seal(&f->n, p, n, &out)) {
		if (flip)
			out.p[out.n / 2] ^= 1;
		put_frame(f, out.p, out.n - cut);
	}
	buf_close(&out);
}

static void insider(struct foe *f, const char *mode, int round)
{
	uint8_t msg[64] = {0};

	if (!handshake(f, f->dir.transport_key, &f->dir.town))
		return;
	if (!strcmp(mode, "in-flipped")) {
		seal_and_send(f, msg, sizeof(msg), true, 0);
	} else if (!strcmp(mode, "in-truncated")) {
		seal_and_send(f, msg, sizeof(msg), false, 7);
		shutdown(f->fd, SHUT_WR); /* the rest of the frame never comes */
	} else {			  /* in-bomb: every message type with a bomb as its body */
		msg[0] = (uint8_t)(1 + round % 11);
		memcpy(msg + 1, bombs[round % 5], 5);
		if (msg[0] >= MSG_PING)
			msg[0] = 200; /* a ping with a body is harmless; an unknown type is not */
		seal_and_send(f, msg, 6, false, 0);
	}
}

static void attack(struct foe *f, const char *mode, int round)
{
	uint8_t junk[512];
	uint8_t seed[32];
	struct dh_key *stranger = NULL;
	struct hash town = f->dir.town;

	entropy_fill(junk, sizeof(junk));
	entropy_fill(seed, sizeof(seed));
	if (!strcmp(mode, "bomb")) {
		put(f, bombs[round % 5], 5);
		put(f, junk, 300);
	} else if (!strcmp(mode, "garbage")) {
		put_frame(f, junk, 48);
	} else if (!strcmp(mode, "oversized")) {
		put(f, "\xff\xff", 2);
		put(f, junk, sizeof(junk));
	} else if (!strcmp(mode, "empty")) {
		put(f, "\0\0", 2);
	} else if (!strcmp(mode, "wrong-network")) {
		town.b[0] ^= 1;
		handshake(f, f->dir.transport_key, &town);
	} else if (!strcmp(mode, "stranger")) {
		if (!dh_key_from_seed(seed, &stranger))
			handshake(f, stranger, &town);
	} else {
		insider(f, mode, round);
	}
	if (!dropped(f)) {
		fprintf(stderr, "hostile: %s %d: still connected\n", mode, round);
		exit(1);
	}
	dh_key_free(stranger);
}

int main(int argc, char **argv)
{
	struct foe f = {0};
	struct errmsg msg = {0};

	if (argc != 5) {
		fputs("usage: hostile PORT MODE COUNT VILLAGE_DIR\n", stderr);
		return 2;
	}
	if (crypto_start() || dir_open(argv[4], &f.dir, &msg)) {
		fprintf(stderr, "hostile: %s\n", msg.text);
		return 3;
	}
	for (int i = 0; i < (int)strtol(argv[3], NULL, 10); i++) {
		f.fd = dial(argv[1]);
		f.noise = false;
		attack(&f, argv[2], i);
		if (f.noise)
			noise_close(&f.n);
		close(f.fd);
	}
	dir_close(&f.dir);
	return 0;
}
