#include "daemon/io/http_hosts.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/buf.h"
#include "lib/text.h"

static void v4_mapped(struct in_addr v4, struct in6_addr *ret)
{
	*ret = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
	memcpy(ret->s6_addr + 12, &v4, sizeof(v4));
}

struct in6_addr http_address_of(const struct sockaddr *at)
{
	struct in6_addr a = IN6ADDR_ANY_INIT;

	if (at && at->sa_family == AF_INET6)
		a = ((const struct sockaddr_in6 *)at)->sin6_addr;
	else if (at && at->sa_family == AF_INET)
		v4_mapped(((const struct sockaddr_in *)at)->sin_addr, &a);
	return a;
}

static bool private_v4(uint32_t a)
{
	return a >> 24 == 127 || a >> 24 == 10 || a >> 20 == 0xac1 || a >> 16 == 0xc0a8 ||
	       a >> 16 == 0xa9fe;
}

static bool private_address(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return private_v4(ntohl(v4.s_addr));
	if (inet_pton(AF_INET6, host, &v6) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&v6))
		return private_v4(be32_get(v6.s6_addr + 12));
	return IN6_IS_ADDR_LOOPBACK(&v6) || (v6.s6_addr[0] & 0xfe) == 0xfc ||
	       (v6.s6_addr[0] == 0xfe && (v6.s6_addr[1] & 0xc0) == 0x80);
}

/* The name in "name", "name:80", "[::1]:80". False for anything else. */
static bool host_name(const char *text, char out[HTTP_HOST_MAX + 1])
{
	const char *end;
	size_t n;

	if (text[0] == '[') {
		text++;
		end = strchr(text, ']');
		if (!end)
			return false;
		n = (size_t)(end - text);
		end++;
	} else {
		n = strcspn(text, ":");
		end = text + n;
	}
	if (n == 0 || n > HTTP_HOST_MAX)
		return false;
	if (*end == ':')
		end += 1 + strspn(end + 1, "0123456789");
	if (*end)
		return false;
	memcpy(out, text, n);
	out[n] = '\0';
	return true;
}

/* The address at which this very connection arrived: with an address there is no name to rebind. */
static bool own_address(int fd, const char *host)
{
	struct sockaddr_storage at = {0};
	struct in6_addr want, mine;
	socklen_t n = sizeof(at);
	char mapped[HTTP_HOST_MAX + 8];

	snprintf(mapped, sizeof(mapped), "%s%s", strchr(host, ':') ? "" : "::ffff:", host);
	if (inet_pton(AF_INET6, mapped, &want) != 1 || getsockname(fd, (struct sockaddr *)&at, &n))
		return false;
	mine = http_address_of((struct sockaddr *)&at);
	return !IN6_IS_ADDR_UNSPECIFIED(&mine) && memcmp(&mine, &want, sizeof(want)) == 0;
}

bool http_hosts_add(struct http_hosts *h, const char *name)
{
	if (h->n == HTTP_HOSTS_MAX || strlen(name) > HTTP_HOST_MAX)
		return false;
	str_set(h->name[h->n++], sizeof(h->name[0]), bytes_str(name));
	return true;
}

bool http_hosts_allow(const struct http_hosts *h, const char *text, int fd)
{
	char name[HTTP_HOST_MAX + 1];

	if (!host_name(text, name))
		return false;
	for (uint32_t i = 0; i < h->n; i++)
		if (strcasecmp(name, h->name[i]) == 0)
			return true;
	return strcasecmp(name, "localhost") == 0 || private_address(name) || own_address(fd, name);
}
