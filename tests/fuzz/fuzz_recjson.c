/* Records of every type as JSON. The first byte chooses the type by its
 * code, the rest is {"record": .., "lines": ..}.
 * What is accepted encodes and decodes to itself, also by way of the JSON that we write; what is not is
 * refused with a reason that is JSON. */
#include <string.h>

#include "daemon/web/api/recjson.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t secret[ENTRY_SECRET_BYTES] = "0123456789abcde";

static void decodes(const struct rec_type *t, struct bytes bytes, const struct recjson *r)
{
	struct payload p;
	union rec_any any;
	uint32_t n;

	CHECK(payload_parse(bytes.p, bytes.n, &p) == ERR_OK);
	CHECK(rec_decode_head(t, &p, &any) == ERR_OK);
	CHECK(rec_nlines(t, &p, &n) == ERR_OK);
	CHECK(n == r->nlines);
	for (uint32_t i = 0; i < n; i++)
		CHECK(rec_decode_line(t, &p, i, &any) == ERR_OK);
}

static void write_json(const struct rec_type *t, const struct recjson *r, struct buf *out)
{
	struct jw w;

	jw_init(&w, out);
	jw_obj(&w);
	jw_key(&w, "record");
	jw_obj(&w);
	rec_json(&w, t->head, t->nhead, &r->head, REC_PRIVATE);
	jw_obj_end(&w);
	jw_key(&w, "lines");
	jw_arr(&w);
	for (uint32_t i = 0; i < r->nlines; i++) {
		jw_obj(&w);
		rec_json(&w, t->line, t->nline, r->lines + i * t->line_size, REC_PRIVATE);
		jw_obj_end(&w);
	}
	jw_arr_end(&w);
	jw_obj_end(&w);
	CHECK(!out->err);
}

/* Our own JSON of the record says the same. */
static void comes_back(const struct rec_type *t, const struct recjson *r, struct bytes want)
{
	struct buf text = {0}, payload = {0};
	struct recjson_issue issue;
	struct recjson again;
	json_t *root;

	write_json(t, r, &text);
	root = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	CHECK(root);
	CHECK(recjson_read(t, json_object_get(root, "record"), json_object_get(root, "lines"),
			   &again, &issue) == ERR_OK);
	CHECK(rec_encode(t, &again.head, again.lines, again.nlines, secret, &payload, NULL) ==
	      ERR_OK);
	CHECK(payload.n == want.n);
	CHECK(memcmp(payload.p, want.p, want.n) == 0);
	recjson_close(&again);
	json_decref(root);
	buf_close(&payload);
	buf_close(&text);
}

static void refused(const struct recjson_issue *issue)
{
	for (enum lang lang = LANG_ZH; lang <= LANG_EN; lang++) {
		struct web_res res = {0};
		json_t *said;

		recjson_refuse(issue, lang, &res);
		CHECK(res.status == 400);
		said = json_loadb((const char *)res.body.p, res.body.n, JSON_REJECT_DUPLICATES,
				  NULL);
		CHECK(json_is_object(said));
		json_decref(said);
		buf_close(&res.body);
	}
}

static void record(const struct rec_type *t, json_t *root)
{
	struct recjson_issue issue;
	struct recjson r;
	struct buf payload = {0};
	int err = recjson_read(t, json_object_get(root, "record"), json_object_get(root, "lines"),
			       &r, &issue);
	struct rec_issue lacks = {0};

	if (err) {
		CHECK(err == ERR_INVALID);
		refused(&issue);
	} else {
		err = rec_encode(t, &r.head, r.lines, r.nlines, secret, &payload, &lacks);
		/* what the daemon would have filled in */
		CHECK(err == ERR_OK || err == ERR_LIMIT ||
		      (err == ERR_INVALID && lacks.field->fill));
	}
	if (!err) {
		decodes(t, buf_bytes(&payload), &r);
		comes_back(t, &r, buf_bytes(&payload));
	}
	recjson_close(&r);
	buf_close(&payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct rec_type *t;
	json_t *root;

	json_object_seed(1);
	if (n == 0)
		return 0;
	t = rec_type_of(data[0]);
	root = json_loadb((const char *)data + 1, n - 1, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(root))
		record(t ? t : &rec_types[data[0] % rec_ntypes], root);
	json_decref(root);
	return 0;
}
