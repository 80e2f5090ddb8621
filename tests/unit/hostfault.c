#include "tests/unit/hostfault.h"

#include "tests/unit/plugin_rig.h"

static const abbey_host_fault_1 *service;
static bool attached;
static struct {
    const struct engine *engine;
    struct cpu *cpu;
} chosen;

const void *hostfault_service(const char *id)
{
    const abbey_plugin *plugin = plugin_open("hostos/linux.so");
    return plugin ? plugin->hostos->query(id) : NULL;
}

static bool service_find(void)
{
    if (!service)
        service = hostfault_service(ABBEY_HOST_FAULT_1);
    return service;
}

static int32_t deliver(void *arg, abbey_fault *fault)
{
    (void)arg;
    return chosen.cpu && chosen.engine->fault ? chosen.engine->fault(chosen.cpu, fault) : 0;
}

bool hostfault_add(const struct engine *engine, struct cpu *cpu)
{
    abbey_error error = { "" };
    if (!engine->fault || !service_find())
        return false;
    if (!attached && service->attach(deliver, NULL, &error) != 0)
        return false;
    attached = true;
    mem_use_windows(cpu->mem, hostfault_service(ABBEY_HOST_WINDOW_1));
    hostfault_choose(engine, cpu);
    return true;
}

void hostfault_choose(const struct engine *engine, struct cpu *cpu)
{
    if (chosen.cpu == cpu)
        return;
    chosen.engine = engine;
    chosen.cpu = cpu;
    if (attached && engine && engine->attached)
        engine->attached(cpu); /* GS of this thread has been another's */
}

bool hostfault_attach(const struct engine *engine, struct cpu *cpu)
{
    return hostfault_add(engine, cpu);
}

void hostfault_detach(void)
{
    if (attached)
        service->detach();
    attached = false;
    chosen.cpu = NULL;
}
