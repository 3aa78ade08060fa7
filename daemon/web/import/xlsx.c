#include "daemon/web/import/xlsx.h"

#include <expat.h>
#include <stdio.h>
#include <string.h>

#include "daemon/web/import/import_chars.h"
#include "lib/err.h"
#include "lib/mem.h"
#include "lib/sign.h"
#include "lib/text.h"
#include "lib/vec.h"

#define NUMBER_FORMATS_MAX 4096
#define ESCAPE_BYTES	   7 /* _x000D_ */

static int fail(struct xlsx *x, enum xlsx_fault f)
{
	if (!x->fault)
		x->fault = f;
	return f == XLSX_FAULT_DEPTH || f == XLSX_FAULT_SHEETS || f == XLSX_FAULT_STRINGS ||
			       f == XLSX_FAULT_FORMATS
		       ? ERR_LIMIT
		       : ERR_FORMAT;
}

/* --- XML ---------------------------------------------------------------------------------------------------- */

struct relation {
	char id[64], type[32], target[XLSX_PATH_MAX];
};

/* One part while it is read. Names of elements and attributes come without their prefix. */
struct part {
	struct xlsx *x;
	XML_Parser parser;
	void (*start)(struct part *p, const char *name, const char **attr);
	void (*end)(struct part *p, const char *name);
	uint32_t depth;
	int err;
	struct buf text; /* of the elements that hold text */
	bool takes_text;
	uint32_t phonetic; /* depth of the element whose text is only for reading aloud; 0: none */
	/* relations */
	struct relation *relation;
	uint32_t nrelations, relations_cap;
	/* styles */
	struct {
		uint32_t id;
		uint16_t shown;
	} * number;
	uint32_t nnumbers, numbers_cap;
	bool in_formats;
	/* a sheet */
	struct grid *grid;
	uint32_t row, column, style;
	char type[12];
	bool formula, value, hidden;
	/* bytes given to the parser, and how many when it last understood something */
	size_t fed, understood;
};

static const char *local(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon ? colon + 1 : name;
}

static const char *attribute(const char **attr, const char *name)
{
	for (; *attr; attr += 2)
		if (strcmp(local(attr[0]), name) == 0)
			return attr[1];
	return "";
}

static void stop(struct part *p, int err)
{
	if (!p->err)
		p->err = err;
	XML_StopParser(p->parser, XML_FALSE);
}

static void on_start(void *ctx, const char *name, const char **attr)
{
	struct part *p = ctx;

	p->understood = p->fed;
	if (++p->depth > XLSX_DEPTH_MAX) {
		stop(p, fail(p->x, XLSX_FAULT_DEPTH));
		return;
	}
	name = local(name);
	if (strcmp(name, "rPh") == 0 && !p->phonetic)
		p->phonetic = p->depth;
	if (!p->err)
		p->start(p, name, attr);
}

static void on_end(void *ctx, const char *name)
{
	struct part *p = ctx;

	p->understood = p->fed;
	if (!p->err)
		p->end(p, local(name));
	if (p->phonetic == p->depth)
		p->phonetic = 0;
	p->depth--;
}

static void on_text(void *ctx, const char *s, int n)
{
	struct part *p = ctx;

	p->understood = p->fed;
	if (!p->takes_text || p->phonetic || p->err)
		return;
	/* a cell may hold less; that is said when it is known which one it is */
	if (p->text.n <= GRID_CELL_BYTES_MAX && buf_put(&p->text, s, (size_t)n))
		stop(p, p->text.err);
}

/* Comments and all else that is stepped over. */
static void on_other(void *ctx, const char *s, int n)
{
	struct part *p = ctx;

	(void)s;
	(void)n;
	p->understood = p->fed;
}

static void on_doctype(void *ctx, const char *name, const char *sysid, const char *pubid,
		       int has_internal)
{
	struct part *p = ctx;

	(void)name;
	(void)sysid;
	(void)pubid;
	(void)has_internal;
	stop(p, fail(p->x, XLSX_FAULT_DOCTYPE));
}

/* A tag or comment that does not end is read again with each piece: its length is bounded, or the time would be its
 * square. */
static int take_bytes(void *ctx, const void *bytes, size_t n)
{
	struct part *p = ctx;

	p->fed += n;
	if (XML_Parse(p->parser, bytes, (int)n, XML_FALSE) == XML_STATUS_OK)
		return p->fed - p->understood > XLSX_TAG_MAX ? fail(p->x, XLSX_FAULT_XML) : ERR_OK;
	if (p->err)
		return p->err;
	return XML_GetErrorCode(p->parser) == XML_ERROR_NO_MEMORY ? ERR_NOMEM
								  : fail(p->x, XLSX_FAULT_XML);
}

static void *xml_alloc(size_t n)
{
	return mem_alloc(n);
}

static void *xml_resize(void *p, size_t n)
{
	return mem_resize(p, n, 1);
}

static void part_close(struct part *p)
{
	buf_close(&p->text);
	mem_free(p->relation);
	mem_free(p->number);
}

/* Reads one part. ERR_NOTFOUND: there is none of that name. */
static int part_read(struct part *p, const char *name)
{
	static const XML_Memory_Handling_Suite suite = {xml_alloc, xml_resize, mem_free};
	int err;

	p->parser = XML_ParserCreate_MM(NULL, &suite, NULL);
	if (!p->parser)
		return ERR_NOMEM;
	XML_SetUserData(p->parser, p);
	XML_SetElementHandler(p->parser, on_start, on_end);
	XML_SetCharacterDataHandler(p->parser, on_text);
	XML_SetDefaultHandler(p->parser, on_other);
	XML_SetStartDoctypeDeclHandler(p->parser, on_doctype);
	err = zip_read(&p->x->zip, name, take_bytes, p);
	if (!err && XML_Parse(p->parser, "", 0, XML_TRUE) != XML_STATUS_OK)
		err = p->err ? p->err : fail(p->x, XLSX_FAULT_XML);
	if (p->x->zip.fault)
		fail(p->x, XLSX_FAULT_ZIP);
	XML_ParserFree(p->parser);
	return err;
}

static void nothing_ends(struct part *p, const char *name)
{
	(void)p;
	(void)name;
}

/* --- relations: where the parts are ------------------------------------------------------------------------- */

static void relation_start(struct part *p, const char *name, const char **attr)
{
	struct relation *r;

	if (strcmp(name, "Relationship") != 0 ||
	    strcmp(attribute(attr, "TargetMode"), "External") == 0)
		return;
	if (p->nrelations == XLSX_RELATIONS_MAX)
		return; /* nothing that is needed comes so late */
	if (VEC_ROOM(p->relation, p->nrelations, p->relations_cap)) {
		stop(p, ERR_NOMEM);
		return;
	}
	r = &p->relation[p->nrelations++];
	const char *type = strrchr(attribute(attr, "Type"), '/');

	snprintf(r->id, sizeof(r->id), "%s", attribute(attr, "Id"));
	snprintf(r->type, sizeof(r->type), "%s", type ? type + 1 : "");
	snprintf(r->target, sizeof(r->target), "%s", attribute(attr, "Target"));
}

/* The part that a target means, seen from the part @from. */
static void resolve(const char *from, const char *target, char out[XLSX_PATH_MAX])
{
	const char *slash = strrchr(from, '/');
	int n = slash ? (int)(slash - from) + 1 : 0;

	if (target[0] == '/') {
		snprintf(out, XLSX_PATH_MAX, "%s", target + 1);
		return;
	}
	while (strncmp(target, "../", 3) == 0) {
		target += 3;
		n -= n > 0;
		while (n > 0 && from[n - 1] != '/')
			n--;
	}
	snprintf(out, XLSX_PATH_MAX, "%.*s%s", n, from, target);
}

/* --- the workbook ---------------------------------------------------------------------------------------------- */

static void workbook_start(struct part *p, const char *name, const char **attr)
{
	struct xlsx *x = p->x;
	const char *flag = attribute(attr, "date1904");
	struct xlsx_sheet *s;

	if (strcmp(name, "workbookPr") == 0)
		x->from_1904 = strcmp(flag, "1") == 0 || strcmp(flag, "true") == 0;
	if (strcmp(name, "sheet") != 0)
		return;
	if (x->nsheets == XLSX_SHEETS_MAX) {
		stop(p, fail(x, XLSX_FAULT_SHEETS));
		return;
	}
	if (VEC_ROOM(x->sheet, x->nsheets, x->sheets_cap)) {
		stop(p, ERR_NOMEM);
		return;
	}
	s = &x->sheet[x->nsheets++];
	str_set(s->name, sizeof(s->name), bytes_str(attribute(attr, "name")));
	/* until the relations are known */
	snprintf(s->part, sizeof(s->part), "%s", attribute(attr, "id"));
	s->hidden = strcmp(attribute(attr, "state"), "hidden") == 0 ||
		    strcmp(attribute(attr, "state"), "veryHidden") == 0;
}

/* --- text ---------------------------------------------------------------------------------------------------------- */

/* The character that _x000D_ stands for, as programs write those that XML cannot hold; 0: it is no such thing, or
 * half of one beyond 16 bits. */
static uint32_t escaped(const uint8_t *p, size_t n)
{
	uint8_t code[2];

	if (n < ESCAPE_BYTES || memcmp(p, "_x", 2) != 0 || p[ESCAPE_BYTES - 1] != '_' ||
	    !hex_get((const char *)p + 2, 4, code, sizeof(code)) || code[0] >> 3 == 0x1b)
		return 0;
	return be16_get(code);
}

/* In place. */
static void unescape(struct buf *text)
{
	uint8_t *to = text->p;

	for (size_t i = 0; i < text->n;) {
		uint32_t c = escaped(text->p + i, text->n - i);

		if (!c) {
			*to++ = text->p[i++];
			continue;
		}
		to = chars_put(to, c);
		i += ESCAPE_BYTES;
	}
	text->n = (size_t)(to - text->p);
}

/* --- shared strings ---------------------------------------------------------------------------------------------- */

static void strings_start(struct part *p, const char *name, const char **attr)
{
	struct xlsx *x = p->x;

	(void)attr;
	p->takes_text = strcmp(name, "t") == 0;
	if (strcmp(name, "si") != 0)
		return;
	buf_reset(&p->text);
	if (x->nstrings == XLSX_STRINGS_MAX || x->strings.n > GRID_TEXT_MAX)
		stop(p, fail(x, XLSX_FAULT_STRINGS));
	else if (VEC_ROOM(x->string, x->nstrings, x->strings_cap))
		stop(p, ERR_NOMEM);
	else
		x->string[x->nstrings++] = (uint32_t)x->strings.n;
}

static void strings_end(struct part *p, const char *name)
{
	p->takes_text = false;
	if (strcmp(name, "si") != 0)
		return;
	unescape(&p->text);
	if (buf_put(&p->x->strings, p->text.p, p->text.n))
		stop(p, p->x->strings.err);
}

static bool string_at(const struct xlsx *x, uint64_t i, struct bytes *ret)
{
	size_t end;

	if (i >= x->nstrings)
		return false;
	end = i + 1 < x->nstrings ? x->string[i + 1] : x->strings.n;
	*ret = (struct bytes){x->strings.p + x->string[i], end - x->string[i]};
	return true;
}

/* --- styles -------------------------------------------------------------------------------------------------- */

static bool number_of(const char *s, uint64_t *ret)
{
	return u64_parse(s, strlen(s), ret);
}

static void take_number_format(struct part *p, const char **attr)
{
	uint64_t id;

	if (!number_of(attribute(attr, "numFmtId"), &id) || id > UINT32_MAX)
		return;
	if (p->nnumbers == NUMBER_FORMATS_MAX)
		stop(p, fail(p->x, XLSX_FAULT_FORMATS));
	else if (VEC_ROOM(p->number, p->nnumbers, p->numbers_cap))
		stop(p, ERR_NOMEM);
	else {
		p->number[p->nnumbers].id = (uint32_t)id;
		p->number[p->nnumbers++].shown = xlsx_custom_format(attribute(attr, "formatCode"));
	}
}

static void take_cell_format(struct part *p, const char **attr)
{
	struct xlsx *x = p->x;
	uint64_t id = 0;
	uint16_t shown;

	if (x->nformats == XLSX_FORMATS_MAX) {
		stop(p, fail(x, XLSX_FAULT_FORMATS));
		return;
	}
	if (VEC_ROOM(x->format, x->nformats, x->formats_cap)) {
		stop(p, ERR_NOMEM);
		return;
	}
	if (!number_of(attribute(attr, "numFmtId"), &id) || id > UINT32_MAX)
		id = 0;
	shown = xlsx_builtin_format((uint32_t)id);
	for (uint32_t i = 0; i < p->nnumbers; i++)
		if (p->number[i].id == id)
			shown = p->number[i].shown;
	x->format[x->nformats++] = shown;
}

static void styles_start(struct part *p, const char *name, const char **attr)
{
	if (strcmp(name, "cellXfs") == 0)
		p->in_formats = true;
	else if (strcmp(name, "numFmt") == 0)
		take_number_format(p, attr);
	else if (strcmp(name, "xf") == 0 && p->in_formats)
		take_cell_format(p, attr);
}

static void styles_end(struct part *p, const char *name)
{
	if (strcmp(name, "cellXfs") == 0)
		p->in_formats = false;
}

/* --- a sheet -------------------------------------------------------------------------------------------------- */

static void grid_stop(struct part *p, int err)
{
	if (p->grid->fault)
		fail(p->x, XLSX_FAULT_GRID);
	if (err)
		stop(p, err);
}

/* "B12" into column 1 and row 12; returns what is behind it, or NULL. */
static const char *place(const char *s, uint32_t *column, uint32_t *row)
{
	uint32_t c = 0, r = 0;

	while (*s == '$')
		s++;
	for (; *s >= 'A' && *s <= 'Z' && c < 100000; s++)
		c = c * 26 + (uint32_t)(*s - 'A') + 1;
	while (*s == '$')
		s++;
	for (; *s >= '0' && *s <= '9' && r < 100000000; s++)
		r = r * 10 + (uint32_t)(*s - '0');
	if (!c || !r)
		return NULL;
	*column = c - 1;
	*row = r;
	return s;
}

/* Rows that hold nothing are not there, also when they are hidden. */
static void row_end(struct part *p)
{
	struct grid *g = p->grid;

	g->hidden += p->hidden && g->nrows && g->row[g->nrows - 1].n;
	p->hidden = false;
	grid_row_end(g);
}

static void row_start(struct part *p, const char **attr)
{
	const char *r = attribute(attr, "r"), *hidden = attribute(attr, "hidden");
	uint64_t number = (uint64_t)p->row + 1;

	if (*r && (!number_of(r, &number) || number > UINT32_MAX - 1)) {
		stop(p, fail(p->x, XLSX_FAULT_REFERENCE));
		return;
	}
	row_end(p);
	if (p->grid->nrows > GRID_ROWS_MAX) {
		grid_stop(p, grid_fail(p->grid, GRID_FAULT_ROWS, p->row, 0));
		return;
	}
	/* one that was left out because it is blank must still be before this one */
	if (number <= p->row) {
		grid_stop(p, grid_fail(p->grid, GRID_FAULT_ORDER, (uint32_t)number, 0));
		return;
	}
	p->row = (uint32_t)number;
	p->column = 0;
	p->hidden = strcmp(hidden, "1") == 0 || strcmp(hidden, "true") == 0;
	grid_stop(p, grid_row(p->grid, p->row, GRID_COLUMNS_MAX));
}

static void cell_start(struct part *p, const char **attr)
{
	const char *r = attribute(attr, "r"), *s = attribute(attr, "s");
	uint32_t row = p->row;
	uint64_t style = 0;

	if ((*r && (!place(r, &p->column, &row) || row != p->row)) ||
	    (*s && (!number_of(s, &style) || style > UINT32_MAX))) {
		stop(p, fail(p->x, XLSX_FAULT_REFERENCE));
		return;
	}
	p->style = (uint32_t)style;
	p->formula = p->value = false;
	snprintf(p->type, sizeof(p->type), "%s", attribute(attr, "t"));
	buf_reset(&p->text);
}

static void merge_start(struct part *p, const char **attr)
{
	uint32_t column, top, right, bottom;
	const char *s = place(attribute(attr, "ref"), &column, &top);

	if (!s || *s != ':' || !place(s + 1, &right, &bottom))
		return;
	if (bottom > top && column < GRID_COLUMNS_MAX)
		grid_stop(p, grid_merge(p->grid, column, top, bottom));
}

static void sheet_start(struct part *p, const char *name, const char **attr)
{
	p->takes_text = strcmp(name, "v") == 0 || strcmp(name, "t") == 0;
	if (strcmp(name, "row") == 0)
		row_start(p, attr);
	else if (p->row && strcmp(name, "c") == 0)
		cell_start(p, attr);
	else if (strcmp(name, "f") == 0)
		p->formula = true;
	else if (strcmp(name, "v") == 0)
		p->value = true;
	else if (strcmp(name, "mergeCell") == 0)
		merge_start(p, attr);
}

/* What a cell of this type shows; the text is in p->text, or comes there. ERR_FORMAT: it names no string or
 * format. */
static int shown_text(struct part *p, struct bytes *ret)
{
	struct bytes raw = buf_bytes(&p->text);
	struct buf number = {0};
	uint64_t i;
	int err;

	*ret = raw;
	if (strcmp(p->type, "s") == 0)
		return raw.n == 0 || (u64_parse((const char *)raw.p, raw.n, &i) &&
				      string_at(p->x, i, ret))
			       ? ERR_OK
			       : fail(p->x, XLSX_FAULT_REFERENCE);
	if (strcmp(p->type, "b") == 0)
		*ret = bytes_str(raw.n == 1 && raw.p[0] == '1' ? "TRUE" : "FALSE");
	if (strcmp(p->type, "inlineStr") == 0 || strcmp(p->type, "str") == 0) {
		unescape(&p->text);
		*ret = buf_bytes(&p->text);
	}
	if (p->type[0] && strcmp(p->type, "n") != 0)
		return ERR_OK;
	if (p->style && p->style >= p->x->nformats)
		return fail(p->x, XLSX_FAULT_REFERENCE);
	err = xlsx_number(raw, p->style < p->x->nformats ? p->x->format[p->style] : XLSX_PLAIN,
			  p->x->from_1904, &number);
	buf_reset(&p->text);
	if (!err)
		err = buf_put(&p->text, number.p, number.n);
	*ret = buf_bytes(&p->text);
	buf_close(&number);
	return err;
}

static void cell_end(struct part *p)
{
	struct bytes text = {NULL, 0};
	bool unsaved = p->formula && !p->value && p->text.n == 0;
	int err = p->text.n ? shown_text(p, &text) : ERR_OK;

	if (!err && text.n > GRID_CELL_BYTES_MAX)
		err = grid_fail(p->grid, GRID_FAULT_CELL, p->row, p->column + 1);
	if (!err && (text.n || unsaved))
		err = grid_put(p->grid, p->column, text, unsaved ? GRID_UNSAVED : GRID_TEXT);
	p->column++;
	grid_stop(p, err);
}

static void sheet_end(struct part *p, const char *name)
{
	p->takes_text = false;
	if (p->row && strcmp(name, "c") == 0)
		cell_end(p);
}

/* --- together -------------------------------------------------------------------------------------------------- */

static int read_relations(struct part *rels, const char *part)
{
	const char *slash = strrchr(part, '/');
	char path[XLSX_PATH_MAX + 16];

	snprintf(path, sizeof(path), "%.*s_rels/%s.rels", slash ? (int)(slash - part) + 1 : 0, part,
		 slash ? slash + 1 : part);
	rels->start = relation_start;
	rels->end = nothing_ends;
	return part_read(rels, path);
}

static const struct relation *relation_typed(const struct part *rels, const char *type)
{
	for (uint32_t i = 0; i < rels->nrelations; i++)
		if (strcmp(rels->relation[i].type, type) == 0)
			return &rels->relation[i];
	return NULL;
}

/* The part of each sheet; sheets of another kind (charts) go. */
static void find_parts(struct xlsx *x, const struct part *rels, const char *workbook)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < x->nsheets; i++) {
		struct xlsx_sheet s = x->sheet[i];

		for (uint32_t k = 0; k < rels->nrelations; k++) {
			const struct relation *r = &rels->relation[k];

			if (strcmp(r->id, s.part) != 0 || strcmp(r->type, "worksheet") != 0)
				continue;
			resolve(workbook, r->target, s.part);
			x->sheet[n++] = s;
			break;
		}
	}
	x->nsheets = n;
}

/* A part that may be missing. */
static int read_typed(struct xlsx *x, const struct part *rels, const char *workbook,
		      const char *type, struct part like)
{
	const struct relation *r = relation_typed(rels, type);
	char path[XLSX_PATH_MAX];
	int err;

	if (!r)
		return ERR_OK;
	resolve(workbook, r->target, path);
	like.x = x;
	err = part_read(&like, path);
	part_close(&like);
	return err == ERR_NOTFOUND ? ERR_OK : err;
}

static int read_workbook(struct xlsx *x, const char *path)
{
	struct part book = {.x = x, .start = workbook_start, .end = nothing_ends};
	struct part rels = {.x = x};
	int err = part_read(&book, path);

	if (!err)
		err = read_relations(&rels, path);
	if (!err)
		find_parts(x, &rels, path);
	if (!err)
		err = read_typed(x, &rels, path, "sharedStrings",
				 (struct part){.start = strings_start, .end = strings_end});
	if (!err)
		err = read_typed(x, &rels, path, "styles",
				 (struct part){.start = styles_start, .end = styles_end});
	part_close(&book);
	part_close(&rels);
	return err;
}

int xlsx_open(struct xlsx *x, const void *p, size_t n)
{
	struct part rels = {.x = x};
	char path[XLSX_PATH_MAX] = "xl/workbook.xml";
	const struct relation *r;
	int err;

	*x = (struct xlsx){.fault = XLSX_FAULT_NONE};
	buf_init(&x->strings, GRID_TEXT_MAX + GRID_CELL_BYTES_MAX + 1);
	err = zip_open(&x->zip, p, n);
	if (err) {
		fail(x, XLSX_FAULT_ZIP);
		return err;
	}
	err = read_relations(&rels, "");
	r = err ? NULL : relation_typed(&rels, "officeDocument");
	if (r)
		resolve("", r->target, path);
	part_close(&rels);
	if (!err || err == ERR_NOTFOUND)
		err = read_workbook(x, path);
	if (err == ERR_NOTFOUND || (!err && x->nsheets == 0))
		err = fail(x, XLSX_FAULT_NONE_IN);
	return err;
}

int xlsx_read(struct xlsx *x, uint32_t sheet, struct grid *ret)
{
	struct part p = {.x = x, .start = sheet_start, .end = sheet_end, .grid = ret};
	int err;

	buf_init(&ret->text, GRID_TEXT_MAX);
	err = part_read(&p, x->sheet[sheet].part);
	part_close(&p);
	if (err == ERR_NOTFOUND)
		err = fail(x, XLSX_FAULT_NONE_IN);
	if (err)
		return err;
	row_end(&p);
	grid_merges_end(ret);
	if (ret->nrows > GRID_ROWS_MAX) {
		fail(x, XLSX_FAULT_GRID);
		return grid_fail(ret, GRID_FAULT_ROWS, p.row, 0);
	}
	return ERR_OK;
}

void xlsx_close(struct xlsx *x)
{
	zip_close(&x->zip);
	if (x->strings.p)
		secret_wipe(x->strings.p, x->strings.cap);
	buf_close(&x->strings);
	mem_free(x->string);
	mem_free(x->sheet);
	mem_free(x->format);
}
