#ifndef DAEMON_IO_HTTP_HOSTS_H
#define DAEMON_IO_HTTP_HOSTS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* Under which names a server answers: with any other a web page could make its own name point here (DNS rebinding). */
#define HTTP_HOSTS_MAX 4
#define HTTP_HOST_MAX  253 /* bytes of a name */

struct http_hosts {
	char name[HTTP_HOSTS_MAX][HTTP_HOST_MAX + 1];
	uint32_t n;
};
/* False: too long, or too many. */
bool http_hosts_add(struct http_hosts *h, const char *name);
/* Whether a request whose Host is @text ("name", "name:80", "[::1]:80") is answered on the connection @fd: one of the
 * names, localhost, a private address, or the address at which the connection arrived. */
bool http_hosts_allow(const struct http_hosts *h, const char *text, int fd);
/* IPv4 as IPv4-mapped IPv6; all zeros for any other family and for NULL. */
struct in6_addr http_address_of(const struct sockaddr *at);

#endif
