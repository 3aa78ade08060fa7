#include "daemon/web/api/api.h"

#include <assert.h>
#include <string.h>

#include "daemon/web/api/handlers.h"
#include "daemon/web/api/reply.h"
#include "daemon/web/import/import.h"

#define JSON_MAX   ((size_t)256 << 10)
#define IMPORT_MAX (IMPORT_BYTES_MAX + IMPORT_HEAD_MAX)

static void healthz(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	bool halted = s->halted(s->tx.ctx) != NULL, full = s->full && s->full(s->tx.ctx);

	(void)req;
	res->status = halted || full ? 503 : 200;
	res->type = "text/plain; charset=utf-8";
	/* anyone may ask: why it is halted stands in the status */
	buf_puts(&res->body, halted ? "halted\n" : full ? "full\n" : "ok\n");
}

const struct web_route web_routes[] = {
	{"GET", "/healthz", false, 0, healthz},
	{"GET", "/api/v1/status", false, 0, api_status},
	{"GET", "/api/v1/accounts", true, 0, api_accounts},
	{"GET", "/api/v1/households/*", true, 0, api_household},
	{"GET", "/api/v1/scores", true, 0, api_scores},
	{"GET", "/api/v1/catalogue", true, 0, api_catalogue},
	{"GET", "/api/v1/people", true, 0, api_people},
	{"GET", "/api/v1/villages", true, 0, api_villages},
	{"GET", "/api/v1/log", true, 0, api_log},
	{"GET", "/api/v1/waiting", true, 0, api_waiting},
	{"GET", "/api/v1/registers/*", true, 0, api_registers},
	{"GET", "/api/v1/tables/*", true, 0, api_tables},
	{"GET", "/api/v1/paper/*", true, 0, api_paper},
	{"GET", "/api/v1/notices/*", true, 0, api_notices},
	{"GET", "/api/v1/digest", true, 0, api_digest},
	{"GET", "/api/v1/evidence", true, 0, api_evidence},
	{"POST", "/api/v1/evidence", true, WEB_FILE_MAX, api_evidence_keep},
	{"POST", "/api/v1/records/*", true, JSON_MAX, api_record},
	{"POST", "/api/v1/people", true, JSON_MAX, api_person},
	{"POST", "/api/v1/invitations", true, JSON_MAX, api_invitation},
	{"POST", "/api/v1/import/*", true, IMPORT_MAX, api_import},
	{"POST", "/api/v1/sessions", true, JSON_MAX, api_session_open},
	{"GET", "/api/v1/sessions/current", true, 0, api_session},
	{"DELETE", "/api/v1/sessions/current", true, 0, api_session_end},
};
const uint32_t web_nroutes = sizeof(web_routes) / sizeof(web_routes[0]);

/* A "*" at the end of a route stands for one part that is not empty. */
static bool path_fits(const char *route, const char *path)
{
	size_t n = strlen(route);

	if (route[n - 1] != '*')
		return strcmp(route, path) == 0;
	return strncmp(route, path, n - 1) == 0 && path[n - 1] && !strchr(path + n - 1, '/');
}

const struct web_route *web_route_find(const char *method, const char *path, bool local,
				       int *ret_status)
{
	*ret_status = 404;
	for (uint32_t i = 0; i < web_nroutes; i++) {
		const struct web_route *r = &web_routes[i];

		if ((r->local_only && !local) || !path_fits(r->path, path))
			continue;
		if (strcmp(r->method, method) == 0)
			return r;
		*ret_status = 405;
	}
	return NULL;
}

bool web_route_takes_file(const struct web_route *r)
{
	return r->run == api_evidence_keep;
}

void web_refuse(int status, enum lang lang, struct web_res *res)
{
	static const struct {
		int status;
		const char *code;
		struct says says;
	} table[] = {
		{400, "BAD_REQUEST", {"请求不符合 HTTP 格式", "the request does not follow HTTP"}},
		{404, "NOT_FOUND", {"没有这个地址", "not found"}},
		{405, "METHOD", {"此地址不支持该方法", "this address does not know that method"}},
		{413, "TOO_LARGE", {"请求内容太大", "the body is too large"}},
		{414, "HEAD_TOO_LARGE", {"请求的地址太长", "the address is too long"}},
		{431, "HEAD_TOO_LARGE", {"请求头太大", "the head of the request is too large"}},
		{421, "HOST", {"请用本机地址访问", "use this machine's own address"}},
		{503,
		 "BUSY",
		 {"节点正忙或正在停止，请稍后再试",
		  "the node is busy or stopping, try again later"}},
	};
	size_t i = 0;

	while (table[i].status != status && i + 1 < sizeof(table) / sizeof(table[0]))
		i++;
	reply_error(res, lang, status, table[i].code, NULL, table[i].says, SAYS(NULL, NULL));
}

static void check_room(const struct web_req *req, struct web_res *res)
{
	if (res->body.err) /* what fits a small body does fit now: the buffer is emptied first */
		reply_machine(req, res, res->body.err, NULL);
}

void web_handle(const struct web_services *s, const struct web_route *r, const struct web_req *req,
		struct web_res *res)
{
	r->run(s, req, res);
	check_room(req, res);
}

void web_go_on(const struct web_req *req, struct web_res *res)
{
	assert(res->wait.what != WEB_WAIT_NOTHING);
	res->wait.what = WEB_WAIT_NOTHING;
	res->wait.then(res->wait.ctx);
	check_room(req, res);
}
