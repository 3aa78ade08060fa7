#include "daemon/ledger/state/scheme.h"

void scheme_usual(struct rec_scheme *ret)
{
	*ret = (struct rec_scheme){.rate_points = points_of(100),
				   .rate_fen = fen_of(100),
				   .threshold = points_of(10000),
				   .notified_days = 3,
				   .notice_days = 7,
				   .object_days = 7,
				   .answer_days = 7,
				   .tolerance = 10,
				   .proxy_max = 3};
}

bool scheme_forbids(uint32_t goods)
{
	return goods >= GOODS_cash;
}
