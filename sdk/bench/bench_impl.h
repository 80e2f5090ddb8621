/* bench_impl.h - what a bench is made of; for the bench itself and for tests that look behind it. */
#ifndef ABBEY_BENCH_IMPL_H
#define ABBEY_BENCH_IMPL_H

/* The names that leave libabbey-bench.a. */
#pragma GCC visibility push(default)
#include <abbey/bench.h>
#pragma GCC visibility pop

#include "core/config/config.h"
#include "core/machine/board.h"
#include "core/machine/parts.h"
#include "sdk/bench/stand_ins.h"

struct abbey_bench {
    struct plugin_set *plugins;
    struct config *config;
    struct mem *mem;
    struct board *board;
    struct commands *commands;
    json_t *answer;   /* to the command under way or the last one */
    char *text;       /* what abbey_command_run() or abbey_events_text() gave last */
    json_t *messages; /* events posted */
    uint64_t now;
    bool intr;
    uint32_t registers[8]; /* EAX to EDI */
    abbey_events events;
    struct stream stream;
    struct disk *disks;
    struct wire *wires;
    char *state;
};

/* A bench from text and a set of plugins, which it takes over. NULL, with the errors on bench_errors. */
abbey_bench *bench_build(struct plugin_set *plugins, const char *text);

/* Builds the board of a bench, for the first time or anew; false with the errors reported. */
bool bench_board(abbey_bench *bench);
extern const struct board_owner bench_owner;

/* control.c: the commands for a board that is about to be built. */
bool bench_commands(abbey_bench *bench);

/* Where errors of building and of states go; NULL: stderr. */
extern FILE *bench_errors;
FILE *bench_stderr(void);

#endif
