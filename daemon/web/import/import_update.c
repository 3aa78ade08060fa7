#include "daemon/web/import/import_update.h"

#include <string.h>

#include "daemon/ledger/query/elsewhere.h"
#include "daemon/ledger/state/read.h"
#include "daemon/web/import/import_table.h"
#include "lib/look.h"
#include "lib/mem.h"
#include "lib/vec.h"

#define HOMES_SHOWN 5 /* of those that are not in the file */

#define NOBODY UINT32_MAX

enum { COLUMNS_ROSTER(COLUMN_ID) COLS };

/* Who is registered, or new in the file (row), by name. */
struct update_person {
	struct bytes look; /* the skeleton of the name */
	struct bytes household, id_tail;
	uint32_t member, row;
	day_t birth;
	uint32_t next; /* of the same skeleton */
};
/* A member of the household at hand. */
struct update_member {
	struct state_member m;
	struct rec_household_line l;
	bool found; /* in the file */
};
/* The household at hand, in the file and in the register. */
struct pair {
	struct import_household *h;
	struct state_household s;
	uint32_t n;
	uint32_t match[STATE_MEMBERS_MAX]; /* of each line; NOBODY */
	const struct update_member
		*head; /* who became it by a record; NULL: whom the relations say */
	uint32_t differences;
};

/* --- what is registered ---------------------------------------------------------------------------- */
static bool has_look(const void *ctx, uint32_t at, struct bytes key)
{
	return bytes_eq(((const struct update_person *)ctx)[at].look, key);
}

static int add_person(struct import_update *u, struct update_person p, struct bytes name)
{
	struct look look;
	uint32_t first;

	look_of(name, &look);
	p.look = import_keep(u->rep, look.b, look.n);
	p.id_tail = import_keep(u->rep, p.id_tail.p, p.id_tail.n);
	p.next = NOBODY;
	if (u->rep->err || VEC_ROOM(u->person, u->npeople, u->people_cap))
		return ERR_NOMEM;
	first = map_get(&u->names, p.look, has_look, u->person);
	if (first != MAP_NONE) {
		p.next = u->person[first].next;
		u->person[first].next = u->npeople;
	}
	u->person[u->npeople++] = p;
	return first == MAP_NONE ? map_add(&u->names, p.look, u->npeople - 1) : ERR_OK;
}

static int index_people(struct import_update *u, struct bytes household)
{
	struct details d = {.r = u->r};
	struct rec_household_line l;
	struct state_household s;
	struct state_member m;
	int err = read_household(u->r, household, &s);

	for (size_t at = 0; !err && state_household_next(&s, &at, &m);) {
		if (!state_member_present(&m))
			continue;
		err = read_details(&d, &m, &l);
		if (!err)
			err = add_person(u,
					 (struct update_person){.household = household,
								.id_tail = l.id_tail,
								.member = m.member,
								.birth = m.birth},
					 l.name);
	}
	return err;
}

static int index_household(void *ctx, const struct view_household *h)
{
	struct import_update *u = ctx;
	struct bytes number = import_keep(u->rep, h->household, strlen(h->household));

	return u->rep->err || h->left_day != DAY_NONE ? u->rep->err : index_people(u, number);
}

/* --- what is said ---------------------------------------------------------------------------------- */
static const char *shown(struct import_update *u, struct bytes b)
{
	return import_shown(u->rep, b);
}

static void say(struct import_update *u, uint32_t row, enum import_id id, uint32_t column,
		struct import_issue i)
{
	i.row = row;
	i.id = id;
	i.column = column == COLS ? "" : import_tables[IMPORT_ROSTER].column[column].name;
	import_add(u->rep, &i);
}

static const char *day_shown(struct import_update *u, day_t day)
{
	char text[DATE_TEXT_MAX];

	return shown(u, bytes_str(day_text(day, text)));
}

/* --- new people and households --------------------------------------------------------------------- */
/* Who is registered somewhere, or stands in another household of the file, would earn twice. */
static int check_elsewhere(struct import_update *u, struct bytes household, uint32_t row,
			   const struct rec_household_line *l)
{
	struct look look;
	uint32_t at;

	if (l->name.n == 0) /* which was said */
		return ERR_OK;
	look_of(l->name, &look);
	at = map_get(&u->names, look_bytes(&look), has_look, u->person);
	for (; at != MAP_NONE && at != NOBODY; at = u->person[at].next) {
		const struct update_person *p = &u->person[at];

		if (bytes_eq(p->household, household) ||
		    !elsewhere_same(p->birth, p->id_tail, l->birth, l->id_tail))
			continue;
		say(u, row, p->row ? ISSUE_PERSON_TWICE : ISSUE_PERSON_ELSEWHERE, COL_NAME,
		    (struct import_issue){.value = shown(u, l->name),
					  .s = shown(u, p->household),
					  .t = day_shown(u, l->birth),
					  .num = {p->row ? p->row : p->member}});
		break;
	}
	return add_person(u,
			  (struct update_person){.household = household,
						 .id_tail = l->id_tail,
						 .row = row,
						 .birth = l->birth},
			  l->name);
}

static int new_household(struct import_update *u, const struct import_household *h)
{
	int err = ERR_OK;

	for (uint32_t i = 0; i < h->nlines && !err; i++)
		err = check_elsewhere(u, h->head.household, h->rows[i], &h->line[i]);
	return err;
}

/* --- who is who ------------------------------------------------------------------------------------ */
/* How much speaks for it that a line of the file is this member; 0: it is somebody else. */
static unsigned likeness(const struct rec_household_line *l, const struct update_member *m)
{
	bool name = look_same(l->name, m->l.name), both = l->birth && m->m.birth;
	bool birth = both && l->birth == m->m.birth;
	bool tail = l->id_tail.n && bytes_eq(l->id_tail, m->l.id_tail);
	bool sex = !l->sex || !m->l.sex || l->sex == m->l.sex;

	if (name)
		return birth ? 6 : both ? 4 : 5;
	/* another name: a person is known by birth, and a birth may be that of a twin */
	if (birth && sex && (tail || !l->id_tail.n || !m->l.id_tail.n))
		return tail ? 3 : 2;
	return 0;
}

static void match_at(struct import_update *u, struct pair *p, unsigned least)
{
	for (uint32_t i = 0; i < p->h->nlines; i++)
		for (uint32_t k = 0; k < p->n && p->match[i] == NOBODY; k++) {
			struct update_member *m = &u->member[k];

			if (m->found || !state_member_present(&m->m) ||
			    likeness(&p->h->line[i], m) < least)
				continue;
			m->found = true;
			p->match[i] = k;
		}
}

static uint32_t only_line(const struct pair *p)
{
	uint32_t at = NOBODY;

	for (uint32_t i = 0; i < p->h->nlines; i++) {
		if (p->match[i] != NOBODY)
			continue;
		if (at != NOBODY)
			return NOBODY;
		at = i;
	}
	return at;
}

static uint32_t only_member(const struct import_update *u, const struct pair *p)
{
	uint32_t at = NOBODY;

	for (uint32_t k = 0; k < p->n; k++) {
		if (u->member[k].found || !state_member_present(&u->member[k].m))
			continue;
		if (at != NOBODY)
			return NOBODY;
		at = k;
	}
	return at;
}

/* One line and one member are left, who stand in the same relation: it is a name that was corrected. */
static void match_rest(struct import_update *u, struct pair *p)
{
	uint32_t i = only_line(p), k = only_member(u, p);
	const struct rec_household_line *l;
	struct update_member *m;

	if (i == NOBODY || k == NOBODY)
		return;
	l = &p->h->line[i];
	m = &u->member[k];
	if (!bytes_eq(l->relation, m->l.relation) || (l->birth && m->m.birth) ||
	    (l->sex && m->l.sex && l->sex != m->l.sex))
		return;
	m->found = true;
	p->match[i] = k;
}

static void match(struct import_update *u, struct pair *p)
{
	for (uint32_t i = 0; i < p->h->nlines; i++)
		p->match[i] = NOBODY;
	for (unsigned least = 6; least > 0; least--)
		match_at(u, p, least);
	match_rest(u, p);
}

/* --- what differs ---------------------------------------------------------------------------------- */
/* NULL: none is made, of a household with errors. */
static struct import_change *add_change(struct import_update *u, const struct pair *p, uint32_t row,
					enum rec_code code)
{
	struct import_change *c;

	if (p->h->bad)
		return NULL;
	if (VEC_ROOM(u->change, u->n, u->cap)) {
		u->rep->err = ERR_NOMEM;
		return NULL;
	}
	c = &u->change[u->n++];
	memset(c, 0, sizeof(*c));
	c->row = row;
	c->code = code;
	return c;
}

static void text_differs(struct import_update *u, struct pair *p, uint32_t row, uint32_t column,
			 struct bytes said, struct bytes *is)
{
	if (said.n == 0 || bytes_eq(said, *is))
		return;
	say(u, row, ISSUE_FACT_DIFFERS, column,
	    (struct import_issue){.value = shown(u, said), .s = shown(u, *is)});
	*is = said;
	p->differences++;
}

static void choice_differs(struct import_update *u, struct pair *p, uint32_t row, uint32_t column,
			   enum rec_list list, uint32_t said, uint32_t *is)
{
	const struct rec_choice *v = rec_lists[list].v;

	if (said == *is)
		return;
	say(u, row, ISSUE_FACT_DIFFERS, column,
	    (struct import_issue){.value = v[said].zh, .s = v[*is].zh});
	*is = said;
	p->differences++;
}

/* Facts that records of their own change, with a paper or a day. */
static void day_differs(struct import_update *u, uint32_t row, uint32_t column, day_t said,
			day_t is)
{
	if (said != DAY_NONE && said != is)
		say(u, row, ISSUE_FACT_RECORD, column,
		    (struct import_issue){.value = day_shown(u, said),
					  .s = day_shown(u, is),
					  .t = "record residence"});
}

/* @head: the register says that the person is the head, in whatever words. */
static void compare_facts(struct import_update *u, struct pair *p, uint32_t i, bool head,
			  struct rec_person_correction *is)
{
	const struct rec_household_line *l = &p->h->line[i];
	uint32_t row = p->h->rows[i];

	/* what looks the same is the same */
	if (!look_same(l->name, is->name))
		text_differs(u, p, row, COL_NAME, l->name, &is->name);
	if (!head || !import_is_head(l->relation))
		text_differs(u, p, row, COL_RELATION, l->relation, &is->relation);
	if (l->sex != SEX_unknown)
		choice_differs(u, p, row, COL_SEX, REC_LIST_SEX, l->sex, &is->sex);
	if (l->birth != DAY_NONE && l->birth != is->birth) {
		say(u, row, ISSUE_FACT_DIFFERS, COL_BIRTH,
		    (struct import_issue){.value = day_shown(u, l->birth),
					  .s = day_shown(u, is->birth)});
		is->birth = l->birth;
		p->differences++;
	}
	text_differs(u, p, row, COL_ID, l->id_tail, &is->id_tail);
	if (p->h->hukou_given[i])
		choice_differs(u, p, row, COL_HUKOU, REC_LIST_HUKOU, l->hukou, &is->hukou);
	text_differs(u, p, row, COL_PHONE, l->phone, &is->phone);
	text_differs(u, p, row, COL_NOTE, l->note, &is->note);
}

static struct bytes kept(struct import_update *u, struct bytes b)
{
	return import_keep(u->rep, b.p, b.n);
}

/* The register is read in a transaction that ends before anything is written. */
static void keep_texts(struct import_update *u, struct rec_person_correction *r)
{
	r->name = kept(u, r->name);
	r->relation = kept(u, r->relation);
	r->id_tail = kept(u, r->id_tail);
	r->phone = kept(u, r->phone);
	r->note = kept(u, r->note);
	r->reason = bytes_str("按新的名册更正");
}

static void compare_member(struct import_update *u, struct pair *p, uint32_t i)
{
	const struct update_member *m = &u->member[p->match[i]];
	const struct rec_household_line *l = &p->h->line[i];
	uint32_t before = p->differences;
	struct rec_person_correction is = {.household = p->h->head.household,
					   .member = m->m.member,
					   .name = m->l.name,
					   .relation = m->l.relation,
					   .sex = m->l.sex,
					   .birth = m->m.birth,
					   .id_tail = m->l.id_tail,
					   .hukou = m->m.other_hukou ? HUKOU_other : HUKOU_local,
					   .phone = m->l.phone,
					   .note = m->l.note};
	struct import_change *c;

	compare_facts(u, p, i, p->head ? p->head == m : import_is_head(m->l.relation), &is);
	day_differs(u, p->h->rows[i], COL_SINCE, l->since, m->m.since);
	day_differs(u, p->h->rows[i], COL_AGREED, l->agreed, m->m.agreed);
	u->known_people++;
	if (p->differences == before)
		return;
	c = add_change(u, p, p->h->rows[i], REC_person_correction);
	if (!c)
		return;
	keep_texts(u, &is);
	c->u.person = is;
	u->corrections++;
}

/* --- who joins, who is gone ------------------------------------------------------------------------ */
static const struct update_member *gone_member(const struct import_update *u, const struct pair *p,
					       const struct rec_household_line *l)
{
	for (uint32_t k = 0; k < p->n; k++)
		if (!state_member_present(&u->member[k].m) && likeness(l, &u->member[k]) >= 5)
			return &u->member[k];
	return NULL;
}

static uint64_t free_number(const struct import_update *u, const struct pair *p)
{
	uint64_t most = 0;

	for (uint32_t k = 0; k < p->n; k++)
		if (u->member[k].m.member > most)
			most = u->member[k].m.member;
	for (uint32_t k = 0; k < u->n; k++)
		if (u->change[k].code == REC_member_join &&
		    bytes_eq(u->change[k].u.join.household, p->h->head.household))
			most++;
	return most + 1;
}

static void add_join(struct import_update *u, struct pair *p, uint32_t i)
{
	const struct rec_household_line *l = &p->h->line[i];
	uint64_t member = free_number(u, p);
	struct import_change *c = add_change(u, p, p->h->rows[i], REC_member_join);

	if (!c)
		return;
	c->u.join = (struct rec_member_join){.household = p->h->head.household,
					     .kind = JOIN_missed,
					     .day = u->o->today,
					     .member = member,
					     .name = l->name,
					     .relation = l->relation,
					     .sex = l->sex,
					     .birth = l->birth,
					     .id_tail = l->id_tail,
					     .hukou = l->hukou,
					     .since = l->since,
					     .agreed = l->agreed,
					     .phone = l->phone,
					     .note = l->note};
	p->differences++;
	u->joins++;
}

/* Is somebody left in the register who is not in the file, and whom this could be under another name? */
static bool may_be_another(const struct import_update *u, const struct pair *p)
{
	for (uint32_t k = 0; k < p->n; k++)
		if (!u->member[k].found && state_member_present(&u->member[k].m))
			return true;
	return false;
}

static int new_member(struct import_update *u, struct pair *p, uint32_t i)
{
	const struct rec_household_line *l = &p->h->line[i];
	const struct update_member *gone = gone_member(u, p, l);
	uint32_t row = p->h->rows[i];
	day_t day;

	if (gone) {
		day = gone->m.death != DAY_NONE ? gone->m.death : gone->m.left;
		say(u, row, ISSUE_MEMBER_GONE, COL_NAME,
		    (struct import_issue){.value = shown(u, l->name),
					  .s = day_shown(u, day),
					  .num = {gone->m.member}});
		return ERR_OK;
	}
	say(u, row, may_be_another(u, p) ? ISSUE_MEMBER_NEW_DOUBT : ISSUE_MEMBER_NEW, COL_NAME,
	    (struct import_issue){.value = shown(u, l->name), .s = shown(u, p->h->head.household)});
	if (u->o->today == DAY_NONE)
		say(u, row, ISSUE_MEMBER_NEW_DAY, COL_NAME,
		    (struct import_issue){.value = shown(u, l->name)});
	add_join(u, p, i);
	return check_elsewhere(u, p->h->head.household, row, l);
}

static void say_missing(struct import_update *u, const struct pair *p)
{
	for (uint32_t k = 0; k < p->n; k++)
		if (!u->member[k].found && state_member_present(&u->member[k].m))
			say(u, p->h->row, ISSUE_MEMBER_MISSING, COL_NAME,
			    (struct import_issue){.value = shown(u, u->member[k].l.name),
						  .s = shown(u, p->h->head.household),
						  .num = {u->member[k].m.member}});
}

/* --- a household ----------------------------------------------------------------------------------- */
static void compare_home(struct import_update *u, struct pair *p)
{
	const struct rec_household *head = &p->h->head;
	struct import_change *c;

	if ((head->takes_part == YES_yes) != p->s.takes_part)
		say(u, p->h->row, ISSUE_FACT_RECORD, COL_PART,
		    (struct import_issue){.value = head->takes_part == YES_yes ? "是" : "否",
					  .s = p->s.takes_part ? "是" : "否",
					  .t = "record consent"});
	if (head->group.n == 0 || bytes_eq(head->group, p->s.group))
		return;
	say(u, p->h->row, ISSUE_FACT_DIFFERS, COL_GROUP,
	    (struct import_issue){.value = shown(u, head->group), .s = shown(u, p->s.group)});
	p->differences++;
	c = add_change(u, p, p->h->row, REC_household_correction);
	if (!c)
		return;
	c->u.household = (struct rec_household_correction){.household = head->household,
							   .group = head->group,
							   .reason = bytes_str("按新的名册更正")};
	u->corrections++;
}

static int read_members(struct import_update *u, struct pair *p)
{
	struct details d = {.r = u->r};
	size_t at = 0;
	int err = ERR_OK;

	for (p->n = 0; !err && state_household_next(&p->s, &at, &u->member[p->n].m); p->n++) {
		u->member[p->n].found = false;
		err = read_details(&d, &u->member[p->n].m, &u->member[p->n].l);
	}
	return err;
}

/* Whom a record made the head stays it, whatever relations the file gives. */
static void compare_head(struct import_update *u, struct pair *p)
{
	for (uint32_t k = 0; k < p->n; k++)
		if (u->member[k].m.head && state_member_present(&u->member[k].m))
			p->head = &u->member[k];
	for (uint32_t i = 0; p->head && i < p->h->nlines; i++) {
		const struct rec_household_line *l = &p->h->line[i];

		if (!import_is_head(l->relation) ||
		    (p->match[i] != NOBODY && &u->member[p->match[i]] == p->head))
			continue;
		say(u, p->h->rows[i], ISSUE_FACT_RECORD, COL_HEAD,
		    (struct import_issue){.value = shown(u, l->name),
					  .s = shown(u, p->head->l.name),
					  .t = "record roster-change"});
	}
}

static int compare_people(struct import_update *u, struct pair *p)
{
	int err = read_members(u, p);

	if (err)
		return err;
	match(u, p);
	compare_head(u, p);
	for (uint32_t i = 0; i < p->h->nlines && !err && !u->rep->err; i++) {
		if (p->h->line[i].name.n == 0)
			continue; /* which was said */
		if (p->match[i] == NOBODY)
			err = new_member(u, p, i);
		else
			compare_member(u, p, i);
	}
	say_missing(u, p);
	return err ? err : u->rep->err;
}

static int known_household(struct import_update *u, struct pair *p)
{
	int err;

	p->h->known = true;
	if (p->s.left != DAY_NONE) {
		say(u, p->h->row, ISSUE_HOUSEHOLD_GONE, COL_HOUSEHOLD,
		    (struct import_issue){.value = shown(u, p->h->head.household),
					  .s = day_shown(u, p->s.left)});
		return ERR_OK;
	}
	if (p->h->nlines > STATE_MEMBERS_MAX)
		return ERR_OK; /* which was said */
	compare_home(u, p);
	err = compare_people(u, p);
	u->known += p->differences == 0;
	return err;
}

static int compare(struct import_update *u, struct import_household *h)
{
	struct pair p = {.h = h};
	int err = read_household(u->r, h->head.household, &p.s);

	if (err == ERR_NOTFOUND)
		return new_household(u, h);
	return err ? err : known_household(u, &p);
}

/* Households of the register that a file lacks; of a file that has none of them it need not be said. */
struct absent {
	struct import_update *u;
	struct import_map in_file;
	uint32_t nfile, n, registered;
	struct buf some; /* the first of them */
};

static int on_registered(void *ctx, const struct view_household *h)
{
	struct absent *a = ctx;
	struct import_report *rep = a->u->rep;
	struct bytes number;

	if (h->left_day != DAY_NONE || h->npresent == 0)
		return rep->err;
	a->registered++;
	number = import_keep(rep, h->household, strlen(h->household));
	if (import_map_put(&a->in_file, number, a->nfile, rep) < a->nfile)
		return rep->err;
	if (a->n++ < HOMES_SHOWN)
		buf_printf(&a->some, "%s%s", a->n > 1 ? ", " : "", h->household);
	else if (a->n == HOMES_SHOWN + 1)
		buf_puts(&a->some, " ...");
	return rep->err ? rep->err : a->some.err;
}

static int say_absent(struct import_update *u, const struct import_roster *roster)
{
	struct absent a = {.u = u, .nfile = roster->n};
	int err = ERR_OK;

	for (uint32_t i = 0; i < roster->n && !u->rep->err; i++)
		import_map_put(&a.in_file, roster->v[i].head.household, i, u->rep);
	err = u->rep->err ? u->rep->err : view_households_at(u->r, on_registered, &a);
	if (!err && a.n && a.n < a.registered)
		say(u, 0, ISSUE_HOMES_MISSING, COLS,
		    (struct import_issue){.s = shown(u, buf_bytes(&a.some)), .num = {a.n}});
	import_map_close(&a.in_file);
	buf_close(&a.some);
	return err;
}

int import_update(void *ctx, struct import_roster *roster, struct import_report *rep)
{
	struct import_update *u = ctx;
	int err;

	u->rep = rep;
	u->member = mem_array(STATE_MEMBERS_MAX + 1, sizeof(*u->member));
	err = u->member ? view_households_at(u->r, index_household, u) : ERR_NOMEM;
	for (uint32_t i = 0; i < roster->n && !err; i++)
		err = compare(u, &roster->v[i]);
	if (!err && (u->known || u->known_people))
		say(u, 0, ISSUE_KNOWN, COLS,
		    (struct import_issue){.num = {u->known, u->known_people}});
	if (!err)
		err = say_absent(u, roster);
	return err ? err : rep->err;
}

void import_update_close(struct import_update *u)
{
	map_close(&u->names);
	mem_free(u->change);
	mem_free(u->person);
	mem_free(u->member);
	*u = (struct import_update){0};
}
