#include "daemon/io/address.h"

#include <errno.h>
#include <uv.h>

#include "daemon/io/unlinked.h"
#include "lib/err.h"
#include "tests/lib/t.h"

static const struct {
	const char *text, *host, *port; /* host NULL: refused */
} table[] = {
	{"127.0.0.1:7100", "127.0.0.1", "7100"},
	{"hub.town.example:1", "hub.town.example", "1"},
	{"[::1]:65535", "::1", "65535"},
	{"::1:80", "::1", "80"},
	{"镇.example:80", "镇.example", "80"},
	{"a b:1", NULL, NULL},
	{" a:1", NULL, NULL},
	{"a\n:1", NULL, NULL},
	{"a:0", NULL, NULL},
	{"a:65536", NULL, NULL},
	{"a:+1", NULL, NULL},
	{"a:01", NULL, NULL},
	{"a:", NULL, NULL},
	{":1", NULL, NULL},
	{"[]:1", NULL, NULL},
	{"[::1:1", NULL, NULL},
	{"http://a:1", NULL, NULL},
	{"nowhere", NULL, NULL},
	{"127.0.0.1：7100", NULL, NULL},
	{"127.0.0.1：80:7100", NULL, NULL},
	{"", NULL, NULL},
};

static void test_an_address_is_host_and_port(void)
{
	char host[ADDRESS_HOST_BYTES], port[ADDRESS_PORT_BYTES];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		bool got = address_split(table[i].text, host, port);

		if (got != (table[i].host != NULL))
			t_fail(__FILE__, __LINE__, "%s: %s", table[i].text,
			       got ? "taken" : "refused");
		if (!got)
			continue;
		T_STR(host, table[i].host);
		T_STR(port, table[i].port);
	}
}

static void test_a_host_has_room_or_is_refused(void)
{
	char host[ADDRESS_HOST_BYTES], port[ADDRESS_PORT_BYTES], text[ADDRESS_HOST_BYTES + 8];

	memset(text, 'a', sizeof(text));
	memcpy(text + ADDRESS_HOST_BYTES - 1, ":1", 3);
	T_OK(address_split(text, host, port));
	T_EQ(strlen(host), ADDRESS_HOST_BYTES - 1);
	memcpy(text + ADDRESS_HOST_BYTES, ":1", 3);
	text[ADDRESS_HOST_BYTES - 1] = 'a';
	T_OK(!address_split(text, host, port));
}

static void test_what_keeps_a_program_from_listening_is_named(void)
{
	T_EQ(address_error(EADDRINUSE), ERR_IN_USE);
	T_EQ(address_error(EADDRNOTAVAIL), ERR_ADDRESS);
	T_EQ(address_error(EACCES), ERR_DENIED);
	T_EQ(address_error(EMFILE), ERR_IO);
}

static void test_why_there_is_no_connection_is_named(void)
{
	static const struct {
		int status;
		enum unlinked why;
	} of[] = {
		{UV_EINVAL, UNLINKED_ADDRESS},	    {UV_EAI_NONAME, UNLINKED_NAME},
		{UV_EAI_AGAIN, UNLINKED_NAME},	    {UV_ECONNREFUSED, UNLINKED_NOBODY},
		{UV_EHOSTUNREACH, UNLINKED_NO_WAY}, {UV_ETIMEDOUT, UNLINKED_SILENT},
		{UV_ENOMEM, UNLINKED_FAILED},
	};

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		T_EQ(unlinked_of_uv(of[i].status), of[i].why);
	T_OK(unlinked_is_web("HTTP/1.1 302 Found", 18));
	T_OK(unlinked_is_web("<html>", 6));
	T_OK(!unlinked_is_web("\0\0\0\x60", 4));
	T_OK(!unlinked_is_web("HTT", 3));
}

static void test_every_reason_is_a_sentence_with_the_address(void)
{
	for (int why = UNLINKED_NOT; why <= UNLINKED_FAILED; why++) {
		struct buf zh = {0}, en = {0};

		unlinked_text((enum unlinked)why, "hub:7100", LANG_ZH, &zh);
		unlinked_text((enum unlinked)why, "hub:7100", LANG_EN, &en);
		T_EQ(strstr(buf_str(&zh), "hub:7100") != NULL, why != UNLINKED_NOT);
		T_EQ(strstr(buf_str(&en), "hub:7100") != NULL, why != UNLINKED_NOT);
		T_OK(why == UNLINKED_NOT || strcmp(buf_str(&zh), buf_str(&en)) != 0);
		buf_close(&zh);
		buf_close(&en);
	}
}

T_MAIN(T(test_an_address_is_host_and_port), T(test_a_host_has_room_or_is_refused),
       T(test_what_keeps_a_program_from_listening_is_named),
       T(test_why_there_is_no_connection_is_named),
       T(test_every_reason_is_a_sentence_with_the_address))
