/* daq_user.c - a program in a guest that uses the analog input of sdk/samples/daq, whose registers daq.c describes, and
 * goes on while the card dies and comes back. Reads the ports by ioperm(2); the card is at 320h.
 *
 * `samples N` prints N samples; `deaths N` uses the card without a pause and ends when it has seen it dead and alive
 * again N times, with the number of times it came back otherwise than it was. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>

#define BASE 0x320
#define CONTROL (BASE + 0)
#define STATUS (BASE + 1)
#define SAMPLE (BASE + 2)
#define DIVIDER (BASE + 4)
#define RUN 0x01
#define EMPTY 0x80
#define SOME 0x02

static void samples(long count)
{
    outb(EMPTY, CONTROL);
    outb(99, DIVIDER); /* a sample a millisecond */
    outb(RUN, CONTROL);
    printf("abbey-test: samples");
    while (count > 0)
        if (inb(STATUS) & SOME) {
            printf(" %u", inw(SAMPLE));
            count--;
        }
    printf("\n");
    outb(0, CONTROL);
}

/* The divider is a register that nothing but the guest changes: it tells whether the card has come back as it was. */
static void deaths(long count)
{
    unsigned long uses = 0, wrong = 0;
    unsigned char value = 1;
    outb(RUN, CONTROL);
    printf("abbey-test: using\n");
    fflush(stdout);
    while (count > 0) {
        outb(++value | 1, DIVIDER);
        unsigned char there = inb(DIVIDER), control = inb(CONTROL);
        uses++;
        if (control != 0xff) {
            wrong += control != RUN;
            continue;
        }
        /* Dead: the last write reached it or did not. */
        while ((control = inb(CONTROL)) == 0xff)
            inw(SAMPLE);
        there = inb(DIVIDER);
        unsigned char before = value - 1; /* 0 comes behind 255 */
        wrong += control != RUN || (there != (value | 1) && there != (before | 1));
        count--;
        printf("abbey-test: back %ld\n", count);
        fflush(stdout);
    }
    printf("abbey-test: deaths over, %lu wrong, used %s\n", wrong, uses > 1000 ? "often" : "seldom");
    outb(0, CONTROL);
}

int main(int argc, char **argv)
{
    if (argc != 3 || ioperm(BASE, 8, 1) != 0) {
        puts("abbey-test: no access to the ports");
        return 1;
    }
    if (strcmp(argv[1], "samples") == 0)
        samples(atol(argv[2]));
    else
        deaths(atol(argv[2]));
    return 0;
}
