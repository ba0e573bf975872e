/* SPDX-License-Identifier: MIT */
/*
 * Inside of the frame builder: what its three files share. Each packet_put_x() appends the header
 * of one word of packet.h; `arg` are the word's three arguments. All return 0 or a negative errno.
 */
#ifndef TESTS_PACKET_PUT_H
#define TESTS_PACKET_PUT_H

#include "packet.h"

#define PACKET_ARGS 3

/* Appends bytes, or zeros when `bytes` is NULL. */
int packet_put(struct packet *p, const void *bytes, size_t size);
/* Overwrites in network byte order. */
void packet_set8(struct packet *p, size_t at, unsigned long value);
void packet_set16(struct packet *p, size_t at, unsigned long value);
void packet_set32(struct packet *p, size_t at, unsigned long value);
/*
 * Sets the field of the previous header that names this one, in the form of that field; 0 or -1
 * for a number it has not.
 */
int packet_link(struct packet *p, unsigned int ethertype, unsigned int ppp, int ipproto);
int packet_link_ip(struct packet *p, int ipproto);
/* The field at `at` waits for the next header. */
void packet_expect(struct packet *p, enum packet_next next, size_t at);
/* The header at `at` has a length that is filled in at the end. */
int packet_open_length(struct packet *p, enum packet_length kind, size_t at);

int packet_put_eth(struct packet *p, const unsigned long *arg);
int packet_put_vlan(struct packet *p, const unsigned long *arg);
int packet_put_qinq(struct packet *p, const unsigned long *arg);
int packet_put_ethertype(struct packet *p, const unsigned long *arg);
int packet_put_llc(struct packet *p, const unsigned long *arg);
int packet_put_snap(struct packet *p, const unsigned long *arg);
int packet_put_pppoe(struct packet *p, const unsigned long *arg);
int packet_put_ppp(struct packet *p, const unsigned long *arg);
int packet_put_mpls(struct packet *p, const unsigned long *arg);
int packet_put_arp(struct packet *p, const unsigned long *arg);
int packet_put_ip4(struct packet *p, const unsigned long *arg);
int packet_put_ip6(struct packet *p, const unsigned long *arg);
int packet_put_opt(struct packet *p, const unsigned long *arg);
int packet_put_frag(struct packet *p, const unsigned long *arg);
int packet_put_hop(struct packet *p, const unsigned long *arg);
int packet_put_dst(struct packet *p, const unsigned long *arg);
int packet_put_rt(struct packet *p, const unsigned long *arg);
int packet_put_tcp(struct packet *p, const unsigned long *arg);
int packet_put_udp(struct packet *p, const unsigned long *arg);
int packet_put_udplite(struct packet *p, const unsigned long *arg);
int packet_put_sctp(struct packet *p, const unsigned long *arg);
int packet_put_dccp(struct packet *p, const unsigned long *arg);
int packet_put_icmp(struct packet *p, const unsigned long *arg);
int packet_put_icmp6(struct packet *p, const unsigned long *arg);
int packet_put_esp(struct packet *p, const unsigned long *arg);
int packet_put_ah(struct packet *p, const unsigned long *arg);
int packet_put_gre(struct packet *p, const unsigned long *arg);
int packet_put_ospf(struct packet *p, const unsigned long *arg);
int packet_put_proto(struct packet *p, const unsigned long *arg);

#endif
