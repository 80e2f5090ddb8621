/* machine_stats.c - what a run cost and where: the JSON of --stats, and the report after a failure. */
#include "core/machine/machine_impl.h"

#include <stdlib.h>

static const char *const exit_names[] = {
    [CPU_EXIT_BUDGET] = "budget",
    [CPU_EXIT_STOP] = "stop",
    [CPU_EXIT_HALT] = "halt",
    [CPU_EXIT_TRIPLE_FAULT] = "triple_fault",
};

json_t *machine_stats(struct machine *machine)
{
    json_t *exits = json_object();
    for (unsigned i = 0; i < sizeof exit_names / sizeof exit_names[0]; i++)
        json_object_set_new(exits, exit_names[i], json_integer((json_int_t)machine->vcpu.exits[i]));
    double seconds = (double)(machine->ended - machine->started) / (double)ABBEY_SEC;
    json_t *stats = json_pack("{s:s, s:I, s:f, s:I, s:o, s:o}", "engine", machine->vcpu.engine->name, "instructions",
        (json_int_t)machine->cpu->instructions, "seconds", seconds, "resets", (json_int_t)machine->resets, "exits",
        exits, "devices", board_stats(machine->board));
    if (machine->vcpu.engine->stats)
        json_object_set_new(stats, machine->vcpu.engine->name, machine->vcpu.engine->stats(machine->cpu));
    return stats;
}

char *machine_report(struct machine *machine)
{
    enum { ROOM = 4096 };
    char *text = malloc(ROOM);
    if (text)
        cpu_dump(machine->cpu, text, ROOM);
    return text;
}
