/* capture.h - the frames of a network, to a file that tcpdump and Wireshark read: pcap, draft-ietf-opsawg-pcap. */
#ifndef ABBEY_NET_CAPTURE_H
#define ABBEY_NET_CAPTURE_H

#include <stdatomic.h>
#include <stdbool.h>

#include <abbey/plugin.h>

struct capture {
    abbey_dev *dev;
    const abbey_host_thread_1 *threads;
    const abbey_host_clock_1 *clock;
    abbey_mutex *mutex; /* of fd: the command is given on another thread than frames come on */
    _Atomic bool open;
    int fd;
};

bool capture_new(struct capture *capture, abbey_dev *dev);
void capture_free(struct capture *capture);

/* Begins a file, and ends the one before. A FIFO must have its reader already. 0, or -1 with the reason. [any] */
int32_t capture_open(struct capture *capture, const char *path, abbey_error *error);
void capture_close(struct capture *capture);

/* Writes one frame if a file is open. A file that cannot be written, or a reader who is too slow, ends the capture. */
void capture_frame(struct capture *capture, const uint8_t *frame, uint32_t bytes);

#endif
