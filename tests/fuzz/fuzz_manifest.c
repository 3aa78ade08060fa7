/* Manifests from anywhere: what is accepted packs to the same bytes. */
#include <string.h>

#include "lib/err.h"
#include "proto/manifest.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf b = {0};
	struct manifest m;

	if (manifest_parse(data, n, &m))
		return 0;
	CHECK(n <= MANIFEST_BYTES_MAX);
	CHECK(m.threshold <= m.nrecovery);
	CHECK(manifest_pack(&m, &b) == ERR_OK);
	CHECK(b.n == n);
	CHECK(memcmp(b.p, data, n) == 0);
	buf_close(&b);
	return 0;
}
