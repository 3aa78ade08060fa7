#ifndef PROTO_COMPRESS_H
#define PROTO_COMPRESS_H

#include "lib/buf.h"

/* Chunks in fewer bytes for the air (SPEC 9.8). What is signed, hashed, stored and verified is the chunk itself: it
 * is made first, and what arrives is made into it again before anything is read from it.
 *
 * A payload's form and secret and the facts of each entry stay as they are: they hardly repeat, and a secret never
 * gets near a text that somebody chose. The rest of all payloads of one chunk is one zstd frame. */
#define COMPRESS_DICT_ID     0xc201
#define COMPRESS_DICT_BYTES  8192
#define COMPRESS_PLAIN_BYTES 17 /* of each payload: form and secret */
extern const uint8_t compress_dict[COMPRESS_DICT_BYTES];

/* What zstd works with, made when it is first needed; for any number of chunks, one after the other. */
struct compress;
int compress_new(struct compress **ret);
void compress_free(struct compress *c);
/* Appends the chunk @body in fewer bytes. ERR_LIMIT: it has no fewer; ERR_FORMAT: no chunk; ERR_NOMEM. Nothing was
 * appended then. */
int compress_chunk(struct compress *c, struct bytes body, struct buf *out);
/* Appends the chunk that @in stands for, as it was; whether it is a right one is for chunk_parse. ERR_FORMAT;
 * ERR_LIMIT: it has more than CHUNK_BYTES_MAX, which is known before anything is decompressed; ERR_NOMEM. Nothing was
 * appended then. */
int compress_expand(struct compress *c, struct bytes in, struct buf *out);

#endif
