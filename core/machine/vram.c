/* vram.c - memory of devices: the interface "abbey.vram/1", and what saved states hold of it.
 *
 * A state lists the stretches that are not zero, in lines of 64 bytes, up to a page each, in ascending order:
 *
 *     "vram": { "vram": [ 0, "0741074200...", 753664, "07200720..." ] } */
#include "core/machine/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LINE 64u

static struct vram *vram_of(abbey_vram *handle)
{
    return (struct vram *)handle;
}

static abbey_region *vram_view(abbey_vram *handle, const abbey_vram_view *desc)
{
    struct vram *vram = vram_of(handle);
    abbey_vram_view d = { 0 };
    if (device_too_late(vram->device, "abbey_vram_map"))
        return NULL;
    memcpy(&d, desc, desc->size < sizeof d ? desc->size : sizeof d);
    if (d.offset % MEM_PAGE_SIZE || d.length > handle->count || d.offset > handle->count - d.length) {
        device_fail(vram->device, "a view shows %" PRIx64 " bytes at %" PRIx64 " of memory that has %" PRIx64, d.length,
            d.offset, handle->count);
        return NULL;
    }
    abbey_region_desc region = {
        .size = sizeof region, .start = d.start, .length = d.length, .disabled = d.disabled, .overlap = d.overlap
    };
    struct region *view = view_add(vram->device, &region, vram->mem, d.offset, false);
    return view ? &view->handle : NULL;
}

static int32_t vram_bar(abbey_vram *handle, abbey_pci *pci, uint32_t index)
{
    struct vram *vram = vram_of(handle);
    if (device_too_late(vram->device, "abbey_vram_bar"))
        return -1;
    return pci_bar_show(vram->device, pci, index, vram) ? 0 : -1;
}

static void vram_aim(abbey_vram *handle, abbey_region *view, uint64_t offset)
{
    (void)handle;
    mem_view_aim(((struct region *)view)->place, offset);
}

static void vram_touch(abbey_vram *handle, uint64_t offset, uint64_t count)
{
    mem_vram_touch(vram_of(handle)->mem, offset, count);
}

static uint32_t vram_take(abbey_vram *handle, uint64_t offset, uint64_t count, uint64_t *pages)
{
    return mem_vram_take(vram_of(handle)->mem, offset, count, pages);
}

static const abbey_vram_ops_1 ops = {
    .size = sizeof ops, .view = vram_view, .bar = vram_bar, .aim = vram_aim, .touch = vram_touch, .take = vram_take
};

static abbey_vram *vram_create(abbey_dev *dev, const char *name, uint64_t bytes)
{
    struct device *device = device_of(dev);
    abbey_error error = { "out of memory" };
    if (device_too_late(device, "abbey_vram_new"))
        return NULL;
    for (const struct vram *v = device->vrams; v; v = v->next) {
        if (strcmp(v->name, name) == 0) {
            device_fail(device, "it has two memories '%s'", name);
            return NULL;
        }
    }
    if (bytes == 0 || bytes % ABBEY_VRAM_PAGE) {
        device_fail(device, "its memory '%s' has %" PRIu64 " bytes, which are no whole pages", name, bytes);
        return NULL;
    }
    struct vram *vram = calloc(1, sizeof(*vram));
    if (vram)
        vram->mem = mem_vram_new(device->board->mem, name, bytes, &error);
    if (!vram || !vram->mem) {
        free(vram);
        device_fail(device, "its memory '%s' of %" PRIu64 " bytes: %s", name, bytes, error.text);
        return NULL;
    }
    vram->handle = (abbey_vram){ .ops = &ops, .bytes = mem_vram_bytes(vram->mem), .count = bytes };
    vram->device = device;
    snprintf(vram->name, sizeof vram->name, "%s", name);
    vram->next = device->vrams;
    device->vrams = vram;
    return &vram->handle;
}

const abbey_vram_1 vram_interface = { .size = sizeof vram_interface, .create = vram_create };

void vrams_free(struct device *device)
{
    for (struct vram *v = device->vrams, *next; v; v = next) {
        next = v->next;
        mem_vram_free(v->mem);
        free(v);
    }
    device->vrams = NULL;
}

void vrams_clear(struct device *device)
{
    for (struct vram *v = device->vrams; v; v = v->next)
        mem_vram_clear(v->mem);
}

/* ---- state ---- */

static bool line_zero(const uint8_t *line)
{
    for (uint32_t i = 0; i < LINE; i++)
        if (line[i])
            return false;
    return true;
}

static void page_save(json_t *list, const struct vram *vram, uint64_t page)
{
    for (uint64_t at = page, end; at < page + MEM_PAGE_SIZE; at = end) {
        for (end = at; end < page + MEM_PAGE_SIZE && !line_zero(vram->handle.bytes + end); end += LINE)
            continue;
        if (end > at) {
            json_array_append_new(list, json_integer((json_int_t)at));
            json_array_append_new(list, hex_json(vram->handle.bytes + at, end - at));
        } else {
            end += LINE;
        }
    }
}

json_t *vrams_json(const struct device *device)
{
    json_t *json = json_object();
    for (const struct vram *v = device->vrams; v; v = v->next) {
        json_t *list = json_array();
        for (uint64_t page = 0; page < v->handle.count; page += MEM_PAGE_SIZE)
            if (mem_vram_touched(v->mem, page))
                page_save(list, v, page);
        json_object_set_new(json, v->name, list);
    }
    return json;
}

bool vrams_read(struct reader *reader, const struct device *device, const json_t *json)
{
    size_t known = 0;
    uint8_t page[MEM_PAGE_SIZE];
    for (const struct vram *v = device->vrams; v; v = v->next) {
        const json_t *list = json_object_get(json, v->name);
        if (!json_is_array(list) || json_array_size(list) % 2)
            return state_refuse(reader, ".vram", "expected a list of offsets and bytes for '%s'", v->name);
        known++;
        for (size_t i = 0; i < json_array_size(list); i += 2) {
            const json_t *at = json_array_get(list, i), *bytes = json_array_get(list, i + 1);
            size_t count = json_string_length(bytes) / 2;
            if (!json_is_integer(at) || json_integer_value(at) < 0 || count > MEM_PAGE_SIZE ||
                (uint64_t)json_integer_value(at) > v->handle.count - count || !hex_read(bytes, page, count))
                return state_refuse(reader, ".vram",
                    "entry %zu of '%s' is not an offset with up to %u bytes as hex digits inside %" PRIu64 " bytes", i,
                    v->name, MEM_PAGE_SIZE, v->handle.count);
        }
    }
    return known == json_object_size(json) ||
           state_refuse(reader, ".vram", "it has memory that the device does not have");
}

void vrams_place(struct device *device, const json_t *json)
{
    for (struct vram *v = device->vrams; v; v = v->next) {
        const json_t *list = json_object_get(json, v->name);
        mem_vram_clear(v->mem);
        for (size_t i = 0; i < json_array_size(list); i += 2) {
            uint64_t at = (uint64_t)json_integer_value(json_array_get(list, i));
            size_t count = json_string_length(json_array_get(list, i + 1)) / 2;
            hex_read(json_array_get(list, i + 1), v->handle.bytes + at, count);
            mem_vram_touch(v->mem, at, count);
        }
    }
}
