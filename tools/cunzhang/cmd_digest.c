#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/client.h"

int cmd_digest(struct cli *c)
{
	static const char *const none[] = {NULL};
	struct reply r = {0};
	int rv = client_query(c, "/api/v1/digest", none, &r);

	if (!rv)
		rv = client_result(c, &r);
	if (!rv && !c->json)
		SAY(stdout, M_DIGEST, say_num(client_u64(r.root, "size")),
		    client_str(r.root, "digest"));
	client_close(&r);
	return rv;
}
