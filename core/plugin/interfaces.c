/* interfaces.c - the ids of all interfaces that this host knows, so that a plugin that needs another is refused by name
 * when it is loaded and not when a machine runs. */
#include "core/plugin/load.h"

#include <stdio.h>
#include <string.h>

/* XXX: a row for an interface that is on its way out needs its successor beside it, for the warning at load (ABI rule
 * 12); none is yet. */
static const char *const known[] = {
    ABBEY_PIO_1,
    ABBEY_MMIO_1,
    ABBEY_IRQCHIP_1,
    ABBEY_TIMER_1,
    ABBEY_DMA_1,
    ABBEY_ISADMA_1,
    ABBEY_VRAM_1,
    ABBEY_SCREEN_1,
    ABBEY_INPUT_1,
    ABBEY_PCI_1,
    ABBEY_REGISTERS_1,
    ABBEY_SYSTEM_1,
    ABBEY_COPROCESSOR_1,
    ABBEY_BUS_1,
    ABBEY_FIRMWARE_1,
    ABBEY_LOOP_1,
    ABBEY_CONTROL_1,
    ABBEY_NET_1,
    ABBEY_GUESTOPT_1,
    ABBEY_HOST_MEM_1,
    ABBEY_HOST_CLOCK_1,
    ABBEY_HOST_THREAD_1,
    ABBEY_HOST_EVENT_1,
    ABBEY_HOST_LOCAL_1,
    ABBEY_HOST_FAULT_1,
    ABBEY_HOST_PICTURE_1,
    ABBEY_HOST_PROCESS_1,
};

bool plugin_unknown_interface(const char *ids, char *id, size_t room)
{
    while (ids && *ids) {
        size_t length = strcspn(ids, " ");
        bool found = length == 0;
        for (size_t i = 0; i < sizeof known / sizeof known[0] && !found; i++)
            found = strlen(known[i]) == length && memcmp(known[i], ids, length) == 0;
        if (!found) {
            snprintf(id, room, "%.*s", (int)(length < 100 ? length : 100), ids);
            return true;
        }
        ids += length + (ids[length] == ' ');
    }
    return false;
}
