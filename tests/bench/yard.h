#ifndef TESTS_BENCH_YARD_H
#define TESTS_BENCH_YARD_H

#include <stddef.h>
#include <stdint.h>

/* The yardsticks: what the machine gives to the simplest program that does only the one thing. Rates are per
 * second of wall time. */

/* Bare LMDB, default sync: records of @bytes bytes under 8-byte keys with MDB_APPEND, @batch a transaction,
 * @txns transactions into a new environment. */
double yard_lmdb(size_t bytes, uint32_t batch, uint32_t txns);
/* libsodium, messages of TX_MESSAGE_BYTES; signing on one core, verifying on all of them. */
double yard_sign(double seconds);
double yard_verify(double seconds);
/* Verifying on one core, a second of CPU time of it. */
double yard_verify_one(double seconds);
unsigned yard_cores(void);
/* Seconds to open the LMDB environment of a store and read one row of each table. */
double yard_open(const char *dir);
/* Seconds to walk all entries of an LMDB table and take the SHA-256 of each. */
double yard_scan(const char *dir, const char *table);
/* Bytes of the pages in use and of the largest page number written, of a closed store. */
void yard_pages(const char *dir, uint64_t *ret_used, uint64_t *ret_file);
/* Bytes of all values of a table, and how many. */
void yard_bytes(const char *dir, const char *table, uint64_t *ret_bytes, uint64_t *ret_rows);

#endif
