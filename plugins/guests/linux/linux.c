/* linux.c - Linux for 32-bit x86 as a guest: told by its own structures, whatever its version.
 *
 * The way in is the page-fault gate of the IDT, which leads into the kernel's code near its end. Behind the code stand
 * its constants, and among them the exception table (extable.c) and the banner. */
#include "linux.h"

#include <string.h>

#define GATE_PAGE_FAULT 14u
#define GATE_PRESENT 0x80u
#define SPAN 0x01000000u /* how far behind the gate's code the table may be */
#define BANNER "Linux version "
#define BANNER_SPAN 0x00800000u /* the same for the banner */
#define CHUNK 16384u

/* The code that page faults go to, or 0. */
static uint32_t fault_code(abbey_guest *guest)
{
    abbey_guest_cpu cpu;
    uint8_t gate[8];
    abbey_guest_state(guest, &cpu);
    if (cpu.idt_limit < GATE_PAGE_FAULT * 8 + 7 ||
        abbey_guest_read(guest, cpu.idt_base + GATE_PAGE_FAULT * 8, gate, sizeof(gate)) != sizeof(gate))
        return 0;
    if (!(gate[5] & GATE_PRESENT) || (gate[5] & 0x1e) != 0x0e) /* a 32-bit interrupt or trap gate (SDM vol. 3, 6.11) */
        return 0;
    return (uint32_t)gate[0] | (uint32_t)gate[1] << 8 | (uint32_t)gate[6] << 16 | (uint32_t)gate[7] << 24;
}

/* Does the kernel name itself somewhere in these bytes? The compiler aligns a text of that length. */
static uint32_t says_linux(abbey_guest *guest, uint32_t from, uint32_t bytes)
{
    char text[CHUNK + sizeof(BANNER)];
    for (uint32_t done = 0; done < bytes; done += CHUNK) {
        uint32_t got = abbey_guest_read(guest, (from & ~0xfffu) + done, text, sizeof(text));
        for (uint32_t i = 0; i + sizeof(BANNER) <= got; i += 4)
            if (memcmp(text + i, BANNER, sizeof(BANNER) - 1) == 0)
                return 1;
    }
    return 0;
}

static uint32_t recognise(abbey_guest *guest)
{
    uint32_t code = fault_code(guest);
    struct extable table;
    if (!code || extable_find(guest, code, SPAN, &table) != 0)
        return 0;
    uint32_t hints = extable_hint(guest, &table);
    extable_free(&table);
    return !hints ? 0 : says_linux(guest, code, BANNER_SPAN) ? 95 : 60;
}

static const abbey_guestopt linux_guest = {
    .size = sizeof(linux_guest),
    .name = "linux",
    .summary = "32-bit Linux: knows which instructions of the kernel touch user memory",
    .recognise = recognise,
};

ABBEY_PLUGIN(.id = "org.abbey.guest.linux", .version = "0.1.0", .license = "MIT", .requires = ABBEY_GUESTOPT_1,
    .guestopt = &linux_guest);
