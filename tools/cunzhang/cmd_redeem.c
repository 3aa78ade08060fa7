#include <string.h>

#include "tools/cunzhang/cli.h"
#include "tools/cunzhang/client.h"
#include "tools/cunzhang/files.h"
#include "tools/cunzhang/paper.h"

/* A redemption at the counter: one line of the terminal, the slip at once. Prices, points and time are the
 * daemon's to fill in. */

#define GOODS_MAX   60 /* lines of a redemption */
#define SLIP_DIGITS 10

/* "G01=2,G02=1". NULL: it is none. */
static json_t *goods_of(const char *text)
{
	json_t *lines = json_array();

	for (const char *p = text;; p++) {
		size_t n = strcspn(p, ","), good = strcspn(p, "=");

		if (good == 0 || good + 1 >= n || json_array_size(lines) == GOODS_MAX) {
			json_decref(lines);
			return NULL;
		}
		json_array_append_new(lines, json_pack("{s:s%, s:s%}", "good", p, good, "quantity",
						       p + good + 1, n - good - 1));
		p += n;
		if (!*p)
			return lines;
	}
}

/* From the ID: sent again, it is the same slip. */
static void number_slip(json_t *record, const char *id)
{
	char slip[16];
	size_t n = strlen(id);

	snprintf(slip, sizeof(slip), "DH-%s", n > SLIP_DIGITS ? id + n - SLIP_DIGITS : id);
	json_object_set_new(record, "slip", json_string(slip));
}

static int finish(struct cli *c, const struct reply *r)
{
	const char *out = cli_option(c, "out");
	char entry[32];
	int rv = client_verdict(c, r);

	if (rv)
		return rv;
	if (!c->json)
		SAY(stdout, M_REDEEM_TOTAL, client_str(r->root, "total"),
		    client_str(r->root, "before"), client_str(r->root, "balance"));
	if (!out || c->dry_run)
		return EXIT_DONE;
	snprintf(entry, sizeof(entry), "%s", say_num(client_u64(r->root, "entry")));
	return paper_slip_file(c, entry);
}

int cmd_redeem(struct cli *c)
{
	const struct rec_type *t = c->type;
	json_t *body, *record, *lines = goods_of(cli_option(c, "goods"));
	struct reply r = {0};
	int rv;

	if (!lines) {
		SAY(stderr, M_BAD_GOODS, cli_option(c, "goods"), say_num(GOODS_MAX));
		return EXIT_USAGE;
	}
	body = json_object();
	record = cli_fields(c, t->head, t->nhead);
	json_object_set_new(record, "household", json_string(c->args[0]));
	json_object_set_new(body, "record", record);
	json_object_set_new(body, "lines", lines);
	rv = client_sign(c, body, "passphrase");
	if (!rv && !cli_option(c, "slip"))
		number_slip(record, c->id);
	if (!rv)
		rv = files_record(c, t, body);
	if (rv) {
		client_wipe(body);
		return rv;
	}
	rv = client_write(c, "redemption", body, &r);
	if (!rv)
		rv = finish(c, &r);
	client_close(&r);
	return rv;
}
