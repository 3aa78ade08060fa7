#include "daemon/io/address.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "lib/err.h"
#include "lib/text.h"

#define FULL_WIDTH_COLON "\xef\xbc\x9a" /* as Chinese input methods write it */

static bool host_clean(const char *host, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)host[i] <= ' ' || strchr("\x7f/[]@,;\"", host[i]))
			return false;
	return n > 0 && n < ADDRESS_HOST_BYTES;
}

static bool port_ok(const char *port)
{
	uint64_t v;

	return strlen(port) < ADDRESS_PORT_BYTES && u64_parse(port, strlen(port), &v) && v > 0 &&
	       v <= UINT16_MAX;
}

int address_error(int e)
{
	switch (e) {
	case EADDRINUSE: return ERR_IN_USE;
	case EADDRNOTAVAIL: return ERR_ADDRESS;
	case EACCES:
	case EPERM: return ERR_DENIED;
	case ENOMEM: return ERR_NOMEM;
	default: return ERR_IO;
	}
}

bool address_split(const char *at, char host[ADDRESS_HOST_BYTES], char port[ADDRESS_PORT_BYTES])
{
	const char *colon = strrchr(at, ':');
	size_t n = colon ? (size_t)(colon - at) : 0;

	if (!colon || !port_ok(colon + 1) || strstr(at, FULL_WIDTH_COLON))
		return false;
	if (n > 1 && at[0] == '[' && at[n - 1] == ']') {
		at++;
		n -= 2;
	}
	if (!host_clean(at, n))
		return false;
	memcpy(host, at, n);
	host[n] = '\0';
	memcpy(port, colon + 1, strlen(colon + 1) + 1);
	return true;
}
