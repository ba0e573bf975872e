// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Who has which socket. None of these programs stands in the path of a packet: one walks over all
 * open files when user space asks, one runs when the last user of a socket closes it, one when a
 * TCP connection begins or ends. They let everything through and wait for nothing.
 */
#include "owner_kernel.h"

#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "owner_abi.h"

#define AF_INET	       2
#define AF_INET6       10
#define IPPROTO_TCP    6
#define IPPROTO_MPTCP  262 /* finds its peers as TCP does */
#define TCP_SYN_SENT   2
#define TCP_CLOSE      7
#define PID_LEVELS_MAX 32
#define PID_NS_FIRST   0xeffffffcU /* PROC_PID_INIT_INO */
#define PF_KTHREAD     0x00200000

/* Inode of the monitor's pid namespace; 0: it is not known, and no process can be named. */
const volatile __u32 owner_pid_ns = PID_NS_FIRST;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, OWNER_CLOSED_BYTES);
} owner_closed SEC(".maps");

/* Who began the connection of a socket that is not established yet. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, __u64);
	__type(value, struct owner_process);
	__uint(max_entries, OWNER_CONNECTS_MAX);
} owner_connects SEC(".maps");

__u64 owner_lost; /* sockets closed that found no room */

/*
 * The process whose files are being walked over. Its sockets come one after the other, so it is
 * read once. Only one walk is under way at a time.
 */
struct {
	struct task_struct *task;
	struct owner_process process;
	__u32 netns; /* where it is itself */
} owner_walked;

/*
 * A field, read directly where the verifier knows what `from` points to, which is several times
 * cheaper; else through a helper. `known` is a constant.
 */
#define GET(known, from, field) ((known) ? (from)->field : BPF_CORE_READ(from, field))

/* The number of a process in the monitor's pid namespace, 0 when it has none there. */
static __always_inline __u32 pid_of(struct task_struct *leader)
{
	unsigned int step, size = bpf_core_type_size(struct upid);
	struct pid *pid;
	struct upid *number;

	if (owner_pid_ns == PID_NS_FIRST)
		return BPF_CORE_READ(leader, tgid);
	pid = BPF_CORE_READ(leader, thread_pid);
	number = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
		 (__u64)BPF_CORE_READ(pid, level) * size;
	for (step = 0; step <= PID_LEVELS_MAX && (void *)number > (void *)pid; step++) {
		if (BPF_CORE_READ(number, ns, ns.inum) == owner_pid_ns)
			return BPF_CORE_READ(number, nr);
		number = (void *)number - size;
	}
	return 0;
}

static __always_inline void fill_process(struct owner_process *process, struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	process->start_ns = BPF_CORE_READ(leader, start_boottime);
	process->cgroup = BPF_CORE_READ(leader, cgroups, dfl_cgrp, kn, id);
	/* A kernel thread closes for others what they left: it is nobody's process. */
	process->pid = BPF_CORE_READ(leader, flags) & PF_KTHREAD ? 0 : pid_of(leader);
	process->program = BPF_CORE_READ(leader, self_exec_id);
	process->uid = BPF_CORE_READ(leader, cred, euid.val);
	bpf_core_read(process->comm, sizeof(process->comm), &leader->comm);
}

static __always_inline void fill_address(__u8 address[16], __be32 ipv4)
{
	__builtin_memset(address, 0, 10);
	address[10] = address[11] = 0xff;
	__builtin_memcpy(address + 12, &ipv4, 4);
}

/* Everything but the process. False for a socket that no flow can belong to. */
static __always_inline bool fill_socket(struct owner_socket *to, struct sock *sk, const bool known)
{
	__u16 family = GET(known, sk, __sk_common.skc_family);
	__u16 protocol = GET(known, sk, sk_protocol);
	struct net *net;

	__builtin_memset(to, 0, sizeof(*to));
	if (family == AF_INET) {
		fill_address(to->local, GET(known, sk, __sk_common.skc_rcv_saddr));
		fill_address(to->remote, GET(known, sk, __sk_common.skc_daddr));
	} else if (family == AF_INET6) {
		bpf_core_read(to->local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(to->remote, 16, &sk->__sk_common.skc_v6_daddr);
		if (BPF_CORE_READ_BITFIELD_PROBED(&sk->__sk_common, skc_ipv6only))
			to->flags = OWNER_SOCKET_V6ONLY;
	} else {
		return false;
	}
	to->protocol = protocol == IPPROTO_MPTCP ? IPPROTO_TCP : (__u8)protocol;
	to->local_port = GET(known, sk, __sk_common.skc_num);
	if (!to->local_port) /* the port is given back before the socket is closed, after a reset */
		to->local_port = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
	to->remote_port = bpf_ntohs(GET(known, sk, __sk_common.skc_dport));
	net = GET(known, sk, __sk_common.skc_net.net);
	to->netns = GET(known, net, ns.inum);
	to->state = GET(known, sk, __sk_common.skc_state);
	to->device = (__u32)GET(known, sk, __sk_common.skc_bound_dev_if);
	return to->local_port != 0;
}

SEC("iter/task_file")
int owner_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct owner_socket found;
	struct socket *socket;
	struct sock *sk;

	if (!task || !file)
		return 0;
	if (!ctx->meta->seq_num)
		owner_walked.task = NULL;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk || !fill_socket(&found, sk, true))
		return 0;
	if (owner_walked.task != task) {
		fill_process(&owner_walked.process, task);
		owner_walked.netns = BPF_CORE_READ(task, nsproxy, net_ns, ns.inum);
		owner_walked.task = task;
	}
	found.process = owner_walked.process;
	found.inode = file->f_inode->i_ino;
	if (found.netns != owner_walked.netns)
		found.flags |= OWNER_SOCKET_AWAY;
	bpf_seq_write(ctx->meta->seq, &found, sizeof(found));
	return 0;
}

/* The kernel's own sockets in the namespace of who asks: no process has their files. */
static __always_inline void write_kernel_socket(struct bpf_iter_meta *meta, struct sock *sk)
{
	struct owner_socket found;

	/* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): libbpf's macro, all sizes handled */
	if (!BPF_CORE_READ_BITFIELD(sk, sk_kern_sock) || !fill_socket(&found, sk, true))
		return;
	found.flags |= OWNER_SOCKET_KERNEL;
	bpf_seq_write(meta->seq, &found, sizeof(found));
}

SEC("iter/udp")
int owner_udp(struct bpf_iter__udp *ctx)
{
	struct udp_sock *udp = ctx->udp_sk;

	if (udp)
		write_kernel_socket(ctx->meta, &udp->inet.sk);
	return 0;
}

SEC("iter/tcp")
int owner_tcp(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	struct tcp_sock *tcp;

	if (!common)
		return 0;
	tcp = bpf_skc_to_tcp_sock(common); /* NULL for what is a connection no more, or not yet */
	if (tcp)
		write_kernel_socket(ctx->meta, &tcp->inet_conn.icsk_inet.sk);
	return 0;
}

/* Room in the ring, or a count of what was lost. User space is woken when it is half full. */
static __always_inline struct owner_socket *reserve_closed(void)
{
	struct owner_socket *closed = bpf_ringbuf_reserve(&owner_closed, sizeof(*closed), 0);

	if (!closed)
		__sync_fetch_and_add(&owner_lost, 1);
	return closed;
}

static __always_inline void submit_closed(struct owner_socket *closed)
{
	bool full = bpf_ringbuf_query(&owner_closed, BPF_RB_AVAIL_DATA) > OWNER_CLOSED_BYTES / 2;

	closed->flags |= OWNER_SOCKET_CLOSED;
	closed->closed_ns = bpf_ktime_get_ns();
	bpf_ringbuf_submit(closed, full ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

/* Runs in the process that closes a socket's last descriptor. `ctx` is the struct sock itself. */
SEC("cgroup/sock_release")
int owner_release(struct bpf_sock *ctx)
{
	struct owner_socket *closed = reserve_closed();
	struct sock *sk = (struct sock *)ctx;

	if (!closed)
		return 1;
	if (!fill_socket(closed, sk, false)) {
		bpf_ringbuf_discard(closed, BPF_RB_NO_WAKEUP);
		return 1;
	}
	fill_process(&closed->process, (struct task_struct *)bpf_get_current_task());
	submit_closed(closed);
	return 1;
}

/*
 * A connection that is refused has lost its peer's address when the socket is closed: here it is
 * still known, but no longer, whose process it is. So that is kept when it begins.
 */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(owner_state, struct sock *sk, int old_state, int new_state)
{
	struct owner_process process, *known;
	struct owner_socket *closed;
	__u64 key = (__u64)sk;

	if (new_state == TCP_SYN_SENT) {
		fill_process(&process, (struct task_struct *)bpf_get_current_task());
		bpf_map_update_elem(&owner_connects, &key, &process, BPF_ANY);
		return 0;
	}
	if (old_state != TCP_SYN_SENT || new_state != TCP_CLOSE)
		return 0;
	known = bpf_map_lookup_elem(&owner_connects, &key);
	closed = known ? reserve_closed() : NULL;
	if (!closed)
		return 0;
	if (fill_socket(closed, sk, true)) {
		closed->process = *known;
		submit_closed(closed);
	} else {
		bpf_ringbuf_discard(closed, BPF_RB_NO_WAKEUP);
	}
	return 0;
}

char _license[] SEC("license") = "Dual MIT/GPL";
