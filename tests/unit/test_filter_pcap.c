/* SPDX-License-Identifier: MIT */
/*
 * The filter language beside libpcap: made-up frames are read by tcpdump with an expression, and as
 * flows, by the parser of the BPF programs, with the same expression; both must take the same
 * frames. A list of expressions from pcap-filter(7), then made-up ones.
 */
#include "native.h" /* before the kernel's <linux/in.h> */

#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "filter.h"
#include "packet.h"

#define FRAMES	  400
#define MADE_UP	  100
#define FIXED_IP  12 /* in the header: source of IPv4; of IPv6 */
#define FIXED_IP6 8
#define FIXED_ARP 14

struct pcap_head {
	uint32_t magic;
	uint16_t major, minor;
	int32_t zone;
	uint32_t figures, snap, link;
};

struct pcap_record {
	uint32_t seconds, microseconds, captured, size;
};

static struct bed {
	char directory[32], capture[64], expression[64];
	struct flow_key key[FRAMES];
	uint64_t random;
} bed = {.random = 42};

static size_t random_below(size_t most)
{
	bed.random = bed.random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (size_t)(bed.random >> 33) % most;
}

#define PICK(list) ((list)[random_below(sizeof(list) / sizeof((list)[0]))])

static const char *const ipv4[] = {"10.0.0.1",	  "10.0.0.2",	    "10.77.3.4",     "10.77.255.4",
				   "192.168.1.9", "172.16.5.5",	    "203.0.113.250", "224.0.0.5",
				   "239.1.2.3",	  "255.255.255.255"};
static const char *const ipv6[] = {"2001:db8::1", "2001:db8:1::2", "2001:db9::1", "fe80::1",
				   "ff02::fb"};
static const char *const frames[] = {
	"eth ip4 tcp:%u,%u",	"eth ip4 tcp:%u,%u",   "eth ip4 udp:%u,%u",
	"eth ip4 udp:%u,%u",	"eth ip6 tcp:%u,%u",   "eth ip6 udp:%u,%u",
	"eth ip4 sctp:%u,%u",	"eth ip6 sctp:%u,%u",  "eth ip4 icmp:8,0",
	"eth ip6 icmp6:128,0",	"eth ip4 esp:77",      "eth ip6 ah:5",
	"eth ip4 gre:0,0x800",	"eth ip4 proto:2",     "eth ip4 proto:103",
	"eth ip4 proto:112",	"eth arp:1",	       "eth arp:2",
	"eth ethertype:0x88cc", "eth ethertype:0x6003"};
static const unsigned int ports[] = {22, 53, 80, 443, 8000, 8080, 51000, 65535};

/* Puts addresses of the lists in. */
static void set_addresses(struct packet *packet)
{
	uint8_t *type = packet->data + 12, *header = packet->data + 14;

	if (type[0] == 0x86) {
		inet_pton(AF_INET6, PICK(ipv6), header + FIXED_IP6);
		inet_pton(AF_INET6, PICK(ipv6), header + FIXED_IP6 + 16);
	} else if (type[1] == 0x06 && type[0] == 0x08) {
		inet_pton(AF_INET, PICK(ipv4), header + FIXED_ARP);
		inet_pton(AF_INET, PICK(ipv4), header + FIXED_ARP + 10);
	} else if (type[0] == 0x08) {
		inet_pton(AF_INET, PICK(ipv4), header + FIXED_IP);
		inet_pton(AF_INET, PICK(ipv4), header + FIXED_IP + 4);
	}
}

static void make_frame(struct packet *packet, uint32_t number)
{
	const char *form = frames[number % (sizeof(frames) / sizeof(frames[0]))];
	char words[64];

	/* The formats are those above. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-security"
	snprintf(words, sizeof(words), form, PICK(ports), PICK(ports));
#pragma GCC diagnostic pop
	strncat(words, " data:20 pad:64", sizeof(words) - strlen(words) - 1);
	assert_int_equal(packet_build(packet, (uint16_t)number, words), 0);
	set_addresses(packet);
	bed.key[number] = native_parse(packet->data, packet->size, 0, false).key;
}

static int make_capture(void **state)
{
	const struct pcap_head head = {0xa1b2c3d4, 2, 4, 0, 0, PACKET_MAX, 1};
	static struct packet packet;
	FILE *out;

	snprintf(bed.directory, sizeof(bed.directory), "/tmp/pktstat-filter-XXXXXX");
	assert_non_null(mkdtemp(bed.directory));
	snprintf(bed.capture, sizeof(bed.capture), "%s/frames.pcap", bed.directory);
	snprintf(bed.expression, sizeof(bed.expression), "%s/expression", bed.directory);
	out = fopen(bed.capture, "wbe");
	assert_non_null(out);
	assert_int_equal(fwrite(&head, sizeof(head), 1, out), 1);
	for (uint32_t i = 0; i < FRAMES; i++) {
		struct pcap_record record = {.seconds = i};

		make_frame(&packet, i);
		record.captured = record.size = (uint32_t)packet.size;
		assert_int_equal(fwrite(&record, sizeof(record), 1, out), 1);
		assert_int_equal(fwrite(packet.data, packet.size, 1, out), 1);
	}
	assert_int_equal(fclose(out), 0);
	return 0;
}

static int remove_capture(void **state)
{
	unlink(bed.capture);
	unlink(bed.expression);
	rmdir(bed.directory);
	return 0;
}

static void read_taken(FILE *in, const char *text, bool taken[FRAMES])
{
	static uint8_t data[PACKET_MAX];
	struct pcap_record record;
	struct pcap_head head;

	memset(taken, 0, FRAMES * sizeof(*taken));
	if (fread(&head, sizeof(head), 1, in) != 1)
		fail_msg("tcpdump does not take '%s'", text);
	while (fread(&record, sizeof(record), 1, in) == 1) {
		assert_true(record.seconds < FRAMES && record.captured <= sizeof(data));
		assert_int_equal(fread(data, record.captured, 1, in), 1);
		taken[record.seconds] = true;
	}
}

/* Which frames tcpdump takes. Not optimized: an expression that takes none is no error then. */
static void ask_tcpdump(const char *text, bool taken[FRAMES])
{
	char command[256];
	FILE *file = fopen(bed.expression, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	snprintf(command, sizeof(command), "tcpdump -O -nn -Z root -r %s -F %s -w - 2>/dev/null",
		 bed.capture, bed.expression);
	file = popen(command, "r");
	assert_non_null(file);
	read_taken(file, text, taken);
	assert_int_equal(pclose(file), 0);
}

static void expect_same(const char *text)
{
	struct filter *filter = NULL;
	bool taken[FRAMES];
	size_t column;
	char why[80];

	if (filter_parse(text, &filter, why, sizeof(why), &column))
		fail_msg("'%s': %s at %zu", text, why, column);
	ask_tcpdump(text, taken);
	for (size_t i = 0; i < FRAMES; i++) {
		const struct filter_subject subject = {.key = &bed.key[i]};

		if (filter_match(filter, &subject) != taken[i])
			fail_msg("'%s': tcpdump %s frame %zu (%s)", text,
				 taken[i] ? "takes" : "leaves", i,
				 frames[i % (sizeof(frames) / sizeof(frames[0]))]);
	}
	filter_free(filter);
}

static const char *const known[] = {
	"ip",
	"ip6",
	"arp",
	"tcp",
	"udp",
	"sctp",
	"icmp",
	"icmp6",
	"igmp",
	"esp",
	"ah",
	"pim",
	"vrrp",
	"carp",
	"decnet",
	"host 10.0.0.1",
	"src host 10.0.0.1",
	"dst host 2001:db8::1",
	"src 10.0.0.1",
	"src 10.77",
	"dst 192.168.1",
	"src or dst 10.0.0.1",
	"dst or src host 10.0.0.1",
	"src and dst host 10.0.0.1",
	"src and dst net 10",
	"host 10.0.0.1 or 10.0.0.2",
	"host 10.0.0.1 and 10.77.3.4",
	"host 10.0.0.1 and not 10.77.3.4",
	"host (10.0.0.1 or 10.77.3.4)",
	"not host 10.0.0.1 and 10.77.3.4",
	"ip host 10.0.0.1",
	"ip6 host fe80::1",
	"arp host 10.0.0.1",
	"arp src host 10.0.0.1 or 10.0.0.2",
	"arp net 10",
	"net 10",
	"net 10.77",
	"net 10.77.3",
	"net 10.77.3.4",
	"net 10.77.0.0/16",
	"net 10.77/16",
	"src net 10.0.0.0/8 or 192.168",
	"dst net 224.0.0.0/4",
	"net 10.0.0.0 mask 255.0.0.0",
	"net 10.77.0.0 mask 255.255.0.0",
	"net 10.0.0.4 mask 255.0.0.255",
	"net 2001:db8::/32",
	"ip6 src net 2001:db8::/48",
	"port 80",
	"port 80 or 443",
	"port (80 or 443)",
	"port not 80",
	"port 80 or not 443",
	"port 22 or (53 or 80)",
	"src port 80",
	"src or dst port 53",
	"src and dst port 80",
	"tcp port 80",
	"tcp dst port 80 or 443 or 8080",
	"tcp src port 80 and dst port 443",
	"udp src or dst port 53",
	"sctp port 80",
	"not tcp port 80",
	"tcp port not 22",
	"portrange 8000-8080",
	"portrange 80",
	"src portrange 1-1023",
	"tcp portrange 1-1023 or 8000-8080",
	"udp dst portrange 53-80",
	"proto 6",
	"proto 6 or 17",
	"proto \\tcp",
	"ip proto \\udp",
	"ip proto 47",
	"ip6 proto 17",
	"ip6 proto \\tcp or \\udp",
	"ether proto \\ip",
	"ether proto \\arp or \\ip6",
	"ether proto 0x88cc",
	"ip multicast",
	"ip6 multicast",
	"tcp or udp port 53",
	"udp or tcp port 53",
	"tcp or udp and port 53",
	"tcp and port 80 or udp and port 53",
	"udp port 53 or tcp port 80 and host 10.0.0.1",
	"(tcp or udp) and port 53",
	"tcp && port 80 || icmp",
	"!tcp",
	"! tcp and ! udp",
	"not (tcp or udp)",
	"not tcp or udp",
	"host 10.0.0.1 and not port 22",
	"ip and not (host 10.0.0.1 or port 80 or 443)",
	"tcp and (port 80 or port 443) and net 10",
	"not arp and not ip6 and not port 22 or 80",
};

/* Where the system has their names. */
static const char *const with_services[] = {
	"port https", "port domain or https", "tcp dst port ssh", "port ssh", "udp port domain",
};

static void test_services(void **state)
{
	if (!getservbyname("https", "tcp") || !getservbyname("ssh", "tcp") ||
	    !getservbyname("domain", "udp"))
		skip();
	for (size_t i = 0; i < sizeof(with_services) / sizeof(with_services[0]); i++)
		expect_same(with_services[i]);
}

static void test_known(void **state)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		expect_same(known[i]);
}

/* One of the expressions above, or two or three of them joined, with what binds how varied. */
static void make_up(char *text, size_t size)
{
	static const char *const joins[] = {" and ", " or ",	  " && ",
					    " || ",  " and not ", " or not "};
	static const char *const opens[] = {"", "", "not ", "(", "not ("};
	size_t length = 0, terms = 2 + random_below(3);
	bool open = false;

	for (size_t i = 0; i < terms; i++) {
		const char *before = PICK(opens);

		if (open || i + 1 == terms)
			before = "";
		length += (size_t)snprintf(text + length, size - length, "%s%s%s",
					   i ? PICK(joins) : "", before, PICK(known));
		if (open)
			length += (size_t)snprintf(text + length, size - length, ")");
		open = !open && strchr(before, '(');
	}
}

static void test_made_up(void **state)
{
	char text[FILTER_TEXT_MAX];

	for (int i = 0; i < MADE_UP; i++) {
		make_up(text, sizeof(text));
		expect_same(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_made_up),
	};

	if (system("tcpdump --version >/dev/null 2>&1") != 0) {
		printf("tcpdump is not installed\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, make_capture, remove_capture);
}
