#include "tests/lib/webnode.h"

#include "daemon/ledger/state/read.h"
#include "daemon/store/kvmem.h"
#include "lib/text.h"
#include "tests/lib/openapi.h"
#include "tests/lib/t.h"

/* --- a node -------------------------------------------------------------------------------------- */

struct webnode here;

static int save_guard(void *ctx, const struct guard *g)
{
	(void)ctx;
	here.guard = *g;
	return ERR_OK;
}

/* What another clerk does in the same moment: an entry that has seen more of the town feed. */
static void overtake(void)
{
	struct job j = {.type = JOB_APPEND}, *one = &j;
	struct rec_household h = {.household = town_b("99001"), .takes_part = YES_no};
	struct rec_household_line l = {.member = 1, .name = town_b("张三")};
	struct buf payload = {0};

	T_EQ(town_grant(&here.w, FEED_TOWN, "office", "someone", ROLE_town_office, ""), V_ACCEPTED);
	struct feed_head own;
	struct kv_txn *t;

	T_EQ(kv_begin(here.kv, false, &t), ERR_OK);
	T_EQ(feedlog_head(t, here.s.tx.own, &own), ERR_OK);
	kv_abort(t);
	town_tx(&here.w, &own.id, town_size(&here.w, FEED_TOWN), "rec/" VILLAGE,
		rec_type_of(REC_household), &h, &l, 1, &j.u.append.tx, &payload);
	j.u.append.payload = buf_bytes(&payload);
	j.u.append.author_ok = true;
	T_EQ(writer_apply(here.writer, &one, 1), ERR_OK);
	T_EQ(writer_commit(here.writer), ERR_OK);
	T_EQ(writer_seal(here.writer), ERR_OK);
	T_EQ(j.err, ERR_OK);
	T_EQ(j.u.append.verdict.reason.id, V_ACCEPTED);
	buf_close(&payload);
}

static int svc_submit(void *ctx, struct job **jobs, uint32_t count)
{
	int err;

	(void)ctx;
	here.submits++;
	if (here.move_town) {
		here.move_town = false;
		overtake();
	}
	for (uint32_t i = 0; i < count; i++)
		T_OK(entry_tx_verify(&jobs[i]->u.append.tx, &here.s.tx.town));
	if (here.cut) {
		count = here.cut;
		here.cut = 0;
		T_EQ(svc_submit(ctx, jobs, count), ERR_OK);
		return ERR_IO;
	}
	err = writer_apply(here.writer, jobs, count);
	if (!err)
		err = writer_commit(here.writer);
	return err ? err : writer_seal(here.writer);
}

static uint32_t svc_links(void *ctx, struct node_link *ret, uint32_t max)
{
	(void)ctx;
	(void)max;
	ret[0] = (struct node_link){.conn = 1,
				    .running = true,
				    .last_refusal = {.id = ALARM_ENROLMENT_REFUSED,
						     .num = {V_INVITE_EXPIRED}}};
	return 1;
}

static uint32_t svc_alarms(void *ctx, struct alarm *ret, uint32_t max)
{
	(void)ctx;
	(void)max;
	ret[0] = (struct alarm){.id = ALARM_PEER_OLDER, .seq = 7, .err = ERR_FORK, .num = {7, 9}};
	return 1;
}

static int svc_guard(void *ctx, struct guard *ret)
{
	(void)ctx;
	*ret = here.guard;
	return ERR_OK;
}

static const struct halt *svc_halted(void *ctx)
{
	(void)ctx;
	return here.halted;
}

static bool svc_full(void *ctx)
{
	(void)ctx;
	return here.full;
}

static void svc_unlinked(void *ctx, enum lang lang, struct buf *out)
{
	(void)ctx;
	(void)lang;
	buf_puts(out, here.unlinked ? here.unlinked : "");
}

static void open_writer(void)
{
	uint32_t own = here.s.tx.own;
	const char *feed_key = own == FEED_TOWN ? "feed/town" : "feed/" VILLAGE;
	struct writer_keys keys = {town_key(&here.w, feed_key), town_key(&here.w, "witness/node")};
	struct guard_ops ops = {save_guard, NULL};
	struct guard g = {.epoch = 1, .root = hash_empty};
	struct checkpoint c = {.root = hash_empty};
	struct errmsg msg = {0};
	struct feed_head head;
	struct kv_txn *t;

	T_EQ(kv_begin(here.kv, false, &t), ERR_OK);
	T_EQ(feedlog_head(t, own, &head), ERR_OK);
	kv_abort(t);
	snprintf(c.origin, sizeof(c.origin), "%s", head.origin);
	T_EQ(checkpoint_sign(&c, keys.feed, g.sig), ERR_OK);
	if (writer_new(here.kv, &here.w.id, own, &keys, &g, &ops, &here.writer, &msg))
		t_fail(__FILE__, __LINE__, "writer: %s", msg.text);
}

void node_open(bool hub)
{
	uint32_t village;

	memset(&here, 0, sizeof(here));
	T_EQ(kvmem_new(&here.kv), ERR_OK);
	town_init(&here.w, here.kv, 42);
	town_found(&here.w);
	T_EQ(town_catalogue(&here.w, 1), V_ACCEPTED);
	village = town_village(&here.w, VILLAGE);
	T_EQ(town_household(&here.w, village, "head/" VILLAGE, "05001", 2), V_ACCEPTED);
	T_EQ(town_household(&here.w, village, "head/" VILLAGE, "05002", 1), V_ACCEPTED);
	here.s = services_of(&here.w, hub ? FEED_TOWN : village);
	here.outside.submit = svc_submit;
	here.s.links = svc_links;
	here.s.alarms = svc_alarms;
	here.s.guard = svc_guard;
	here.s.halted = svc_halted;
	here.s.full = svc_full;
	here.s.unlinked = svc_unlinked;
	open_writer();
	here.keys = here.w.nkeys;
}

void node_open_writer(void)
{
	writer_free(here.writer);
	open_writer();
}

uint32_t keys_made(void)
{
	return here.w.nkeys - here.keys;
}

uint32_t village_here(void)
{
	struct feed_head head;
	struct kv_txn *t;

	T_EQ(kv_begin(here.kv, false, &t), ERR_OK);
	T_EQ(view_feed_named(t, here.s.tx.own, VILLAGE, &head), ERR_OK);
	kv_abort(t);
	return head.no;
}

void node_close(void)
{
	writer_free(here.writer);
	town_close(&here.w);
	kv_close(here.kv);
}

uint64_t own_size(void)
{
	return town_size(&here.w, here.s.tx.own);
}

/* --- records put straight into the store ----------------------------------------------------- */

uint64_t put_here(const char *author, enum rec_code type, const void *head, const void *lines,
		  uint32_t count)
{
	T_EQ(town_put(&here.w, here.s.tx.own, author, type, head, lines, count), V_ACCEPTED);
	return own_size() - 1;
}

void put_scheme(void)
{
	struct rec_scheme s = town_scheme(1, town_day(2026, 1, 1));

	s.notified_days = 5;
	s.notice_days = 8;
	s.object_days = 5;
	s.answer_days = 2;
	T_EQ(town_put_scheme(&here.w, here.s.tx.own, HERE, &s), V_ACCEPTED);
}

/* --- requests ------------------------------------------------------------------------------------ */

json_t *answer;
char answer_text[ANSWER_MAX];

static struct openapi described;

/* Whatever any test here asks: parameters, status and keys of the answer are those of openapi.yaml. */
static void check_described(const struct web_route *r, const struct web_req *req, int status)
{
	const struct openapi_op *op;
	char text[8];

	if (!described.n)
		openapi_read("daemon/web/api/openapi.yaml", &described);
	op = openapi_find(&described, r->method, r->path);
	T_OK(op != NULL);
	snprintf(text, sizeof(text), "%d", status);
	if (!openapi_has(&op->statuses, text))
		t_fail(__FILE__, __LINE__, "openapi.yaml: %s %s has no %s", r->method, r->path,
		       text);
	/* what is refused may have been refused for just that */
	for (uint32_t i = 0; status != 400 && i < req->nquery; i++)
		if (!openapi_has(&op->query, req->query[i].name))
			t_fail(__FILE__, __LINE__, "openapi.yaml: %s %s has no parameter %s",
			       r->method, r->path, req->query[i].name);
	for (uint32_t i = 0; status == 200 && i < op->required.n; i++)
		if (!json_object_get(answer, op->required.v[i]))
			t_fail(__FILE__, __LINE__, "%s %s: no \"%s\": %.500s", r->method, r->path,
			       op->required.v[i], answer_text);
}

/* Splits the query as the HTTP module would. */
int ask(const char *method, const char *target, struct bytes body, bool local, enum lang lang)
{
	struct web_req req = {.method = method,
			      .body = body,
			      .lang = lang,
			      .from.local = local,
			      .bearer = here.bearer};
	const struct web_route *route;
	struct web_res res = {0};
	char text[512], *rest = text, *query, *pair;
	int status;

	snprintf(text, sizeof(text), "%s", target);
	req.path = strsep(&rest, "?");
	while ((pair = strsep(&rest, "&"))) {
		query = strsep(&pair, "=");
		req.query[req.nquery++] = (struct ask_param){query, pair ? pair : ""};
	}
	json_decref(answer);
	answer = NULL;
	route = web_route_find(method, req.path, local, &status);
	if (route)
		services_handle(&here.s, &here.outside, route, &req, &res);
	else
		web_refuse(status, lang, &res);
	T_OK(res.type != NULL);
	T_EQ(res.body.err, ERR_OK);
	snprintf(answer_text, sizeof(answer_text), "%s", buf_str(&res.body));
	T_OK(!strstr(answer_text, PASS));
	if (strncmp(res.type, "application/json", 16) == 0) {
		answer = json_loads(answer_text, JSON_REJECT_DUPLICATES, NULL);
		if (!answer)
			t_fail(__FILE__, __LINE__, "not JSON: %s", answer_text);
	}
	buf_close(&res.body);
	if (route)
		check_described(route, &req, res.status);
	return res.status;
}

int get(const char *target)
{
	return ask("GET", target, (struct bytes){0}, true, LANG_EN);
}

int post(const char *target, const char *body)
{
	return ask("POST", target, town_b(body), true, LANG_EN);
}

const char *at(const char *path)
{
	static char ring[8][256];
	static unsigned turn;
	char copy[128], *rest = copy, *part, *out = ring[turn++ % 8];
	json_t *v = answer;

	snprintf(copy, sizeof(copy), "%s", path);
	while (v && (part = strsep(&rest, "."))) {
		v = json_is_array(v) ? json_array_get(v, strtoul(part, NULL, 10))
				     : json_object_get(v, part);
	}
	out[0] = '\0';
	if (json_is_string(v))
		snprintf(out, sizeof(ring[0]), "%s", json_string_value(v));
	else if (json_is_integer(v))
		snprintf(out, sizeof(ring[0]), "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_boolean(v))
		snprintf(out, sizeof(ring[0]), "%s", json_is_true(v) ? "true" : "false");
	else if (json_is_null(v))
		snprintf(out, sizeof(ring[0]), "null");
	else if (json_is_array(v))
		snprintf(out, sizeof(ring[0]), "[%zu]", json_array_size(v));
	return out;
}

void answers_are(const char *file, int line, const struct answered *want)
{
	for (; want->path; want++)
		if (strcmp(at(want->path), want->text) != 0)
			t_fail(file, line, "%s: \"%s\", want \"%s\": %.2000s", want->path,
			       at(want->path), want->text, answer_text);
}
