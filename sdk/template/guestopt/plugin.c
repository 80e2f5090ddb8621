/* @NAME@.c - @SUMMARY@.
 *
 * Knows the guest by the first bytes of its kernel's code and hints where it touches user memory. A machine computes the
 * same with and without it; only its speed may differ. */
#include <abbey/plugin.h>

/* What the guest's kernel has at the instruction that it is at: replace it by what yours is known by. */
static const uint8_t known[] = { 0x0f, 0x0b, 0xab, 0xbe };

/* 0: a guest that this plugin does not know; up to 100: certainly. */
static uint32_t recognise(abbey_guest *guest)
{
    abbey_guest_cpu cpu;
    uint8_t bytes[sizeof known];
    abbey_guest_state(guest, &cpu);
    if (abbey_guest_read(guest, cpu.eip, bytes, sizeof bytes) != sizeof bytes)
        return 0;
    for (uint32_t i = 0; i < sizeof known; i++)
        if (bytes[i] != known[i])
            return 0;
    abbey_guest_hint(guest, ABBEY_HINT_USER_ACCESS, cpu.eip);
    return 50;
}

static const abbey_guestopt guestopt = {
    .size = sizeof guestopt, .name = "@NAME@", .summary = "@SUMMARY@", .recognise = recognise
};
ABBEY_PLUGIN(.id = "@ID@", .version = "0.1.0", .license = "@LICENSE@", .requires = ABBEY_GUESTOPT_1,
    .guestopt = &guestopt);
