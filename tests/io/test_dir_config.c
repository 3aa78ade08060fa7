#include "daemon/io/dir_invite.h"
#include "lib/text.h"
#include "tests/lib/t.h"

static int parse(const char *text, struct dir_config *ret, struct errmsg *msg)
{
	return dir_config_parse(text, strlen(text), "config.ini", ret, msg);
}

static void refuses(const char *text, const char *why)
{
	struct dir_config c = {.role = NODE_HUB, .hub = "kept"};
	struct errmsg msg = {0};

	T_EQ(parse(text, &c, &msg), ERR_FORMAT);
	T_STR(msg.text, why);
	T_STR(c.hub, "kept");
}

/* "key = value" with a value of @n letters. */
static const char *line_of(const char *key, size_t n)
{
	static char text[600];
	int at = snprintf(text, sizeof(text), "role = hub\n%s = ", key);

	memset(text + at, 'a', n);
	text[at + n] = '\n';
	text[at + n + 1] = '\0';
	return text;
}

static void test_what_is_written_is_read_back(void)
{
	struct dir_config c = {.role = NODE_VILLAGE,
			       .hub = "hub.example:7100",
			       .domain = "points.example",
			       .town_name = "小河镇",
			       .village_code = "500101999201",
			       .village_name = "a;b = c # [d]"},
			  back = {0};
	struct errmsg msg = {0};
	struct buf text = {0};

	memset(c.hub_transport, 0xab, sizeof(c.hub_transport));
	T_EQ(dir_config_write(&c, &text), ERR_OK);
	T_EQ(parse(buf_str(&text), &back, &msg), ERR_OK);
	T_EQ(back.role, c.role);
	T_STR(back.hub, c.hub);
	T_STR(back.town_name, c.town_name);
	T_STR(back.village_name, c.village_name);
	T_STR(back.guard, "");
	T_MEM(back.hub_transport, c.hub_transport, sizeof(c.hub_transport));
	buf_close(&text);
}

static void test_values_that_ini_would_change_are_not_written(void)
{
	static const char *const bad[] = {" a",
					  "a ",
					  "a ;b",
					  ";a",
					  "a\tb",
					  "a\nb",
					  "\xff",
					  "镇\xe2\x80\xae",
					  "镇\xc2\xa0",
					  ("镇\xc2\x9b"
					   "31m")};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct dir_config c = {.role = NODE_HUB};
		struct buf text = {0};

		snprintf(c.town_name, sizeof(c.town_name), "%s", bad[i]);
		T_EQ(dir_config_write(&c, &text), ERR_INVALID);
		buf_close(&text);
	}
}

static void test_faults_are_named_with_their_line(void)
{
	refuses("", "config.ini: key \"role\" is missing");
	refuses("role = hub\nrole = hub\n", "line 2: config.ini: key \"role\" is given twice");
	refuses("role = queen\n",
		"line 1: config.ini: key \"role\" does not take \"queen\" (village or hub)");
	refuses("\nrole = hub\ncolour = red\n", "line 3: config.ini: key \"colour\" is not known");
	refuses("role = hub\n[more]\nlang = zh\n",
		"line 3: config.ini: section [more] is not known");
	refuses("role = hub\nlang\n", "config.ini: line 2 is not key = value");
}

static void test_a_line_that_would_be_cut_is_refused(void)
{
	struct dir_config c = {0};
	struct errmsg msg = {0};

	T_EQ(parse(line_of("guard", DIR_INI_LINE_MAX - strlen("guard = ")), &c, &msg), ERR_OK);
	T_EQ(strlen(c.guard), DIR_INI_LINE_MAX - strlen("guard = "));
	refuses(line_of("guard", DIR_INI_LINE_MAX - strlen("guard = ") + 1),
		"config.ini: line 2 is longer than 198 bytes or not text");
}

static void test_a_zero_byte_hides_nothing(void)
{
	static const char text[] = "role = hub\n\0role = village\n";
	struct dir_config c = {0};
	struct errmsg msg = {0};

	T_EQ(dir_config_parse(text, sizeof(text) - 1, "config.ini", &c, &msg), ERR_FORMAT);
	T_STR(msg.text, "config.ini: line 2 is longer than 198 bytes or not text");
}

static void test_invitations_with_long_lines_or_zero_bytes_are_refused(void)
{
	static const char zero[] = "invitation = 1\n\0";
	struct dir_invite v;
	struct errmsg msg = {0};
	const char *text = line_of("hub", DIR_INI_LINE_MAX);

	T_EQ(dir_invite_parse(zero, sizeof(zero) - 1, &v, &msg), ERR_FORMAT);
	T_OK(strstr(msg.text, "line 2"));
	T_EQ(dir_invite_parse(text, strlen(text), &v, &msg), ERR_FORMAT);
}

/* A whole invitation with line @skip left out (-1: none) and @more at its end. */
static int parse_invite(int skip, const char *more)
{
	struct manifest m = {.feed_key = {1}, .nonce = {2}};
	struct buf text = {0}, packed = {0};
	char hex[2 * MANIFEST_BYTES_MAX + 1], key[65];
	struct dir_invite v;
	struct errmsg msg;
	int err;

	T_EQ(manifest_pack(&m, &packed), ERR_OK);
	hex_put(hex, packed.p, packed.n);
	memset(key, 'a', 64);
	key[64] = 0;
	const char *const lines[][2] = {
		{"invitation", "1"},	 {"hub", "hub.example:7100"},
		{"hub_transport", key},	 {"domain", "points.example"},
		{"town_name", "小河镇"}, {"village_code", "500101999201"},
		{"village_name", "村"},	 {"invite_seed", key},
	};
	for (int i = 0; i < (int)(sizeof(lines) / sizeof(lines[0])); i++)
		if (i != skip)
			buf_printf(&text, "%s = %s\n", lines[i][0], lines[i][1]);
	for (const char *p = hex; *p; p += strnlen(p, 96))
		buf_printf(&text, "town_manifest = %.96s\n", p);
	buf_puts(&text, more);
	err = dir_invite_parse(buf_str(&text), text.n, &v, &msg);
	buf_close(&text);
	buf_close(&packed);
	return err;
}

static void test_an_invitation_has_every_key_once(void)
{
	static const char *const twice[] = {
		"invitation = 1\n", "hub = other.example:7100\n", "domain = other.example\n",
		"town_name = a\n",  "village_code = 1\n",	  "village_name = a\n"};

	T_EQ(parse_invite(-1, ""), ERR_OK);
	for (int i = 0; i < 8; i++)
		T_EQ(parse_invite(i, ""), ERR_FORMAT);
	for (size_t i = 0; i < sizeof(twice) / sizeof(twice[0]); i++)
		T_EQ(parse_invite(-1, twice[i]), ERR_FORMAT);
	T_EQ(parse_invite(0, "invitation = 2\n"), ERR_FORMAT);
	T_EQ(parse_invite(-1, "town_manifest = 00\n"), ERR_FORMAT); /* more than a manifest */
}

T_MAIN(T(test_what_is_written_is_read_back), T(test_values_that_ini_would_change_are_not_written),
       T(test_faults_are_named_with_their_line), T(test_a_line_that_would_be_cut_is_refused),
       T(test_a_zero_byte_hides_nothing), T(test_an_invitation_has_every_key_once),
       T(test_invitations_with_long_lines_or_zero_bytes_are_refused))
