/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer target for capture files: whatever the file, reading ends, each packet lies within the
 * buffer, and every one that was read is counted once, with its original length; what is sampled of
 * it was captured.
 *
 * Input: a file, pcap or pcapng.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "counter.h"
#include "fuzz.h"
#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(void *arg, const struct flow_delta *flows, size_t count)
{
	struct flow_counts *sum = arg;

	for (size_t i = 0; i < count; i++)
		flow_counts_add(sum, &flows[i].counts);
}

static void no_wake(void *context)
{
	(void)context;
}

/* Takes all samples. True: there is room. */
static bool take_samples(void *context)
{
	struct shared_ring *taker = context;
	const struct flow_sample *sample;
	size_t size;

	while ((sample = shared_ring_next(taker, &size))) {
		check(size == sizeof(*sample) + sample->captured);
		check(sample->captured <= sample->length && sample->captured <= SAMPLE_LARGE);
		shared_ring_release(taker);
	}
	return true;
}

/* The rings are made once, and empty after each run. */
static const struct sampler_outlet *make_outlet(void)
{
	static struct shared_ring *ring, *taker;
	static struct sampler_outlet outlet;

	if (!ring) {
		check(!shared_ring_new(1U << 16, &ring));
		check(!shared_ring_map(shared_ring_fd(ring), &taker));
		outlet = (struct sampler_outlet){ring, no_wake, take_samples, taker};
	}
	return &outlet;
}

static void count_all(struct reader *reader, struct counter *counter)
{
	struct flow_counts sum = {0}, total = {0};
	const struct flow_sink sink = {.add = add, .arg = &sum};
	struct source_reading reading = {0};
	static struct fuzz_exact exact;
	struct reader_packet packet;
	uint64_t packets = 0, bytes = 0;

	while (reader_next(reader, &packet) == 1) {
		check(packet.wall_ns >= 0 && packet.dir >= -1 && packet.dir < FLOW_DIRS);
		packets++;
		bytes += packet.captured.length;
		/* To the byte, so that the sanitizer sees what is read beyond. */
		if (packet.captured.size <= 4096)
			packet.captured.data =
				fuzz_copy(&exact, packet.captured.data, packet.captured.size);
		counter_add(counter, &packet.captured, packet.iface % FLOW_IFACES_MAX, packet.dir,
			    packet.wall_ns);
		(void)reader_iface_name(reader, packet.iface);
	}
	check(reader->packets == packets);
	counter_drain(counter, &sink, &reading);
	for (unsigned int where = 0; where < FLOW_WHERES; where++)
		flow_counts_add(&total, &reading.total[where]);
	check(sum.packets == packets && sum.bytes == bytes);
	check(total.packets == packets && total.bytes == bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int file = memfd_create("capture", MFD_CLOEXEC);
	struct counter counter = {0};
	struct reader reader;
	char path[32];

	check(file >= 0 && write(file, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	check(!counter_open(&counter, false, NULL, make_outlet()));
	if (!reader_open(&reader, path, -1))
		count_all(&reader, &counter);
	take_samples(make_outlet()->context);
	reader_close(&reader);
	counter_close(&counter);
	close(file);
	return 0;
}
