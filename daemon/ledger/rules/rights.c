#include "daemon/ledger/rules/rule.h"

#include "lib/err.h"

#define TOWN_ROLES (RB(town_office) | RB(town_finance) | RB(inspector))
/* Not the committee: who could grant it to himself, the town could not remove. */
#define VILLAGE_ROLES (RB(supervisor) * 2 - RB(recorder)) /* recorder to supervisor */

_Static_assert(ROLE_recorder == 1 && ROLE_supervisor == 6, "VILLAGE_ROLES is a run of bits");

static void person_key(struct state_key *k, uint32_t feed_no, const uint8_t key[32])
{
	state_key_of(k, feed_no, STATE_PERSON);
	state_key_raw(k, key, SIGN_KEY_BYTES);
}

int fold_rights_in_town(struct judged *j, const uint8_t key[32], struct state_person *ret)
{
	struct state_key k;
	struct bytes row_key, row;
	int err;

	person_key(&k, FEED_TOWN, key);
	size_t prefix = k.n;
	state_key_u64(&k, j->known);
	err = rows_before(j->w->rows, &k, prefix, &row_key, &row);
	return err ? err : state_person_parse(row, ret);
}

static int in_village(struct judged *j, const uint8_t key[32], struct state_person *ret)
{
	struct state_key k;
	struct bytes row;
	int err;

	person_key(&k, j->f->feed_no, key);
	err = rows_get(j->w->rows, &k, &row);
	return err ? err : state_person_parse(row, ret);
}

/* The roles on the claimed day; an unknown clock does not end a term. */
static uint32_t roles_today(const struct judged *j, const struct state_person *p,
			    const char *village)
{
	uint32_t roles = 0;

	for (uint32_t i = 0; i < p->nroles; i++) {
		const struct state_role *r = &p->role[i];

		if (strcmp(r->village, village) != 0)
			continue;
		if (j->today != DAY_NONE && ((r->from != DAY_NONE && j->today < r->from) ||
					     (r->to != DAY_NONE && j->today > r->to)))
			continue;
		roles |= UINT32_C(1) << r->role;
	}
	return roles;
}

static struct state_role *role_of(struct state_person *p, uint32_t role, const char *village)
{
	for (uint32_t i = 0; i < p->nroles; i++)
		if (p->role[i].role == role && strcmp(p->role[i].village, village) == 0)
			return &p->role[i];
	return NULL;
}

static struct bytes role_name(uint32_t role)
{
	return fold_text(rec_lists[REC_LIST_ROLE].v[role].name);
}

/* "reviewer,confirmer" */
static struct bytes role_names(uint32_t roles, char *text, size_t cap)
{
	struct buf b = {.p = (uint8_t *)text, .cap = cap, .max = cap};

	for (uint32_t i = 1; i < rec_lists[REC_LIST_ROLE].n; i++)
		if (roles & UINT32_C(1) << i) {
			if (b.n)
				buf_put_u8(&b, ',');
			buf_puts(&b, rec_lists[REC_LIST_ROLE].v[i].name);
		}
	return buf_bytes(&b);
}

static int no_role(struct judged *j, uint32_t roles, struct bytes name)
{
	char text[REASON_TEXT_MAX];

	return fold_refuse(j, &(struct refusal){.id = V_NO_ROLE,
						.s = name,
						.t = role_names(roles, text, sizeof(text))});
}

static int check_in_town(struct judged *j, uint32_t roles)
{
	struct state_person p;
	int err = fold_rights_in_town(j, j->e->author, &p);

	if (err == ERR_NOTFOUND)
		return fold_refuse(j, &(struct refusal){.id = V_UNKNOWN_PERSON});
	if (err)
		return err;
	return roles_today(j, &p, "") & roles ? ERR_OK : no_role(j, roles, p.name);
}

/* The territory of a recorder, who has one. */
static void note_group(struct judged *j, struct state_person *p)
{
	const struct state_role *r = role_of(p, ROLE_recorder, "");

	if (r)
		memcpy(j->group, r->group, sizeof(j->group));
}

int fold_rights_check(struct judged *j, uint32_t roles)
{
	struct state_person own, town;
	struct bytes name = {NULL, 0};
	int own_err, err;

	if (j->is_town)
		return check_in_town(j, roles);
	own_err = in_village(j, j->e->author, &own);
	if (own_err && own_err != ERR_NOTFOUND)
		return own_err;
	if (!own_err) {
		j->actor = own.no;
		fold_plain(own.name, FOLD_NO_SPACES, &j->actor_name);
		name = own.name;
		if (roles & RB(recorder))
			note_group(j, &own);
		if (roles_today(j, &own, "") & roles)
			return ERR_OK;
	}
	/* the first committee member holds the office from the town */
	err = fold_rights_in_town(j, j->e->author, &town);
	if (err && err != ERR_NOTFOUND)
		return err;
	if (!err) {
		if (own_err)
			fold_plain(town.name, FOLD_NO_SPACES, &j->actor_name);
		if (roles_today(j, &town, j->w->code) & roles)
			return ERR_OK;
		name = own_err ? town.name : name;
	}
	if (own_err && err)
		return fold_refuse(j, &(struct refusal){.id = V_UNKNOWN_PERSON});
	return no_role(j, roles, name);
}

int fold_rights_holds(struct judged *j, uint32_t roles, bool *ret)
{
	struct state_person p;
	int err = in_village(j, j->e->author, &p);

	*ret = !err && roles_today(j, &p, "") & roles;
	if (*ret || (err && err != ERR_NOTFOUND))
		return err;
	err = fold_rights_in_town(j, j->e->author, &p);
	*ret = !err && roles_today(j, &p, j->w->code) & roles;
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

int fold_rights_name(struct judged *j, uint32_t no, struct bytes *ret)
{
	struct state_person p = {0};
	struct state_key k;
	struct bytes row;
	int err;

	state_key_of(&k, j->f->feed_no, STATE_PERSON_NO);
	state_key_u32(&k, no);
	err = rows_get(j->w->rows, &k, &row);
	if (!err && row.n != SIGN_KEY_BYTES)
		err = ERR_CORRUPT;
	if (!err)
		err = in_village(j, row.p, &p);
	if (!err)
		*ret = p.name;
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

bool fold_rights_is_author(const struct judged *j, struct bytes name)
{
	struct fold_plain plain;

	fold_plain(name, FOLD_NO_SPACES, &plain);
	return bytes_eq(fold_plain_bytes(&plain), fold_plain_bytes(&j->actor_name));
}

int fold_rights_name_of(struct judged *j, const uint8_t key[32], struct bytes *ret)
{
	struct state_person p;
	int err = in_village(j, key, &p);

	if (err == ERR_NOTFOUND)
		err = fold_rights_in_town(j, key, &p);
	if (!err)
		*ret = p.name;
	return err == ERR_NOTFOUND ? ERR_CORRUPT : err;
}

/* --- one name, one key ----------------------------------------------------------------------------- */
static void name_key(struct state_key *k, const struct judged *j, const char *village,
		     struct bytes name)
{
	struct fold_plain plain;

	fold_plain(name, FOLD_NO_SPACES, &plain);
	state_key_of(k, j->f->feed_no, STATE_NAME);
	state_key_text(k, fold_text(village));
	state_key_name(k, fold_plain_bytes(&plain));
}

static int free_name(struct judged *j, const uint8_t key[32], const char *village,
		     struct bytes name)
{
	struct state_key k;
	struct bytes row;
	int err;

	name_key(&k, j, village, name);
	err = rows_get_or_empty(j->w->rows, &k, &row);
	if (err || !bytes_eq(row, kv_bytes(key, SIGN_KEY_BYTES)))
		return err;
	return rows_put(j->w->rows, &k, kv_bytes("", 0));
}

static int take_name(struct judged *j, const uint8_t key[32], const char *village,
		     struct bytes name)
{
	struct state_key k;
	struct bytes row;
	int err;

	name_key(&k, j, village, name);
	err = rows_get_or_empty(j->w->rows, &k, &row);
	if (err || bytes_eq(row, kv_bytes(key, SIGN_KEY_BYTES)))
		return err;
	if (row.n)
		return fold_refuse(j, &(struct refusal){.id = V_NAME_TAKEN, .s = name});
	return rows_put(j->w->rows, &k, kv_bytes(key, SIGN_KEY_BYTES));
}

/* The person is called @name from now on, wherever there is a role. */
static int rename_person(struct judged *j, const uint8_t key[32], struct state_person *p,
			 struct bytes name)
{
	int err = ERR_OK;

	for (uint32_t i = 0; i < p->nroles && !err; i++)
		err = free_name(j, key, p->role[i].village, p->name);
	for (uint32_t i = 0; i < p->nroles && !err; i++)
		err = take_name(j, key, p->role[i].village, name);
	p->name = name;
	return err;
}

/* --- roles ----------------------------------------------------------------------------------------- */
/* Gives a role to a person, who may be new, under a name. */
static int add_role(struct judged *j, const uint8_t key[32], struct state_person *p,
		    struct bytes name, const struct state_role *role)
{
	struct state_role *r = role_of(p, role->role, role->village);

	if (!r && p->nroles == STATE_ROLES_MAX)
		return fold_refuse(j, &(struct refusal){.id = V_ROLES_FULL,
							.num = {STATE_ROLES_MAX},
							.s = name});
	if (!r)
		r = &p->role[p->nroles++];
	*r = *role;
	return rename_person(j, key, p, name);
}

static int put_in_town(struct judged *j, const uint8_t key[32], const struct state_person *p)
{
	struct state_key k;

	person_key(&k, FEED_TOWN, key);
	state_key_u64(&k, j->e->seq);
	state_person_pack(p, fold_out(j));
	return fold_put(j, &k);
}

static int put_in_village(struct judged *j, const uint8_t key[32], const struct state_person *p)
{
	struct state_key k;

	person_key(&k, j->f->feed_no, key);
	state_person_pack(p, fold_out(j));
	return fold_put(j, &k);
}

int fold_rights_give(struct judged *j, const uint8_t key[32], struct bytes name,
		     const struct state_role *role)
{
	struct state_person p = {0};
	int err = fold_rights_in_town(j, key, &p);

	if (err && err != ERR_NOTFOUND)
		return err;
	err = add_role(j, key, &p, name, role);
	return err ? err : put_in_town(j, key, &p);
}

static int give_in_village(struct judged *j, const uint8_t key[32], struct bytes name,
			   const struct state_role *role)
{
	struct state_person p = {0};
	struct state_key k;
	int err = in_village(j, key, &p);

	if (err && err != ERR_NOTFOUND)
		return err;
	if (err) {
		p.no = ++j->meta.npeople;
		j->meta_changed = true;
		state_key_of(&k, j->f->feed_no, STATE_PERSON_NO);
		state_key_u32(&k, p.no);
		err = rows_put(j->w->rows, &k, kv_bytes(key, SIGN_KEY_BYTES));
		if (err)
			return err;
	}
	err = add_role(j, key, &p, name, role);
	return err ? err : put_in_village(j, key, &p);
}

/* Is it for this feed to give and take this role? @ret_village: where it counts, in the row. */
static int check_scope(struct judged *j, uint32_t role, struct bytes village,
		       char ret_village[STATE_VILLAGE_CODE_MAX])
{
	struct state_key k;
	struct bytes row;
	bool ok;
	int err;

	memset(ret_village, 0, STATE_VILLAGE_CODE_MAX);
	if (!j->is_town) {
		ok = VILLAGE_ROLES & UINT32_C(1) << role &&
		     (village.n == 0 || bytes_eq(village, fold_text(j->w->code)));
	} else if (role == ROLE_committee) {
		state_key_of(&k, FEED_TOWN, STATE_VILLAGE);
		state_key_text(&k, village);
		err = rows_get(j->w->rows, &k, &row);
		if (err && err != ERR_NOTFOUND)
			return err;
		ok = !err && village.n < STATE_VILLAGE_CODE_MAX;
		if (ok)
			memcpy(ret_village, village.p, village.n);
	} else {
		ok = TOWN_ROLES & UINT32_C(1) << role && village.n == 0;
	}
	return ok ? ERR_OK
		  : fold_refuse(j, &(struct refusal){.id = V_GRANT_FOREIGN,
						     .s = role_name(role),
						     .t = village});
}

static int check_granter(struct judged *j)
{
	return fold_rights_check(j, j->is_town ? RB(town_office) : RB(committee));
}

int fold_rights_grant(struct judged *j)
{
	struct state_role role = {0};
	struct rec_grant g;
	int err = fold_head(j, &g);

	if (!err)
		err = check_granter(j);
	if (!err)
		err = check_scope(j, g.role, g.village, role.village);
	if (!err)
		err = fold_period(j, g.from, g.to);
	if (err)
		return err;
	/* only a recorder has a territory */
	if (g.group.n && (g.role != ROLE_recorder || g.group.n >= sizeof(role.group)))
		return fold_malformed(j, "group", 0);
	if (g.group.n)
		memcpy(role.group, g.group.p, g.group.n);
	role.role = (uint8_t)g.role;
	role.from = g.from;
	role.to = g.to;
	return j->is_town ? fold_rights_give(j, g.key.p, g.name, &role)
			  : give_in_village(j, g.key.p, g.name, &role);
}

static bool holds_any(const struct state_person *p, const char *village)
{
	for (uint32_t i = 0; i < p->nroles; i++)
		if (strcmp(p->role[i].village, village) == 0)
			return true;
	return false;
}

int fold_rights_revoke(struct judged *j)
{
	char village[STATE_VILLAGE_CODE_MAX];
	struct state_person p;
	struct rec_revoke r;
	int err = fold_head(j, &r);

	if (!err)
		err = check_granter(j);
	if (!err)
		err = check_scope(j, r.role, r.village, village);
	if (err)
		return err;
	err = j->is_town ? fold_rights_in_town(j, r.key.p, &p) : in_village(j, r.key.p, &p);
	if (err && err != ERR_NOTFOUND)
		return err;
	struct state_role *role = err ? NULL : role_of(&p, r.role, village);
	if (!role)
		return fold_refuse(j, &(struct refusal){.id = V_GRANT_UNKNOWN,
							.s = role_name(r.role)});
	*role = p.role[--p.nroles];
	err = holds_any(&p, village) ? ERR_OK : free_name(j, r.key.p, village, p.name);
	if (err)
		return err;
	return j->is_town ? put_in_town(j, r.key.p, &p) : put_in_village(j, r.key.p, &p);
}
