#include "tests/lib/zipfile.h"

#include <string.h>
#include <zlib.h>

#include "tests/lib/t.h"

static void le16(struct buf *b, unsigned v)
{
	buf_put_u8(b, (uint8_t)v);
	buf_put_u8(b, (uint8_t)(v >> 8));
}

static void le32(struct buf *b, uint32_t v)
{
	le16(b, v & 0xffff);
	le16(b, v >> 16);
}

static void deflated(const void *p, size_t n, struct buf *out)
{
	z_stream s = {.next_in = (Bytef *)(uintptr_t)p, .avail_in = (uInt)n};
	size_t room = n + n / 1000 + 128;
	int rv = deflateInit2(&s, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);

	T_OK(rv == Z_OK);
	s.next_out = buf_reserve(out, room);
	T_OK(s.next_out);
	s.avail_out = (uInt)room;
	rv = deflate(&s, Z_FINISH);
	T_OK(rv == Z_STREAM_END);
	out->n += s.total_out;
	deflateEnd(&s);
}

/* What local header and directory have in common. */
static void put_header(struct buf *b, const char *name, size_t n, size_t packed_n, uint32_t sum,
		       bool packed)
{
	le16(b, 20);
	le16(b, 0);
	le16(b, packed ? 8 : 0);
	le32(b, 0);
	le32(b, sum);
	le32(b, (uint32_t)packed_n);
	le32(b, (uint32_t)n);
	le16(b, (unsigned)strlen(name));
	le16(b, 0);
}

void zipfile_add(struct zipfile *z, const char *name, const void *p, size_t n, bool packed)
{
	uint32_t at = (uint32_t)z->out.n, sum = (uint32_t)crc32(0, p, (uInt)n);
	struct buf body = {0};

	if (packed)
		deflated(p, n, &body);
	else
		buf_put(&body, p, n);
	buf_puts(&z->out, "PK\x03\x04");
	put_header(&z->out, name, n, body.n, sum, packed);
	buf_puts(&z->out, name);
	buf_put(&z->out, body.p, body.n);
	buf_puts(&z->directory, "PK\x01\x02");
	le16(&z->directory, 20);
	put_header(&z->directory, name, n, body.n, sum, packed);
	le16(&z->directory, 0);
	le16(&z->directory, 0);
	le16(&z->directory, 0);
	le32(&z->directory, 0);
	le32(&z->directory, at);
	buf_puts(&z->directory, name);
	z->n++;
	buf_close(&body);
}

void zipfile_end(struct zipfile *z)
{
	uint32_t at = (uint32_t)z->out.n;

	buf_put(&z->out, z->directory.p, z->directory.n);
	buf_puts(&z->out, "PK\x05\x06");
	le32(&z->out, 0);
	le16(&z->out, z->n);
	le16(&z->out, z->n);
	le32(&z->out, (uint32_t)z->directory.n);
	le32(&z->out, at);
	le16(&z->out, 0);
	T_OK(!z->out.err && !z->directory.err);
}

void zipfile_close(struct zipfile *z)
{
	buf_close(&z->out);
	buf_close(&z->directory);
	*z = (struct zipfile){.n = 0};
}

/* --- workbooks ------------------------------------------------------------------------------------------- */

#define RELATION "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"

static void add_xml(struct zipfile *z, const char *name, struct buf *xml)
{
	zipfile_add(z, name, xml->p, xml->n, true);
	buf_close(xml);
}

void workbook_make(const struct workbook *w, struct zipfile *ret)
{
	struct buf xml = {0};

	*ret = (struct zipfile){.n = 0};
	buf_puts(&xml, "<Relationships><Relationship Id=\"rId1\" Type=\"" RELATION
		       "officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>");
	add_xml(ret, "_rels/.rels", &xml);
	buf_printf(&xml,
		   "<workbook xmlns:r=\"" RELATION "\"><workbookPr %s/><sheets>"
		   "<sheet name=\"表\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>",
		   w->properties ? w->properties : "");
	add_xml(ret, "xl/workbook.xml", &xml);
	buf_puts(&xml, "<Relationships>"
		       "<Relationship Id=\"rId1\" Type=\"" RELATION
		       "worksheet\" Target=\"worksheets/sheet1.xml\"/>"
		       "<Relationship Id=\"rId2\" Type=\"" RELATION
		       "sharedStrings\" Target=\"/xl/sharedStrings.xml\"/>"
		       "<Relationship Id=\"rId3\" Type=\"" RELATION
		       "styles\" Target=\"styles.xml\"/></Relationships>");
	add_xml(ret, "xl/_rels/workbook.xml.rels", &xml);
	if (w->strings) {
		buf_printf(&xml, "<sst>%s</sst>", w->strings);
		add_xml(ret, "xl/sharedStrings.xml", &xml);
	}
	if (w->styles) {
		buf_printf(&xml, "<styleSheet>%s</styleSheet>", w->styles);
		add_xml(ret, "xl/styles.xml", &xml);
	}
	buf_printf(&xml, "<worksheet><sheetData>%s</sheetData>%s</worksheet>", w->rows,
		   w->behind ? w->behind : "");
	add_xml(ret, "xl/worksheets/sheet1.xml", &xml);
	zipfile_end(ret);
}
