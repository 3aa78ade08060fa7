#ifndef LIB_ERR_H
#define LIB_ERR_H

#include <stddef.h>
#include <stdint.h>

/* Machine failures. A refused business record is not here: it is a verdict (daemon/ledger/state/verdict.h).
 * Values are frozen: they appear in logs and in the exchange. X(name, value, sentence). */
#define ERR_LIST(X)                                                                                \
	X(ERR_OK, 0, "no error")                                                                   \
	X(ERR_NOMEM, -1, "out of memory")                                                          \
	X(ERR_INVALID, -2, "a value is outside its bounds")                                        \
	X(ERR_FORMAT, -3, "the bytes do not follow the format")                                    \
	X(ERR_LIMIT, -4, "a named maximum was reached")                                            \
	X(ERR_NOTFOUND, -5, "there is no such item")                                               \
	X(ERR_EXISTS, -6, "the item exists already")                                               \
	X(ERR_CRYPTO, -7, "a signature, key or seal does not fit")                                 \
	X(ERR_CORRUPT, -8, "stored bytes do not match their hash")                                 \
	X(ERR_FULL, -9, "the disk or the store is full")                                           \
	X(ERR_IO, -10, "reading or writing failed")                                                \
	X(ERR_STATE, -11, "not possible in the present state")                                     \
	X(ERR_CANCELED, -12, "the operation was cancelled")                                        \
	X(ERR_BUSY, -13, "too much work is waiting, try again later")                              \
	X(ERR_FORK, -14, "two signed histories of one feed contradict each other")                 \
	X(ERR_REFUSED, -15, "the other side refused")                                              \
	X(ERR_TIMEOUT, -16, "no answer in time")                                                   \
	X(ERR_IN_USE, -17, "another program uses the address")                                     \
	X(ERR_ADDRESS, -18, "this machine does not have the address")                              \
	X(ERR_DENIED, -19, "permission denied")                                                    \
	X(ERR_READ_ONLY, -20, "the disk is read-only")                                             \
	X(ERR_NEWER, -21, "it was written by a newer program, which is wanted for it")

#define ERR_ENUM(name, value, text) name = value,
enum err { ERR_LIST(ERR_ENUM) };
#undef ERR_ENUM

#define ERRMSG_MAX 512

/* A sentence for who runs the machine, wrapped upwards: "open store: data.mdb: no space". Of what people are told in
 * their language also the identifier, of a table of the room that fails, and its numbers. */
#define ERRMSG_NUMS 4
struct errmsg {
	char text[ERRMSG_MAX];
	int why; /* 0: none */
	uint64_t num[ERRMSG_NUMS];
};

/* The name ("ERR_IO") and the sentence of @err; never NULL. */
const char *err_name(int err);
const char *err_text(int err);

/* Writes a formatted sentence into @msg (NULL is allowed), cut at ERRMSG_MAX; there is no identifier then. Returns @err. */
__attribute__((format(printf, 3, 4))) int err_set(struct errmsg *msg, int err, const char *fmt,
						  ...);
/* Puts "prefix: " in front of what @msg holds, or of err_text(@err) when that is nothing. Returns
 * @err. */
__attribute__((format(printf, 3, 4))) int err_wrap(struct errmsg *msg, int err, const char *fmt,
						   ...);

#endif
