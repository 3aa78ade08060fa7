#include "daemon/web/import/zip.h"

#include <minizip/unzip.h>
#include <string.h>

#include "lib/err.h"
#include "lib/mem.h"

#define CHUNK_BYTES 65536
#define LOCKED	    1u /* flag of a part under a password */
#define DEFLATED    8

/* --- the bytes in memory as a file ---------------------------------------------------------------------- */

static voidpf mem_open(voidpf z, const void *name, int mode)
{
	(void)name;
	(void)mode;
	return z;
}

static uLong mem_read(voidpf opaque, voidpf stream, void *to, uLong n)
{
	struct zip *z = opaque;
	size_t left = z->n - z->at;

	(void)stream;
	n = n < left ? n : (uLong)left;
	if (n)
		memcpy(to, z->p + z->at, n);
	z->at += n;
	return n;
}

static uLong mem_write(voidpf opaque, voidpf stream, const void *from, uLong n)
{
	(void)opaque;
	(void)stream;
	(void)from;
	(void)n;
	return 0;
}

static ZPOS64_T mem_position(voidpf opaque, voidpf stream)
{
	(void)stream;
	return ((struct zip *)opaque)->at;
}

static long mem_seek(voidpf opaque, voidpf stream, ZPOS64_T offset, int origin)
{
	struct zip *z = opaque;
	size_t base = origin == ZLIB_FILEFUNC_SEEK_CUR	 ? z->at
		      : origin == ZLIB_FILEFUNC_SEEK_END ? z->n
							 : 0;

	(void)stream;
	if (offset > z->n - base)
		return -1;
	z->at = base + (size_t)offset;
	return 0;
}

static int mem_close_or_error(voidpf opaque, voidpf stream)
{
	(void)opaque;
	(void)stream;
	return 0;
}

/* --- the parts -------------------------------------------------------------------------------------------- */

static int fail(struct zip *z, enum zip_fault f)
{
	z->fault = f;
	return f == ZIP_FAULT_BROKEN || f == ZIP_FAULT_LOCKED ? ERR_FORMAT : ERR_LIMIT;
}

int zip_open(struct zip *z, const void *p, size_t n)
{
	zlib_filefunc64_def fns = {mem_open, mem_read,		 mem_write,	     mem_position,
				   mem_seek, mem_close_or_error, mem_close_or_error, z};
	unz_global_info64 info;

	*z = (struct zip){.p = p, .n = n};
	z->file = unzOpen2_64("", &fns);
	if (!z->file || unzGetGlobalInfo64(z->file, &info) != UNZ_OK)
		return fail(z, ZIP_FAULT_BROKEN);
	return info.number_entry > ZIP_PARTS_MAX ? fail(z, ZIP_FAULT_PARTS) : ERR_OK;
}

void zip_close(struct zip *z)
{
	if (z->file)
		unzClose(z->file);
	z->file = NULL;
}

/* Whether so much more may come out of this part. */
static int count(struct zip *z, size_t *part, size_t n, size_t packed)
{
	*part += n;
	z->total += n;
	if (*part > ZIP_PART_BYTES_MAX)
		return fail(z, ZIP_FAULT_PART);
	if (z->total > ZIP_BYTES_MAX)
		return fail(z, ZIP_FAULT_ALL);
	if (*part > ZIP_RATIO_FROM && *part / ZIP_RATIO_MAX > packed)
		return fail(z, ZIP_FAULT_RATIO);
	return ERR_OK;
}

static int unpack(struct zip *z, size_t packed, int (*fn)(void *ctx, const void *p, size_t n),
		  void *ctx)
{
	uint8_t *chunk = mem_alloc(CHUNK_BYTES);
	size_t part = 0;
	int got = 0, err = chunk ? ERR_OK : ERR_NOMEM;

	while (!err && (got = unzReadCurrentFile(z->file, chunk, CHUNK_BYTES)) > 0) {
		err = count(z, &part, (size_t)got, packed);
		if (!err)
			err = fn(ctx, chunk, (size_t)got);
	}
	mem_free(chunk);
	return !err && got < 0 ? fail(z, ZIP_FAULT_BROKEN) : err;
}

int zip_read(struct zip *z, const char *name, int (*fn)(void *ctx, const void *p, size_t n),
	     void *ctx)
{
	unz_file_info64 info;
	int err;

	switch (unzLocateFile(z->file, name, 2)) { /* in any case of letters, as Windows has it */
	case UNZ_OK: break;
	case UNZ_END_OF_LIST_OF_FILE: return ERR_NOTFOUND;
	default: return fail(z, ZIP_FAULT_BROKEN);
	}
	if (unzGetCurrentFileInfo64(z->file, &info, NULL, 0, NULL, 0, NULL, 0) != UNZ_OK)
		return fail(z, ZIP_FAULT_BROKEN);
	if ((info.flag & LOCKED) ||
	    (info.compression_method && info.compression_method != DEFLATED))
		return fail(z, ZIP_FAULT_LOCKED);
	if (info.compressed_size > z->n || unzOpenCurrentFile(z->file) != UNZ_OK)
		return fail(z, ZIP_FAULT_BROKEN);
	err = unpack(z, (size_t)info.compressed_size, fn, ctx);
	/* the sum over the bytes is compared here */
	if (unzCloseCurrentFile(z->file) != UNZ_OK && !err)
		err = fail(z, ZIP_FAULT_BROKEN);
	return err;
}
