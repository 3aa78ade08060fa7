/* config.ini: what is read can be written, and then reads as the same. */
#include <string.h>

#include "daemon/io/dir.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct dir_config first = {0}, second = {0};
	struct errmsg msg = {0};
	struct buf text = {0}, again = {0};
	int err = dir_config_parse((const char *)data, n, "config.ini", &first, &msg);

	if (err) {
		CHECK(err == ERR_FORMAT);
		CHECK(msg.text[0]);
		return 0;
	}
	CHECK(dir_config_write(&first, &text) == ERR_OK);
	CHECK(dir_config_parse((const char *)text.p, text.n, "again", &second, &msg) == ERR_OK);
	CHECK(dir_config_write(&second, &again) == ERR_OK);
	CHECK(text.n == again.n);
	CHECK(memcmp(text.p, again.p, text.n) == 0);
	buf_close(&text);
	buf_close(&again);
	return 0;
}
