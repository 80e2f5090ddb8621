/* jsonschema.c - what a machine file may hold, as JSON Schema (draft 2020-12), for editors.
 *
 * The rows are those that the checks read, so that the two cannot disagree about names, types and limits. What needs
 * the whole machine (buses, clashes, backends by id) only `abbey config check` knows. */
#include <jansson.h>
#include <string.h>

#include "core/config/sections.h"
#include "core/config/value.h"

#define DECIMAL_OR_HEX "^-?(0|[1-9][0-9]*|0[xX][0-9a-fA-F]+)$"
#define SIZE "^(0|[1-9][0-9]*|0[xX][0-9a-fA-F]+)[KMGTkmgt]?$"
#define IRQ_LINE "^(none|[0-9]+|[A-Za-z][A-Za-z0-9_-]*\\.[0-9]+)$"
#define ID "^[A-Za-z][A-Za-z0-9_-]{0,62}$"

static json_t *choices_schema(const char *choices)
{
    json_t *list = json_array();
    while (*choices) {
        size_t length = strcspn(choices, ",");
        json_array_append_new(list, json_stringn(choices, length));
        choices += length + (choices[length] == ',');
    }
    return json_pack("{s:o}", "enum", list);
}

static json_t *integer_schema(const abbey_prop *row)
{
    struct value_limits limits = value_limits(row);
    json_t *number = json_pack("{s:s, s:I}", "type", "integer", "minimum", (json_int_t)limits.min);
    if (limits.is_signed || limits.max <= INT64_MAX)
        json_object_set_new(number, "maximum", json_integer((json_int_t)limits.max));
    json_t *text =
        json_pack("{s:s, s:s}", "type", "string", "pattern", row->flags & ABBEY_PROP_BYTES ? SIZE : DECIMAL_OR_HEX);
    return json_pack("{s:[o, o]}", "anyOf", number, text);
}

static json_t *row_schema(const abbey_prop *row)
{
    json_t *schema;
    bool backend = plugin_backend_kind(row->type) != NULL;
    if (row->flags & SECTION_LIST)
        return json_pack(
            "{s:s, s:{s:s}, s:s}", "type", "array", "items", "type", "string", "description", row->meaning);
    switch (row->type) {
    case ABBEY_TYPE_BOOL: schema = json_pack("{s:s}", "type", "boolean"); break;
    case ABBEY_TYPE_STRING:
        schema = row->choices ? choices_schema(row->choices)
                              : json_pack("{s:[s, s, s]}", "type", "string", "number", "boolean");
        break;
    case ABBEY_TYPE_IRQ:
        schema = json_pack("{s:[{s:s, s:i}, {s:s, s:s}]}", "anyOf", "type", "integer", "minimum", 0, "type", "string",
            "pattern", IRQ_LINE);
        break;
    default: schema = backend ? json_pack("{s:s}", "type", "string") : integer_schema(row); break;
    }
    if (row->flags & ABBEY_PROP_LIST)
        schema = json_pack("{s:[o, {s:s, s:{s:s}}]}", "anyOf", schema, "type", "array", "items", "type", "string");
    json_object_set_new(schema, "description", json_string(row->meaning ? row->meaning : ""));
    if (row->type == ABBEY_TYPE_STRING && row->text)
        json_object_set_new(schema, "default", json_string(row->text));
    else if (row->type == ABBEY_TYPE_BOOL)
        json_object_set_new(schema, "default", json_boolean(row->value != 0));
    else if (row->type == ABBEY_TYPE_IRQ && row->value < 0)
        json_object_set_new(schema, "default", json_string("none"));
    else if (row->type != ABBEY_TYPE_STRING && !backend && !(row->flags & ABBEY_PROP_REQUIRED))
        json_object_set_new(schema, "default", json_integer(row->value));
    return schema;
}

/* An object of these rows and no other keys; null is allowed for each, and means the default. */
json_t *config_rows_schema(const abbey_prop *rows, unsigned count, const char *meaning)
{
    json_t *properties = json_object(), *required = json_array();
    for (unsigned i = 0; i < count; i++) {
        json_object_set_new(
            properties, rows[i].name, json_pack("{s:[o, {s:s}]}", "anyOf", row_schema(&rows[i]), "type", "null"));
        if (rows[i].flags & ABBEY_PROP_REQUIRED)
            json_array_append_new(required, json_string(rows[i].name));
    }
    json_t *schema = json_pack("{s:s, s:s, s:o, s:b}", "type", "object", "description", meaning, "properties",
        properties, "additionalProperties", 0);
    if (json_array_size(required))
        json_object_set_new(schema, "required", required);
    else
        json_decref(required);
    return schema;
}

/* One case of an entry: when `key` is `name`, then it looks like that. */
static json_t *kind_case(const char *key, const char *name, const char *definition)
{
    return json_pack("{s:{s:s, s:[s], s:{s:{s:s}}}, s:{s:s}}", "if", "type", "object", "required", key, "properties",
        key, "const", name, "then", "$ref", definition);
}

/* The section: a map of ids to null, to an entry of a base that is changed (no `key`), or to one of the kinds. */
static json_t *section_schema(const char *key, const char *meaning, json_t *names, json_t *cases)
{
    json_t *entry = json_pack(
        "{s:[s, s], s:{s:{s:o}}, s:o}", "type", "object", "null", "properties", key, "enum", names, "allOf", cases);
    return json_pack("{s:[s, s], s:s, s:{s:s}, s:o}", "type", "object", "null", "description", meaning, "propertyNames",
        "pattern", ID, "additionalProperties", entry);
}

static const char *special_meaning(const char *name)
{
    unsigned i = 0;
    while (strcmp(special_keys[i].name, name) != 0)
        i++;
    return special_keys[i].meaning;
}

struct kinds {
    json_t *definitions, *names, *cases;
};

static void kind_add(struct kinds *kinds, const char *key, const char *name, json_t *schema)
{
    char definition[200];
    snprintf(definition, sizeof(definition), "%s-%s", key, name);
    json_object_set_new(json_object_get(schema, "properties"), key, json_pack("{s:s}", "const", name));
    json_object_set_new(kinds->definitions, definition, schema);
    json_array_append_new(kinds->names, json_string(name));
    snprintf(definition, sizeof(definition), "#/$defs/%s-%s", key, name);
    json_array_append_new(kinds->cases, kind_case(key, name, definition));
}

static void device_add(struct kinds *kinds, const abbey_device *device)
{
    json_t *schema =
        config_rows_schema(device->props.rows, device->props.count, device->summary ? device->summary : "");
    json_t *properties = json_object_get(schema, "properties");
    if (device->bus)
        json_object_set_new(properties, "bus",
            json_pack("{s:[s, s], s:s}", "type", "string", "null", "description",
                "id of the device whose bus it sits on; needed where several provide one"));
    json_object_set_new(properties, "isolate",
        json_pack("{s:[s, s], s:s}", "type", "boolean", "null", "description",
            "true: the device runs in a process of its own, and the machine goes on if that crashes"));
    if (device->bus && !strcmp(device->bus, "pci") && !device->provides)
        json_object_set_new(properties, "plugged",
            json_pack("{s:[s, s], s:s}", "type", "boolean", "null", "description",
                "false: it is not in its slot until the control command device.plug"));
    if (device->bus && !strcmp(device->bus, "pci"))
        json_object_set_new(properties, "addr",
            json_pack("{s:[{s:s, s:s}, {s:[s, s]}], s:s}", "anyOf", "type", "string", "pattern",
                "^[01]?[0-9a-fA-F]\\.[0-7]$", "type", "number", "null", "description",
                "SLOT.FUNCTION in hexadecimal; the first free slot where absent"));
    kind_add(kinds, "device", device->name, schema);
}

static void sections_add(json_t *properties)
{
    for (unsigned i = 0; i < section_count; i++) {
        json_t *schema = config_rows_schema(sections[i].rows, sections[i].count, sections[i].meaning);
        if (sections[i].name) {
            /* null takes away what a base says. */
            json_object_set_new(schema, "type", json_pack("[s, s]", "object", "null"));
            json_object_set_new(properties, sections[i].name, schema);
        } else {
            json_object_update(properties, json_object_get(schema, "properties"));
            json_decref(schema);
        }
    }
}

json_t *config_schema_json(const struct plugin_set *plugins)
{
    json_t *definitions = json_object(), *properties = json_object();
    struct kinds devices = { definitions, json_array(), json_array() },
                 backends = { definitions, json_array(), json_array() };
    for (unsigned i = 0; i < plugins->count; i++) {
        const struct plugin *plugin = &plugins->plugins[i];
        for (unsigned j = 0; !plugin->refusal && j < plugin->device_count; j++)
            device_add(&devices, &plugin->devices[j].device);
        for (unsigned j = 0; !plugin->refusal && j < plugin->backend_count; j++) {
            const abbey_backend *backend = &plugin->backends[j].backend;
            kind_add(&backends, "backend", backend->name,
                config_rows_schema(
                    backend->props.rows, backend->props.count, backend->summary ? backend->summary : ""));
        }
    }
    json_object_set_new(properties, "abbey",
        json_pack("{s:[i, s], s:s}", "enum", 1, SCHEMA_VERSION, "description", special_meaning("abbey")));
    json_object_set_new(properties, "base",
        json_pack("{s:[s, s], s:s}", "type", "string", "null", "description", special_meaning("base")));
    sections_add(properties);
    json_object_set_new(properties, "plugins",
        json_pack("{s:s, s:s, s:{s:{s:[s, s], s:{s:s}}, s:{s:s, s:{s:s, s:s}}}, s:b}", "type", "object", "description",
            special_meaning("plugins"), "properties", "path", "type", "array", "string", "items", "type", "string",
            "require", "type", "object", "additionalProperties", "type", "string", "pattern",
            "^([<>]=?|=)[0-9][0-9.]*( +([<>]=?|=)[0-9][0-9.]*)*$", "additionalProperties", 0));
    json_object_set_new(
        properties, "backends", section_schema("backend", special_meaning("backends"), backends.names, backends.cases));
    json_object_set_new(
        properties, "devices", section_schema("device", special_meaning("devices"), devices.names, devices.cases));
    return json_pack("{s:s, s:s, s:s, s:[s], s:o, s:b, s:o}", "$schema", "https://json-schema.org/draft/2020-12/schema",
        "title", "Abbey machine file", "type", "object", "required", "abbey", "properties", properties,
        "additionalProperties", 0, "$defs", definitions);
}

void config_schema(const struct plugin_set *plugins, FILE *out)
{
    json_t *schema = config_schema_json(plugins);
    json_dumpf(schema, out, JSON_INDENT(2));
    putc('\n', out);
    json_decref(schema);
}
