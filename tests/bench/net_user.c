/* net_user.c - the guest's side of tests/bench/net, a static 32-bit program:
 *
 *     net_user ADDRESS get PORT         reads until the host closes
 *     net_user ADDRESS put PORT BYTES   writes so much, and waits until the host has read it all
 *     net_user ADDRESS ask PORT COUNT   sends a byte and waits for its echo, so many times
 *
 * It says "NET get end COUNT" with bytes, or answers. What it takes is measured by the host. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK 65536

static char block[BLOCK];

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int connected(const char *address, const char *port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port)) };
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1)
        fail(address);
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) || connect(fd, (struct sockaddr *)&to, sizeof to))
        fail("connect");
    return fd;
}

static unsigned long get(int fd)
{
    unsigned long count = 0;
    ssize_t got;
    while ((got = read(fd, block, BLOCK)) > 0)
        count += (unsigned long)got;
    if (got < 0)
        fail("read");
    return count;
}

static unsigned long put(int fd, unsigned long bytes)
{
    unsigned long count = 0;
    while (count < bytes) {
        ssize_t put = write(fd, block, bytes - count < BLOCK ? bytes - count : BLOCK);
        if (put <= 0)
            fail("write");
        count += (unsigned long)put;
    }
    shutdown(fd, SHUT_WR);
    get(fd);
    return count;
}

static unsigned long ask(int fd, unsigned long times)
{
    unsigned long count = 0;
    while (count < times) {
        if (write(fd, block, 1) != 1 || read(fd, block, 1) != 1)
            fail("echo");
        count++;
    }
    return count;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    int fd = connected(argv[1], argv[3]);
    unsigned long amount = argc > 4 ? strtoul(argv[4], NULL, 10) : 0, count;
    count = !strcmp(argv[2], "get") ? get(fd) : !strcmp(argv[2], "put") ? put(fd, amount) : ask(fd, amount);
    close(fd);
    printf("NET %s end %lu\n", argv[2], count);
    return 0;
}
