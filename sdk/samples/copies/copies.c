/* copies.c - a guest optimization that counts: it looks for REP MOVS in the code around the kernel's present
 * instruction, and hints that each may touch user memory, which is what kernels copy by it.
 *
 * It knows no particular guest, so it is never sure: its answer is 1 to 10, by how many it found, and a plugin that
 * recognises its guest goes before it. The bytes F3 A4 and F3 A5 also stand in data and inside other instructions; a
 * hint for such a place is never asked for, and costs nothing. */
#include <abbey/plugin.h>

#define AROUND 0x80000u /* bytes on either side */
#define PIECE 4096u
#define REP 0xf3
#define MOVSB 0xa4
#define MOVSD 0xa5

/* Counts and hints in one piece, and in its border with the next, whose first byte is the last here. */
static uint32_t piece_look(abbey_guest *guest, uint32_t at, uint32_t found)
{
    uint8_t bytes[PIECE + 1];
    uint32_t count = abbey_guest_read(guest, at, bytes, sizeof bytes);
    for (uint32_t i = 0; i + 1 < count; i++)
        if (bytes[i] == REP && (bytes[i + 1] == MOVSB || bytes[i + 1] == MOVSD) &&
            abbey_guest_hint(guest, ABBEY_HINT_USER_ACCESS, at + i) == 0)
            found++;
    return found;
}

static uint32_t recognise(abbey_guest *guest)
{
    abbey_guest_cpu cpu;
    uint32_t found = 0;
    abbey_guest_state(guest, &cpu);
    uint32_t middle = cpu.eip & ~(PIECE - 1), low = middle > AROUND ? middle - AROUND : 0;
    uint32_t high = middle < UINT32_MAX - AROUND ? middle + AROUND : UINT32_MAX - PIECE + 1;
    for (uint32_t at = low; at < high; at += PIECE)
        found = piece_look(guest, at, found);
    return found > 10 ? 10 : found;
}

static const abbey_guestopt guestopt = { .size = sizeof guestopt,
    .name = "copies",
    .summary = "counts the kernel's copies and hints at them",
    .recognise = recognise };
ABBEY_PLUGIN(.id = "org.example.copies", .version = "1.0.0", .license = "MIT", .requires = ABBEY_GUESTOPT_1,
    .guestopt = &guestopt);
