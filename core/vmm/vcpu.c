#include "core/vmm/vcpu.h"

/* Would the guest leave HLT now? (SDM vol. 2, HLT) */
static bool vcpu_wakeable(const struct cpu *cpu)
{
    uint32_t signals = atomic_load_explicit(&cpu->signals, memory_order_acquire);
    if (signals & (CPU_SIGNAL_INIT | CPU_SIGNAL_STOP))
        return true;
    if ((signals & CPU_SIGNAL_NMI) && !cpu->nmi_blocked)
        return true;
    return (signals & CPU_SIGNAL_INTR) && (cpu->eflags & FLAG_IF);
}

/* Sleeps until something is signalled. */
static void vcpu_sleep(struct vcpu *vcpu)
{
    vcpu->counters.asleep_since = vcpu->clock->monotonic();
    vcpu->threads->wait(vcpu->wake, vcpu->lock, ABBEY_NEVER);
    vcpu->counters.idle += vcpu->clock->monotonic() - vcpu->counters.asleep_since;
    vcpu->counters.asleep_since = 0;
}

void vcpu_loop(struct vcpu *vcpu)
{
    struct cpu *cpu = vcpu->cpu;
    vcpu->threads->lock(vcpu->lock);
    for (;;) {
        if (atomic_load(&cpu->signals) & CPU_SIGNAL_STOP) {
            cpu_unsignal(cpu, CPU_SIGNAL_STOP);
            if (!vcpu->owner->requests(vcpu->opaque))
                break;
            continue;
        }
        if (atomic_load(&cpu->signals) & CPU_SIGNAL_INIT) {
            cpu_unsignal(cpu, CPU_SIGNAL_INIT);
            cpu_reset(cpu, true);
        }
        if (cpu->halted && !vcpu_wakeable(cpu)) {
            if (!vcpu->owner->idle(vcpu->opaque))
                vcpu_sleep(vcpu);
            continue;
        }
        uint64_t budget = vcpu->owner->budget(vcpu->opaque);
        if (!budget)
            break;
        vcpu->threads->unlock(vcpu->lock);
        enum cpu_exit why = vcpu->engine->run(cpu, budget);
        vcpu->threads->lock(vcpu->lock);
        vcpu->counters.exits[why]++;
        if (why == CPU_EXIT_TRIPLE_FAULT && !vcpu->owner->triple_fault(vcpu->opaque))
            break;
    }
    vcpu->threads->unlock(vcpu->lock);
}

void vcpu_signal(struct vcpu *vcpu, uint32_t signals)
{
    cpu_signal(vcpu->cpu, signals);
    vcpu->threads->wake(vcpu->wake);
    if (vcpu->engine->fault && vcpu->thread && !vcpu->inside)
        vcpu->fault->kick(vcpu->thread);
}
