/* SPDX-License-Identifier: MIT */
/* Which socket a flow belongs to: candidates are offered to a pick, which knows when to doubt. */
#include "join.h"

#include <linux/if_ether.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "flow.h"

/* Sockets of the same two ends that are looked at; of so many it is not clear whose it is. */
#define CANDIDATES_MAX 64
/* How long before a flow begins its socket may have been closed: answers come late. */
#define CLOSED_EXACT_NS 5000000000ULL
#define CLOSED_LOCAL_NS 1000000000ULL
#define ND_REDIRECT_TYPE 137
#define MLD2_REPORT_TYPE 143

static const struct socket_end nobody;

/* What has been found so far. */
struct pick {
	const struct owner_socket *best;
	bool doubt;
};

/* The two ends of a flow, as the socket of one of them would name them. */
struct ends {
	struct socket_end local, remote;
	bool ipv4;
};

static struct ends ends_of(const struct flow_key *key, bool from_source)
{
	struct ends ends = {.ipv4 = key->ethertype == ETH_P_IP};

	memcpy(ends.local.address, from_source ? key->src : key->dst, 16);
	memcpy(ends.remote.address, from_source ? key->dst : key->src, 16);
	if (flow_key_has_ports(key)) {
		ends.local.port = from_source ? key->sport : key->dport;
		ends.remote.port = from_source ? key->dport : key->sport;
	}
	return ends;
}

static bool same_process(const struct owner_socket *a, const struct owner_socket *b)
{
	return a->process.pid == b->process.pid && a->process.start_ns == b->process.start_ns;
}

static bool is_open(const struct owner_socket *socket)
{
	return !(socket->flags & OWNER_SOCKET_CLOSED);
}

/* Of two who share a socket, the one it was handed to: the younger, but never init. */
static const struct owner_socket *handed_to(const struct owner_socket *a,
					    const struct owner_socket *b)
{
	if (a->process.pid == 1 || b->process.pid == 1)
		return a->process.pid == 1 ? b : a;
	return a->process.start_ns >= b->process.start_ns ? a : b;
}

static void pick_offer(struct pick *pick, const struct owner_socket *socket)
{
	const struct owner_socket *best = pick->best;
	bool here = best && best->netns == socket->netns;

	if (!best)
		pick->best = socket;
	else if (here && (same_process(best, socket) || (is_open(best) && !is_open(socket))))
		return; /* what is open comes first, so it stands */
	else if (here && best->inode && best->inode == socket->inode)
		pick->best = handed_to(best, socket);
	else
		pick->doubt = true;
}

/* A socket for any address takes IPv4 too, unless it was told not to. */
static bool takes_family(const struct owner_socket *socket, bool ipv4)
{
	if (!socket_is_any(socket->local) || socket_is_ipv4(socket->local))
		return socket_is_ipv4(socket->local) == ipv4;
	return !ipv4 || !(socket->flags & OWNER_SOCKET_V6ONLY);
}

static bool is_in_time(const struct owner_socket *socket, uint64_t begin_ns, uint64_t slack_ns)
{
	return is_open(socket) || socket->closed_ns + slack_ns >= begin_ns;
}

/* Which sockets may be offered. */
struct offer {
	const struct join_view *view;
	uint64_t begin_ns;
	bool home; /* those of the own namespace, or those of all others */
	uint8_t protocol;
	bool own_address; /* only where the namespace has the local address */
};

static bool is_offered(const struct offer *offer, const struct owner_socket *socket,
		       const struct ends *ends, bool connected)
{
	uint64_t slack_ns = connected ? CLOSED_EXACT_NS : CLOSED_LOCAL_NS;

	if ((socket->netns == offer->view->home) != offer->home ||
	    !is_in_time(socket, offer->begin_ns, slack_ns))
		return false;
	if (connected)
		return true;
	if (!takes_family(socket, ends->ipv4))
		return false;
	return !offer->own_address ||
	       addresses_has(offer->view->addresses, socket->netns, ends->local.address);
}

/* Offers what has these ends; true when that settled it, be it by doubt. */
static bool try_ends(const struct offer *offer, const struct ends *ends,
		     const struct socket_end *local, const struct socket_end *remote,
		     struct pick *pick)
{
	const struct sockets *sockets = offer->view->sockets;
	const struct owner_socket *socket;
	unsigned int seen = 0;

	*pick = (struct pick){0};
	for (socket = sockets_first(sockets, offer->protocol, local, remote);
	     socket && seen < CANDIDATES_MAX; socket = sockets_next(sockets, socket), seen++) {
		if (is_offered(offer, socket, ends, remote != &nobody))
			pick_offer(pick, socket);
	}
	return pick->best;
}

static bool try_connected(const struct offer *offer, const struct ends *ends, struct pick *pick)
{
	return try_ends(offer, ends, &ends->local, &ends->remote, pick);
}

/* Listening and unconnected sockets: bound to the address, else to any. */
static bool try_unconnected(const struct offer *offer, const struct ends *ends, struct pick *pick)
{
	const struct socket_end any = {.port = ends->local.port};

	return try_ends(offer, ends, &ends->local, &nobody, pick) ||
	       try_ends(offer, ends, &any, &nobody, pick);
}

static bool find_port_socket(const struct join_view *view, const struct flow_key *key,
			     uint64_t begin_ns, struct pick *pick)
{
	bool out = flow_key_dir(key) == FLOW_OUT;
	const struct ends natural = ends_of(key, out), other = ends_of(key, !out);
	struct offer home = {view, begin_ns, true, key->ipproto, false};
	struct offer others = {view, begin_ns, false, key->ipproto, true};
	bool loopback = address_is_loopback(key->src) || address_is_loopback(key->dst);

	if (!natural.local.port || !natural.remote.port)
		return false;
	if (try_connected(&home, &natural, pick))
		return true;
	if ((addresses_is_home(view->addresses, natural.local.address) ||
	     address_is_multicast(natural.local.address)) &&
	    try_unconnected(&home, &natural, pick))
		return true;
	return !loopback &&
	       (try_connected(&others, &other, pick) || try_connected(&others, &natural, pick) ||
		try_unconnected(&others, &other, pick) || try_unconnected(&others, &natural, pick));
}

/* Raw and ping sockets have no ports: the one that is there for the protocol and the two ends. */
static bool find_raw_socket(const struct join_view *view, const struct flow_key *key,
			    uint64_t begin_ns, struct pick *pick)
{
	const struct ends ends = ends_of(key, flow_key_dir(key) == FLOW_OUT);
	const struct owner_socket *socket;
	unsigned int seen = 0;

	*pick = (struct pick){0};
	if (!addresses_is_home(view->addresses, ends.local.address))
		return false;
	for (socket = sockets_first(view->sockets, key->ipproto, &nobody, &nobody);
	     socket && seen < CANDIDATES_MAX; socket = sockets_next(view->sockets, socket), seen++) {
		if (socket->netns != view->home || !is_in_time(socket, begin_ns, CLOSED_EXACT_NS) ||
		    !takes_family(socket, ends.ipv4))
			continue;
		if ((socket_is_any(socket->local) ||
		     !memcmp(socket->local, ends.local.address, 16)) &&
		    (socket_is_any(socket->remote) ||
		     !memcmp(socket->remote, ends.remote.address, 16)))
			pick_offer(pick, socket);
	}
	return pick->best;
}

/* ICMP messages that a program sends or waits for; all others are the kernel's. */
static bool is_ping(const struct flow_key *key)
{
	bool out = flow_key_dir(key) == FLOW_OUT;

	if (key->ipproto == IPPROTO_ICMP)
		return key->sport == (out ? ICMP_ECHO : ICMP_ECHOREPLY);
	return key->sport == (out ? ICMPV6_ECHO_REQUEST : ICMPV6_ECHO_REPLY);
}

/* Types of ICMP that the kernel sends and takes by itself. */
static bool is_kernel_icmp(const struct flow_key *key)
{
	if (key->ipproto == IPPROTO_ICMP)
		return key->sport == ICMP_DEST_UNREACH || key->sport == ICMP_SOURCE_QUENCH ||
		       key->sport == ICMP_REDIRECT || key->sport == ICMP_TIME_EXCEEDED ||
		       key->sport == ICMP_PARAMETERPROB || key->sport == ICMP_ECHO ||
		       key->sport == ICMP_ECHOREPLY;
	return (key->sport >= ICMPV6_DEST_UNREACH && key->sport <= ICMPV6_PARAMPROB) ||
	       (key->sport >= ICMPV6_ECHO_REQUEST && key->sport <= ND_REDIRECT_TYPE) ||
	       key->sport == MLD2_REPORT_TYPE;
}

/* Protocols whose packets no process needs to see, at an address of the host. */
static bool is_kernel_protocol(const struct flow_key *key)
{
	switch (key->ipproto) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6: return !is_ping(key) && is_kernel_icmp(key);
	case IPPROTO_IGMP:
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
	case IPPROTO_GRE:
	case IPPROTO_ESP:
	case IPPROTO_AH: return true;
	default: return false;
	}
}

/* The flow begins or ends at the host, or it is one of the own link, sent to many. */
static bool is_at_home(const struct join_view *view, const struct flow_key *key)
{
	bool out = flow_key_dir(key) == FLOW_OUT;
	const uint8_t *natural = out ? key->src : key->dst;

	return addresses_is_home(view->addresses, natural) ||
	       addresses_is_shared(view->addresses, natural);
}

static bool is_foreign(const struct join_view *view, const uint8_t address[16])
{
	return !addresses_is_home(view->addresses, address) &&
	       !addresses_is_shared(view->addresses, address) && !address_is_loopback(address) &&
	       !addresses_is_somewhere(view->addresses, address);
}

static enum join_result join_without_socket(const struct join_view *view,
					    const struct flow_key *key)
{
	if (key->ethertype == ETH_P_ARP)
		return addresses_is_home(view->addresses, key->src) ||
				       addresses_is_home(view->addresses, key->dst) ?
			       JOIN_KERNEL :
			       JOIN_UNKNOWN;
	if (is_kernel_protocol(key) && is_at_home(view, key))
		return JOIN_KERNEL;
	if (is_foreign(view, key->src) && is_foreign(view, key->dst))
		return JOIN_FORWARDED;
	return JOIN_UNKNOWN;
}

enum join_result join_flow(const struct join_view *view, const struct flow_key *key,
			   uint64_t begin_ns, const struct owner_socket **ret_socket)
{
	struct pick pick = {0};

	if (flow_key_sum(key) != FLOW_SUM_NONE)
		return JOIN_UNKNOWN;
	if (flow_key_has_ports(key))
		find_port_socket(view, key, begin_ns, &pick);
	else if (flow_key_is_ip(key) && (is_ping(key) || !is_kernel_protocol(key)))
		find_raw_socket(view, key, begin_ns, &pick);
	if (pick.doubt)
		return JOIN_UNKNOWN;
	if (!pick.best)
		return join_without_socket(view, key);
	if (pick.best->flags & OWNER_SOCKET_KERNEL)
		return JOIN_KERNEL;
	*ret_socket = pick.best;
	return JOIN_SOCKET;
}
