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

/* Most sockets with the same two ends that are compared; with more, the owner is unclear. */
#define CANDIDATES_MAX 1024
/* How long before a flow begins its socket may have been closed: answers come late. */
#define CLOSED_EXACT_NS	 5000000000ULL
#define CLOSED_LOCAL_NS	 1000000000ULL
#define ND_REDIRECT_TYPE 137
#define MLD2_REPORT_TYPE 143

static const struct socket_end nobody;

/* What has been found so far. */
struct pick {
	const struct owner_socket *best;
	bool doubt;
	bool for_good; /* one of them is closed: what is known of it will not get more */
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

/* Of two processes that share a socket, the younger, to which it was passed; but never init. */
static const struct owner_socket *handed_to(const struct owner_socket *a,
					    const struct owner_socket *b)
{
	if (a->process.pid == 1 || b->process.pid == 1)
		return a->process.pid == 1 ? b : a;
	return a->process.start_ns >= b->process.start_ns ? a : b;
}

/* It was open when the walk began, and closed before its process was read. */
static bool is_same_since(const struct owner_socket *hidden, const struct owner_socket *closed,
			  uint64_t walk_ns)
{
	return is_open(hidden) && !hidden->process.pid && !is_open(closed) &&
	       closed->closed_ns >= walk_ns;
}

static void pick_offer(struct pick *pick, const struct owner_socket *socket,
		       const struct join_view *view, uint64_t begin_ns)
{
	const struct owner_socket *best = pick->best;
	bool here = best && best->netns == socket->netns;

	if (!best || (here && is_same_since(best, socket, view->walk_ns)))
		pick->best = socket;
	else if (here && same_process(best, socket))
		return;
	else if (here && is_open(best) && !is_open(socket) && socket->closed_ns <= begin_ns)
		return; /* open sockets come first, so this one is kept; the flow is not older than that */
	else if (here && best->inode && best->inode == socket->inode)
		pick->best = handed_to(best, socket);
	else {
		pick->doubt = true;
		pick->for_good |= !is_open(best) || !is_open(socket);
	}
}

/* A socket for any address takes IPv4 too, unless IPV6_V6ONLY is set. */
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

/* Of which network namespaces sockets are offered. */
enum namespaces {
	NAMESPACE_HOME, /* the watched interfaces' */
	NAMESPACE_OTHERS,
	NAMESPACE_ALL,
};

/* Which sockets may be offered. */
struct offer {
	const struct join_view *view;
	const struct join_flow *flow;
	uint8_t protocol;
	bool ipv4;
	enum namespaces namespaces; /* for connected ones */
};

static bool is_port_offered(const struct offer *offer, const struct owner_socket *socket,
			    bool connected)
{
	bool home = socket->netns == offer->view->home;

	if (!is_in_time(socket, offer->flow->begin_ns,
			connected ? CLOSED_EXACT_NS : CLOSED_LOCAL_NS))
		return false;
	if (home && socket->device && offer->flow->device && socket->device != offer->flow->device)
		return false;
	if (!connected)
		return takes_family(socket, offer->ipv4);
	return offer->namespaces == NAMESPACE_ALL || (offer->namespaces == NAMESPACE_HOME) == home;
}

/* Offers what has these ends; true when that settled it, be it by doubt. */
static bool try_ends(const struct offer *offer, uint32_t netns, const struct socket_end *local,
		     const struct socket_end *remote, struct pick *pick)
{
	const struct sockets *sockets = offer->view->sockets;
	const struct owner_socket *socket;
	unsigned int seen = 0;

	*pick = (struct pick){0};
	for (socket = sockets_first(sockets, offer->protocol, netns, local, remote);
	     socket && seen < CANDIDATES_MAX; socket = sockets_next(sockets, socket), seen++) {
		if (is_port_offered(offer, socket, remote != &nobody))
			pick_offer(pick, socket, offer->view, offer->flow->begin_ns);
	}
	if (socket)
		pick->doubt = true;
	return pick->best || pick->doubt;
}

static bool try_connected(struct offer *offer, enum namespaces namespaces, const struct ends *ends,
			  struct pick *pick)
{
	offer->namespaces = namespaces;
	return try_ends(offer, 0, &ends->local, &ends->remote, pick);
}

/* Listening and unconnected sockets of a namespace: bound to the address, else to any. */
static bool try_unconnected(const struct offer *offer, uint32_t netns, const struct ends *ends,
			    struct pick *pick)
{
	const struct socket_end any = {.port = ends->local.port};

	return try_ends(offer, netns, &ends->local, &nobody, pick) ||
	       try_ends(offer, netns, &any, &nobody, pick);
}

/*
 * An end that is the own namespace's: nobody else's sockets can have it, the peer's least of all. A
 * packet with an own address as its source is never passed on, and one with it as its destination
 * ends here, whoever else has that address and the same connection in a network of its own. But where
 * only the other one has the connection, it may be that.
 */
static void find_at_home(struct offer *offer, const struct ends *ends, struct pick *pick)
{
	bool alone = address_is_loopback(ends->local.address) ||
		     address_is_loopback(ends->remote.address);

	if (try_connected(offer, NAMESPACE_HOME, ends, pick))
		return;
	if (!alone && try_connected(offer, NAMESPACE_OTHERS, ends, pick))
		pick->doubt = true;
	else
		try_unconnected(offer, offer->view->home, ends, pick);
}

/* An end that another namespace may have. True when it has, also if no owner is found there. */
static bool find_elsewhere(struct offer *offer, const struct ends *ends, struct pick *pick)
{
	struct addresses *addresses = offer->view->addresses;
	uint32_t netns;

	if (try_connected(offer, NAMESPACE_OTHERS, ends, pick))
		return true;
	if (addresses_is_shared(addresses, ends->local.address))
		return false;
	switch (addresses_place(addresses, ends->local.address, &netns)) {
	case PLACE_NONE: return false;
	case PLACE_ONE: try_unconnected(offer, netns, ends, pick); return true;
	default: return true;
	}
}

static void find_port_socket(const struct join_view *view, const struct flow_key *key,
			     const struct join_flow *flow, struct pick *pick)
{
	bool out = flow_key_dir(key) == FLOW_OUT;
	const struct ends natural = ends_of(key, out), other = ends_of(key, !out);
	struct offer offer = {view, flow, key->ipproto, natural.ipv4, NAMESPACE_HOME};

	if (!natural.local.port || !natural.remote.port)
		return;
	if (addresses_is_home(view->addresses, natural.local.address)) {
		find_at_home(&offer, &natural, pick);
		return;
	}
	/* A transparent proxy has connections of addresses that are not its own. */
	if (try_connected(&offer, NAMESPACE_HOME, &natural, pick)) {
		try_connected(&offer, NAMESPACE_ALL, &natural, pick);
		return;
	}
	if (address_is_multicast(natural.local.address) &&
	    try_unconnected(&offer, view->home, &natural, pick))
		return;
	if (address_is_loopback(key->src) || address_is_loopback(key->dst))
		return;
	if (!find_elsewhere(&offer, &other, pick))
		find_elsewhere(&offer, &natural, pick);
}

/* Raw and ping sockets have no ports: the one that is there for the protocol and the two ends. */
static void find_raw_socket(const struct join_view *view, const struct flow_key *key,
			    const struct join_flow *flow, struct pick *pick)
{
	const struct ends ends = ends_of(key, flow_key_dir(key) == FLOW_OUT);
	const struct offer offer = {view, flow, key->ipproto, ends.ipv4, NAMESPACE_HOME};
	const struct owner_socket *socket;
	unsigned int seen = 0;

	if (!addresses_is_home(view->addresses, ends.local.address))
		return;
	for (socket = sockets_first(view->sockets, key->ipproto, view->home, &nobody, &nobody);
	     socket && seen < CANDIDATES_MAX;
	     socket = sockets_next(view->sockets, socket), seen++) {
		if (!takes_family(socket, ends.ipv4) || !is_port_offered(&offer, socket, true))
			continue;
		if ((socket_is_any(socket->local) ||
		     !memcmp(socket->local, ends.local.address, 16)) &&
		    (socket_is_any(socket->remote) ||
		     !memcmp(socket->remote, ends.remote.address, 16)))
			pick_offer(pick, socket, view, flow->begin_ns);
	}
	if (socket)
		pick->doubt = true;
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

/* Protocols handled by the kernel alone, at an address of the host. */
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
	enum address_place place;
	uint32_t netns;

	if (addresses_is_home(view->addresses, address) ||
	    addresses_is_shared(view->addresses, address) || address_is_loopback(address))
		return false;
	place = addresses_place(view->addresses, address, &netns);
	return place == PLACE_NONE || place == PLACE_HIDDEN;
}

static enum join_result join_without_socket(const struct join_view *view,
					    const struct flow_key *key)
{
	if (key->ethertype == ETH_P_ARP)
		return addresses_is_home(view->addresses, key->src) ||
				       addresses_is_home(view->addresses, key->dst)
			       ? JOIN_KERNEL
			       : JOIN_UNKNOWN;
	if (is_kernel_protocol(key) && is_at_home(view, key))
		return JOIN_KERNEL;
	if (is_foreign(view, key->src) && is_foreign(view, key->dst))
		return JOIN_FORWARDED;
	return JOIN_UNKNOWN;
}

enum join_result join_flow(const struct join_view *view, const struct flow_key *key,
			   const struct join_flow *flow, const struct owner_socket **ret_socket)
{
	struct pick pick = {0};

	if (flow_key_sum(key) != FLOW_SUM_NONE)
		return JOIN_UNKNOWN;
	/* Where home is not known, sockets of other namespaces look the same. */
	if (view->home && flow_key_has_ports(key))
		find_port_socket(view, key, flow, &pick);
	else if (view->home && flow_key_is_ip(key) && (is_ping(key) || !is_kernel_protocol(key)))
		find_raw_socket(view, key, flow, &pick);
	if (pick.doubt)
		return pick.for_good ? JOIN_DOUBTFUL : JOIN_UNKNOWN;
	if (!pick.best)
		return join_without_socket(view, key);
	if (pick.best->flags & OWNER_SOCKET_KERNEL)
		return JOIN_KERNEL;
	if (!pick.best->process.pid)
		return JOIN_UNKNOWN;
	*ret_socket = pick.best;
	return JOIN_SOCKET;
}

bool join_may_be_handed_on(const struct join_view *view, const struct owner_socket *socket)
{
	struct socket_end local = {.port = socket->local_port}, any = local;

	memcpy(local.address, socket->local, 16);
	if (socket->protocol != IPPROTO_TCP || !is_open(socket))
		return false;
	return sockets_first(view->sockets, IPPROTO_TCP, socket->netns, &local, &nobody) ||
	       sockets_first(view->sockets, IPPROTO_TCP, socket->netns, &any, &nobody);
}
