/* stand_ins.h - what the bench puts around a device: interrupt lines, a PCI bus, a byte stream, memory. */
#ifndef ABBEY_BENCH_STAND_INS_H
#define ABBEY_BENCH_STAND_INS_H

#include <stdbool.h>

#pragma GCC visibility push(default)
#include <abbey/bench.h>
#pragma GCC visibility pop
#include <abbey/plugin.h>

/* Devices "bench-isa" and "bench-pci", backend "bench". */
extern const abbey_plugin stand_ins;

/* Memory objects from malloc: only what a board needs for its RAM. */
extern const abbey_host_mem_1 stand_in_memory;

/* The far side of the backend "bench". It outlives the backend, since a round trip builds that anew. */
struct stream {
    uint8_t *sent;
    uint32_t sent_count, sent_room;
    bool stalled;
    const abbey_char_client_1 *client;
    void *client_self;
};

/* The stream of the bench that `dev` belongs to; in bench.c. */
struct stream *bench_stream(abbey_dev *dev);

/* The medium behind a backend "bench-disk"; it outlives the backend as well. disk.c */
struct disk {
    struct disk *next;
    char id[64];
    uint8_t *bytes;
    uint64_t count;
    bool present, broken;
    const abbey_block_client_1 *client;
    void *client_self;
    abbey_disk_counts counts;
};
extern const abbey_plugin disk_stand_in;
/* The far side of a backend "bench-net"; it outlives the backend. net.c */
struct wire {
    struct wire *next;
    char id[64];
    struct wire_frame *first, **last;
    uint32_t count, accepts;
    bool stalled, refused, up;
    const abbey_net_client_1 *client;
    void *client_self;
};
extern const abbey_plugin net_stand_in;
struct wire **bench_wires(abbey_dev *dev);
void wires_free(struct wire *wires);
/* The list of media of the bench that `dev` belongs to; in bench.c. */
struct disk **bench_disks(abbey_dev *dev);
void disks_free(struct disk *disks);

#endif
