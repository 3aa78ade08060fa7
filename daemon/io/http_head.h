#ifndef DAEMON_IO_HTTP_HEAD_H
#define DAEMON_IO_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a client sends, read strictly before the library reads it: RFC 9112 says where a request ends, and of two
 * readers who differ in that one is deceived. Lines end in CR LF, names are tokens without a space behind them, no
 * value is continued on the next line or holds a control character but tab; there is one Host, at most one
 * Content-Length of digits alone, and no Transfer-Encoding. What follows the first wrong head is dropped, and in its
 * place the library reads HTTP_HEAD_WRONG, a request that is answered by the status of the refusal.
 *
 *	head ---whole---> body ---all of it---> head          head ---wrong---> refused, for ever */
#define HTTP_HEAD_MAX	6144 /* bytes; the library needs as much again for its tables */
#define HTTP_LINES_MAX	64
#define HTTP_HEAD_WRONG "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

/* Looks at the head with which @p begins. 200: it is whole, *ret_n bytes with the empty line, and *ret_body follow;
 * 0: not whole yet, nothing wrong so far; else the status with which to refuse: 400, 413, 414 or 431. */
int http_head_parse(const void *p, size_t n, size_t *ret_n, uint64_t *ret_body);

/* One connection. All zeros is its beginning. A client may close its end behind a whole request: while @answering that
 * is not said to the library, which would not answer it any more, but noted in @ended. */
struct http_head {
	int refused; /* status; 0: nothing wrong so far */
	bool answering, ended;
	uint64_t body;	/* bytes of it that have not come yet */
	size_t n, good; /* bytes held; of them to be handed on */
	char held[HTTP_HEAD_MAX];
};
/* Reads by @read (as recv() does) into @p what may be handed on. Returns as recv() does; fewer bytes than @n mean that
 * nothing more is held that could be handed on. */
long http_head_recv(struct http_head *h, void *p, size_t n,
		    long (*read)(void *ctx, void *p, size_t n), void *ctx);

#endif
