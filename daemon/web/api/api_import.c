#include <string.h>

#include "daemon/web/api/body.h"
#include "daemon/web/api/handlers.h"
#include "daemon/web/api/reply.h"
#include "daemon/web/api/send.h"
#include "daemon/web/api/signer.h"
#include "daemon/web/import/import_run.h"
#include "lib/mem.h"
#include "lib/text.h"

/* Imports: a JSON line (who signs, and what belongs to the head), then the file as it is. */

struct asked {
	const struct web_services *s;
	const struct web_req *req;
	struct web_res *res;
	json_t *root;
	struct import m;
	struct signer signer[STEPS];
	uint32_t nsigners;
	struct send send;
};

/* --- the request --------------------------------------------------------------------------------- */

static bool split_body(struct asked *a)
{
	static const char *const keys[] = {"as",	 "passphrase",
					   "review_as",	 "review_passphrase",
					   "confirm_as", "confirm_passphrase",
					   "id",	 "consent_day",
					   "version",	 "title",
					   "from",	 "to",
					   "files",	 NULL};
	struct bytes all = a->req->body;
	const uint8_t *end = all.n ? memchr(all.p, '\n', all.n) : NULL;

	if (!end) {
		reply_error(a->res, a->req->lang, 400, "BODY", NULL,
			    SAYS("请求内容应为一行 JSON，换行后接文件内容",
				 "the body is one line of JSON, a line feed, and the file"),
			    SAYS(NULL, NULL));
		return false;
	}
	a->m.file = (struct bytes){end + 1, (size_t)(all.p + all.n - end - 1)};
	return body_read(a->req, a->res, (struct bytes){all.p, (size_t)(end - all.p)}, keys,
			 &a->root);
}

static bool read_day(struct asked *a, const char *key, day_t *ret)
{
	const char *text;

	if (!body_text(a->req, a->res, a->root, key, &text))
		return false;
	if (!text || !text[0] || day_parse(text, strlen(text), ret))
		return true;
	reply_error(a->res, a->req->lang, 400, "FIELD_VALUE", key,
		    SAYS("日期应写成 2025-01-31 的样子", "a date is written like 2025-01-31"),
		    SAYS(NULL, NULL));
	return false;
}

static bool read_consent_day(struct asked *a)
{
	const struct import_opts *o = &a->m.opts;

	if (!read_day(a, "consent_day", &a->m.opts.consent_day))
		return false;
	if (o->consent_day == DAY_NONE || o->today == DAY_NONE || o->consent_day <= o->today)
		return true;
	reply_error(a->res, a->req->lang, 400, "FIELD_VALUE", "consent_day",
		    SAYS("参加日期晚于今天，请改正日期，或检查电脑时间",
			 "the day of consent is after today; correct it, or this computer's clock"),
		    SAYS(NULL, NULL));
	return false;
}

static bool refuse_param(struct asked *a, const char *code, const char *name, const char *zh,
			 const char *en)
{
	reply_error(a->res, a->req->lang, 400, code, name, SAYS(zh, en), SAYS(NULL, NULL));
	return false;
}

/* "files": {"name in the sheet": "digest"}, of files that the node keeps already. */
static bool find_file(void *ctx, struct bytes name, struct hash *ret)
{
	const json_t *v = json_object_getn(ctx, (const char *)name.p, name.n);

	return json_is_string(v) &&
	       hex_get(json_string_value(v), json_string_length(v), ret->b, HASH_BYTES);
}

static bool read_files(struct asked *a)
{
	json_t *files = json_object_get(a->root, "files");

	if (!files)
		return true;
	a->m.opts.file = find_file;
	a->m.opts.file_ctx = files;
	return json_is_object(files) ||
	       refuse_param(a, "FIELD_VALUE", "files", "应为对象：文件名与摘要",
			    "an object is expected: names and digests");
}

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

/* A trial that is taken for the deed cannot be taken back: nothing here is guessed. */
static bool read_query(struct asked *a)
{
	static const char *const yes[] = {"1", "true", "yes", NULL};
	static const char *const no[] = {"0", "false", "no", NULL};
	struct {
		const char *name;
		bool *to, given;
	} flags[] = {{"dry_run", &a->m.dry_run, false}, {"accept", &a->m.opts.accept, false}};

	for (uint32_t i = 0; i < a->req->nquery; i++) {
		const struct ask_param *q = &a->req->query[i];
		size_t k = strcmp(q->name, flags[0].name) != 0;

		if (strcmp(q->name, flags[k].name) != 0)
			return refuse_param(a, "PARAMETER_UNKNOWN", NULL,
					    "只有参数 dry_run 和 accept",
					    "the parameters are dry_run and accept");
		if (flags[k].given || (!is_one_of(q->value, yes) && !is_one_of(q->value, no)))
			return refuse_param(a, "PARAMETER", flags[k].name,
					    "应为 1、true、yes 或 0、false、no，且只写一次",
					    "it is 1, true, yes or 0, false, no, and given once");
		flags[k].given = true;
		*flags[k].to = is_one_of(q->value, yes);
	}
	return true;
}

/* What was given for the head of a catalogue; the rest follows from the log. */
static bool read_catalogue_head(struct asked *a)
{
	struct rec_catalogue *h = &a->m.catalogue_head;
	const struct rec_type *type = rec_type_of(REC_catalogue);
	const char *version, *title;
	uint8_t scratch[REC_SCRATCH_BYTES];

	if (a->m.kind != IMPORT_CATALOGUE)
		return true;
	if (!body_text(a->req, a->res, a->root, "version", &version) ||
	    !body_text(a->req, a->res, a->root, "title", &title) ||
	    !read_day(a, "from", &h->from) || !read_day(a, "to", &h->to))
		return false;
	if (version && (rec_field_parse(&type->head[0], version, strlen(version), scratch, h) ||
			!h->version)) {
		reply_error(a->res, a->req->lang, 400, "FIELD_VALUE", "version",
			    SAYS("版本应为正整数", "a version is a positive whole number"),
			    SAYS(NULL, NULL));
		return false;
	}
	if (!title || !title[0])
		title = "积分事项参考清单";
	h->title = (struct bytes){(const uint8_t *)title, strlen(title)};
	return true;
}

static void hash_part(struct sha256 *h, const void *p, size_t n)
{
	uint8_t len[4];

	be32_put(len, (uint32_t)n);
	sha256_add(h, len, sizeof(len));
	sha256_add(h, p, n);
}

/* The base is of everything that a person gave: with another title, day or signer it is another import, not
 * other content under old IDs. Of files only the names count, which stand in the sheet: a photo that was
 * changed since must not book the rows again. */
static bool make_base(struct asked *a)
{
	static const char label[] = "CZ import 2\n";
	static const char *const given[] = {"consent_day", "version", "title", "from", "to"};
	const uint8_t kind = (uint8_t)a->m.kind;
	struct sha256 h;
	struct hash base;
	const char *text;
	bool has_id;

	if (!body_txid(a->req, a->res, a->root, a->m.base, &has_id))
		return false;
	if (has_id)
		return true;
	sha256_start(&h);
	sha256_add(&h, label, sizeof(label) - 1);
	sha256_add(&h, &kind, sizeof(kind));
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
		if (!body_text(a->req, a->res, a->root, given[i], &text))
			return false;
		hash_part(&h, text ? text : "", text ? strlen(text) : 0);
	}
	for (int i = 0; i < STEPS && a->m.signer[i]; i++)
		hash_part(&h, sign_key_public(a->m.signer[i]), SIGN_KEY_BYTES);
	hash_part(&h, a->m.file.p, a->m.file.n);
	sha256_end(&h, &base);
	memcpy(a->m.base, base.b, TXID_BYTES);
	return true;
}

/* --- the answer ---------------------------------------------------------------------------------- */

static void put_list(struct jw *w, const char *key, const char *count, struct import_reasons *l,
		     enum lang lang)
{
	jw_key(w, key);
	import_reasons_json(l, lang, w);
	jw_ku64(w, count, l->n);
}

/* What was there before this import, and what of it is still to be done. */
static void put_before(struct jw *w, const struct import *m)
{
	char when[32];

	jw_ku64(w, "existing", m->existing);
	if (!m->existing)
		return;
	jw_ku64(w, "existing_entry", m->existing_seq);
	jw_kstr(w, "existing_time", time_text(m->existing_ms, when));
	if (m->kind != IMPORT_ENTRIES)
		return;
	jw_ku64(w, "existing_reviewed", m->existing_reviewed);
	jw_ku64(w, "existing_confirmed", m->existing_confirmed);
	jw_ku64(w, "existing_refused_lines", m->existing_refused_lines);
}

static void put_answer(struct asked *a)
{
	struct import *m = &a->m;
	bool good = import_good(m);
	struct jw w;

	reply_json(a->res, good ? 200 : m->partial ? 409 : 422, &w);
	jw_obj(&w);
	jw_kbool(&w, "ok", good);
	jw_kbool(&w, "done", m->done);
	jw_kbool(&w, "partial", m->partial);
	jw_kbool(&w, "dry_run", m->dry_run);
	jw_ku64(&w, "records", m->n);
	put_before(&w, m);
	jw_ku64(&w, "written", m->written);
	jw_ku64(&w, "unfinished", m->n - m->existing - m->written);
	if (m->kind == IMPORT_ROSTER) {
		jw_ku64(&w, "known", m->update.known);
		jw_ku64(&w, "known_people", m->update.known_people);
		jw_ku64(&w, "corrections", m->update.corrections);
		jw_ku64(&w, "joins", m->update.joins);
	}
	if (m->kind == IMPORT_CATALOGUE)
		jw_ku64(&w, "version", m->catalogue_head.version);
	put_list(&w, "problems", "problems_count", &m->problems, m->lang);
	put_list(&w, "warnings", "warnings_count", &m->warnings, m->lang);
	put_list(&w, "doubts", "doubts_count", &m->doubts, m->lang);
	jw_key(&w, "report");
	import_report_json(&m->report, &w);
	jw_obj_end(&w);
	buf_puts(&a->res->body, "\n");
}

static void end(struct asked *a)
{
	import_close(&a->m);
	for (int i = 0; i < STEPS; i++)
		signer_close(&a->signer[i]);
	body_free(a->root);
	mem_free(a);
}

static void on_written(void *ctx, int err);

/* The next batch, or the answer. */
static void write_more(struct asked *a, int err)
{
	struct tx **batch;
	uint32_t n = 0;

	if (!err)
		err = import_next(&a->m, &batch, &n);
	if (n) {
		send_begin(&a->send, a->s, a->res, batch, n, on_written, a);
		return;
	}
	if (err)
		reply_machine(a->req, a->res, err, NULL);
	else
		put_answer(a);
	end(a);
}

static void on_written(void *ctx, int err)
{
	struct asked *a = ctx;

	write_more(a, import_wrote(&a->m, err));
}

static void open_signers(struct asked *a);

static void on_signer(void *ctx)
{
	struct asked *a = ctx;

	if (!a->signer[a->nsigners].key) {
		end(a);
		return;
	}
	a->m.signer[a->nsigners] = a->signer[a->nsigners].key;
	a->nsigners++;
	open_signers(a);
}

/* One after the other; then the import itself. */
static void open_signers(struct asked *a)
{
	static const char *const who[STEPS] = {"as", "review_as", "confirm_as"};
	static const char *const pass[STEPS] = {"passphrase", "review_passphrase",
						"confirm_passphrase"};
	uint32_t i = a->nsigners, steps = a->m.kind == IMPORT_ENTRIES ? STEPS : 1;

	if (i < steps)
		signer_open(&a->signer[i], a->root, who[i], pass[i], i == 0, on_signer, a);
	else if (make_base(a))
		write_more(a, import_begin(&a->m));
	else
		end(a);
}

void api_import(const struct web_services *s, const struct web_req *req, struct web_res *res)
{
	static const char *const kinds[] = {"roster", "catalogue", "entries"};
	struct asked *a;
	size_t k = 0;

	while (k < 3 && strcmp(kinds[k], reply_last(req)) != 0)
		k++;
	if (k == 3) {
		web_refuse(404, req->lang, res);
		return;
	}
	a = mem_alloc(sizeof(*a));
	if (!a) {
		reply_machine(req, res, ERR_NOMEM, NULL);
		return;
	}
	*a = (struct asked){.req = req, .res = res, .s = s, .m = {.s = &s->tx, .lang = req->lang}};
	for (int i = 0; i < STEPS; i++)
		a->signer[i] = (struct signer){.s = s, .req = req, .res = res};
	a->m.kind = (enum import_kind)k;
	a->m.opts.today = tx_today(&s->tx);
	if (read_query(a) && split_body(a) && read_files(a) && read_consent_day(a) &&
	    read_catalogue_head(a))
		open_signers(a);
	else
		end(a);
}
