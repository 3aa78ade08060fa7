#ifndef DAEMON_IO_DIR_INVITE_H
#define DAEMON_IO_DIR_INVITE_H

#include "daemon/io/dir.h"

/* An invitation file, read. */
struct dir_invite {
	char hub[128], domain[DOMAIN_MAX + 1], town_name[97], village_code[13], village_name[97];
	uint8_t hub_transport[DH_KEY_BYTES];
	uint8_t manifest[MANIFEST_BYTES_MAX];
	size_t manifest_n;
	struct manifest town;
	uint8_t seed[SIGN_SEED_BYTES]; /* secret; the caller wipes it */
};
int dir_invite_parse(const char *text, size_t n, struct dir_invite *ret, struct errmsg *msg);

#endif
