/* Manifests from anywhere: what is accepted packs to the same bytes. */
#include <assert.h>
#include <string.h>

#include "lib/err.h"
#include "proto/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf b = {0};
	struct manifest m;

	if (manifest_parse(data, n, &m))
		return 0;
	assert(n <= MANIFEST_BYTES_MAX);
	assert(m.threshold <= m.nrecovery);
	assert(manifest_pack(&m, &b) == ERR_OK);
	assert(b.n == n);
	assert(memcmp(b.p, data, n) == 0);
	buf_close(&b);
	return 0;
}
