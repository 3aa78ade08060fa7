#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zdict.h>

#include "daemon/web/import/import.h"
#include "lib/err.h"
#include "proto/compress.h"
#include "tests/lib/imports.h"
#include "tests/lib/life.h"
#include "tests/lib/t.h"

/* Trains the dictionary of compressed chunks (SPEC 9.8) and prints it as C: dict [BYTES]. What it learns from is
 * invented: the entries and the households of village 2 in tests/data, one record each, with their reviews and
 * confirmations, and an entry of every type as tests/lib/life.c has them. The same program, data and release of
 * libzstd give the same dictionary; what is in proto/compress_dict.c counts, whoever trains another.
 *
 * A new dictionary is a new version: another ID, another bit of HELLO. */
#define SAMPLES_MAX 8192
#define VILLAGE	    2
#define EVERY	    4 /* of the year's lines */
#define OTHERS	    8 /* so many times the records of every type, which are few */
#define DICT_MAX    (64 << 10)
#define COLUMNS	    24

static struct buf samples;
static size_t size[SAMPLES_MAX];
static unsigned nsamples;

/* What compress.c hands to the compressor of a payload. */
static void sample(struct bytes payload)
{
	T_OK(nsamples < SAMPLES_MAX && payload.n > COMPRESS_PLAIN_BYTES);
	size[nsamples++] = payload.n - COMPRESS_PLAIN_BYTES;
	T_EQ(buf_put(&samples, payload.p + COMPRESS_PLAIN_BYTES, payload.n - COMPRESS_PLAIN_BYTES),
	     ERR_OK);
}

static void record(enum rec_code code, const void *head, const void *lines, uint32_t n)
{
	static const uint8_t secret[ENTRY_SECRET_BYTES];
	struct buf payload = {0};

	T_EQ(rec_encode(rec_type_of((uint16_t)code), head, lines, n, secret, &payload, NULL),
	     ERR_OK);
	sample(buf_bytes(&payload));
	buf_close(&payload);
}

/* --- what a sheet is looked up in -------------------------------------------------------------------- */
static struct import_catalogue catalogue;

static int head_of(void *ctx, struct bytes household, struct bytes *ret)
{
	(void)ctx;
	*ret = household;
	return ERR_OK;
}

static int member_of(void *ctx, struct bytes household, struct bytes name, uint32_t *ret)
{
	(void)ctx;
	*ret = 1 + (household.p[household.n - 1] + name.p[name.n - 1]) % 4;
	return ERR_OK;
}

static int item_of(void *ctx, struct bytes code, day_t day, struct import_item *ret)
{
	(void)ctx;
	(void)day;
	for (uint32_t i = 0; i < catalogue.n; i++) {
		const struct rec_catalogue_line *l = &catalogue.v[i];

		if (!bytes_eq(l->code, code))
			continue;
		*ret = (struct import_item){.version = 1,
					    .name = l->name_zh,
					    .points = l->points,
					    .deduct = l->sign == SIGN_deduct};
		return ERR_OK;
	}
	return ERR_NOTFOUND;
}

/* --- samples ------------------------------------------------------------------------------------------- */
static void steps(uint64_t entry)
{
	struct rec_review r = {0};
	struct rec_review_line rl = {.entry = entry};
	struct rec_confirm c = {0};
	struct rec_confirm_line cl = {.entry = entry};

	record(REC_review, &r, &rl, 1);
	record(REC_confirm, &c, &cl, 1);
}

static void year(void)
{
	static const struct import_lookup look = {
		.head = head_of, .member = member_of, .item = item_of};
	struct import_report rep = {0};
	struct import_entries e;
	struct rec_points head = {0};
	size_t n;
	uint8_t *file = imports_village(VILLAGE, "entries-2025.csv", &n);

	T_REPORT(&rep, !import_entries(file, n, &imports_accepting, &look, &e, &rep));
	for (uint32_t i = 0; i < e.n; i += EVERY) {
		record(REC_points, &head, &e.v[i], 1);
		if (i % (8 * EVERY) == 0)
			steps(120 + i);
	}
	import_report_close(&rep);
	free(file);
}

static void households(void)
{
	struct import_report rep = {0};
	struct import_roster r;

	imports_clean(VILLAGE, &r, &rep);
	for (uint32_t i = 0; i < r.n; i++)
		record(REC_household, &r.v[i].head, r.v[i].line, r.v[i].nlines);
	import_report_close(&rep);
}

static void feed(struct town *w, uint32_t no)
{
	struct bytes leaf, payload;
	struct kv_txn *t;

	T_EQ(kv_begin(w->kv, false, &t), ERR_OK);
	for (uint64_t seq = 0; feedlog_read(t, no, seq, &leaf, &payload) == ERR_OK; seq++)
		sample(payload);
	kv_abort(t);
}

static void every_type(void)
{
	struct town w;
	struct life l = {.w = &w, .code = TOWN_CODE};

	town_new(&w, 1);
	town_found(&w);
	T_EQ(town_catalogue(&w, 1), V_ACCEPTED);
	l.no = town_village(&w, TOWN_CODE);
	life_live(&l);
	for (unsigned i = 0; i < OTHERS; i++) {
		feed(&w, FEED_TOWN);
		feed(&w, l.no);
	}
	town_close(&w);
}

static void print(const uint8_t *dict, size_t n)
{
	printf("#include \"proto/compress.h\"\n\n"
	       "/* Written by tests/tools/dict.c (make dict). */\n"
	       "/* clang-format off */\n"
	       "const uint8_t compress_dict[COMPRESS_DICT_BYTES] = {\n");
	for (size_t i = 0; i < n; i++)
		printf("%s0x%02x,%s", i % COLUMNS ? " " : "\t", dict[i],
		       i % COLUMNS == COLUMNS - 1 || i == n - 1 ? "\n" : "");
	printf("};\n");
}

int main(int argc, char **argv)
{
	static uint8_t dict[DICT_MAX];
	struct import_report rep = {0};
	size_t cap = argc > 1 ? strtoul(argv[1], NULL, 10) : COMPRESS_DICT_BYTES, n;

	T_OK(cap <= sizeof(dict));
	T_EQ(crypto_start(), ERR_OK);
	imports_catalogue(&catalogue, &rep);
	year();
	households();
	every_type();
	import_report_close(&rep);
	n = ZDICT_trainFromBuffer(dict, cap, samples.p, size, nsamples);
	if (ZDICT_isError(n)) {
		fprintf(stderr, "%s\n", ZDICT_getErrorName(n));
		return EXIT_FAILURE;
	}
	for (unsigned i = 0; i < 4; i++) /* little-endian behind the magic number (RFC 8878) */
		dict[4 + i] = (uint8_t)(COMPRESS_DICT_ID >> 8 * i);
	fprintf(stderr, "%u samples of %zu bytes, dictionary of %zu\n", nsamples, samples.n, n);
	if (getenv("RAW"))
		fwrite(dict, 1, n, stdout);
	else
		print(dict, n);
	buf_close(&samples);
	return EXIT_SUCCESS;
}
