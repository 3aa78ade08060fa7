#include <string.h>

#include "daemon/ledger/state/read.h"
#include "daemon/ledger/state/read_catalogue.h"
#include "daemon/web/import/import_run.h"
#include "daemon/web/import/import_table.h"
#include "lib/look.h"
#include "lib/text.h"

/* What the importers ask of the ledger. */

struct lookup {
	struct kv_txn *t;
	uint32_t feed;
	day_t day; /* of the version found last */
	uint64_t version;
	struct view_household home; /* found last */
	/* all numbers, for those that lost their zeros; made when the first one did */
	bool listed;
	struct buf numbers; /* NUL after each */
};
struct by_name {
	struct bytes name;
	uint32_t member, found;
};

static int match_member(void *ctx, const struct view_member *m)
{
	struct by_name *by = ctx;

	if (look_same(bytes_str(m->name), by->name)) {
		by->member = m->member;
		by->found++;
	}
	return 0;
}

static int find_member(void *ctx, struct bytes household, struct bytes name, uint32_t *ret)
{
	struct lookup *look = ctx;
	struct by_name by = {.name = name};
	int err = view_members(look->t, look->feed, household, match_member, &by);

	if (err)
		return err;
	if (by.found != 1)
		return by.found ? ERR_EXISTS : ERR_INVALID;
	*ret = by.member;
	return ERR_OK;
}

static int find_head(void *ctx, struct bytes household, struct bytes *ret)
{
	struct lookup *look = ctx;
	int err = view_household(look->t, look->feed, household, &look->home);

	if (!err)
		*ret = bytes_str(look->home.head_name);
	return err;
}

static int keep_number(void *ctx, const struct view_household *h)
{
	struct buf *numbers = ctx;

	return buf_put(numbers, h->household, strlen(h->household) + 1);
}

static const char *without_zeros(const char *s, const char *end)
{
	while (s + 1 < end && *s == '0')
		s++;
	return s;
}

static int list_numbers(struct lookup *look)
{
	int err = look->listed ? ERR_OK
			       : view_households(look->t, look->feed, keep_number, &look->numbers);

	look->listed = !err;
	return err;
}

static int find_digits(void *ctx, uint32_t *ret)
{
	struct lookup *look = ctx;
	int err = list_numbers(look);

	*ret = 0;
	for (size_t at = 0; !err && at < look->numbers.n;) {
		const char *s = (const char *)look->numbers.p + at;
		size_t n = strlen(s);

		if (strspn(s, "0123456789") != n || (*ret && *ret != n)) {
			*ret = 0;
			break;
		}
		*ret = (uint32_t)n;
		at += n + 1;
	}
	return err;
}

static int find_near(void *ctx, struct bytes household, struct import_near *ret)
{
	struct lookup *look = ctx;
	const char *number = (const char *)household.p, *end = number + household.n;
	int err = list_numbers(look);

	if (err)
		return err;
	*ret = (struct import_near){.n = 0};
	number = without_zeros(number, end);
	for (size_t at = 0; at < look->numbers.n && ret->n < 2;) {
		const char *s = (const char *)look->numbers.p + at;
		size_t n = strlen(s);
		const char *bare = without_zeros(s, s + n);

		if (str_eq(number, (size_t)(end - number), bare))
			ret->number[ret->n++] = (struct bytes){(const uint8_t *)s, n};
		at += n + 1;
	}
	return ERR_OK;
}

static int find_item(void *ctx, struct bytes code, day_t day, struct import_item *ret)
{
	struct lookup *look = ctx;
	struct item item;
	int err = ERR_OK;

	if (look->day != day || !look->version)
		err = read_catalogue_on(READER(look->t, look->feed), day, &look->version);
	if (err) {
		look->version = 0;
		return err;
	}
	look->day = day;
	ret->version = look->version;
	err = read_item(READER(look->t, look->feed), look->version, code, &item);
	if (!err)
		*ret = (struct import_item){look->version, item.line.name_zh, item.line.points,
					    item.line.sign == SIGN_deduct};
	return err;
}

/* As an update of what is registered. */
static int read_roster(struct import *m, struct kv_txn *t)
{
	const struct reader r = reader_of(t, m->s->own);
	struct feed_head head = {.size = 0};
	int err = feedlog_head(t, m->s->own, &head);

	if (err && err != ERR_NOTFOUND)
		return err;
	m->update = (struct import_update){.r = &r, .o = &m->opts, .size = head.size};
	m->opts.update = import_update;
	m->opts.update_ctx = &m->update;
	err = import_roster(m->file.p, m->file.n, &m->opts, &m->roster, &m->report);
	m->update.r = NULL;
	return err;
}

int import_read(struct import *m)
{
	struct kv_txn *t = NULL;
	struct lookup look = {.feed = m->s->own};
	struct import_lookup ops = {.ctx = &look,
				    .head = find_head,
				    .near = find_near,
				    .digits = find_digits,
				    .member = find_member,
				    .item = find_item};
	int err = kv_begin(m->s->kv, false, &t);

	if (err)
		return err;
	look.t = t;
	m->opts.look = &ops;
	switch (m->kind) {
	case IMPORT_ROSTER: err = read_roster(m, t); break;
	case IMPORT_CATALOGUE:
		err = import_catalogue(m->file.p, m->file.n, &m->opts, &m->catalogue, &m->report);
		break;
	case IMPORT_ENTRIES:
		err = import_entries(m->file.p, m->file.n, &m->opts, &ops, &m->entries, &m->report);
		break;
	}
	kv_abort(t);
	m->opts.look = NULL;
	buf_close(&look.numbers);
	return err;
}
