/* vmmouse.h - the absolute pointer of VMware's mouse protocol: its queue and its commands, without ports or wires. */
#ifndef PLUGINS_DEVICES_VMMOUSE_H
#define PLUGINS_DEVICES_VMMOUSE_H

#include <stdint.h>

#define VMMOUSE_PORT 0x5658u
#define VMMOUSE_MAGIC 0x564d5868u
#define VMMOUSE_WORDS 64u

struct vmmouse {
    uint32_t words[VMMOUSE_WORDS];
    uint8_t head, count;
    uint8_t on;       /* a driver has enabled it */
    uint8_t absolute; /* and wants positions */
};

void vmmouse_reset(struct vmmouse *mouse);
/* Does the command in ECX with the argument in EBX, and leaves the answer in EAX, EBX, ECX, EDX, the order of the
 * array. What it does not know it answers with all ones in EAX, which is how drivers find out. */
void vmmouse_command(struct vmmouse *mouse, uint32_t eax_ebx_ecx_edx[4]);
/* What the pointer does; positions are 0..65535, the wheel's steps go towards the user, buttons are ABBEY_BUTTON_...
 * Nothing happens while no driver has enabled it. */
void vmmouse_position(struct vmmouse *mouse, uint32_t x, uint32_t y, int32_t wheel, uint32_t buttons);
void vmmouse_motion(struct vmmouse *mouse, int32_t dx, int32_t dy, int32_t wheel, uint32_t buttons);

#endif
