/* machine_trace.c - `trace:` of a machine file: what the translator is to show of its work. */
#include "core/machine/machine_impl.h"

#include <stdlib.h>

#include "core/bt/trace.h"

/* "c0100000-c01fffff", or one address. */
static bool range_parse(const char *text, uint32_t *from, uint32_t *to)
{
    char *end;
    unsigned long long first = strtoull(text, &end, 16), last = first;
    bool good = end != text;
    if (good && *end == '-') {
        const char *second = end + 1;
        last = strtoull(second, &end, 16);
        good = end != second;
    }
    *from = (uint32_t)first;
    *to = (uint32_t)last;
    return good && !*end && *text != '-' && first <= last && last <= UINT32_MAX;
}

bool machine_trace(struct machine *machine)
{
    const struct config_trace *wanted = &machine->config->trace;
    struct trace_options options = { wanted->perf_map, wanted->system_map, NULL, 0, 0 };
    abbey_error error = { "out of memory" };
    if (wanted->units && !range_parse(wanted->units, &options.from, &options.to)) {
        fprintf(machine->errors, "abbey: trace.units is FROM-TO, addresses in hexadecimal, not '%s'\n", wanted->units);
        return false;
    }
    if (wanted->units)
        options.units = wanted->units_file ? wanted->units_file : "-";
    if (!options.perf_map && !options.units)
        return true;
    if (!machine->vcpu.engine->trace) {
        fprintf(machine->errors, "abbey: engine '%s' translates nothing that `trace` could show\n",
            machine->vcpu.engine->name);
        return true;
    }
    if (machine->vcpu.engine->trace(machine->cpu, &options, &error))
        return true;
    fprintf(machine->errors, "abbey: trace: %s\n", error.text);
    return false;
}
