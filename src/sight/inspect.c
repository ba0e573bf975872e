/* SPDX-License-Identifier: MIT */
/*
 * Conversations in a ring of places, used in turn, with an index by key; what TCP and UDP have in
 * common. See inspect.h.
 */
#include "inspect_private.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "flow.h"

int inspect_new(const struct inspect_sink *sink, struct inspect **ret_inspect)
{
	struct inspect *inspect = calloc(1, sizeof(*inspect));
	int err;

	if (!inspect)
		return -ENOMEM;
	inspect->sink = *sink;
	err = hash_index_init(&inspect->index);
	if (!err)
		err = hash_index_reserve(&inspect->index, INSPECT_CONVERSATIONS);
	if (!err)
		err = hello_pool_new(&inspect->pool);
	if (!err)
		err = dns_cache_new(&inspect->names);
	if (err) {
		inspect_free(inspect);
		return err;
	}
	*ret_inspect = inspect;
	return 0;
}

void inspect_free(struct inspect *inspect)
{
	if (!inspect)
		return;
	hash_index_done(&inspect->index);
	hello_pool_free(inspect->pool);
	dns_cache_free(inspect->names);
	free(inspect);
}

static bool is_conversation(const void *table, uint32_t place, const void *key)
{
	return flow_key_equal(&((const struct inspect *)table)->conversation[place].finding.key,
			      key);
}

static uint32_t hash_of_key(const struct inspect *inspect, const struct flow_key *key)
{
	return hash_index_hash(&inspect->index, key, sizeof(*key));
}

/* A conversation from the start, also when its tuple is used again. */
static void begin_conversation(struct inspect *inspect, struct inspect_conversation *conversation,
			       const struct flow_key *key)
{
	*conversation = (struct inspect_conversation){.serial = ++inspect->serials,
						      .finding = {.key = *key}};
}

static struct inspect_conversation *conversation_of(struct inspect *inspect,
						    const struct flow_key *key, bool *ret_new)
{
	uint32_t hash = hash_of_key(inspect, key);
	uint32_t place = hash_index_find(&inspect->index, hash, is_conversation, inspect, key);
	struct inspect_conversation *conversation;

	*ret_new = place == HASH_INDEX_NONE;
	if (!*ret_new)
		return &inspect->conversation[place];
	place = inspect->next;
	conversation = &inspect->conversation[place];
	if (conversation->serial)
		hash_index_remove(&inspect->index, hash_of_key(inspect, &conversation->finding.key),
				  place);
	conversation->serial = 0;
	if (hash_index_add(&inspect->index, hash, place))
		return NULL; /* cannot be: there is room for all of them */
	inspect->next = (place + 1) % INSPECT_CONVERSATIONS;
	begin_conversation(inspect, conversation, key);
	return conversation;
}

uint64_t inspect_stream(const struct inspect_case *now)
{
	return now->of->serial << 1 | now->from;
}

void inspect_found(struct inspect_case *now, enum application application)
{
	if (application == APPLICATION_UNKNOWN || now->of->finding.application == application)
		return;
	now->of->finding.application = (uint8_t)application;
	now->changed = true;
}

static enum sight_end end_of_side(unsigned int side)
{
	return side ? SIGHT_END_DESTINATION : SIGHT_END_SOURCE;
}

void inspect_named(struct inspect_case *now, unsigned int server, const char *name)
{
	struct sight_finding *finding = &now->of->finding;

	if (!*name || !strcmp(finding->name, name))
		return;
	snprintf(finding->name, sizeof(finding->name), "%s", name);
	/* An answer of DNS that was for the other end says nothing any more. */
	if (finding->named != end_of_side(server))
		finding->dns[0] = '\0';
	finding->named = (uint8_t)end_of_side(server);
	now->changed = true;
}

static const uint8_t *address_of_side(const struct flow_key *key, unsigned int side)
{
	return side ? key->dst : key->src;
}

bool inspect_ask_dns(struct inspect_case *now, unsigned int server)
{
	struct sight_finding *finding = &now->of->finding;
	const char *name =
		dns_cache_get(now->inspect->names, address_of_side(&finding->key, !server),
			      address_of_side(&finding->key, server), now->packet->time_ns);

	if (!name)
		return false;
	snprintf(finding->dns, sizeof(finding->dns), "%s", name);
	finding->named = (uint8_t)end_of_side(server);
	now->changed = true;
	return true;
}

/* RFC 7301's registry of protocols, as far as they have a name of their own here. */
static enum application application_of_alpn(const char *alpn, bool quic)
{
	static const struct {
		const char *alpn;
		enum application over_tls, over_quic;
	} known[] = {
		{"h2", APPLICATION_HTTPS, APPLICATION_QUIC},
		{"http/1.1", APPLICATION_HTTPS, APPLICATION_QUIC},
		{"http/1.0", APPLICATION_HTTPS, APPLICATION_QUIC},
		{"h3", APPLICATION_TLS, APPLICATION_HTTP3},
		{"dot", APPLICATION_DOT, APPLICATION_QUIC},
		{"doq", APPLICATION_TLS, APPLICATION_DOQ},
		{"ftp", APPLICATION_FTP, APPLICATION_QUIC},
		{"imap", APPLICATION_IMAP, APPLICATION_QUIC},
		{"mqtt", APPLICATION_MQTT, APPLICATION_MQTT},
		{"pop3", APPLICATION_POP3, APPLICATION_QUIC},
		{"postgresql", APPLICATION_POSTGRESQL, APPLICATION_QUIC},
		{"sip/2", APPLICATION_SIP, APPLICATION_QUIC},
		{"smb", APPLICATION_TLS, APPLICATION_SMB},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strcmp(known[i].alpn, alpn) == 0)
			return quic ? known[i].over_quic : known[i].over_tls;
	}
	return quic ? APPLICATION_QUIC : APPLICATION_TLS;
}

void inspect_hello(struct inspect_case *now, const struct tls_hello *hello, bool whole, bool quic)
{
	struct sight_finding *finding = &now->of->finding;

	inspect_named(now, !now->from, hello->sni);
	/* What asked for TLS is the application also behind it. */
	if (quic || finding->application == APPLICATION_UNKNOWN ||
	    finding->application == APPLICATION_TLS)
		inspect_found(now, application_of_alpn(hello->alpn, quic));
	if (finding->tls_version != hello->version || finding->ech != hello->ech ||
	    strcmp(finding->alpn, hello->alpn) != 0)
		now->changed = true;
	finding->tls_version = hello->version;
	finding->ech = hello->ech;
	snprintf(finding->alpn, sizeof(finding->alpn), "%s", hello->alpn);
	if (!whole)
		return;
	ja4_write(hello, quic, finding->ja4);
	now->of->side[now->from].finished = true;
	now->changed = true;
}

void inspect_learn_dns(struct inspect_case *now, const struct dns_message *message)
{
	if (!message->response || !*message->name)
		return;
	for (unsigned int i = 0; i < message->addresses; i++)
		dns_cache_put(now->inspect->names, now->packet->key.dst,
			      message->address[i].address, message->name, message->address[i].ttl_s,
			      now->packet->time_ns);
}

void inspect_take(struct inspect *inspect, const struct inspect_packet *packet)
{
	struct inspect_case now = {.inspect = inspect, .packet = packet};
	bool turned, new;
	const struct flow_key key = sight_key(&packet->key, &turned);

	if (key.ipproto != IPPROTO_TCP && key.ipproto != IPPROTO_UDP)
		return;
	now.of = conversation_of(inspect, &key, &new);
	if (!now.of)
		return;
	now.from = turned;
	/* Who sent first is the client, as far as can be told. */
	if (new && !inspect_ask_dns(&now, !now.from))
		inspect_ask_dns(&now, now.from);
	if (key.ipproto == IPPROTO_TCP)
		inspect_tcp(&now);
	else
		inspect_udp(&now);
	if (now.changed)
		inspect->sink.tell(inspect->sink.arg, &now.of->finding);
}
