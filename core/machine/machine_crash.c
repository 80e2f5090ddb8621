/* machine_crash.c - the report of a fault of Abbey itself or of a plugin: whose callback it was in, and what the host's
 * processor and the guest's were doing. */
#include "core/machine/machine_impl.h"

#include <inttypes.h>
#include <stdlib.h>

static const char *const kinds[] = {
    [ABBEY_FAULT_ACCESS] = "page fault",
    [ABBEY_FAULT_GENERAL] = "general protection fault",
    [ABBEY_FAULT_ILLEGAL] = "illegal instruction",
    [ABBEY_FAULT_FLOAT] = "arithmetic fault",
    [ABBEY_FAULT_STEP] = "trap",
    [ABBEY_FAULT_KICK] = "kick",
};

static void report_host(FILE *out, const abbey_fault *fault)
{
    static const char *const names[16] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10",
        "r11", "r12", "r13", "r14", "r15" };
    bool known = fault->kind && fault->kind < sizeof kinds / sizeof kinds[0];
    fprintf(out, "abbey: %s at %#" PRIx64, known ? kinds[fault->kind] : "abort", fault->rip);
    if (fault->kind == ABBEY_FAULT_ACCESS)
        fprintf(out, ", %s %#" PRIx64, fault->write ? "writing" : "reading", fault->addr);
    fputc('\n', out);
    for (unsigned i = 0; i < 16; i++)
        fprintf(out, "%-3s %016" PRIx64 "%s", names[i], fault->gpr[i], i % 4 == 3 ? "\n" : "  ");
    fprintf(out, "machine_run() is at %p\n", (void *)(uintptr_t)machine_run);
}

/* What is known of the plugin at fault: the callback that this thread is in, and whose code it was that faulted, which
 * may be a thread of the plugin's own. False when neither is a plugin. */
static bool report_plugin(FILE *out, const struct machine *machine, const abbey_fault *fault)
{
    struct board_call call;
    uint64_t offset;
    bool inside = board_call_here(&call);
    const struct plugin *plugin = plugin_of_code(machine->config->plugins, fault->rip, &offset);
    if (inside)
        fprintf(out, "abbey: device '%s' of plugin %s was in %s\n", call.device, call.plugin, call.callback);
    if (plugin)
        fprintf(out, "abbey: the fault is in the code of plugin %s %s, %s+%#" PRIx64 "\n", plugin->entry.id,
            plugin->entry.version, plugin->path, offset);
    return inside || plugin;
}

/* The process ends after this. It may itself fault, since nothing can be relied on now; the host then says so. */
static void crash_report(void *opaque, const abbey_fault *fault)
{
    struct machine *machine = opaque;
    char path[256];
    snprintf(path, sizeof path, "%s-crash.txt", machine->config->name);
    FILE *out = fopen(path, "w");
    bool plugin = report_plugin(stderr, machine, fault);
    fprintf(stderr, "abbey: a fault of %s; the report is in '%s'\n", plugin ? "a plugin" : "Abbey itself",
        out ? path : "this terminal");
    if (out)
        report_plugin(out, machine, fault);
    else
        out = stderr;
    report_host(out, fault);
    char *text = machine->cpu ? machine_report(machine) : NULL;
    fputs(text ? text : "the guest's processor is not there yet\n", out);
    fflush(out);
}

void machine_watch_crash(struct machine *machine, bool on)
{
    if (machine->host.fault)
        machine->host.fault->on_crash(on ? crash_report : NULL, machine);
}
