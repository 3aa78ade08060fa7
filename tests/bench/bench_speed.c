#include <stdio.h>

#include "tests/bench/lines.h"

/* The table of README "Speed". */
static const struct {
	const char *name;
	void (*run)(struct load *l);
} lines[] = {
	{"single", line_single}, {"clients", line_clients}, {"batch", line_batch},
	{"ingest", line_ingest}, {"sheets", line_sheets},   {"catchup", line_catchup},
	{"disk", line_disk},	 {"wire", line_wire},	    {"idle", line_idle},
	{"open", line_open},
};

int main(int argc, char **argv)
{
	static struct load l;
	char listen[32];

	bench_start(argc, argv,
		    "single clients batch ingest sheets catchup disk wire idle open verify phases");
	snprintf(listen, sizeof(listen), "127.0.0.1:%u", daemon_port());
	load_init(&l, listen);
	bench_say("town and village are ready");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (bench_wants(lines[i].name) ||
		    (lines[i].run == line_open && bench_wants("verify")))
			lines[i].run(&l);
	if (argc > 1 && bench_wants("phases"))
		line_phases(&l);
	return bench_end();
}
