#include "daemon/io/pages.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem.h"

/* As LMDB 0.9 lays them out; its pgno_t, txnid_t and sizes are words of the machine. */
#define META_MAGIC   0xbeefc0deu
#define META_VERSION 1u
#define METAS	     2
#define DB_FREE	     0
#define DB_MAIN	     1
#define NO_PAGE	     SIZE_MAX
#define PAGE_BRANCH  0x01u
#define PAGE_LEAF    0x02u
#define PAGE_OVER    0x04u
#define PAGE_META    0x08u
#define NODE_BIG     0x01u /* the value lies on pages of its own */
#define NODE_DB	     0x02u /* the value is a struct db */
#define DB_INTEGERS  0x08u
#define DB_ORDERS    0x76u /* reversed or repeated keys: no table of ours */
#define KEY_MAX	     511
#define DEPTH_MAX    32
#define PAGE_MIN     512u
#define PAGE_MAX     65536u
#define BLOCK_BYTES  262144u

struct page_head {
	size_t number;
	uint16_t pad, flags;
	union {
		struct {
			uint16_t lower, upper; /* of the room between the offsets and the nodes */
		} free;
		uint32_t pages; /* of a long value */
	} u;
};
struct db {
	uint32_t pad;
	uint16_t flags, depth;
	size_t branches, leaves, overs, entries, root;
};
struct meta {
	uint32_t magic, version;
	size_t address, mapsize;
	struct db db[2];
	size_t last, txnid;
};
struct node {
	uint16_t lo, hi, flags, ksize;
};
_Static_assert(sizeof(struct page_head) == sizeof(size_t) + 8, "as LMDB has it");
_Static_assert(sizeof(struct db) == 8 + 5 * sizeof(size_t), "as LMDB has it");

enum seen { UNSEEN, LEAF_OF, USED = UINT8_MAX }; /* LEAF_OF + table: not looked at yet */

struct walk {
	int fd;
	size_t psize;
	uint64_t last, npages; /* the largest number in use; pages in the file */
	struct db table[KV_NTABLES];
	bool found[KV_NTABLES];
	uint8_t *seen;	/* of each page of the file */
	uint8_t *pages; /* one for each level of a tree */
	const atomic_bool *stop;
	struct pages_report *ret;
	pages_row_fn *row; /* of a damaged file: all of it is walked, however many faults it has */
	void *row_ctx;
	int err;
};
/* One tree on its way down. */
struct tree {
	const char *name;
	enum kv_table table;
	uint8_t mark; /* of its leaves, which are looked at later in the order of the file; 0: at once */
	uint32_t depth;
	void (*leaf_node)(struct walk *w, const struct tree *tree, uint64_t page,
			  const struct node *n, const uint8_t *key);
};

static void fault(struct walk *w, enum pages_what what, uint64_t page, const char *table)
{
	if (w->ret->n < PAGES_FAULTS_MAX)
		w->ret->fault[w->ret->n++] = (struct pages_fault){what, page, table};
}

static bool enough(const struct walk *w)
{
	return w->err || (!w->row && w->ret->n == PAGES_FAULTS_MAX) ||
	       (w->stop && atomic_load(w->stop));
}

/* False: not all of it is there; errno 0: the file ends before. */
static bool read_at(int fd, void *p, size_t n, uint64_t at)
{
	ssize_t got;

	do {
		errno = 0;
		got = pread(fd, p, n, (off_t)at);
	} while (got < 0 && errno == EINTR);
	return got == (ssize_t)n;
}

/* --- one page ---------------------------------------------------------------------------------------- */

static uint32_t keys_of(const struct page_head *h)
{
	return (h->u.free.lower - (uint32_t)sizeof(*h)) / 2;
}

static struct node node_at(const uint8_t *page, uint32_t i, uint32_t *ret_at)
{
	struct node n;
	uint16_t at;

	memcpy(&at, page + sizeof(struct page_head) + 2 * i, sizeof(at));
	memcpy(&n, page + at, sizeof(n));
	*ret_at = at;
	return n;
}

/* LMDB stores the halves of a size in the order of the machine. */
static uint32_t node_bytes(const struct node *n)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return n->lo | (uint32_t)n->hi << 16;
#else
	return n->hi | (uint32_t)n->lo << 16;
#endif
}

static uint64_t node_child(const struct node *n)
{
	uint64_t child = node_bytes(n);

	return sizeof(size_t) > 4 ? child | (uint64_t)n->flags << 32 : child;
}

/* Bytes that the node takes on its page; 0: it is none. */
static size_t node_room(const struct node *n, bool leaf)
{
	size_t value = 0;

	if (n->ksize > KEY_MAX || (leaf && n->flags & ~(NODE_BIG | NODE_DB)))
		return 0;
	if (leaf)
		value = n->flags & NODE_BIG ? sizeof(size_t) : node_bytes(n);
	return value > PAGE_MAX ? 0 : (sizeof(*n) + n->ksize + value + 1) & ~(size_t)1;
}

/* The nodes fill the page from its end, without a gap: what one takes and another has as well would be missing
 * in the sum. */
static bool nodes_fit(const struct walk *w, const uint8_t *page, const struct page_head *h)
{
	bool leaf = h->flags & PAGE_LEAF;
	size_t sum = 0;

	for (uint32_t i = 0; i < keys_of(h); i++) {
		uint16_t at;
		struct node n;
		size_t room;

		memcpy(&at, page + sizeof(*h) + 2 * i, sizeof(at));
		if (at < h->u.free.upper || at + sizeof(n) > w->psize)
			return false;
		memcpy(&n, page + at, sizeof(n));
		room = node_room(&n, leaf);
		if (room == 0 || room > w->psize - at)
			return false;
		sum += room;
	}
	return sum == w->psize - h->u.free.upper;
}

/* A page of nodes of the kind, under its own number. */
static bool page_good(struct walk *w, uint64_t number, const uint8_t *page, unsigned kind,
		      const char *table)
{
	uint32_t least = kind == PAGE_BRANCH && *table ? 2 : 1;
	struct page_head h;

	memcpy(&h, page, sizeof(h));
	w->ret->pages++;
	if (h.number != number || h.flags != kind) {
		fault(w, PAGES_OTHER, number, table);
		return false;
	}
	if (h.u.free.lower < sizeof(h) + 2 * least || h.u.free.lower % 2 ||
	    h.u.free.upper < h.u.free.lower || h.u.free.upper > w->psize ||
	    !nodes_fit(w, page, &h)) {
		fault(w, PAGES_SHAPE, number, table);
		return false;
	}
	return true;
}

/* --- pages of the file ------------------------------------------------------------------------------- */

/* Whether @n pages from @page on may belong to this place; then they do. */
static bool claim(struct walk *w, uint64_t page, uint64_t n, uint8_t mark, const char *table)
{
	if (page >= w->npages || n > w->npages - page) {
		fault(w, PAGES_BEYOND, page, table);
		return false;
	}
	for (uint64_t i = page; i < page + n; i++) {
		if (i < METAS || w->seen[i] != UNSEEN) {
			fault(w, PAGES_TWICE, i, table);
			return false;
		}
		w->seen[i] = mark;
	}
	return true;
}

static bool load(struct walk *w, uint64_t number, void *p, size_t n, const char *table)
{
	if (read_at(w->fd, p, n, number * w->psize))
		return true;
	fault(w, errno ? PAGES_UNREADABLE : PAGES_BEYOND, number, table);
	return false;
}

/* A value on pages of its own. Whether they are all there. */
static bool check_long_value(struct walk *w, const struct node *n, const uint8_t *key,
			     const char *table)
{
	size_t first, need = sizeof(struct page_head) + node_bytes(n);
	struct page_head h;

	memcpy(&first, key + n->ksize, sizeof(first));
	if (!claim(w, first, 1, USED, table) || !load(w, first, &h, sizeof(h), table))
		return false;
	w->ret->pages++;
	if (h.number != first || h.flags != PAGE_OVER) {
		fault(w, PAGES_OTHER, first, table);
		return false;
	}
	if (h.u.pages < (need + w->psize - 1) / w->psize) {
		fault(w, PAGES_SHAPE, first, table);
		return false;
	}
	return h.u.pages == 1 || claim(w, first + 1, h.u.pages - 1, USED, table);
}

static void each_leaf_node(struct walk *w, const struct tree *tree, uint64_t number,
			   const uint8_t *page)
{
	struct page_head h;

	memcpy(&h, page, sizeof(h));
	for (uint32_t i = 0; i < keys_of(&h) && !enough(w); i++) {
		uint32_t at;
		struct node n = node_at(page, i, &at);

		tree->leaf_node(w, tree, number, &n, page + at + sizeof(n));
	}
}

static void walk_down(struct walk *w, const struct tree *tree, uint64_t number, uint32_t level)
{
	uint8_t *page = w->pages + (size_t)(level - 1) * w->psize;
	bool leaf = level == tree->depth;
	struct page_head h;

	if (enough(w) || !claim(w, number, 1, leaf && tree->mark ? tree->mark : USED, tree->name))
		return;
	if ((leaf && tree->mark) || !load(w, number, page, w->psize, tree->name) ||
	    !page_good(w, number, page, leaf ? PAGE_LEAF : PAGE_BRANCH, tree->name))
		return;
	if (leaf) {
		each_leaf_node(w, tree, number, page);
		return;
	}
	memcpy(&h, page, sizeof(h));
	for (uint32_t i = 0; i < keys_of(&h); i++) {
		uint32_t at;
		struct node n = node_at(page, i, &at);

		walk_down(w, tree, node_child(&n), level + 1);
	}
}

/* @where: the page that holds @db. */
static void walk_tree(struct walk *w, struct tree *tree, const struct db *db, uint64_t where)
{
	tree->depth = db->depth;
	if (db->root == NO_PAGE && db->depth == 0)
		return;
	if (db->root == NO_PAGE || db->depth == 0 || db->depth > DEPTH_MAX)
		fault(w, PAGES_SHAPE, where, tree->name);
	else
		walk_down(w, tree, db->root, 1);
}

/* --- the trees --------------------------------------------------------------------------------------- */

static void give_row(struct walk *w, const struct tree *tree, const struct node *n,
		     const uint8_t *key, const void *val)
{
	if (w->row)
		w->err = w->row(w->row_ctx, tree->table, kv_bytes(key, n->ksize),
				kv_bytes(val, node_bytes(n)));
}

/* Of a long value all is read only where somebody wants it. */
static void give_long_row(struct walk *w, const struct tree *tree, const struct node *n,
			  const uint8_t *key)
{
	size_t first, bytes = node_bytes(n);
	uint8_t *val;

	if (!w->row)
		return;
	memcpy(&first, key + n->ksize, sizeof(first));
	val = mem_alloc(bytes + 1); /* the file has as many */
	if (!val)
		w->err = ERR_NOMEM;
	else if (read_at(w->fd, val, bytes, first * w->psize + sizeof(struct page_head)))
		give_row(w, tree, n, key, val);
	mem_free(val);
}

static void on_row(struct walk *w, const struct tree *tree, uint64_t page, const struct node *n,
		   const uint8_t *key)
{
	if (n->flags & NODE_DB || n->ksize == 0)
		fault(w, PAGES_SHAPE, page, tree->name);
	else if (!(n->flags & NODE_BIG))
		give_row(w, tree, n, key, key + n->ksize);
	else if (check_long_value(w, n, key, tree->name))
		give_long_row(w, tree, n, key);
}

/* A row of the table of tables. */
static void on_table(struct walk *w, const struct tree *tree, uint64_t page, const struct node *n,
		     const uint8_t *key)
{
	struct db db;

	if (n->flags != NODE_DB || node_bytes(n) != sizeof(db)) {
		fault(w, PAGES_SHAPE, page, tree->name);
		return;
	}
	memcpy(&db, key + n->ksize, sizeof(db));
	for (int i = 0; i < KV_NTABLES; i++) {
		const char *name = kv_table_name((enum kv_table)i);

		if (db.flags || w->found[i] || strlen(name) != n->ksize ||
		    memcmp(name, key, n->ksize) != 0)
			continue;
		w->table[i] = db;
		w->found[i] = true;
		return;
	}
	fault(w, PAGES_SHAPE, page, tree->name);
}

/* Numbers of free pages, the largest first, behind how many they are. They were not written when nobody has
 * used them yet, so the file may end before. */
static void check_free(struct walk *w, uint64_t page, const uint8_t *list, size_t bytes)
{
	size_t n, number, before = SIZE_MAX;

	if (bytes < sizeof(n)) {
		fault(w, PAGES_SHAPE, page, "");
		return;
	}
	memcpy(&n, list, sizeof(n));
	if (n > bytes / sizeof(n) - 1) {
		fault(w, PAGES_SHAPE, page, "");
		return;
	}
	for (size_t i = 1; i <= n && !enough(w); i++) {
		memcpy(&number, list + i * sizeof(number), sizeof(number));
		if (number < METAS || number > w->last || number >= before)
			fault(w, PAGES_SHAPE, page, "");
		else if (number < w->npages)
			claim(w, number, 1, USED, "");
		before = number;
	}
}

static void on_free(struct walk *w, const struct tree *tree, uint64_t page, const struct node *n,
		    const uint8_t *key)
{
	size_t first, bytes = node_bytes(n);
	uint8_t *ids;

	if (n->flags & NODE_DB || n->ksize != sizeof(size_t)) {
		fault(w, PAGES_SHAPE, page, tree->name);
		return;
	}
	if (!(n->flags & NODE_BIG)) {
		check_free(w, page, key + n->ksize, bytes);
		return;
	}
	if (!check_long_value(w, n, key, tree->name)) /* else the file has all these bytes */
		return;
	memcpy(&first, key + n->ksize, sizeof(first));
	ids = mem_alloc(bytes);
	if (!ids || !read_at(w->fd, ids, bytes, first * w->psize + sizeof(struct page_head)))
		fault(w, PAGES_UNREADABLE, first, tree->name);
	else
		check_free(w, first, ids, bytes);
	mem_free(ids);
}

static void check_leaf(struct walk *w, uint64_t number, const uint8_t *page)
{
	int i = w->seen[number] - LEAF_OF;
	struct tree rows = {.name = kv_table_name((enum kv_table)i),
			    .table = (enum kv_table)i,
			    .leaf_node = on_row};

	w->seen[number] = USED;
	if (page_good(w, number, page, PAGE_LEAF, rows.name))
		each_leaf_node(w, &rows, number, page);
}

static bool leaf_waits(const struct walk *w, uint64_t number)
{
	return w->seen[number] != UNSEEN && w->seen[number] != USED;
}

/* Where a disk fails, one page is read at a time. */
static void check_leaves_from(struct walk *w, uint64_t from, uint64_t n, uint8_t *block)
{
	bool whole = read_at(w->fd, block, n * w->psize, from * w->psize);

	for (uint64_t i = 0; i < n && !enough(w); i++) {
		uint8_t *page = block + i * w->psize;

		if (!leaf_waits(w, from + i))
			continue;
		if (whole || load(w, from + i, page, w->psize,
				  kv_table_name((enum kv_table)(w->seen[from + i] - LEAF_OF))))
			check_leaf(w, from + i, page);
	}
}

/* The leaves of all tables in the order of the file, as disks like it. */
static int check_leaves(struct walk *w)
{
	uint64_t step = BLOCK_BYTES / w->psize;
	uint8_t *block = mem_alloc(BLOCK_BYTES);

	if (!block)
		return ERR_NOMEM;
	for (uint64_t from = METAS; from < w->npages && !enough(w); from += step) {
		uint64_t n = w->npages - from < step ? w->npages - from : step, i = 0;

		while (i < n && !leaf_waits(w, from + i))
			i++;
		if (i < n)
			check_leaves_from(w, from, n, block);
	}
	mem_free(block);
	return ERR_OK;
}

/* --- the file ---------------------------------------------------------------------------------------- */

static bool page_size_good(const struct meta *m)
{
	uint32_t n = m->db[DB_FREE].pad;

	return n >= PAGE_MIN && n <= PAGE_MAX && (n & (n - 1)) == 0;
}

/* Reads meta page @i of a file whose first one gave @psize. */
static bool load_meta(struct walk *w, unsigned i, struct meta *ret)
{
	uint8_t page[sizeof(struct page_head) + sizeof(*ret)];
	struct page_head h;

	if (!load(w, i, page, sizeof(page), ""))
		return false;
	memcpy(&h, page, sizeof(h));
	memcpy(ret, page + sizeof(h), sizeof(*ret));
	if (h.number == i && (h.flags & PAGE_META) && ret->magic == META_MAGIC)
		return true;
	fault(w, PAGES_OTHER, i, "");
	return false;
}

static bool root_good(const struct meta *m, const struct db *db)
{
	return db->root == NO_PAGE || (db->root >= METAS && db->root <= m->last);
}

static bool meta_good(const struct walk *w, const struct meta *m, uint64_t map_max)
{
	return m->db[DB_FREE].pad == w->psize && m->last >= METAS - 1 &&
	       m->last < map_max / w->psize && (m->db[DB_FREE].flags & DB_INTEGERS) &&
	       !(m->db[DB_FREE].flags & DB_ORDERS) && m->db[DB_MAIN].flags == 0 &&
	       root_good(m, &m->db[DB_FREE]) && root_good(m, &m->db[DB_MAIN]);
}

static int walk_begin(struct walk *w, int fd, struct pages_report *ret)
{
	struct stat st;

	*ret = (struct pages_report){0};
	*w = (struct walk){.fd = fd, .ret = ret, .psize = PAGE_MIN};
	if (fstat(fd, &st))
		return ERR_IO;
	w->npages = (uint64_t)st.st_size;
	return ERR_OK;
}

/* Another version than ours is for LMDB to judge. */
static bool is_ours(const struct meta *m)
{
	return m->version == META_VERSION;
}

/* Both, or what is wrong with them. */
static bool load_metas(struct walk *w, struct meta ret[METAS])
{
	if (!load_meta(w, 0, &ret[0]))
		return false;
	if (!is_ours(&ret[0]))
		return true;
	if (!page_size_good(&ret[0])) {
		fault(w, PAGES_SHAPE, 0, "");
		return false;
	}
	w->psize = ret[0].db[DB_FREE].pad;
	w->npages /= w->psize;
	return load_meta(w, 1, &ret[1]);
}

int pages_check_meta(int fd, uint64_t map_max, struct pages_report *ret)
{
	struct meta m[METAS] = {0};
	struct walk w;
	int err = walk_begin(&w, fd, ret);

	if (err || !load_metas(&w, m) || !is_ours(&m[0]))
		return err;
	for (unsigned i = 0; i < METAS; i++) {
		if (m[i].version != META_VERSION || !meta_good(&w, &m[i], map_max) ||
		    (m[i].txnid && m[i].txnid % METAS != i))
			fault(&w, PAGES_SHAPE, i, "");
	}
	return ERR_OK;
}

/* The table of tables. A new store has none of them, and every other has all. */
static void check_tables(struct walk *w, const struct meta *m)
{
	struct tree tables = {.name = "", .leaf_node = on_table};
	uint64_t root = m->db[DB_MAIN].root;

	walk_tree(w, &tables, &m->db[DB_MAIN], m->txnid % METAS);
	for (int i = 0; i < KV_NTABLES && m->db[DB_MAIN].root != NO_PAGE && w->ret->n == 0; i++)
		if (!w->found[i])
			fault(w, PAGES_TABLES, root, kv_table_name((enum kv_table)i));
}

static int check_trees(struct walk *w, const struct meta *m)
{
	struct tree list = {.name = "", .leaf_node = on_free};
	int err;

	for (int i = 0; i < KV_NTABLES; i++) {
		struct tree rows = {.name = kv_table_name((enum kv_table)i),
				    .table = (enum kv_table)i,
				    .mark = (uint8_t)(LEAF_OF + i),
				    .leaf_node = on_row};

		if (w->found[i])
			walk_tree(w, &rows, &w->table[i], m->db[DB_MAIN].root);
	}
	err = check_leaves(w);
	if (!err)
		walk_tree(w, &list, &m->db[DB_FREE], m->txnid % METAS);
	return err;
}

/* The page of a snapshot is written again by the second commit after it, perhaps just now. While the other page has
 * not got beyond the snapshot that commit has not begun; so that one is read after it. */
static int load_stable(struct walk *w, uint64_t txnid, struct meta *ret)
{
	struct meta other;

	if (!load_meta(w, txnid % METAS, ret) || !load_meta(w, (txnid + 1) % METAS, &other))
		return ERR_OK; /* a fault */
	return ret->txnid != txnid || other.txnid > txnid ? ERR_BUSY : ERR_OK;
}

/* The trees of the snapshot @m. */
static int walk_snapshot(struct walk *w, const struct meta *m, bool all)
{
	uint64_t pages = w->npages;
	int err;

	w->last = m->last;
	/* behind the last there is nothing, however large the file */
	w->npages = w->npages > w->last + 1 ? w->last + 1 : w->npages;
	w->seen = mem_alloc(w->npages);
	w->pages = mem_array(DEPTH_MAX, w->psize);
	err = w->seen && w->pages ? ERR_OK : ERR_NOMEM;
	memset(w->found, 0, sizeof(w->found));
	if (!err)
		check_tables(w, m);
	if (!err && all)
		err = check_trees(w, m);
	mem_free(w->seen);
	mem_free(w->pages);
	w->npages = pages;
	return err;
}

int pages_check(int fd, uint64_t txnid, bool all, const atomic_bool *stop, struct pages_report *ret)
{
	struct meta m[METAS] = {0}, *at = &m[txnid % METAS];
	struct walk w;
	int err = walk_begin(&w, fd, ret);

	if (err || !load_metas(&w, m) || !is_ours(&m[0]))
		return err;
	w.stop = stop;
	err = load_stable(&w, txnid, at);
	if (err || ret->n)
		return err;
	err = walk_snapshot(&w, at, all);
	return !err && stop && atomic_load(stop) ? ERR_CANCELED : err;
}

/* --- a damaged file ---------------------------------------------------------------------------------- */

static bool meta_usable(const struct walk *w, const struct meta *m)
{
	return is_ours(m) && page_size_good(m) && m->db[DB_FREE].pad == w->psize &&
	       m->last < SIZE_MAX / w->psize;
}

/* The size of the pages stands on both meta pages; where the first is damaged the second is looked for. */
static unsigned load_what_is_left(struct walk *w, struct meta ret[METAS])
{
	unsigned good = 0;

	w->psize = PAGE_MIN;
	if (load_meta(w, 0, &ret[0]) && page_size_good(&ret[0])) {
		w->psize = ret[0].db[DB_FREE].pad;
		good = meta_usable(w, &ret[0]);
		good |= load_meta(w, 1, &ret[1]) && meta_usable(w, &ret[1]) ? 2 : 0;
		return good;
	}
	for (; w->psize <= PAGE_MAX; w->psize *= 2)
		if (load_meta(w, 1, &ret[1]) && meta_usable(w, &ret[1]))
			return 2;
	return 0;
}

int pages_rows(int fd, pages_row_fn *row, void *ctx)
{
	struct meta m[METAS] = {0};
	struct pages_report report;
	struct walk w;
	unsigned good, newest;
	int err = walk_begin(&w, fd, &report);

	if (err)
		return err;
	w.row = row;
	w.row_ctx = ctx;
	good = load_what_is_left(&w, m);
	w.npages /= w.psize;
	newest = good == 3 ? m[1].txnid > m[0].txnid : good == 2;
	for (unsigned i = 0; !err && !w.err && i < METAS; i++) {
		unsigned at = i == 0 ? !newest : newest;

		if (good & 1u << at)
			err = walk_snapshot(&w, &m[at], true);
	}
	return err ? err : w.err;
}

int pages_fail(const struct pages_fault *f, struct errmsg *msg)
{
	static const char *const texts[] = {
#define PAGES_TEXT(name, text) text,
		PAGES_WHATS(PAGES_TEXT)
#undef PAGES_TEXT
	};
	int err = f->what == PAGES_UNREADABLE ? ERR_IO : ERR_CORRUPT;

	return err_set(msg, err, "page %llu of the store%s%s is damaged: %s",
		       (unsigned long long)f->page, *f->table ? ", table " : "", f->table,
		       texts[f->what]);
}
