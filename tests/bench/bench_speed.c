#include <stdio.h>

#include "tests/bench/lines.h"

/* The table of speeds: every number that the design wants, with its goal and its yardstick. What each row does is in
 * the file of its function. */
#define CORE_SIGN "sign on one core"
static const struct bench_row rows[] = {
	{"single", "single durable signed append", "/s", "LMDB, 1 a commit", BENCH_AT_LEAST, 0.85,
	 line_single},
	{"clients", "32 threads, each append acknowledged durable", "/s",
	 "min(sign on one core, LMDB at that batch)", BENCH_AT_LEAST, 0.8, line_clients},
	{"batch", "batches of 1,000, each entry signed by its author", "/s", CORE_SIGN,
	 BENCH_AT_LEAST, 0.8, line_batch},
	{"ingest", "hub ingest, every author verified, durable, folded", "/s",
	 "libsodium verify, all cores", BENCH_AT_LEAST, 0.85, line_ingest},
	{"ingest.beside", "CPU of an ingested entry beside its signature", "us", NULL, BENCH_BELOW,
	 9.4, line_phases},
	{"sheets", "hub ingest of batch sheets: record, review, confirm", "lines/s", CORE_SIGN,
	 BENCH_ABOVE, 400000, line_sheets},
	{"sheets.recorded", "the same, recorded only", "lines/s", CORE_SIGN, BENCH_ABOVE, 400000,
	 line_sheets},
	{"socket", "32 connections on the node's socket, unlocked, each write durable", "/s",
	 "PostgreSQL, 32 connections", BENCH_AT_LEAST, 0.7, line_socket},
	{"socket.256", "the same with 256 connections", "/s", "PostgreSQL, 32 connections",
	 BENCH_AT_LEAST, 0.7, line_socket},
	{"socket.one", "the same with one", "/s", "LMDB, 1 a commit", BENCH_AT_LEAST, 0.5,
	 line_socket},
	{"socket.memory", "peak memory of that node, the unlocking included", "MB", NULL,
	 BENCH_BELOW, 96, line_socket},
	{"read.slip", "slip at the till, at 1,000,000 entries", "us", "at 10,000", BENCH_AT_MOST, 2,
	 line_large},
	{"read.passbook", "passbook page, the same", "us", "at 10,000", BENCH_AT_MOST, 2,
	 line_large},
	{"read.notice", "notice of a quarter, the same", "us", "at 10,000", BENCH_AT_MOST, 2,
	 line_large},
	{"read.check", "check of a posted notice, the same", "us", "at 10,000", BENCH_AT_MOST, 2,
	 line_large},
	{"read.household", "household page, the same", "us", "at 10,000", BENCH_AT_MOST, 2,
	 line_large},
	{"read.ledger", "ledger of a household, the same", "us", "at 10,000", BENCH_AT_MOST, 2,
	 line_large},
	{"open", "open to serving at 1,000,000 entries", "ms", "LMDB open", BENCH_ADDS, 20,
	 line_large},
	{"open.10x", "open to serving at ten times as many", "ms", "at 1,000,000", BENCH_AT_MOST,
	 1.3, line_large},
	{"verify", "rebuild and verify 1,000,000 entries, author signatures aside", "s",
	 "scan + SHA-256", BENCH_BELOW, 2, line_large},
	{"disk.life", "disk per entry, all reviewed and confirmed", "B", "entry bytes",
	 BENCH_AT_MOST, 1.45, line_large},
	{"read.status", "status of a hub with 35 villages, 1,000,000 entries of ten years", "us",
	 "10,000 of one year", BENCH_AT_MOST, 2, line_status},
	{"link", "a year of a village over 64 kbit/s, 600 ms, 10 % loss", "s", NULL, BENCH_BELOW,
	 16, line_link},
	{"link.bytes", "the same: bytes both ways, headers included", "kB", NULL, BENCH_BELOW, 120,
	 line_link},
	{"link.single", "150 single records, 50 a second, over that link", "s", NULL, BENCH_BELOW,
	 7, line_link},
	{"link.single.bytes", "the same: bytes both ways, headers included", "kB", NULL,
	 BENCH_BELOW, 35, line_link},
	{"link.copy", "the same, against a plain copy of the same bytes", "B/s", "plain TCP copy",
	 BENCH_AT_LEAST, 0.9, line_link},
	{"link.cut", "a cut of that link costs", "KiB", NULL, BENCH_BELOW, 16, line_link},
	{"catchup", "catch-up of 100,000 entries, handshake included", "s", "N / ingest rate",
	 BENCH_AT_MOST, 1.25, line_catchup},
	{"disk", "disk per entry, recorded only, at the village", "B", "entry bytes", BENCH_AT_MOST,
	 1.45, line_catchup},
	{"disk.hub", "disk per entry, recorded only, at the hub", "B", "entry bytes", BENCH_AT_MOST,
	 1.45, line_catchup},
	{"wire", "wire per entry in bulk", "B", "stored", BENCH_AT_MOST, 0.85, line_wire},
	{"idle", "idle village node, proportional (Pss)", "MB", NULL, BENCH_BELOW, 6, line_idle},
	{"idle.dirty", "idle village node, private dirty", "MB", NULL, BENCH_BELOW, 3, line_idle},
	{"nodes", "idle nodes on one hub, each", "KiB", NULL, BENCH_BELOW, 4, line_nodes},
	{"nodes.count", "how many of them a hub takes", "nodes", NULL, BENCH_ABOVE, 10000,
	 line_nodes},
};

int main(int argc, char **argv)
{
	static struct load l;
	char listen[32];

	bench_start(argc, argv, rows, sizeof(rows) / sizeof(rows[0]));
	snprintf(listen, sizeof(listen), "127.0.0.1:%u", daemon_port());
	load_init(&l, &(struct load_opts){.name = "town", .listen = listen, .year0 = LOAD_YEAR0});
	bench_say("town and village are ready");
	bench_run(&l, 0);
	return bench_end();
}
