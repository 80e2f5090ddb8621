/* guest.c - see guest.h.
 *
 * Nothing here trusts a plugin's answers further than their bounds: hints are kept by number, checked to be addresses
 * of supervisor pages, and then only make the engine choose between two translations that do the same. */
#include "core/vmm/guest.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem/walk.h"
#include "core/stats/stats.h"

#define ASKS_MAX 8u /* between two resets: a guest that switches between kernels is not asked at each switch */

/* What a plugin said. */
struct answer {
    uint32_t sure, count;
    uint32_t linear[ABBEY_GUEST_HINTS_MAX]; /* of ABBEY_HINT_USER_ACCESS */
};

struct guest_counters {
    uint64_t asked, recognised, hints, refused;
};

struct guest {
    abbey_guest handle; /* first, so that one pointer serves for both */
    struct cpu *cpu;
    const struct engine *engine;
    const abbey_guestopt *const *opts;
    unsigned count;
    unsigned asks;             /* since the reset */
    struct answer *now, *best; /* of the plugin that is being asked; the surest so far */
    struct guest_counters counters;
};

static const struct stats_row rows[] = {
    STATS_ROW(struct guest_counters, asked, "times the guestopt plugins were asked whether they know the guest"),
    STATS_ROW(struct guest_counters, recognised, "times one of them did"),
    STATS_ROW(struct guest_counters, hints, "hints that were used"),
    STATS_ROW(
        struct guest_counters, refused, "hints that were not: unknown ones, too many, or not in a page of the kernel"),
};

/* ---- what plugins call ---- */

static struct guest *of(abbey_guest *handle)
{
    return (struct guest *)(void *)handle;
}

static void op_cpu(abbey_guest *handle, abbey_guest_cpu *out)
{
    const struct cpu *cpu = of(handle)->cpu;
    abbey_guest_cpu now = { .size = out->size,
        .eip = cpu->eip,
        .eflags = cpu->eflags,
        .cpl = cpu->cpl,
        .cr0 = cpu->cr0,
        .cr3 = cpu->paging.cr3,
        .cr4 = cpu->cr4,
        .gdt_base = cpu->gdt.base,
        .gdt_limit = cpu->gdt.limit,
        .idt_base = cpu->idt.base,
        .idt_limit = cpu->idt.limit,
        .sysenter_cs = cpu->sysenter_cs,
        .sysenter_esp = cpu->sysenter_esp,
        .sysenter_eip = cpu->sysenter_eip,
        .efer = cpu->efer };
    memcpy(now.gpr, cpu->reg, sizeof(now.gpr));
    memcpy(out, &now, out->size < sizeof(now) ? out->size : sizeof(now));
}

static bool find(struct guest *guest, uint32_t linear, struct walk *walk)
{
    uint32_t code;
    *walk = (struct walk){ 0 };
    return walk_linear(guest->cpu->mem, &guest->cpu->paging, linear, WALK_READ | WALK_PROBE, walk, &code);
}

static int32_t op_page(abbey_guest *handle, uint32_t linear, abbey_guest_page *out)
{
    struct guest *guest = of(handle);
    struct walk walk;
    if (!find(guest, linear, &walk))
        return -1;
    abbey_guest_page page = { .size = out->size,
        .rights = (walk.writable ? ABBEY_GUEST_WRITABLE : 0) | (walk.user ? ABBEY_GUEST_USER : 0) |
                  (walk.executable ? ABBEY_GUEST_EXECUTABLE : 0) | (walk.global ? ABBEY_GUEST_GLOBAL : 0),
        .physical = walk.gpa,
        .bytes = UINT64_C(1) << walk.page_shift };
    memcpy(out, &page, out->size < sizeof(page) ? out->size : sizeof(page));
    return 0;
}

static uint32_t read_page(struct guest *guest, gpa_t gpa, uint8_t *to, uint32_t count)
{
    bool marked;
    const uint8_t *page = mem_page(guest->cpu->mem, gpa, false, &marked);
    if (!page)
        return 0;
    memcpy(to, page + (gpa & MEM_PAGE_MASK), count);
    return count;
}

static uint32_t op_read_physical(abbey_guest *handle, uint64_t physical, void *to, uint32_t count)
{
    uint32_t done = 0;
    while (done < count) {
        uint32_t left = MEM_PAGE_SIZE - (uint32_t)((physical + done) & MEM_PAGE_MASK);
        uint32_t part = count - done < left ? count - done : left;
        if (!read_page(of(handle), physical + done, (uint8_t *)to + done, part))
            break;
        done += part;
    }
    return done;
}

static uint32_t op_read(abbey_guest *handle, uint32_t linear, void *to, uint32_t count)
{
    struct guest *guest = of(handle);
    uint32_t done = 0;
    while (done < count && linear + done >= linear) {
        uint32_t left = MEM_PAGE_SIZE - ((linear + done) & MEM_PAGE_MASK);
        uint32_t part = count - done < left ? count - done : left;
        struct walk walk;
        if (!find(guest, linear + done, &walk) || !read_page(guest, walk.gpa, (uint8_t *)to + done, part))
            break;
        done += part;
    }
    return done;
}

static int32_t op_hint(abbey_guest *handle, uint32_t hint, uint32_t linear)
{
    struct guest *guest = of(handle);
    struct answer *now = guest->now;
    if (hint != ABBEY_HINT_USER_ACCESS || now->count == ABBEY_GUEST_HINTS_MAX) {
        guest->counters.refused++;
        return -1;
    }
    now->linear[now->count++] = linear;
    return 0;
}

static const abbey_guest_ops_1 ops = {
    .size = sizeof(ops),
    .cpu = op_cpu,
    .page = op_page,
    .read = op_read,
    .read_physical = op_read_physical,
    .hint = op_hint,
};

/* ---- asking ---- */

static void use(struct guest *guest, const struct answer *answer)
{
    guest->counters.recognised++;
    for (uint32_t i = 0; i < answer->count; i++) {
        struct walk walk;
        bool good = find(guest, answer->linear[i], &walk) && !(guest->cpu->paging.on && walk.user);
        if (good)
            guest->engine->hint_user(guest->cpu, walk.gpa);
        guest->counters.hints += good;
        guest->counters.refused += !good;
    }
}

void guest_ask(struct guest *guest)
{
    if (guest->asks == ASKS_MAX)
        return;
    guest->asks++;
    guest->counters.asked++;
    guest->best->sure = 0;
    for (unsigned i = 0; i < guest->count; i++) {
        struct answer *now = guest->now;
        now->count = 0;
        now->sure = guest->opts[i]->recognise ? guest->opts[i]->recognise(&guest->handle) : 0;
        if (now->sure > guest->best->sure) {
            guest->now = guest->best;
            guest->best = now;
        }
    }
    if (guest->best->sure)
        use(guest, guest->best);
}

void guest_reset(struct guest *guest)
{
    guest->asks = 0;
}

struct guest *guest_new(struct cpu *cpu, const struct engine *engine, const abbey_guestopt *const *opts, unsigned count)
{
    struct guest *guest = calloc(1, sizeof(*guest));
    if (!guest)
        return NULL;
    guest->handle.ops = &ops;
    guest->cpu = cpu;
    guest->engine = engine;
    guest->opts = opts;
    guest->count = count;
    guest->now = malloc(sizeof(*guest->now));
    guest->best = malloc(sizeof(*guest->best));
    if (guest->now && guest->best)
        return guest;
    guest_free(guest);
    return NULL;
}

void guest_free(struct guest *guest)
{
    if (!guest)
        return;
    free(guest->now);
    free(guest->best);
    free(guest);
}

void guest_stats(const struct guest *guest, json_t *stats)
{
    stats_add(stats, "guestopt", rows, STATS_COUNT(rows), guest ? &guest->counters : NULL);
}
