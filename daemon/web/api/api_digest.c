#include "daemon/web/api/handlers.h"
#include "daemon/web/api/reply.h"

/* What the fold has made of a feed, in one hash: equal on every machine at the same size. */
void api_digest(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	struct reading r;
	struct hash digest;
	int err;

	if (!reading_begin(&r, s, req, res))
		return;
	jw_khex(&r.w, "feed", r.ask.feed.id.b, HASH_BYTES);
	jw_ku64(&r.w, "size", r.ask.feed.size);
	err = fold_digest(r.ask.t, r.ask.feed.no, &digest);
	if (!err)
		jw_khex(&r.w, "digest", digest.b, HASH_BYTES);
	reading_end(&r, err);
}
