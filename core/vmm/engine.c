#include <string.h>

#include "core/cpu/interp/interp.h"
#include "core/vmm/vcpu.h"

/* Best first: "auto" takes the first. */
static const struct engine engines[] = {
    { "interp", interp_run },
};

const struct engine *engine_find(const char *name)
{
    if (strcmp(name, "auto") == 0)
        return &engines[0];
    for (unsigned i = 0; engine_at(i); i++)
        if (strcmp(engines[i].name, name) == 0)
            return &engines[i];
    return NULL;
}

const struct engine *engine_at(unsigned i)
{
    return i < sizeof engines / sizeof engines[0] ? &engines[i] : NULL;
}
