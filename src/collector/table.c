/* SPDX-License-Identifier: MIT */
/* Flow tables: making and mapping one. */
#include "table.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

int table_make(unsigned int bits, int *ret_fd)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "flow_table", sizeof(__u32),
				sizeof(struct flow_bucket), 1U << bits >> FLOW_BUCKET_BITS,
				&options);

	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

void table_close(struct table *table)
{
	if (table->memory)
		munmap(table->memory, table->mapped);
	if (table->fd >= 0)
		close(table->fd);
	*table = (struct table){.fd = -1};
}

int table_map(struct table *table, size_t bytes)
{
	void *memory;

	if (table->mapped >= bytes)
		return 0;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, table->fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	if (table->memory)
		munmap(table->memory, table->mapped);
	table->memory = memory;
	table->mapped = bytes;
	return 0;
}
