#include <stdlib.h>
#include <string.h>

#include "daemon/io/address.h"
#include "daemon/io/dir.h"
#include "daemon/io/file.h"
#include "daemon/ledger/state/privacy.h"
#include "daemon/web/api/recjson.h"
#include "lib/sign.h"
#include "lib/text.h"
#include "tools/cunzhang/cli.h"

#define INVITATION_MAX 65536

static const struct seal_cost cost = {SEAL_OPS_DEFAULT, SEAL_MEM_KIB_DEFAULT};

/* --- before anything is written: a half-made directory would stand in the way of the next try ----------- */

static int check_address(const struct cli *c, const char *option)
{
	char host[ADDRESS_HOST_BYTES], port[ADDRESS_PORT_BYTES];
	const char *at = cli_option(c, option);

	if (!at || address_split(at, host, port))
		return EXIT_DONE;
	SAY(stderr, M_BAD_ADDRESS, option, at);
	return EXIT_USAGE;
}

/* What config.ini would not give back as it was. */
static int check_text(const char *option, const char *v)
{
	bool personal = privacy_find(bytes_str(v), PRIVACY_ALL, NULL);

	if (dir_ini_value(option, v) && !personal)
		return EXIT_DONE;
	SAY(stderr, personal ? M_BAD_PERSONAL : M_BAD_TEXT, option, v);
	return EXIT_USAGE;
}

/* The option, if given, against the field of the charter with the same name. */
static int check_charter(const struct cli *c, const char *option)
{
	const struct rec_type *t = rec_type_of(REC_town_charter);
	const char *v = cli_option(c, option);
	uint8_t scratch[REC_SCRATCH_BYTES];
	struct buf expects = {0};
	union rec_any charter;
	int rv = EXIT_DONE;

	for (uint32_t i = 0; v && i < t->nhead; i++) {
		const struct rec_field *f = &t->head[i];

		if (strcmp(f->name, option) != 0 ||
		    !rec_field_parse(f, v, strlen(v), scratch, &charter))
			continue;
		recjson_expects(f, say_lang(), &expects);
		SAY(stderr, M_BAD_VALUE, option, v, buf_str(&expects));
		rv = EXIT_USAGE;
	}
	buf_close(&expects);
	return rv;
}

static int check_place(const struct cli *c)
{
	const char *name = cli_option(c, "operator");

	if (!dir_name_ok(name)) {
		SAY(stderr, M_BAD_NAME, name, say_num(DIR_NAME_MAX));
		return EXIT_USAGE;
	}
	if (strlen(c->dir) + strlen("/sock") >= DIR_SOCK_MAX) {
		SAY(stderr, M_DIR_LONG, c->dir);
		return EXIT_USAGE;
	}
	if (!file_dir_empty(c->dir)) {
		SAY(stderr, M_DIR_FULL, c->dir);
		return EXIT_REFUSED;
	}
	return check_text("operator", name) ? EXIT_USAGE : check_address(c, "http");
}

static int check_hub(const struct cli *c)
{
	static const char *const fields[] = {"name", "code", "domain"};
	int rv = check_place(c);

	if (!rv)
		rv = check_address(c, "listen");
	if (!rv)
		rv = check_address(c, "advertise");
	for (size_t i = 0; !rv && i < sizeof(fields) / sizeof(fields[0]); i++)
		rv = check_charter(c, fields[i]);
	if (!rv)
		rv = check_text("name", cli_option(c, "name"));
	return rv;
}

/* --- making it -------------------------------------------------------------------------------------- */

/* Why it was not made. The message is in English; Chinese says what kind of failure it is. */
static const char *why_not(int err, const struct errmsg *msg)
{
	if (err == ERR_FORMAT)
		return say_text(M_BAD_INVITATION);
	return say_lang() == LANG_EN && msg->text[0] ? msg->text : cli_why(err);
}

/* Says how making a directory ended. */
static int made(const struct cli *c, int err, const struct errmsg *msg)
{
	json_t *o;

	switch (err) {
	case ERR_OK: break;
	case ERR_INVALID:
	case ERR_FORMAT:
	case ERR_LIMIT: SAY(stderr, M_FAILED, why_not(err, msg)); return EXIT_USAGE;
	case ERR_EXISTS:
	case ERR_REFUSED: SAY(stderr, M_FAILED, why_not(err, msg)); return EXIT_REFUSED;
	default: return cli_fail_err(c, err, msg);
	}
	if (!c->json) {
		SAY(stdout, M_INIT_DONE, c->dir);
		return EXIT_DONE;
	}
	o = json_pack("{s:s, s:b}", "dir", c->dir, "ok", 1);
	cli_print_json(o);
	json_decref(o);
	return EXIT_DONE;
}

int cmd_init_hub(struct cli *c)
{
	struct dir_hub_opts o = {
		.name = cli_option(c, "name"),
		.code = cli_option(c, "code"),
		.domain = cli_switch(c, "training") ? DOMAIN_TRAINING : cli_option(c, "domain"),
		.listen = cli_option(c, "listen"),
		.advertise = cli_option(c, "advertise"),
		.http = cli_option(c, "http"),
		.operator_name = cli_option(c, "operator"),
		.cost = cost,
	};
	struct errmsg msg = {0};
	char *pass = NULL;
	int rv = check_hub(c);

	if (!cli_option(c, "domain") == !cli_switch(c, "training")) {
		SAY(stderr, M_DOMAIN_OR_TRAINING);
		return EXIT_USAGE;
	}
	if (!rv)
		rv = pass_get(c, o.operator_name, true, &pass);
	if (rv)
		return rv;
	o.passphrase = pass;
	rv = made(c, dir_init_hub(c->dir, &o, &msg), &msg);
	pass_free(pass);
	return rv;
}

int cmd_init_village(struct cli *c)
{
	struct dir_village_opts o = {
		.http = cli_option(c, "http"),
		.operator_name = cli_option(c, "operator"),
		.cost = cost,
	};
	const char *path = cli_option(c, "invitation");
	struct errmsg msg = {0};
	struct buf file = {0};
	char *pass = NULL;
	int err, rv = check_place(c);

	if (rv)
		return rv;
	err = file_read(path, INVITATION_MAX, &file, NULL);
	if (err) {
		SAY(stderr, M_FILE_READ, path, cli_why(err));
		buf_close(&file);
		return EXIT_USAGE;
	}
	rv = pass_get(c, o.operator_name, true, &pass);
	if (!rv) {
		o.invitation = buf_str(&file);
		o.invitation_n = file.n;
		o.passphrase = pass;
		rv = made(c, dir_init_village(c->dir, &o, &msg), &msg);
	}
	pass_free(pass);
	if (file.p)
		secret_wipe(file.p, file.cap);
	buf_close(&file);
	return rv;
}
