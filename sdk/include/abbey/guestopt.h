/* abbey/guestopt.h - plugins of kind guestopt: what makes one guest operating system faster. A machine is right with
 * none loaded, so the first version of this interface offers a name and nothing else. */
#ifndef ABBEY_GUESTOPT_H
#define ABBEY_GUESTOPT_H

#include <abbey/types.h>

typedef struct abbey_guestopt {
    uint32_t size;
    uint32_t reserved;
    const char *name; /* what `guest: { optimize: [name] }` says */
    const char *summary;
} abbey_guestopt;

#endif
