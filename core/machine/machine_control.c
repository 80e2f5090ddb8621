/* machine_control.c - the machine on the control socket: the commands vm.* and schema, pause and resume.
 *
 * A pause happens on the vCPU thread between two instructions of the guest: virtual time stops there, timers wait, and
 * the thread sleeps in vcpu_requests() until something is asked of it. What comes in from outside meanwhile (bytes for
 * a serial port, a key) still reaches the devices; the guest finds it when it goes on. */
#include "core/machine/machine_impl.h"

#include <stdlib.h>
#include <string.h>

/* ---- pause and resume ---- */

void machine_pause(struct machine *machine, const char *id, const char *reason)
{
    if (machine->paused)
        return;
    machine->paused = true;
    machine->paused_since = machine->host.clock->monotonic();
    snprintf(machine->pause_reason, sizeof machine->pause_reason, "%s", reason);
    snprintf(machine->pause_id, sizeof machine->pause_id, "%s", id ? id : "");
    vclock_pause(&machine->clock);
    machine_set_alarm(machine);
    board_paused(machine->board, true);
    abbey_message *event = commands_event(machine->commands, id, "vm.paused");
    abbey_message_text(event, "reason", reason);
    abbey_message_send(event);
}

static void machine_resume(struct machine *machine)
{
    if (!machine->paused)
        return;
    machine->paused = false;
    machine->paused_time += machine->host.clock->monotonic() - machine->paused_since;
    vclock_resume(&machine->clock);
    machine_set_alarm(machine);
    board_paused(machine->board, false);
    abbey_message_send(commands_event(machine->commands, NULL, "vm.resumed"));
    machine->host.thread->wake(machine->wake);
}

/* ---- the commands ---- */

static void vm_pause(void *self, const void *args, abbey_message *answer)
{
    (void)args, (void)answer;
    machine_pause(self, NULL, "asked for");
}

static void vm_resume(void *self, const void *args, abbey_message *answer)
{
    (void)args, (void)answer;
    machine_resume(self);
}

static void vm_reset(void *self, const void *args, abbey_message *answer)
{
    (void)args, (void)answer;
    machine_request(self, REQUEST_RESET);
}

static void vm_powerdown(void *self, const void *args, abbey_message *answer)
{
    struct machine *machine = self;
    (void)args;
    if (!board_power_button(machine->board))
        abbey_message_fail(answer, "no device of this machine has a power button");
    else
        abbey_message_send(commands_event(machine->commands, NULL, "vm.powerdown"));
}

static void vm_quit(void *self, const void *args, abbey_message *answer)
{
    (void)args, (void)answer;
    machine_finish(self, MACHINE_QUIT);
}

static void vm_stats(void *self, const void *args, abbey_message *answer)
{
    (void)args;
    message_return(answer, machine_stats(self));
}

static void vm_status(void *self, const void *args, abbey_message *answer)
{
    const struct machine *machine = self;
    (void)args;
    abbey_message_text(answer, "status", machine->paused ? "paused" : "running");
    if (machine->paused)
        abbey_message_text(answer, "reason", machine->pause_reason);
    if (machine->paused && *machine->pause_id)
        abbey_message_text(answer, "id", machine->pause_id);
    abbey_message_text(answer, "name", machine->config->name);
    abbey_message_text(answer, "engine", machine->vcpu.engine->name);
    abbey_message_integer(answer, "memory", (int64_t)machine->config->memory);
    abbey_message_integer(answer, "time", (int64_t)vclock_now(&machine->clock));
    abbey_message_integer(answer, "resets", (int64_t)machine->resets);
}

struct schema_args {
    const char *command;
};

static void schema(void *self, const void *args, abbey_message *answer)
{
    const struct machine *machine = self;
    const char *name = ((const struct schema_args *)args)->command;
    json_t *commands = commands_schema(machine->commands, name);
    if (!commands) {
        message_error(answer,
            error_new("CommandNotFound", "arguments.command", NULL, NULL, "there is no command '%.100s'", name));
        return;
    }
    json_t *all = json_pack("{s:o}", "commands", commands);
    if (!name) {
        json_object_set_new(all, "machine", config_schema_json(machine->config->plugins));
        json_object_set_new(all, "statistics", machine_stats_meanings());
    }
    message_return(answer, all);
}

static void capabilities(void *self, const void *args, abbey_message *answer)
{
    (void)self, (void)args, (void)answer;
}

static const abbey_prop schema_args[] = {
    ABBEY_ARG_TEXT(struct schema_args, command, NULL, "only that of one command"),
};

static const abbey_command rows[] = {
    { .name = "qmp_capabilities",
        .meaning = "ends the greeting, as in QEMU's protocol; may be left out",
        .run = capabilities },
    { .name = "schema",
        .meaning = "JSON Schema of the commands and of machine files; what the counters mean",
        .args = ABBEY_TABLE(schema_args),
        .args_size = sizeof(struct schema_args),
        .run = schema },
    { .name = "vm.pause",
        .meaning = "stops the guest and its time; answered when it stands",
        .thread = ABBEY_COMMAND_VCPU,
        .run = vm_pause },
    { .name = "vm.resume", .meaning = "lets the guest and its time go on", .run = vm_resume },
    { .name = "vm.reset", .meaning = "resets the machine, as its reset button does", .run = vm_reset },
    { .name = "vm.powerdown", .meaning = "presses the power button", .run = vm_powerdown },
    { .name = "vm.quit", .meaning = "ends the run at once, as Ctrl-A x does", .run = vm_quit },
    { .name = "vm.stats",
        .meaning = "the counters of the run, as --stats writes them",
        .thread = ABBEY_COMMAND_VCPU,
        .run = vm_stats },
    { .name = "vm.status", .meaning = "whether it runs, its name, its virtual time in nanoseconds", .run = vm_status },
};

/* ---- making and ending ---- */

static uint64_t owner_wall_clock(void *opaque)
{
    return ((struct machine *)opaque)->host.clock->realtime();
}

static void owner_vcpu_work(void *opaque)
{
    vcpu_signal(&((struct machine *)opaque)->vcpu, CPU_SIGNAL_STOP);
}

bool machine_commands_new(struct machine *machine)
{
    const struct commands_owner owner = { machine, owner_wall_clock, owner_vcpu_work };
    const abbey_table table = ABBEY_TABLE(rows);
    abbey_error error = { "out of memory" };
    machine->commands = commands_new(&owner);
    if (machine->commands && commands_add(machine->commands, NULL, &table, machine, &error))
        return true;
    fprintf(machine->errors, "abbey: %s\n", error.text);
    return false;
}

bool machine_control_new(struct machine *machine, const abbey_hostos *host)
{
    abbey_error error = { "out of memory" };
    const char *path = machine->config->control_socket;
    bool good = board_commands_add(machine->board, &error);
    if (good && path) {
        machine->server = server_new(machine->commands, host, machine->loop, path, &error);
        good = machine->server != NULL;
    }
    if (!good)
        fprintf(machine->errors, "abbey: control socket: %s\n", error.text);
    return good;
}

void machine_control_end(struct machine *machine, enum machine_end end)
{
    static const char *const reasons[] = {
        [MACHINE_POWER_OFF] = "power-off",
        [MACHINE_GUEST_EXIT] = "guest-exit",
        [MACHINE_TRIPLE_FAULT] = "triple-fault",
        [MACHINE_TIMEOUT] = "timeout",
        [MACHINE_QUIT] = "quit",
        [MACHINE_TERMINATED] = "terminated",
        [MACHINE_BOOT_FAILED] = "boot-failed",
    };
    commands_end(machine->commands);
    abbey_message *event = commands_event(machine->commands, NULL, "vm.ended");
    abbey_message_text(event, "reason", reasons[end]);
    if (end == MACHINE_GUEST_EXIT)
        abbey_message_integer(event, "status", machine->exit_status);
    abbey_message_send(event);
    server_free(machine->server);
    machine->server = NULL;
}
