/* hostile.h - a guest that tries to reach what is not its own. */
#ifndef ABBEY_GUEST_HOSTILE_H
#define ABBEY_GUEST_HOSTILE_H

#include <stdbool.h>
#include <stdint.h>

/* RAM that the guest plays in is filled with one byte; what is no RAM at all reads as FFh. Below PLAY_FIRST stand the
 * guest itself and the devices of a PC. */
#define PLAY_FIRST 0x00800000u
#define RAM_BYTES 0x02000000u
#define FILL 0xccu
#define HOLE 0xffu

/* ---- boot.S ---- */

extern volatile uint32_t trap_vector; /* of the exception that ended a call; NO_TRAP: none */
extern volatile uint32_t trap_eip;
extern volatile uint32_t guard_user; /* guarded calls are those of level 3 */
#define NO_TRAP 0xffffffffu

uint32_t guarded(void (*fn)(void), uint32_t eax, uint32_t ebx, uint32_t ecx);
void at_level3(uint32_t eip, uint32_t esp, uint32_t eflags, const uint32_t *registers);
void run_at_level3(void (*fn)(void));
void leave_level3(void);

/* ---- forms.c ---- */

/* One way to reach memory: code that is called with the values of EAX, EBX and ECX that form_call() chooses. */
struct form {
    const char *name;
    void (*code)(void);
    uint32_t size;  /* bytes from the address on; 0: whatever happens is right */
    bool write;     /* of FILL bytes from EAX; else reads into EAX */
    uint32_t disp;  /* EA = EBX + ECX * scale + disp */
    uint32_t scale; /* 0: no index */
};
extern const struct form forms[];
extern const unsigned form_count;

/* Reaches `address` by the form; false when what it read is not what stands there. */
bool form_try(const struct form *form, uint32_t address, uint32_t index);

uint32_t random32(void);

#endif
