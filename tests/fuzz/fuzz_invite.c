/* Invitation files: what is read is complete and names a town. */
#include <string.h>

#include "daemon/io/dir_invite.h"
#include "lib/text.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct dir_invite v;
	struct errmsg msg = {0};
	struct manifest m;
	int err = dir_invite_parse((const char *)data, n, &v, &msg);

	if (err) {
		CHECK(err == ERR_FORMAT || err == ERR_LIMIT);
		CHECK(msg.text[0]);
		return 0;
	}
	CHECK(v.hub[0] && v.domain[0] && v.village_name[0] && v.village_code[0]);
	CHECK(utf8_clean(v.village_name, strlen(v.village_name), false));
	CHECK(dir_ini_value("village_name", v.village_name));
	CHECK(v.manifest_n <= sizeof(v.manifest));
	CHECK(manifest_parse(v.manifest, v.manifest_n, &m) == ERR_OK);
	return 0;
}
