#include "daemon/ledger/state/state_open.h"

#include <string.h>

bool state_open_has(struct bytes row, uint8_t member)
{
	return row.n && memchr(row.p, member, row.n);
}

void state_open_set(struct bytes row, uint8_t member, bool is, struct buf *out)
{
	size_t below = 0, above;

	while (below < row.n && row.p[below] < member)
		below++;
	above = below + state_open_has(row, member);
	buf_put(out, row.p, below);
	if (is)
		buf_put_u8(out, member);
	if (above < row.n)
		buf_put(out, row.p + above, row.n - above);
}
