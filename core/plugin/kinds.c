/* kinds.c - which kind of backend a property of each type names. */
#include "core/plugin/plugins.h"

static const char *const kinds[] = {
    [ABBEY_TYPE_CHAR] = "char",
    [ABBEY_TYPE_BLOCK] = "block",
    [ABBEY_TYPE_DISPLAY] = "display",
    [ABBEY_TYPE_NET] = "net",
};

const char *plugin_backend_kind(uint32_t type)
{
    return type < sizeof kinds / sizeof kinds[0] ? kinds[type] : NULL;
}
