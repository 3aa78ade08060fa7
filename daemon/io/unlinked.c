#include "daemon/io/unlinked.h"

#include <string.h>
#include <uv.h>

enum unlinked unlinked_of_uv(int status)
{
	switch (status) {
	case UV_EINVAL: return UNLINKED_ADDRESS;
	case UV_EAI_AGAIN:
	case UV_EAI_FAIL:
	case UV_EAI_NODATA:
	case UV_EAI_NONAME:
	case UV_EAI_ADDRFAMILY: return UNLINKED_NAME;
	case UV_ECONNREFUSED: return UNLINKED_NOBODY;
	case UV_ENETDOWN:
	case UV_ENETUNREACH:
	case UV_EHOSTUNREACH: return UNLINKED_NO_WAY;
	case UV_ETIMEDOUT: return UNLINKED_SILENT;
	default: return UNLINKED_FAILED;
	}
}

bool unlinked_is_web(const void *p, size_t n)
{
	return (n >= 5 && memcmp(p, "HTTP/", 5) == 0) || (n > 0 && *(const char *)p == '<');
}

void unlinked_text(enum unlinked why, const char *address, enum lang lang, struct buf *out)
{
	switch (why) {
#define UNLINKED_PUT(name, zh, en)                                                                 \
	case UNLINKED_##name:                                                                      \
		lang == LANG_EN ? buf_printf(out, en, address) : buf_printf(out, zh, address);     \
		break;
		UNLINKED_LIST(UNLINKED_PUT)
#undef UNLINKED_PUT
	}
}
