/* machine_run.c - a machine while it runs: what devices, signals, timers and the vCPU ask of it. */
#include "core/machine/machine_impl.h"

#include <string.h>

/* ---- requests ---- */

void machine_request(struct machine *machine, uint32_t request)
{
    machine->requests |= request;
    vcpu_signal(&machine->vcpu, CPU_SIGNAL_STOP);
}

void machine_finish(struct machine *machine, enum machine_end end)
{
    if (machine->requests & REQUEST_END)
        return;
    machine->end = end;
    machine_request(machine, REQUEST_END);
}

/* ---- time ---- */

/* The loop's one alarm serves the earliest of the timers and the time limit. */
static void machine_alarm(void *opaque);

void machine_set_alarm(struct machine *machine)
{
    uint64_t when = machine->deadline;
    if (!machine->clock.instructions && !machine->paused) {
        uint64_t due = vclock_host_time(&machine->clock, machine->timer_due);
        when = due < when ? due : when;
    }
    machine->host.event->alarm(machine->loop, when, machine_alarm, machine);
}

static void machine_alarm(void *opaque)
{
    struct machine *machine = opaque;
    if (machine->host.clock->monotonic() >= machine->deadline) {
        machine->deadline = ABBEY_NEVER;
        machine_finish(machine, MACHINE_TIMEOUT);
    }
    if (!machine->clock.instructions && !machine->paused)
        board_run_timers(machine->board, vclock_now(&machine->clock));
    machine_set_alarm(machine);
}

/* ---- the board's wishes ---- */

static uint64_t owner_now(void *opaque)
{
    return vclock_now(&((struct machine *)opaque)->clock);
}

static uint64_t owner_wall_clock(void *opaque)
{
    return vclock_wall(&((struct machine *)opaque)->clock);
}

static void owner_timer_changed(void *opaque, uint64_t due)
{
    struct machine *machine = opaque;
    machine->timer_due = due;
    if (!machine->clock.instructions)
        machine_set_alarm(machine);
    else
        vcpu_signal(
            &machine->vcpu, CPU_SIGNAL_STOP); /* the budget of the stretch under way was set for another due time */
}

static void owner_intr(void *opaque, bool level)
{
    struct machine *machine = opaque;
    if (level)
        vcpu_signal(&machine->vcpu, CPU_SIGNAL_INTR);
    else
        cpu_unsignal(machine->cpu, CPU_SIGNAL_INTR);
}

static void owner_nmi(void *opaque)
{
    vcpu_signal(&((struct machine *)opaque)->vcpu, CPU_SIGNAL_NMI);
}

static void owner_reset(void *opaque, uint32_t kind)
{
    struct machine *machine = opaque;
    if (kind == ABBEY_RESET_CPU)
        vcpu_signal(&machine->vcpu, CPU_SIGNAL_INIT);
    else
        machine_request(machine, REQUEST_RESET);
}

static void owner_power_off(void *opaque)
{
    machine_finish(opaque, MACHINE_POWER_OFF);
}

static void owner_exit(void *opaque, uint32_t status)
{
    struct machine *machine = opaque;
    if (!(machine->requests & REQUEST_END))
        machine->exit_status = status;
    machine_finish(machine, MACHINE_GUEST_EXIT);
}

/* The device may be anywhere; the guest stands still at the next boundary. */
static void owner_pause(void *opaque, const char *id, const char *reason)
{
    struct machine *machine = opaque;
    if (machine->paused || machine->requests & REQUEST_PAUSE || !machine->config->control_socket)
        return; /* without a control socket nobody could resume it */
    snprintf(machine->pause_id, sizeof machine->pause_id, "%s", id);
    snprintf(machine->pause_reason, sizeof machine->pause_reason, "%s", reason);
    machine_request(machine, REQUEST_PAUSE);
}

static void owner_log(void *opaque, uint32_t level, const char *id, const char *text)
{
    struct machine *machine = opaque;
    static const char *const names[] = { "error", "warning", "info", "debug", "trace" };
    fprintf(
        machine->errors, "abbey: %s: %s: %s\n", id, names[level <= ABBEY_LOG_TRACE ? level : ABBEY_LOG_TRACE], text);
}

static uint32_t *owner_registers(void *opaque)
{
    return ((struct machine *)opaque)->cpu->reg;
}

const struct board_owner machine_board_owner = {
    .now = owner_now,
    .wall_clock = owner_wall_clock,
    .timer_changed = owner_timer_changed,
    .intr = owner_intr,
    .nmi = owner_nmi,
    .reset = owner_reset,
    .power_off = owner_power_off,
    .exit = owner_exit,
    .pause = owner_pause,
    .registers = owner_registers,
    .log = owner_log,
};

/* ---- the vCPU's questions ---- */

static void machine_reset(struct machine *machine)
{
    machine->resets++;
    abbey_message_send(commands_event(machine->commands, NULL, "vm.reset"));
    if (!machine->config->reboot) {
        machine_finish(machine, MACHINE_POWER_OFF);
        return;
    }
    board_reset(machine->board);
    if (!machine_boot(machine))
        machine_finish(machine, MACHINE_BOOT_FAILED);
}

/* While the machine is paused the thread stays in here. */
static bool vcpu_requests(void *opaque)
{
    struct machine *machine = opaque;
    for (;;) {
        commands_run_vcpu(machine->commands);
        uint32_t requests = machine->requests;
        machine->requests &= REQUEST_END;
        if (requests & REQUEST_END) {
            machine->host.event->stop(machine->loop);
            return false;
        }
        if (requests & REQUEST_RESET)
            machine_reset(machine);
        if (requests & REQUEST_PAUSE) {
            char id[sizeof machine->pause_id], reason[sizeof machine->pause_reason];
            memcpy(id, machine->pause_id, sizeof id);
            memcpy(reason, machine->pause_reason, sizeof reason);
            machine_pause(machine, id, reason);
        }
        if (!machine->paused)
            return true;
        if (!machine->requests && !commands_wait_for_vcpu(machine->commands))
            machine->host.thread->wait(machine->wake, machine->lock, ABBEY_NEVER);
    }
}

static bool vcpu_triple_fault(void *opaque)
{
    machine_finish(opaque, MACHINE_TRIPLE_FAULT);
    return true; /* the request to end is carried out next */
}

static uint64_t vcpu_budget(void *opaque)
{
    struct machine *machine = opaque;
    if (!machine->clock.instructions)
        return UINT64_MAX;
    /* On the instruction clock timers are run here, between two stretches of the guest, so that a run repeats. */
    uint64_t now = vclock_now(&machine->clock);
    board_run_timers(machine->board, now);
    uint64_t timers = machine->timer_due == ABBEY_NEVER ? UINT64_MAX
                      : machine->timer_due > now        ? machine->timer_due - now
                                                        : 1;
    uint64_t left = machine->advance_to - machine->cpu->instructions;
    return timers < left ? timers : left;
}

static bool vcpu_idle(void *opaque)
{
    struct machine *machine = opaque;
    const struct cpu *cpu = machine->cpu;
    if ((cpu->eflags & FLAG_IF) && !machine->idle_at)
        machine->idle_at = vclock_now(&machine->clock);
    if (!(cpu->eflags & FLAG_IF) && !machine->idle_warned) {
        machine->idle_warned = true;
        owner_log(machine, ABBEY_LOG_INFO, machine->config->name, "the guest halted with interrupts off");
    }
    if (!machine->clock.instructions)
        return false;
    if (machine->timer_due == ABBEY_NEVER) {
        if (machine->advance_to == ABBEY_NEVER)
            return false;
        machine_finish(machine, MACHINE_TIMEOUT);
        return true;
    }
    vclock_skip_to(&machine->clock, machine->timer_due);
    board_run_timers(machine->board, vclock_now(&machine->clock));
    return true;
}

const struct vcpu_owner machine_vcpu_owner = {
    .requests = vcpu_requests,
    .triple_fault = vcpu_triple_fault,
    .budget = vcpu_budget,
    .idle = vcpu_idle,
};

/* ---- the run ---- */

/* The user or the system asks the process to end. */
static void machine_asked(void *opaque, uint32_t what)
{
    struct machine *machine = opaque;
    if (what != ABBEY_ASKED_TERMINATE) {
        machine_finish(machine, MACHINE_QUIT);
    } else if (machine->asked_to_end || !board_power_button(machine->board)) {
        machine_finish(machine, MACHINE_TERMINATED);
    } else {
        machine->asked_to_end = true;
        fprintf(machine->errors, "abbey: asked the guest to power off; ask again to end it at once\n");
    }
}

static void machine_vcpu_main(void *opaque)
{
    struct machine *machine = opaque;
    const struct engine *engine = machine->vcpu.engine;
    abbey_error error = { "" };
    if (engine->fault && machine->host.fault->attach(engine->fault, machine->cpu, &error) != 0) {
        fprintf(machine->errors, "abbey: engine '%s': %s\n", engine->name, error.text);
        machine->end = MACHINE_BOOT_FAILED;
        machine->host.event->stop(machine->loop);
        return;
    }
    if (engine->attached)
        engine->attached(machine->cpu);
    vcpu_loop(&machine->vcpu);
    if (engine->fault)
        machine->host.fault->detach();
}

enum machine_end machine_run(struct machine *machine, uint64_t timeout, uint32_t *status)
{
    machine->started = machine->host.clock->monotonic();
    machine->deadline = timeout == ABBEY_NEVER ? ABBEY_NEVER : machine->started + timeout;
    machine_watch_crash(machine, true); /* with several in one process, of this one */
    machine->host.event->on_asked(machine->loop, machine_asked, machine);
    machine_set_alarm(machine);
    abbey_error error = { "" };
    if (machine_watch_start(machine, &error))
        machine->vcpu.thread = machine->host.thread->start("vcpu0", machine_vcpu_main, machine, &error);
    if (machine->vcpu.thread) {
        machine->host.event->run(machine->loop);
        machine->host.thread->join(machine->vcpu.thread);
    } else {
        fprintf(machine->errors, "abbey: %s\n", error.text);
        machine->end = MACHINE_BOOT_FAILED;
    }
    machine_watch_end(machine);
    machine->host.event->on_asked(machine->loop, NULL, NULL);
    machine->ended = machine->host.clock->monotonic();
    machine_control_end(machine, machine->end);
    *status = machine->exit_status;
    return machine->end;
}

bool machine_advance(struct machine *machine, uint64_t instructions)
{
    machine->advance_to = machine->cpu->instructions + instructions;
    vcpu_loop(&machine->vcpu);
    machine->advance_to = ABBEY_NEVER;
    return !(machine->requests & REQUEST_END);
}
