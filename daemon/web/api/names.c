#include "daemon/web/api/names.h"

#include <inttypes.h>
#include <string.h>

#include "daemon/ledger/state/read.h"
#include "daemon/web/api/reply.h"
#include "lib/look.h"
#include "lib/text.h"

struct seek {
	const char *name;
	uint32_t found, member;
	day_t gone; /* the day on which somebody of the name died or left */
	bool died;
	struct buf zh, en; /* who there is */
};

/* Whoever has died or left is named by number only. */
static int on_member(void *ctx, const struct view_member *m)
{
	struct seek *s = ctx;

	if (m->left_day != DAY_NONE || m->death_day != DAY_NONE) {
		if (look_same(bytes_str(m->name), bytes_str(s->name))) {
			s->died = m->death_day != DAY_NONE;
			s->gone = s->died ? m->death_day : m->left_day;
		}
		return ERR_OK;
	}
	buf_printf(&s->zh, "%s%s %" PRIu32, s->zh.n ? "、" : "", m->name, m->member);
	buf_printf(&s->en, "%s%s %" PRIu32, s->en.n ? ", " : "", m->name, m->member);
	if (look_same(bytes_str(m->name), bytes_str(s->name))) {
		s->found++;
		s->member = m->member;
	}
	return ERR_OK;
}

static bool is_name(const json_t *v)
{
	uint64_t u;

	return json_is_string(v) && json_string_length(v) &&
	       !u64_parse(json_string_value(v), json_string_length(v), &u);
}

struct work {
	const struct web_services *s;
	const struct web_req *req;
	struct web_res *res;
	struct kv_txn *t;
};

static bool not_one(const struct work *w, const struct rec_field *f, struct seek *s)
{
	struct buf zh = {0}, en = {0};
	char day[DATE_TEXT_MAX];

	if (!s->found && s->gone != DAY_NONE) {
		day_text(s->gone, day);
		buf_printf(&zh, "“%s”已于 %s %s；确是此人的填成员序号", s->name, day,
			   s->died ? "去世" : "迁出");
		buf_printf(&en, "\"%s\" %s on %s; if this person is meant, give the number",
			   s->name, s->died ? "died" : "left", day);
	} else {
		buf_printf(&zh, "户中%s叫“%s”的在册成员", s->found ? "不止一个" : "没有", s->name);
		buf_printf(&en, "%s present member of the household is called \"%s\"",
			   s->found ? "more than one" : "no", s->name);
	}
	reply_error(w->res, w->req->lang, 400, "FIELD_VALUE", f->name,
		    SAYS(buf_str(&zh), buf_str(&en)), SAYS(buf_str(&s->zh), buf_str(&s->en)));
	buf_close(&zh);
	buf_close(&en);
	return false;
}

static bool resolve(const struct work *w, const struct rec_field *f, json_t *obj)
{
	const char *household = json_string_value(json_object_get(obj, f->member_of->name));
	struct seek s = {.name = json_string_value(json_object_get(obj, f->name)),
			 .gone = DAY_NONE};
	bool ok = true;
	int err;

	if (!household || !is_name(json_object_get(obj, f->name)))
		return true;
	err = view_members(w->t, w->s->tx.own, bytes_str(household), on_member, &s);
	if (!err && s.found == 1)
		json_object_set_new(obj, f->name, json_integer(s.member));
	else if (!err)
		ok = not_one(w, f, &s);
	else if (err != ERR_NOTFOUND) /* that the household is not there is said by the rules */
		reply_machine(w->req, w->res, err, NULL);
	if (err == ERR_NOTFOUND)
		json_object_set_new(obj, f->name, json_integer(1));
	buf_close(&s.zh);
	buf_close(&s.en);
	return ok && (!err || err == ERR_NOTFOUND);
}

static bool resolve_all(const struct work *w, const struct rec_field *f, uint32_t n, json_t *obj)
{
	bool ok = true;

	for (uint32_t i = 0; i < n && ok && json_is_object(obj); i++)
		if (f[i].member && f[i].kind == REC_U)
			ok = resolve(w, &f[i], obj);
	return ok;
}

bool names_to_numbers(const struct web_services *s, const struct web_req *req, struct web_res *res,
		      const struct rec_type *t, json_t *head, json_t *lines)
{
	struct work w = {.s = s, .req = req, .res = res};
	int err = kv_begin(s->tx.kv, false, &w.t);
	json_t *line;
	size_t i;
	bool ok;

	if (err) {
		reply_machine(req, res, err, NULL);
		return false;
	}
	ok = resolve_all(&w, t->head, t->nhead, head);
	json_array_foreach (lines, i, line) {
		ok = ok && resolve_all(&w, t->line, t->nline, line);
	}
	kv_abort(w.t);
	return ok;
}
