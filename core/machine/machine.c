/* machine.c - building a machine from its description, and taking it apart. */
#include "core/machine/machine_impl.h"

#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#include "core/boot/boot.h"
#include "core/cpu/access.h"
#include "core/cpu/cpuid.h"
#include "core/cpu/fpu.h"
#include "core/cpu/interp/interp.h"

/* RAM ends here and goes on at 4 GB: above are PCI devices and firmware. */
#define PCI_HOLE_START 0xe0000000u

static void machine_lock(void *opaque)
{
    struct machine *machine = opaque;
    machine->host.thread->lock(machine->lock);
}

static void machine_unlock(void *opaque)
{
    struct machine *machine = opaque;
    machine->host.thread->unlock(machine->lock);
}

/* The processor's side of the bus: port I/O and interrupt acknowledge enter the board under the machine lock. */
static void bus_enter(void *opaque)
{
    struct machine *machine = opaque;
    machine->bus_entered = __rdtsc();
    machine_lock(opaque);
    machine->vcpu.inside = true;
    fpu_home(machine->cpu); /* a plugin may compute */
}

static void bus_leave(void *opaque)
{
    struct machine *machine = opaque;
    machine->vcpu.inside = false;
    machine_unlock(opaque);
    machine->device_ticks += __rdtsc() - machine->bus_entered;
}

static uint32_t bus_in(void *opaque, uint16_t port, uint32_t size)
{
    struct machine *machine = opaque;
    bus_enter(machine);
    uint32_t value = board_in(machine->board, port, size);
    bus_leave(machine);
    return value;
}

static void bus_out(void *opaque, uint16_t port, uint32_t size, uint32_t value)
{
    struct machine *machine = opaque;
    bus_enter(machine);
    board_out(machine->board, port, size, value);
    bus_leave(machine);
}

static uint32_t bus_intr_ack(void *opaque)
{
    struct machine *machine = opaque;
    bus_enter(machine);
    uint32_t vector = board_intr_ack(machine->board);
    bus_leave(machine);
    return vector;
}

static uint64_t bus_tsc(void *opaque)
{
    struct machine *machine = opaque;
    return vclock_tsc(&machine->clock);
}

static int bus_ferr(void *opaque, bool active)
{
    struct machine *machine = opaque;
    bus_enter(machine);
    int ignored = board_ferr(machine->board, active);
    bus_leave(machine);
    return ignored;
}

static const struct cpu_bus machine_cpu_bus = {
    .in = bus_in, .out = bus_out, .intr_ack = bus_intr_ack, .tsc = bus_tsc, .ferr = bus_ferr
};

/* One service of the host backend; a missing one is an error that names it. */
static const void *host_service(struct machine *machine, const abbey_hostos *host, const char *id)
{
    const void *service = host->query(id);
    if (!service)
        fprintf(machine->errors,
            "abbey: host backend '%s' does not offer the service '%s', which every machine needs\n", host->name, id);
    return service;
}

static const abbey_hostos *machine_find_host(struct machine *machine)
{
    const char *name = machine->config->host_backend;
    const struct plugin *plugin = plugin_hostos_find(machine->config->plugins, name);
    if (plugin)
        return plugin->entry.hostos;
    fprintf(machine->errors, "abbey: no host backend '%s' among the plugins found; see `abbey plugins list`\n", name);
    return NULL;
}

static bool machine_take_host(struct machine *machine, const abbey_hostos *host)
{
    machine->host.mem = host_service(machine, host, ABBEY_HOST_MEM_1);
    machine->host.clock = host_service(machine, host, ABBEY_HOST_CLOCK_1);
    machine->host.thread = host_service(machine, host, ABBEY_HOST_THREAD_1);
    machine->host.event = host_service(machine, host, ABBEY_HOST_EVENT_1);
    machine->host.fault = host->query(ABBEY_HOST_FAULT_1);
    return machine->host.mem && machine->host.clock && machine->host.thread && machine->host.event;
}

/* Is virtual time the number of instructions? */
static bool counts_time(const struct config *config)
{
    return strcmp(config->clock, "instructions") == 0;
}

/* The CPU with its caches; machine->cpu is NULL when that failed. */
static bool machine_add_cpu(struct machine *machine)
{
    const struct config *config = machine->config;
    const struct cpu_model *model = cpu_model_find(config->cpu_model);
    if (!model) {
        fprintf(machine->errors, "abbey: no CPU model '%s'; there are:", config->cpu_model);
        for (unsigned i = 0; cpu_model_at(i); i++)
            fprintf(machine->errors, " %s", cpu_model_at(i)->name);
        fputc('\n', machine->errors);
        return false;
    }
    const struct engine *engine = engine_find(config->cpu_engine);
    if (!engine) {
        fprintf(machine->errors, "abbey: no engine '%s' in this build; there are:", config->cpu_engine);
        for (unsigned i = 0; engine_at(i); i++)
            fprintf(machine->errors, " %s", engine_at(i)->name);
        fputc('\n', machine->errors);
        return false;
    }
    struct cpu *cpu = aligned_alloc(64, (sizeof *cpu + 63) & ~(size_t)63);
    if (!cpu)
        return false;
    memset(cpu, 0, sizeof *cpu);
    machine->cpu = cpu;
    cpu->model = model;
    cpu->mem = machine->mem;
    cpu->bus = &machine_cpu_bus;
    cpu->bus_opaque = machine;
    cpu->tlb = tlb_new();
    cpu->interp = cpu->tlb ? interp_new(cpu) : NULL;
    if (!cpu->interp)
        return false;
    cpu_reset(cpu, false);
    machine->vcpu = (struct vcpu){
        .cpu = cpu,
        .engine = engine,
        .owner = &machine_vcpu_owner,
        .opaque = machine,
        .threads = machine->host.thread,
        .clock = machine->host.clock,
        .lock = machine->lock,
        .wake = machine->wake,
        .fault = machine->host.fault,
    };
    if (engine->fault && !machine->host.fault) {
        fprintf(machine->errors, "abbey: engine '%s' needs a host backend that offers '%s'\n", engine->name,
            ABBEY_HOST_FAULT_1);
        return false;
    }
    abbey_error error = { "" };
    bool good = !engine->prepare || engine->prepare(cpu, config->cpu_cache, counts_time(config), &error);
    if (good && *config->cpu_debug && engine->debug)
        good = engine->debug(cpu, config->cpu_debug, &error);
    if (!good) {
        fprintf(machine->errors, "abbey: engine '%s': %s\n", engine->name, error.text);
        return false;
    }
    return true;
}

static uint32_t log_level(const char *name)
{
    static const char *const names[] = { "error", "warn", "info", "debug", "trace" };
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    return ABBEY_LOG_WARN;
}

static bool machine_build(struct machine *machine)
{
    const struct config *config = machine->config;
    const abbey_hostos *host = machine_find_host(machine);
    if (!host || !machine_take_host(machine, host))
        return false;
    machine_watch_crash(machine, true); /* a plugin's create() may be what crashes */
    abbey_error error = { "" };
    machine->lock = machine->host.thread->mutex_new();
    machine->wake = machine->host.thread->cond_new();
    if (!machine->lock || !machine->wake)
        return false;
    machine->loop = machine->host.event->loop_new(machine_lock, machine_unlock, machine, &error);
    if (machine->loop)
        machine->mem = mem_new(machine->host.mem, config->memory, PCI_HOLE_START, &error);
    if (!machine->mem) {
        fprintf(machine->errors, "abbey: %s\n", error.text);
        return false;
    }
    mem_use_windows(machine->mem, host->query(ABBEY_HOST_WINDOW_1));
    mem_on_mmio(machine->mem, bus_enter, bus_leave, machine);
    if (!machine_add_cpu(machine) || !machine_trace(machine) || !machine_guest_new(machine))
        return false;
    vclock_start(&machine->clock, machine->host.clock, counts_time(config) ? &machine->cpu->instructions : NULL);
    machine->cpu->tsc_origin = vclock_tsc_origin(&machine->clock);
    if (!machine_commands_new(machine))
        return false;
    struct board_owner owner = machine_board_owner;
    owner.commands = machine->commands;
    owner.loop = machine->loop;
    owner.host = host;
    owner.log_level = log_level(config->log_level);
    machine->board = board_new(config, machine->mem, &owner, machine, machine->errors);
    return machine->board && machine_control_new(machine, host);
}

struct machine *machine_new(const struct config *config, FILE *errors)
{
    struct machine *machine = calloc(1, sizeof *machine);
    if (!machine)
        return NULL;
    machine->config = config;
    machine->errors = errors;
    machine->timer_due = ABBEY_NEVER;
    machine->deadline = ABBEY_NEVER;
    machine->advance_to = ABBEY_NEVER;
    if (machine_build(machine) && machine_boot_new(machine) && machine_boot(machine))
        return machine;
    machine_free(machine);
    return NULL;
}

void machine_free(struct machine *machine)
{
    if (!machine)
        return;
    server_free(machine->server);
    boot_free(machine->boot);
    board_free(machine->board);
    commands_free(machine->commands);
    machine_guest_free(machine);
    if (machine->cpu) {
        if (machine->vcpu.engine && machine->vcpu.engine->release)
            machine->vcpu.engine->release(machine->cpu);
        interp_free(machine->cpu->interp);
        tlb_free(machine->cpu->tlb);
        free(machine->cpu);
    }
    mem_free(machine->mem);
    machine_watch_crash(machine, false);
    if (machine->loop)
        machine->host.event->loop_free(machine->loop);
    if (machine->wake)
        machine->host.thread->cond_free(machine->wake);
    if (machine->lock)
        machine->host.thread->mutex_free(machine->lock);
    free(machine);
}
