/* SPDX-License-Identifier: MIT */
/*
 * Addresses by namespace. The own namespace's are one sorted list; each other namespace has a list
 * that is read from /proc/PID/net of a process with a socket there.
 */
#include "addresses.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hash_index.h"
#include "netlink.h"
#include "process.h"

/*
 * Addresses of a namespace, from /proc/PID/net/fib_trie and if_inet6: proc(5) and the kernel's
 * fib_trie_seq_show(). An address of the host is a leaf "|-- ADDRESS" with the line "/32 host LOCAL"
 * below it.
 */

static void address_list_clear(struct address_list *list)
{
	free(list->address);
	*list = (struct address_list){0};
}

/* What does not fit, or has no memory, is left out. */
static void address_list_add(struct address_list *list, const uint8_t address[16])
{
	size_t room = list->room ? 2 * list->room : 16;
	void *grown;

	if (list->count == list->room) {
		grown = room > ADDRESS_LIST_MAX ? NULL : realloc(list->address, room * 16);
		if (!grown)
			return;
		list->address = grown;
		list->room = room;
	}
	memcpy(list->address[list->count++], address, 16);
}

static int compare_addresses(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

/* After the last one was added, before any is looked for. */
static void address_list_sort(struct address_list *list)
{
	if (list->count)
		qsort(list->address, list->count, 16, compare_addresses);
}

static bool address_list_has(const struct address_list *list, const uint8_t address[16])
{
	return list->count && bsearch(address, list->address, list->count, 16, compare_addresses);
}

static FILE *open_at(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (!file && fd >= 0)
		close(fd);
	return file;
}

static void read_ipv4_addresses(struct address_list *list, FILE *file)
{
	uint8_t address[16] = {[10] = 0xff, [11] = 0xff};
	char line[128], text[INET_ADDRSTRLEN];
	bool leaf = false;

	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, " |-- %15s", text) == 1)
			leaf = inet_pton(AF_INET, text, address + 12) == 1;
		else if (leaf && strstr(line, "/32 host LOCAL") && address[12] != 127)
			address_list_add(list, address);
	}
}

/* Lines such as "fe80000000000000025056fffec00008 02 40 20 80     eth0". */
static void read_ipv6(struct address_list *list, FILE *file)
{
	static const uint8_t loopback[16] = {[15] = 1};
	unsigned int byte;
	uint8_t address[16];
	char line[128];
	int i;

	while (fgets(line, sizeof(line), file)) {
		for (i = 0; i < 16 && sscanf(line + (size_t)2 * i, "%2x", &byte) == 1; i++)
			address[i] = (uint8_t)byte;
		if (i == 16 && memcmp(address, loopback, 16) != 0)
			address_list_add(list, address);
	}
}

/* A kernel without IPv6 has no such file. */
static bool read_both(struct address_list *list, int dir_fd)
{
	FILE *ipv4 = open_at(dir_fd, "net/fib_trie"), *ipv6;

	if (!ipv4)
		return false;
	read_ipv4_addresses(list, ipv4);
	fclose(ipv4);
	ipv6 = open_at(dir_fd, "net/if_inet6");
	if (ipv6) {
		read_ipv6(list, ipv6);
		fclose(ipv6);
	}
	return ipv6 || errno == ENOENT;
}

/*
 * Fills the list with the local addresses of the namespace of that process, loopback left out. False
 * when the process is gone, or /proc does not say.
 */
static bool address_list_read_process(struct address_list *list, int proc_fd,
				      const struct owner_process *process)
{
	int dir_fd = process_open(proc_fd, process->pid);
	bool good;

	if (dir_fd < 0)
		return false;
	good = process_is(dir_fd, process) && read_both(list, dir_fd);
	close(dir_fd);
	if (good)
		address_list_sort(list);
	else
		address_list_clear(list);
	return good;
}

#define NAMESPACES_MAX 4096
/* How long the addresses of another namespace are believed. */
#define BELIEVE_NS 10000000000ULL

struct namespace_entry {
	uint32_t netns;
	bool seen;		      /* in the last pass */
	struct owner_process process; /* one that is there; pid 0: none was seen */
	uint64_t read_ns;
	bool read;
	struct address_list list;
};

/* Of the own namespace. */
struct home_lists {
	struct address_list local, broadcast;
};

struct addresses {
	struct addresses_options options;
	uint64_t now_ns;
	struct home_lists home_lists;
	bool home_known; /* from a list that was complete */
	struct namespace_entry *other;
	size_t others, room;
	struct hash_index index; /* of others */
	bool more;		 /* namespaces than these, hidden or without memory */
};

bool address_is_loopback(const uint8_t address[16])
{
	static const uint8_t one[16] = {[15] = 1};

	return socket_is_ipv4(address) ? address[12] == 127 : !memcmp(address, one, 16);
}

bool address_is_multicast(const uint8_t address[16])
{
	return socket_is_ipv4(address) ? (address[12] & 0xf0) == 0xe0 : address[0] == 0xff;
}

int addresses_new(const struct addresses_options *options, struct addresses **ret_addresses)
{
	struct addresses *addresses = calloc(1, sizeof(*addresses));
	int err;

	if (!addresses)
		return -ENOMEM;
	err = hash_index_init(&addresses->index);
	if (err) {
		free(addresses);
		return err;
	}
	addresses->options = *options;
	*ret_addresses = addresses;
	return 0;
}

static void clear_home(void *arg)
{
	struct home_lists *lists = arg;

	address_list_clear(&lists->local);
	address_list_clear(&lists->broadcast);
}

void addresses_free(struct addresses *addresses)
{
	if (!addresses)
		return;
	for (size_t i = 0; i < addresses->others; i++)
		address_list_clear(&addresses->other[i].list);
	free(addresses->other);
	clear_home(&addresses->home_lists);
	hash_index_done(&addresses->index);
	free(addresses);
}

static void add_attribute(struct address_list *list, const struct rtattr *attribute)
{
	uint8_t address[16] = {[10] = 0xff, [11] = 0xff};

	if (RTA_PAYLOAD(attribute) == 4)
		memcpy(address + 12, RTA_DATA(attribute), 4);
	else if (RTA_PAYLOAD(attribute) == 16)
		memcpy(address, RTA_DATA(attribute), 16);
	else
		return;
	address_list_add(list, address);
}

/* On a point-to-point link IFA_ADDRESS is the peer's; the own one is then IFA_LOCAL. */
static void on_address(void *arg, const struct nlmsghdr *message)
{
	struct home_lists *lists = arg;
	const struct ifaddrmsg *header = NLMSG_DATA(message);
	const struct rtattr *attribute, *local = NULL, *address = NULL;
	int length = (int)IFA_PAYLOAD(message);

	if (message->nlmsg_type != RTM_NEWADDR ||
	    message->nlmsg_len < NLMSG_LENGTH(sizeof(*header)))
		return;
	for (attribute = IFA_RTA(header); RTA_OK(attribute, length);
	     attribute = RTA_NEXT(attribute, length)) {
		if (attribute->rta_type == IFA_LOCAL)
			local = attribute;
		else if (attribute->rta_type == IFA_ADDRESS)
			address = attribute;
		else if (attribute->rta_type == IFA_BROADCAST)
			add_attribute(&lists->broadcast, attribute);
	}
	if (local || address)
		add_attribute(&lists->local, local ? local : address);
}

/* A list that is not complete does not take the place of one that is. */
static void read_home(struct addresses *addresses)
{
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg body;
	} request = {
		.header = {.nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETADDR},
	};
	struct home_lists lists = {0};
	const struct netlink_taker taker = {.begin = clear_home, .take = on_address, .arg = &lists};
	int err;

	if (addresses->options.route->fd < 0)
		return;
	err = netlink_dump(addresses->options.route, &request.header, &taker);
	if (err && addresses->home_known) {
		clear_home(&lists);
		return;
	}
	address_list_sort(&lists.local);
	address_list_sort(&lists.broadcast);
	clear_home(&addresses->home_lists);
	addresses->home_lists = lists;
	addresses->home_known = !err;
}

static uint32_t netns_hash(const struct addresses *addresses, uint32_t netns)
{
	return hash_index_hash(&addresses->index, &netns, sizeof(netns));
}

static bool is_namespace(const void *table, uint32_t i, const void *netns)
{
	return ((const struct addresses *)table)->other[i].netns == *(const uint32_t *)netns;
}

static struct namespace_entry *find_namespace(struct addresses *addresses, uint32_t netns)
{
	uint32_t i = hash_index_find(&addresses->index, netns_hash(addresses, netns), is_namespace,
				     addresses, &netns);

	return i != HASH_INDEX_NONE ? &addresses->other[i] : NULL;
}

static bool make_room_for_netns(struct addresses *addresses)
{
	size_t room = addresses->room ? 2 * addresses->room : 16;
	struct namespace_entry *other;

	if (addresses->others < addresses->room)
		return true;
	if (room > NAMESPACES_MAX)
		return false;
	other = reallocarray(addresses->other, room, sizeof(*other));
	if (!other)
		return false;
	addresses->other = other;
	addresses->room = room;
	return true;
}

static struct namespace_entry *add_namespace(struct addresses *addresses, uint32_t netns)
{
	struct namespace_entry *other;

	if (!make_room_for_netns(addresses) ||
	    hash_index_add(&addresses->index, netns_hash(addresses, netns),
			   (uint32_t)addresses->others))
		return NULL;
	other = &addresses->other[addresses->others++];
	*other = (struct namespace_entry){.netns = netns};
	return other;
}

/* A process may hold a socket of a namespace that it is not in itself: its addresses say nothing. */
static void note_namespace(struct addresses *addresses, const struct owner_socket *socket)
{
	struct namespace_entry *entry = find_namespace(addresses, socket->netns);

	if (!entry)
		entry = add_namespace(addresses, socket->netns);
	if (!entry) {
		addresses->more = true;
		return;
	}
	entry->seen = true;
	if (socket->process.pid && !(socket->flags & OWNER_SOCKET_AWAY))
		entry->process = socket->process;
}

static bool is_believed(const struct addresses *addresses, const struct namespace_entry *entry)
{
	return entry->read && addresses->now_ns - entry->read_ns <= BELIEVE_NS;
}

/* Forgets namespaces without a socket once their addresses are outdated. */
static void forget_namespaces(struct addresses *addresses)
{
	size_t kept = 0;

	for (size_t i = 0; i < addresses->others; i++) {
		struct namespace_entry *entry = &addresses->other[i];

		if (!entry->seen && !is_believed(addresses, entry)) {
			hash_index_remove(&addresses->index, netns_hash(addresses, entry->netns),
					  (uint32_t)i);
			address_list_clear(&entry->list);
			continue;
		}
		hash_index_renumber(&addresses->index, netns_hash(addresses, entry->netns),
				    (uint32_t)i, (uint32_t)kept);
		addresses->other[kept++] = *entry;
	}
	addresses->others = kept;
}

void addresses_refresh(struct addresses *addresses, const struct sockets *sockets, uint64_t now_ns)
{
	const struct owner_socket *socket, *last = NULL;

	addresses->now_ns = now_ns;
	addresses->more = !addresses->options.sees_all;
	read_home(addresses);
	for (size_t i = 0; i < addresses->others; i++) {
		addresses->other[i].seen = false;
		addresses->other[i].process.pid = 0;
	}
	for (size_t i = 0; i < sockets_count(sockets); i++) {
		socket = sockets_get(sockets, i);
		if (socket->netns == addresses->options.home)
			continue;
		/* Sockets come process by process, so this one is mostly where the last one was. */
		if (!last || socket->netns != last->netns ||
		    socket->process.pid != last->process.pid)
			note_namespace(addresses, socket);
		last = socket;
	}
	forget_namespaces(addresses);
}

bool addresses_know_home(const struct addresses *addresses)
{
	return addresses->home_known;
}

bool addresses_is_home(const struct addresses *addresses, const uint8_t address[16])
{
	return address_is_loopback(address) ||
	       address_list_has(&addresses->home_lists.local, address);
}

bool addresses_is_shared(const struct addresses *addresses, const uint8_t address[16])
{
	static const uint8_t all_ones[4] = {0xff, 0xff, 0xff, 0xff};

	return address_is_multicast(address) || socket_is_any(address) ||
	       (socket_is_ipv4(address) && !memcmp(address + 12, all_ones, 4)) ||
	       address_list_has(&addresses->home_lists.broadcast, address);
}

/* False if the addresses of the namespace could not be read. */
static bool read_namespace(struct addresses *addresses, struct namespace_entry *entry)
{
	struct address_list list = {0};

	if (is_believed(addresses, entry))
		return true;
	if (!entry->process.pid ||
	    !address_list_read_process(&list, addresses->options.proc_fd, &entry->process))
		return false;
	address_list_clear(&entry->list);
	entry->list = list;
	entry->read = true;
	entry->read_ns = addresses->now_ns;
	return true;
}

enum address_place addresses_place(struct addresses *addresses, const uint8_t address[16],
				   uint32_t *ret_netns)
{
	enum address_place place = addresses->more ? PLACE_HIDDEN : PLACE_NONE;

	for (size_t i = 0; i < addresses->others; i++) {
		struct namespace_entry *entry = &addresses->other[i];

		if (!read_namespace(addresses, entry)) {
			place = PLACE_UNSURE;
		} else if (address_list_has(&entry->list, address)) {
			place = place == PLACE_NONE ? PLACE_ONE : PLACE_UNSURE;
			*ret_netns = entry->netns;
		}
	}
	return place;
}
