#ifndef DAEMON_WEB_API_HANDLERS_H
#define DAEMON_WEB_API_HANDLERS_H

#include "daemon/web/api/api.h"

/* The handlers of the route table in api.c; each is described in openapi.yaml. */
#define HANDLER(name)                                                                              \
	void api_##name(const struct web_services *s, const struct web_req *req,                   \
			struct web_res *res)
HANDLER(status);
HANDLER(accounts);
HANDLER(household);
HANDLER(scores);
HANDLER(catalogue);
HANDLER(people);
HANDLER(villages);
HANDLER(log);
HANDLER(waiting);
HANDLER(registers);
HANDLER(tables);
HANDLER(paper);
HANDLER(notices);
HANDLER(digest);
HANDLER(evidence);
HANDLER(evidence_keep);
HANDLER(record);
HANDLER(person);
HANDLER(invitation);
HANDLER(import);
HANDLER(session);
HANDLER(session_open);
HANDLER(session_end);
#undef HANDLER

#endif
