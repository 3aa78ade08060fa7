#include "daemon/io/address.h"

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

T_MAIN(T(test_an_address_is_host_and_port), T(test_a_host_has_room_or_is_refused))
