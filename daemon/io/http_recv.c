#include "daemon/io/http_recv.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

_Thread_local struct http_head *(*http_recv_head)(void *ctx, int fd);
_Thread_local void *http_recv_ctx;

struct source {
	int fd, flags;
};

static long read_source(void *ctx, void *p, size_t n)
{
	const struct source *s = ctx;

	return syscall(SYS_recvfrom, s->fd, p, n, s->flags, NULL, NULL);
}

ssize_t recv(int fd, void *p, size_t n, int flags)
{
	struct source s = {fd, flags};
	struct http_head *h = http_recv_head ? http_recv_head(http_recv_ctx, fd) : NULL;

	return h ? http_head_recv(h, p, n, read_source, &s) : read_source(&s, p, n);
}
