/* SPDX-License-Identifier: MIT */
/* filter.h: what each term takes and leaves; test_filter_errors.c has what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <linux/if_ether.h>
#include <netdb.h>
#include <netinet/in.h>

#include "filter.h"

static void set_address(uint8_t address[16], const char *text)
{
	if (inet_pton(AF_INET6, text, address) == 1)
		return;
	memset(address, 0, 10);
	address[10] = address[11] = 0xff;
	assert_int_equal(inet_pton(AF_INET, text, address + 12), 1);
}

static struct flow_key flow(const char *src, const char *dst, uint16_t sport, uint16_t dport,
			    uint8_t ipproto, enum flow_dir dir)
{
	struct flow_key key = {.sport = sport, .dport = dport, .ipproto = ipproto};

	key.ethertype = strchr(src, ':') ? ETH_P_IPV6 : ETH_P_IP;
	key.where = FLOW_WHERE(0, dir);
	set_address(key.src, src);
	set_address(key.dst, dst);
	return key;
}

/* A web server's answer to us: 2 Mb/s, 200 packets/s, 10,000 packets and 9,000,000 bytes so far. */
static struct filter_subject web(struct flow_key *key)
{
	*key = flow("203.0.113.9", "10.1.2.3", 443, 51234, IPPROTO_TCP, FLOW_IN);
	return (struct filter_subject){
		.key = key, .bps = 2e6, .pps = 200, .packets = 10000, .bytes = 9000000};
}

static bool passes(const char *text, const struct filter_subject *subject)
{
	struct filter *filter = NULL;
	char why[80] = "";
	size_t column = 0;
	bool match;

	if (filter_parse(text, &filter, why, sizeof(why), &column))
		fail_msg("\"%s\": %s at %zu", text, why, column);
	match = filter_match(filter, subject);
	filter_free(filter);
	return match;
}

static void expect_all(const char *const *texts, const struct filter_subject *subject,
		       bool expected)
{
	for (; *texts; texts++) {
		if (passes(*texts, subject) != expected)
			fail_msg("\"%s\" should %spass", *texts, expected ? "" : "not ");
	}
}

static const char *const web_passes[] = {"",
					 "  ",
					 "in",
					 "tcp",
					 "TCP",
					 "ip",
					 "proto 6",
					 "proto tcp",
					 "host 10.1.2.3",
					 "host 203.0.113.9",
					 "src 203.0.113.9",
					 "src host 203.0.113.9",
					 "dst net 10.0.0.0/8",
					 "net 10.1.2.2/31",
					 "net 10.1.2.99/25",
					 "net 0.0.0.0/0",
					 "dst 10.1.0.0/16",
					 "port 443",
					 "src port 443",
					 "portrange 440-450",
					 "dst portrange 50000-65535",
					 "bps > 1M",
					 "bps>=2M",
					 "bps = 2000k",
					 "bps <= 0.002G",
					 "pps < 201",
					 "packets >= 10000",
					 "bytes != 1",
					 "0.113",
					 "51234",
					 "inbound",
					 "port 80 or 443",
					 "port (80 or 443)",
					 "port 80 or (8080 or 443)",
					 "port not 80",
					 "tcp port 443",
					 "tcp src port 443 and not dst port 443",
					 "src or dst port 51234",
					 "src and dst portrange 443-60000",
					 "dst or src host 10.1.2.3",
					 "portrange 443",
					 "host 192.0.2.1 or 10.1.2.3",
					 "net 10 or 192.168",
					 "net 10.1",
					 "dst net 10.1.2",
					 "net 10.1/16",
					 "net 10.0.0.0 mask 255.0.0.0",
					 "net 10.0.2.0 netmask 255.0.255.0",
					 "dst 10.1",
					 "ip host 10.1.2.3",
					 "ip proto tcp",
					 "ip proto \\tcp",
					 "proto 17 or 6",
					 "ether proto ip",
					 "ether proto \\ip",
					 "ether proto 0x800",
					 "host 192.0.2.1 or not 10.9.9.9",
					 "\"tcp\"",
					 "\"In\" or in",
					 NULL};
static const char *const web_fails[] = {"out",
					"udp",
					"ip6",
					"arp",
					"other",
					"proto 17",
					"host 10.1.2.4",
					"dst 203.0.113.9",
					"src net 10.0.0.0/8",
					"net ::/0",
					"net 10.1.2.0/31",
					"net 10.1.2.128/25",
					"port 80",
					"dst port 443",
					"portrange 444-450",
					"bps > 2M",
					"bps < 2M",
					"pps != 200",
					"packets < 10k",
					"bytes = 9k",
					"\"in\"",
					"nonsense",
					"outbound",
					"port 80 or 8080",
					"port 443 and 80",
					"udp port 443",
					"ip6 port 443",
					"udp portrange 1-65535",
					"ip6 proto tcp",
					"src and dst port 443",
					"src and dst net 10",
					"net 10.2",
					"net 10.1.3.0 mask 255.255.255.0",
					"ip multicast",
					"ether proto 0x806",
					"rarp",
					"not tcp port 443",
					NULL};

static void test_terms(void **state)
{
	struct flow_key key;
	struct filter_subject subject = web(&key);

	expect_all(web_passes, &subject, true);
	expect_all(web_fails, &subject, false);
}

static void test_operators(void **state)
{
	static const char *const yes[] = {"tcp and in",
					  "tcp in",
					  "tcp && in",
					  "udp or tcp",
					  "udp || tcp",
					  "not udp",
					  "!udp",
					  "not not tcp",
					  "(tcp)",
					  "out and udp or in",
					  "in or (out and udp)",
					  "udp in or tcp in",
					  "not (udp or out)",
					  "tcp (udp or in)",
					  "!(out)in",
					  NULL};
	static const char *const no[] = {"tcp and out", "tcp out", "not tcp", "in and (udp or out)",
					 "not (in)", "out or udp", "in or out and udp",
					 /* Alike, from left to right. */
					 "tcp or udp and udp", NULL};
	struct flow_key key;
	struct filter_subject subject = web(&key);

	expect_all(yes, &subject, true);
	expect_all(no, &subject, false);
}

static void test_families(void **state)
{
	static const char *const yes[] = {"ip6",   "net 2001:db8::/32",	 "src 2001:db8::1",
					  "icmp6", "net 2001:db8::/127", "echo-request",
					  NULL};
	static const char *const no[] = {"ip",	     "net 2001:db9::/32", "icmp",
					 "port 128", "net 0.0.0.0/0",	  "ip6 multicast",
					 NULL};
	static const char *const sum_no[] = {"in and out",    "ip",	"tcp",
					     "net 0.0.0.0/0", "port 1", NULL};
	struct flow_key key = flow("2001:db8::1", "2001:db8::2", 128, 0, IPPROTO_ICMPV6, FLOW_OUT);
	struct filter_subject subject = {.key = &key, .bps = 1, .pps = 1, .packets = 1, .bytes = 1};
	struct flow_key sum = {
		.sport = FLOW_SUM_ETHERTYPE, .ethertype = ETH_P_LLDP, .ipproto = FLOW_PROTO_NONE};

	expect_all(yes, &subject, true);
	expect_all(no, &subject, false);
	subject.key = &sum;
	expect_all(
		(const char *const[]){"other", "lldp", "in", "not ip", "ether proto 0x88cc", NULL},
		&subject, true);
	expect_all(sum_no, &subject, false);
}

/* A rate that is not known is neither large nor small. */
static void test_unknown_rate(void **state)
{
	struct flow_key key;
	struct filter_subject subject = web(&key);

	subject.bps = -1.0;
	assert_false(passes("bps > 0", &subject));
	assert_false(passes("bps < 1", &subject));
	assert_true(passes("not bps < 1", &subject));
}

static void test_uses_counts(void **state)
{
	struct filter *filter = NULL;
	char why[80];
	size_t column;

	assert_int_equal(filter_parse("tcp or port 1", &filter, why, sizeof(why), &column), 0);
	assert_false(filter_uses_counts(filter));
	filter_free(filter);
	assert_int_equal(filter_parse("tcp or bps > 1", &filter, why, sizeof(why), &column), 0);
	assert_true(filter_uses_counts(filter));
	filter_free(filter);
	assert_false(filter_uses_counts(NULL));
}

/* Text is asked for by quotes or by one word alone; whoever shows the filter can say so. */
static void test_is_text(void **state)
{
	static const struct {
		const char *text;
		bool is_text;
	} cases[] = {
		{"nginx", true},	   {"  nginx ", true},
		{"\"tcp\"", true},	   {"53", true},
		{"10.0.0.1", true},	   {"dport", true},
		{"[::1]:443", true},	   {"tcp", false},
		{"port 53", false},	   {"in", false},
		{"not \"x\"", false},	   {"(\"x\")", true},
		{"\"a\" or \"b\"", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct filter *filter = NULL;
		char why[80];
		size_t column;

		assert_int_equal(filter_parse(cases[i].text, &filter, why, sizeof(why), &column),
				 0);
		if (filter_is_text(filter) != cases[i].is_text)
			fail_msg("%s", cases[i].text);
		filter_free(filter);
	}
	assert_false(filter_is_text(NULL));
}

static void test_owners(void **state)
{
	static const char *const yes[] = {"user root",
					  "uid root",
					  "uid 0",
					  "uid ROOT or nobody",
					  "pid 7 or 8",
					  "comm curl or nginx",
					  "comm \"nginx w\"",
					  "container 0123456789ab",
					  "container docker",
					  "cgroup system",
					  "user roo",
					  "exe sbin/nginx",
					  NULL};
	static const char *const no[] = {"uid roo",
					 "uid 1",
					 "user nobody",
					 "container system",
					 "container podman",
					 "exe apache",
					 "comm docker",
					 "pid 8",
					 NULL};
	const struct owner owner = {
		.pid = 7,
		.comm = "nginx worker",
		.exe = "/usr/sbin/nginx",
		.user = "root",
		.cgroup = "/system.slice/docker-0123456789abcdef0123456789abcdef0123456789abcdef"
			  "0123456789abcdef.scope",
		.unit = "0123456789ab"};
	struct flow_key key;
	struct filter_subject subject = web(&key);

	subject.owner = &owner;
	expect_all(yes, &subject, true);
	expect_all(no, &subject, false);
	subject.owner = NULL;
	assert_false(passes("uid root", &subject));
}

static void test_host_names(void **state)
{
	static const char *const yes[] = {"host www.example.org",
					  "host WWW.Example.ORG.",
					  "src www.example.org",
					  "src host www.example.org",
					  "host router or www.example.org",
					  "dst host near",
					  "host near",
					  "not dst www.example.org",
					  "name example",
					  NULL};
	static const char *const no[] = {"host example.org", "dst www.example.org",
					 "host ww.example.org", "src host near", NULL};
	struct name_cache *names;
	struct flow_key key;
	struct filter_subject subject = web(&key);

	assert_int_equal(name_cache_new(16, &names), 0);
	name_cache_put(names, key.src, "www.example.org", NAME_DNS, 60);
	name_cache_put(names, key.dst, "near", NAME_HOSTS, 60);
	subject.names = names;
	expect_all(yes, &subject, true);
	expect_all(no, &subject, false);
	subject.names = NULL;
	assert_false(passes("host www.example.org", &subject));
	name_cache_free(names);
}

/* What packets said: the server is the source of the incoming flow, and its client is near. */
static void test_sights(void **state)
{
	static const char *const yes[] = {"app https",
					  "app HTTPS or ssh",
					  "sni example.org",
					  "sni WWW.",
					  "site example",
					  "initiator near",
					  "initiator dst",
					  "not initiator far",
					  "www.example",
					  "app https and site example.org and initiator near",
					  NULL};
	static const char *const no[] = {"app http",	  "app ssh",	   "sni cdn", "site net",
					 "initiator far", "initiator src", NULL};
	static const char *const dns_yes[] = {"site cdn.example.net", "app https", "\"~cdn\"",
					      NULL};
	static const char *const dns_no[] = {"sni cdn", "sni example", "initiator near",
					     "initiator far", NULL};
	struct sight sight = {.application = APPLICATION_HTTPS,
			      .name = "www.example.org",
			      .dns = "",
			      .alpn = "h2",
			      .ja4 = "",
			      .label = "www.example.org"};
	const struct sight_flow said = {.initiator = SIGHT_END_DESTINATION,
					.named = SIGHT_END_SOURCE};
	struct flow_key key;
	struct filter_subject subject = web(&key);

	assert_false(passes("app https or site example or sni example or initiator near", &subject));
	subject.sight = &sight;
	subject.sight_word = sight_flow_pack(&said);
	expect_all(yes, &subject, true);
	expect_all(no, &subject, false);
	/* A name that only DNS gave; and nobody saw the beginning. */
	sight.name = "";
	sight.dns = "cdn.example.net";
	sight.label = "~cdn.example.net";
	subject.sight_word = 0;
	expect_all(dns_yes, &subject, true);
	expect_all(dns_no, &subject, false);
}

/* The names that the system's database has; a name with one protocol means only that. */
static void test_services(void **state)
{
	static const char *const yes[] = {"port https", "tcp port https",
					  "src port domain or https", "port HTTPS and in", NULL};
	static const char *const no[] = {"port domain", "udp port https", "port not https", NULL};
	struct flow_key key;
	struct filter_subject subject = web(&key);

	if (!getservbyname("https", "tcp") || !getservbyname("https", "udp") ||
	    !getservbyname("domain", "udp"))
		skip();
	expect_all(yes, &subject, true);
	expect_all(no, &subject, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terms),	    cmocka_unit_test(test_operators),
		cmocka_unit_test(test_families),    cmocka_unit_test(test_unknown_rate),
		cmocka_unit_test(test_uses_counts), cmocka_unit_test(test_is_text),
		cmocka_unit_test(test_owners),	    cmocka_unit_test(test_host_names),
		cmocka_unit_test(test_services),    cmocka_unit_test(test_sights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
