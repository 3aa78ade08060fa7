/* Under which names a server answers. */
#include "daemon/io/http_hosts.h"

#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/t.h"

static struct http_hosts hosts;

static bool allows(const char *text)
{
	return http_hosts_allow(&hosts, text, -1);
}

static void test_its_names_and_private_addresses_are_answered(void)
{
	static const char *const good[] = {"points.example",
					   "POINTS.example:8080",
					   "points.example:",
					   "localhost",
					   "LocalHost:80",
					   "127.0.0.1",
					   "127.255.255.254:80",
					   "10.0.0.1",
					   "172.16.0.1",
					   "172.31.255.255",
					   "192.168.1.20:8080",
					   "169.254.3.4",
					   "[::1]",
					   "[::1]:8080",
					   "[fc00::1]",
					   "[fd12:3456::1]:80",
					   "[fe80::1]",
					   "[febf::1]",
					   "[::ffff:192.168.1.20]"};
	static const char *const bad[] = {"",
					  ":80",
					  "other.example",
					  "points.example.",
					  "points.example.other.example",
					  "points.example:80a",
					  "points.example:80:80",
					  "points.example/",
					  "localhost.other.example",
					  "126.255.255.255",
					  "128.0.0.1",
					  "11.0.0.1",
					  "172.15.255.255",
					  "172.32.0.1",
					  "192.167.1.1",
					  "192.169.1.1",
					  "169.253.1.1",
					  "127.0.0.1.other.example",
					  "127.1",
					  "0x7f000001",
					  "2130706433",
					  "0.0.0.0",
					  "[::1",
					  "[::1]x",
					  "[]",
					  "[::]",
					  "[fbff::1]",
					  "[fe00::1]",
					  "[fec0::1]",
					  "[2001:db8::1]",
					  "[::ffff:8.8.8.8]",
					  "::1:80"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!allows(good[i]))
			t_fail(__FILE__, __LINE__, "refused: %s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (allows(bad[i]))
			t_fail(__FILE__, __LINE__, "answered: %s", bad[i]);
}

static void test_names_have_a_most(void)
{
	struct http_hosts h = {0};
	char name[HTTP_HOST_MAX + 2];

	memset(name, 'a', sizeof(name));
	name[HTTP_HOST_MAX + 1] = '\0';
	T_OK(!http_hosts_add(&h, name));
	T_OK(!http_hosts_allow(&h, name, -1));
	name[HTTP_HOST_MAX] = '\0';
	for (unsigned i = 0; i < HTTP_HOSTS_MAX; i++)
		T_OK(http_hosts_add(&h, name));
	T_OK(!http_hosts_add(&h, "b"));
	T_OK(http_hosts_allow(&h, name, -1));
}

/* With an address there is no name to rebind, so the one at which the connection arrived is as good as a private one. Which
 * that is, the socket knows: here one that is bound to an address that this machine need not have. */
static void test_where_the_connection_arrived_is_answered(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0), on = 1;

	T_OK(fd >= 0 && local >= 0);
	T_EQ(inet_pton(AF_INET, "192.0.2.1", &at.sin_addr), 1);
	T_EQ(setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)), 0);
	T_EQ(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	T_OK(http_hosts_allow(&hosts, "192.0.2.1:8080", fd));
	T_OK(http_hosts_allow(&hosts, "[::ffff:192.0.2.1]", fd));
	T_OK(!http_hosts_allow(&hosts, "192.0.2.2", fd));
	T_OK(!http_hosts_allow(&hosts, "[2001:db8::1]", fd));
	T_OK(!http_hosts_allow(&hosts, "192.0.2.1", local));
	T_OK(!http_hosts_allow(&hosts, "[::]", local)); /* which has no address at all */
	T_OK(!allows("192.0.2.1"));
	close(fd);
	close(local);
}

static void test_addresses_have_one_form(void)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct in6_addr got;

	T_EQ(inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr), 1);
	got = http_address_of((struct sockaddr *)&v4);
	T_OK(IN6_IS_ADDR_V4MAPPED(&got));
	T_MEM(got.s6_addr + 12, &v4.sin_addr, 4);
	got = http_address_of((struct sockaddr *)&v6);
	T_OK(IN6_IS_ADDR_LOOPBACK(&got));
	got = http_address_of(NULL);
	T_OK(IN6_IS_ADDR_UNSPECIFIED(&got));
}

static void set_up(void)
{
	hosts = (struct http_hosts){0};
	T_OK(http_hosts_add(&hosts, "points.example"));
}

T_MAIN_WITH(set_up, NULL, T(test_its_names_and_private_addresses_are_answered),
	    T(test_names_have_a_most), T(test_where_the_connection_arrived_is_answered),
	    T(test_addresses_have_one_form))
