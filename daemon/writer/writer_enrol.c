#include <string.h>

#include "daemon/writer/writer.h"
#include "daemon/writer/writer_int.h"
#include "lib/err.h"
#include "proto/record.h"

int writer_enrol_room(struct writer *w)
{
	uint32_t no;

	return feedlog_next_no(w->t, &no);
}

int writer_enrol(struct writer *w, struct bytes payload)
{
	char domain[ORIGIN_MAX], origin[ORIGIN_MAX];
	struct rec_village_enrol r;
	struct payload parts;
	struct feed_head head;
	struct hash id;
	char *slash;
	int err = payload_parse(payload.p, payload.n, &parts);

	if (!err)
		err = rec_decode_head(rec_type_of(REC_village_enrol), &parts, &r);
	if (err)
		return err; /* it was accepted: it has its form */
	memcpy(domain, w->origin, sizeof(domain));
	slash = strchr(domain, '/');
	if (!slash)
		return ERR_CORRUPT;
	*slash = 0;
	manifest_feed_id(r.manifest.p, r.manifest.n, &id);
	origin_of(domain, &id, origin);
	err = feedlog_create(w->t, r.manifest.p, r.manifest.n, origin, 0, &head);
	return err == ERR_EXISTS ? ERR_OK : err; /* carried already */
}
