#include "core/mem/mem.h"

#include <abbey/system.h>

#include <stdlib.h>
#include <string.h>

#include "tests/unit/hostmem.h"
#include "tests/unit/unit.h"

#define MB (1ull << 20)
#define GB (1ull << 30)
#define LOW (3584 * MB)

static struct mem *new_mem(uint64_t bytes, uint64_t low)
{
    abbey_error error = { "" };
    struct mem *mem = mem_new(&hostmem, bytes, low, &error);
    if (!mem)
        CU_FAIL_FATAL("mem_new");
    return mem;
}

/* A device that remembers its last access and answers reads with the offset in every byte. */
struct probe {
    unsigned calls;
    abbey_io last;
    uint32_t sizes; /* of all calls, one hexadecimal digit each */
};

static void probe_io(void *self, abbey_io *io)
{
    struct probe *probe = self;
    probe->calls++;
    probe->sizes = probe->sizes << 4 | io->size;
    if (!io->write) {
        io->value = 0;
        for (unsigned i = 0; i < 8; i++) /* more than asked for: the caller keeps what it wanted */
            io->value |= (uint64_t)(uint8_t)(io->offset + i) << i * 8;
    }
    probe->last = *io;
}

/* Counts what the hooks say. */
struct hooks {
    unsigned code, map;
    gpa_t gpa;
    uint32_t count;
    struct mem *unmark;
    uint8_t before; /* the byte at gpa when the hook ran */
};

static void code_hook(void *opaque, gpa_t gpa, uint32_t count)
{
    struct hooks *hooks = opaque;
    hooks->code++;
    hooks->gpa = gpa;
    hooks->count = count;
    if (hooks->unmark) {
        hooks->before = (uint8_t)mem_load(hooks->unmark, gpa, 1);
        mem_unmark(hooks->unmark, gpa, MEM_MARK_CODE);
    }
}

static void map_hook(void *opaque)
{
    ((struct hooks *)opaque)->map++;
}

static void ram_reads_back(void)
{
    struct mem *mem = new_mem(2 * MB, LOW);
    CU_ASSERT_EQUAL(mem_ram_bytes(mem), 2 * MB);
    CU_ASSERT_EQUAL(mem_load(mem, 0x1234, 8), 0);
    mem_store(mem, 0x1234, 8, 0x1122334455667788);
    CU_ASSERT_EQUAL(mem_load(mem, 0x1234, 8), 0x1122334455667788);
    CU_ASSERT_EQUAL(mem_load(mem, 0x1236, 4), 0x33445566);
    CU_ASSERT_EQUAL(mem_load(mem, 0x1235, 2), 0x6677);
    CU_ASSERT_EQUAL(mem_load(mem, 0x123b, 1), 0x11);
    mem_store(mem, 0x1238, 1, 0xaa);
    mem_store(mem, 0x1239, 2, 0xbbcc);
    mem_store(mem, 0x1234, 4, 0);
    CU_ASSERT_EQUAL(mem_load(mem, 0x1234, 8), 0x11bbccaa00000000);
    uint8_t text[10000], back[10000];
    for (unsigned i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 7);
    CU_ASSERT_TRUE(mem_write(mem, 0x8ffd, text, sizeof text));
    CU_ASSERT_TRUE(mem_read(mem, 0x8ffd, back, sizeof back));
    CU_ASSERT_EQUAL(memcmp(text, back, sizeof text), 0);
    mem_free(mem);
}

static void holes_read_ones(void)
{
    struct mem *mem = new_mem(2 * MB, LOW);
    uint8_t bytes[16];
    CU_ASSERT_EQUAL(mem_load(mem, 2 * MB, 4), 0xffffffff);
    CU_ASSERT_EQUAL(mem_load(mem, 0xa0000, 4), 0xffffffff); /* no display adapter, nothing there */
    CU_ASSERT_EQUAL(mem_load(mem, 63 * GB, 8), ~0ull);
    mem_store(mem, 2 * MB, 4, 0);
    mem_store(mem, 0xbfffc, 4, 0);
    CU_ASSERT_EQUAL(mem_load(mem, 0xbfffc, 4), 0xffffffff);
    bool marked;
    CU_ASSERT_PTR_NULL(mem_page(mem, 2 * MB, false, NULL));
    CU_ASSERT_PTR_NULL(mem_page(mem, 0xa0000, true, &marked));
    mem_store(mem, 2 * MB - 8, 8, 0);
    CU_ASSERT_FALSE(mem_read(mem, 2 * MB - 8, bytes, 16));
    CU_ASSERT_EQUAL(memcmp(bytes, "\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 16), 0);
    CU_ASSERT_FALSE(mem_write(mem, 2 * MB - 8, "0123456789abcdef", 16));
    CU_ASSERT_EQUAL(mem_load(mem, 2 * MB - 1, 1), '7');
    /* A hostile bus master at the end of all addresses does not come round to address 0. */
    CU_ASSERT_FALSE(mem_write(mem, UINT64_MAX - 3, "0123456789abcdef", 16));
    CU_ASSERT_EQUAL(mem_load(mem, 0, 8), 0);
    CU_ASSERT_FALSE(mem_read(mem, UINT64_MAX - 3, bytes, 16));
    CU_ASSERT_EQUAL(bytes[15], 0xff);
    uint64_t count = 16;
    CU_ASSERT_PTR_NULL(mem_map(mem, UINT64_MAX - 3, &count, true));
    CU_ASSERT_EQUAL(count, 0);
    mem_free(mem);
}

static void ram_goes_on_at_4g(void)
{
    struct mem *mem = new_mem(8 * MB, 4 * MB);
    mem_store(mem, 4 * GB + 4 * MB - 4, 4, 0x12345678);
    mem_store(mem, 4 * GB, 4, 0x9abcdef0);
    mem_store(mem, 4 * MB - 4, 4, 1);
    CU_ASSERT_EQUAL(mem_load(mem, 4 * GB + 4 * MB - 4, 4), 0x12345678);
    CU_ASSERT_EQUAL(mem_load(mem, 4 * GB, 4), 0x9abcdef0);
    CU_ASSERT_EQUAL(mem_load(mem, 4 * MB - 4, 4), 1);
    CU_ASSERT_EQUAL(mem_load(mem, 4 * MB, 4), 0xffffffff);
    CU_ASSERT_EQUAL(mem_load(mem, 4 * GB + 4 * MB, 4), 0xffffffff);
    /* One object on the host, but no view runs from one part to the other. */
    uint64_t count = 8 * MB;
    CU_ASSERT_PTR_NOT_NULL(mem_map(mem, 3 * MB, &count, false));
    CU_ASSERT_EQUAL(count, 1 * MB);
    mem_free(mem);
}

static void sizes_are_checked(void)
{
    abbey_error error = { "" };
    CU_ASSERT_PTR_NULL(mem_new(&hostmem, 0, LOW, &error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "1M"));
    CU_ASSERT_PTR_NULL(mem_new(&hostmem, MB + 1, LOW, &error));
    CU_ASSERT_PTR_NULL(mem_new(&hostmem, 64 * GB, LOW, &error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "64G"));
    for (unsigned call = 1; call <= 2; call++) {
        hostmem_fail_at = call;
        CU_ASSERT_PTR_NULL(mem_new(&hostmem, MB, LOW, &error));
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "made to fail"));
    }
    hostmem_fail_at = 0;
}

static void mmio_gets_whole_accesses(void)
{
    struct mem *mem = new_mem(2 * MB, LOW);
    struct probe probe = { 0 };
    mem_add_mmio(mem, 0xfebf0000, 0x2000, 8, probe_io, &probe);
    CU_ASSERT_EQUAL(mem_load(mem, 0xfebf0123, 4), 0x26252423);
    CU_ASSERT_EQUAL(probe.calls, 1);
    CU_ASSERT_EQUAL(probe.last.addr, 0xfebf0123);
    CU_ASSERT_EQUAL(probe.last.offset, 0x123);
    CU_ASSERT_EQUAL(probe.last.write, 0);
    CU_ASSERT_EQUAL(mem_load(mem, 0xfebf1ff8, 8), 0xfffefdfcfbfaf9f8);
    mem_store(mem, 0xfebf1002, 2, 0x12345678);
    CU_ASSERT_EQUAL(probe.last.write, 1);
    CU_ASSERT_EQUAL(probe.last.value, 0x5678);
    CU_ASSERT_EQUAL(probe.last.offset, 0x1002);
    CU_ASSERT_EQUAL(probe.calls, 3);
    CU_ASSERT_PTR_NULL(mem_page(mem, 0xfebf0000, false, NULL));
    mem_free(mem);
}

static void mmio_is_split(void)
{
    struct mem *mem = new_mem(2 * MB, LOW);
    struct probe narrow = { 0 }, tiny = { 0 }, odd = { 0 };
    mem_add_mmio(mem, 0xfebf0000, 0x1000, 1, probe_io, &narrow);
    CU_ASSERT_EQUAL(mem_load(mem, 0xfebf0010, 4), 0x13121110);
    CU_ASSERT_EQUAL(narrow.sizes, 0x1111);
    CU_ASSERT_EQUAL(narrow.last.offset, 0x13); /* low address first */
    mem_store(mem, 0xfebf0010, 2, 0xbbaa);
    CU_ASSERT_EQUAL(narrow.last.value, 0xbb);
    /* A region that shares its page with a hole: nothing runs over its end. */
    mem_add_mmio(mem, 0xfec00004, 6, 0, probe_io, &tiny);
    CU_ASSERT_EQUAL(mem_load(mem, 0xfec00004, 4), 0x03020100);
    CU_ASSERT_EQUAL(tiny.sizes, 0x4);
    CU_ASSERT_EQUAL(mem_load(mem, 0xfec00008, 4), 0xffff0504);
    CU_ASSERT_EQUAL(mem_load(mem, 0xfec00002, 4), 0x0100ffff);
    CU_ASSERT_EQUAL(mem_load(mem, 0xfec00000, 4), 0xffffffff);
    tiny.sizes = 0;
    mem_store(mem, 0xfec00003, 8, 0);
    CU_ASSERT_EQUAL(tiny.sizes, 0x42);
    /* A width that is no power of two means the next lower one. */
    mem_add_mmio(mem, 0xfed00000, 0x1000, 3, probe_io, &odd);
    mem_load(mem, 0xfed00000, 8);
    CU_ASSERT_EQUAL(odd.sizes, 0x2222);
    mem_free(mem);
}

static void long_transfers_reach_devices(void)
{
    struct mem *mem = new_mem(2 * MB, LOW);
    struct probe probe = { 0 };
    uint8_t bytes[7];
    mem_add_mmio(mem, 2 * MB, 0x1000, 4, probe_io, &probe);
    CU_ASSERT_TRUE(mem_read(mem, 2 * MB - 2, bytes, 7));
    CU_ASSERT_EQUAL(memcmp(bytes, "\0\0\0\1\2\3\4", 7), 0);
    CU_ASSERT_EQUAL(probe.sizes, 0x41);
    mem_free(mem);
}

static void last_enabled_is_asked_first(void)
{
    struct mem *mem = new_mem(4 * MB, LOW);
    struct probe a = { 0 }, b = { 0 };
    struct mem_region *ra = mem_add_mmio(mem, 1 * MB, 0x3000, 4, probe_io, &a);
    struct mem_region *rb = mem_add_mmio(mem, 1 * MB + 0x1000, 0x1000, 4, probe_io, &b);
    mem_load(mem, 1 * MB + 0x1000, 4);
    CU_ASSERT_EQUAL(b.calls, 1);
    mem_region_enable(ra, true); /* it was: no change */
    mem_load(mem, 1 * MB + 0x1000, 4);
    CU_ASSERT_EQUAL(b.calls, 2);
    mem_region_enable(ra, false);
    mem_region_enable(ra, true);
    mem_load(mem, 1 * MB + 0x1000, 4);
    CU_ASSERT_EQUAL(a.calls, 1);
    mem_region_move(rb, 1 * MB + 0x800);
    mem_load(mem, 1 * MB + 0x1000, 4);
    CU_ASSERT_EQUAL(b.calls, 3);
    CU_ASSERT_EQUAL(b.last.offset, 0x800);
    CU_ASSERT_EQUAL(mem_load(mem, 1 * MB + 0x7fe, 4), 0x0100fffe);
    mem_region_remove(ra);
    mem_store(mem, 1 * MB, 4, 0x5a5a5a5a);
    CU_ASSERT_EQUAL(mem_load(mem, 1 * MB, 4), 0x5a5a5a5a); /* the RAM below is back */
    mem_region_enable(rb, false);
    mem_region_move(rb, UINT64_MAX - 0xff); /* a BAR set to nonsense while disabled and then on */
    mem_region_enable(rb, true);
    mem_region_move(rb, 62 * GB);
    CU_ASSERT_EQUAL(mem_load(mem, 62 * GB + 5, 1), 5);
    CU_ASSERT_EQUAL(mem_load(mem, 1 * MB + 0x1000, 4), 0);
    CU_ASSERT_PTR_NULL(mem_add_mmio(mem, 0, 0, 4, probe_io, &a));
    mem_free(mem);
}

static unsigned lock_depth, lock_taken;

static void lock_enter(void *opaque)
{
    (void)opaque;
    lock_depth++;
    lock_taken++;
}

static void lock_leave(void *opaque)
{
    (void)opaque;
    lock_depth--;
}

static void locked_io(void *self, abbey_io *io)
{
    *(unsigned *)self = lock_depth;
    io->value = 0;
}

static void devices_run_under_the_lock(void)
{
    struct mem *mem = new_mem(2 * MB, LOW);
    unsigned depth = 9;
    mem_add_mmio(mem, 0xfebf0000, 0x1000, 4, locked_io, &depth);
    mem_on_mmio(mem, lock_enter, lock_leave, NULL);
    mem_load(mem, 0xfebf0000, 4);
    CU_ASSERT_EQUAL(depth, 1);
    mem_store(mem, 0xfebf0000, 8, 0);
    CU_ASSERT_EQUAL(depth, 1);
    lock_taken = 0;
    mem_store(mem, 0x1000, 4, 0); /* RAM takes no lock */
    mem_load(mem, 0x1000, 4);
    uint8_t bytes[4];
    mem_read(mem, 0xfebf0000, bytes, 4); /* DMA: device code holds it already */
    CU_ASSERT_EQUAL(depth, 0);
    CU_ASSERT_EQUAL(lock_taken, 0);
    CU_ASSERT_EQUAL(lock_depth, 0);
    mem_free(mem);
}

static void rom_keeps_its_bytes(void)
{
    struct mem *mem = new_mem(2 * MB, LOW);
    static uint8_t image[0x2000];
    memset(image, 0x42, sizeof image);
    struct mem_region *rom = mem_add_rom(mem, 0xfffe0000, sizeof image, image);
    CU_ASSERT_PTR_NOT_NULL(rom);
    image[0] = 0; /* the bytes were copied */
    CU_ASSERT_EQUAL(mem_load(mem, 0xfffe0000, 4), 0x42424242);
    mem_store(mem, 0xfffe0000, 4, 0);
    CU_ASSERT_TRUE(mem_write(mem, 0xfffe0000, "ab", 2));
    CU_ASSERT_EQUAL(mem_load(mem, 0xfffe0000, 4), 0x42424242);
    bool marked;
    CU_ASSERT_PTR_NOT_NULL(mem_page(mem, 0xfffe0000, false, NULL));
    CU_ASSERT_PTR_NULL(mem_page(mem, 0xfffe0000, true, &marked));
    uint64_t count = 4;
    CU_ASSERT_PTR_NULL(mem_map(mem, 0xfffe0000, &count, true));
    CU_ASSERT_PTR_NULL(mem_add_rom(mem, 0xfffe0800, sizeof image, image));
    CU_ASSERT_PTR_NULL(mem_add_rom(mem, 0xfffe0000, 0x800, image));
    mem_region_remove(rom);
    CU_ASSERT_EQUAL(mem_load(mem, 0xfffe0000, 4), 0xffffffff);
    mem_free(mem);
}

static void shadow_follows_pam(void)
{
    struct mem *mem = new_mem(2 * MB, LOW);
    static uint8_t image[0x10000];
    memset(image, 0x42, sizeof image);
    mem_store(mem, 0xd0000, 4, 7);
    CU_ASSERT_EQUAL(mem_load(mem, 0xd0000, 4), 7); /* never set, no ROM: plain RAM */
    mem_add_rom(mem, 0xf0000, sizeof image, image);
    CU_ASSERT_EQUAL(mem_load(mem, 0xf0000, 4), 0x42424242);

    mem_shadow(mem, 0xf0000, 0x10000, ABBEY_SHADOW_WRITE_RAM); /* a BIOS copies itself */
    mem_store(mem, 0xf0000, 4, 0x11111111);
    CU_ASSERT_TRUE(mem_write(mem, 0xf0004, "\x22\x22\x22\x22", 4));
    CU_ASSERT_EQUAL(mem_load(mem, 0xf0000, 4), 0x42424242);
    mem_shadow(mem, 0xf0000, 0x10000, ABBEY_SHADOW_READ_RAM); /* and locks the copy */
    CU_ASSERT_EQUAL(mem_load(mem, 0xf0000, 8), 0x2222222211111111);
    mem_store(mem, 0xf0000, 4, 0);
    CU_ASSERT_EQUAL(mem_load(mem, 0xf0000, 8), 0x2222222211111111);
    mem_shadow(mem, 0xf0000, 0x10000, ABBEY_SHADOW_READ_RAM | ABBEY_SHADOW_WRITE_RAM);
    mem_store(mem, 0xf0000, 4, 0x33333333);
    CU_ASSERT_EQUAL(mem_load(mem, 0xf0000, 4), 0x33333333);
    mem_shadow(mem, 0xf0000, 0x10000, 0);
    CU_ASSERT_EQUAL(mem_load(mem, 0xf0000, 4), 0x42424242);
    mem_store(mem, 0xf0000, 4, 0);
    CU_ASSERT_EQUAL(mem_load(mem, 0xf0000, 4), 0x42424242);

    mem_shadow(mem, 0xd0000, 0x4000, 0); /* given to the bus, where nobody is */
    CU_ASSERT_EQUAL(mem_load(mem, 0xd0000, 4), 0xffffffff);
    mem_shadow(mem, 0xd0000, 0x4000, 3);
    CU_ASSERT_EQUAL(mem_load(mem, 0xd0000, 4), 7);
    struct probe card = { 0 };
    mem_add_mmio(mem, 0xd0000, 0x1000, 4, probe_io, &card);
    CU_ASSERT_EQUAL(mem_load(mem, 0xd0000, 4), 7); /* what goes to DRAM never reaches the bus */
    mem_shadow(mem, 0xd0000, 0x4000, ABBEY_SHADOW_READ_RAM);
    mem_store(mem, 0xd0000, 4, 8);
    CU_ASSERT_EQUAL(card.calls, 1);
    mem_shadow(mem, 0, 0x100000, 0); /* outside: no effect */
    CU_ASSERT_EQUAL(mem_load(mem, 0, 4), 0);
    mem_free(mem);
}

static void a20_masks_bit_20(void)
{
    struct mem *mem = new_mem(4 * MB, LOW);
    struct hooks hooks = { 0 };
    mem_on_map_change(mem, map_hook, &hooks);
    CU_ASSERT_EQUAL(mem_a20_mask(mem), ~0ull);
    mem_set_a20(mem, false);
    CU_ASSERT_EQUAL(mem_a20_mask(mem), ~0x100000ull);
    CU_ASSERT_EQUAL(hooks.map, 1);
    mem_set_a20(mem, false);
    CU_ASSERT_EQUAL(hooks.map, 1);
    mem_set_a20(mem, true);
    CU_ASSERT_EQUAL(hooks.map, 2);
    mem_free(mem);
}

static void code_is_told_before_the_write(void)
{
    struct mem *mem = new_mem(2 * MB, LOW);
    struct hooks hooks = { .unmark = mem };
    mem_on_code_write(mem, code_hook, &hooks);
    mem_store(mem, 0x5010, 1, 0x90);
    mem_mark(mem, 0x5000, MEM_MARK_CODE);
    bool marked = false;
    CU_ASSERT_PTR_NOT_NULL(mem_page(mem, 0x5010, true, &marked));
    CU_ASSERT_TRUE(marked);
    mem_store(mem, 0x5010, 2, 0xffff);
    CU_ASSERT_EQUAL(hooks.code, 1);
    CU_ASSERT_EQUAL(hooks.before, 0x90);
    CU_ASSERT_EQUAL(hooks.gpa, 0x5010);
    CU_ASSERT_EQUAL(hooks.count, 2);
    CU_ASSERT_EQUAL(mem_load(mem, 0x5010, 2), 0xffff);
    mem_page(mem, 0x5010, true, &marked);
    CU_ASSERT_FALSE(marked);
    mem_store(mem, 0x5010, 2, 1);
    CU_ASSERT_EQUAL(hooks.code, 1);
    /* DMA over several pages tells each part. */
    static uint8_t block[0x3000];
    mem_mark(mem, 0x5000, MEM_MARK_CODE);
    mem_mark(mem, 0x6fff, MEM_MARK_CODE);
    mem_write(mem, 0x4800, block, sizeof block);
    CU_ASSERT_EQUAL(hooks.code, 3);
    CU_ASSERT_EQUAL(hooks.gpa, 0x6000);
    CU_ASSERT_EQUAL(hooks.count, 0x1000);
    CU_ASSERT_EQUAL(mem_marks(mem, 0x6000), 0);
    mem_free(mem);
}

static void code_is_told_of_views(void)
{
    struct mem *mem = new_mem(8 * MB, 4 * MB);
    struct hooks hooks = { .unmark = mem };
    mem_on_code_write(mem, code_hook, &hooks);
    mem_mark(mem, 0x5000, MEM_MARK_CODE);
    uint64_t count = 0x2000;
    CU_ASSERT_PTR_NOT_NULL(mem_map(mem, 0x4800, &count, false));
    CU_ASSERT_EQUAL(hooks.code, 0);
    uint8_t *view = mem_map(mem, 0x4800, &count, true);
    CU_ASSERT_EQUAL(count, 0x2000);
    CU_ASSERT_EQUAL(hooks.code, 1);
    view[0x1000] = 0xc3;
    CU_ASSERT_EQUAL(mem_load(mem, 0x5800, 1), 0xc3);
    mem_mark(mem, 0x5000, MEM_MARK_CODE); /* the guest runs it before the device is done */
    mem_mark(mem, 0x6000, MEM_MARK_CODE); /* not reached by what was written */
    mem_unmap(mem, view, 0x1001);
    CU_ASSERT_EQUAL(hooks.code, 2);
    CU_ASSERT_EQUAL(hooks.count, 0x801);
    count = 0x1000;
    view = mem_map(mem, 4 * GB + 0x7000, &count, true);
    mem_mark(mem, 4 * GB + 0x7000, MEM_MARK_CODE);
    mem_unmap(mem, view, 1);
    CU_ASSERT_EQUAL(hooks.gpa, 4 * GB + 0x7000);
    mem_free(mem);
}

static void code_is_told_of_remaps(void)
{
    struct mem *mem = new_mem(2 * MB, LOW);
    struct hooks hooks = { 0 };
    struct probe probe = { 0 };
    mem_on_code_write(mem, code_hook, &hooks);
    mem_on_map_change(mem, map_hook, &hooks);
    mem_mark(mem, 0x5000, MEM_MARK_CODE);
    mem_mark(mem, 0x7000, MEM_MARK_CODE);
    struct mem_region *region = mem_add_mmio(mem, 0x5000, 0x1000, 4, probe_io, &probe);
    CU_ASSERT_EQUAL(hooks.code, 1);
    CU_ASSERT_EQUAL(hooks.gpa, 0x5000);
    CU_ASSERT_EQUAL(hooks.count, 0x1000);
    CU_ASSERT_EQUAL(hooks.map, 1);
    mem_region_remove(region);
    CU_ASSERT_EQUAL(hooks.code, 2);
    CU_ASSERT_EQUAL(hooks.map, 2);
    mem_free(mem);
}

static gpa_t dirty_pages[8];
static unsigned dirty_count;

static void dirty_note(void *opaque, gpa_t page)
{
    (void)opaque;
    if (dirty_count < 8)
        dirty_pages[dirty_count] = page;
    dirty_count++;
}

static void dirty_pages_are_found(void)
{
    struct mem *mem = new_mem(2 * MB, LOW);
    struct hooks hooks = { 0 };
    bool marked;
    mem_on_map_change(mem, map_hook, &hooks);
    mem_store(mem, 0x1000, 1, 1); /* before tracking: not counted */
    mem_track_dirty(mem, true);
    CU_ASSERT_EQUAL(hooks.map, 1); /* TLBs hold writable addresses */
    mem_page(mem, 0x3000, true, &marked);
    CU_ASSERT_TRUE(marked);
    mem_store(mem, 0x3ff8, 8, 1);
    mem_page(mem, 0x3000, true, &marked);
    CU_ASSERT_FALSE(marked);
    mem_write(mem, 0x5fff, "ab", 2);
    uint64_t count = 1;
    mem_map(mem, 0x8000, &count, true);
    dirty_count = 0;
    mem_take_dirty(mem, dirty_note, NULL);
    CU_ASSERT_EQUAL(dirty_count, 4);
    CU_ASSERT(
        dirty_pages[0] == 0x3000 && dirty_pages[1] == 0x5000 && dirty_pages[2] == 0x6000 && dirty_pages[3] == 0x8000);
    mem_page(mem, 0x3000, true, &marked);
    CU_ASSERT_TRUE(marked);
    mem_take_dirty(mem, dirty_note, NULL);
    CU_ASSERT_EQUAL(dirty_count, 4);
    mem_track_dirty(mem, false);
    mem_page(mem, 0x3000, true, &marked);
    CU_ASSERT_FALSE(marked);
    mem_free(mem);
}

static uint32_t slow_crc(uint32_t crc, uint8_t byte)
{
    crc ^= byte;
    for (int bit = 0; bit < 8; bit++)
        crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    return crc;
}

static void checksum_is_crc32(void)
{
    struct mem *mem = new_mem(2 * MB, 1 * MB);
    srand(1);
    for (unsigned i = 0; i < 2000; i++)
        mem_store(mem, (gpa_t)rand() % 0x90000, 8, (uint64_t)rand());
    mem_store(mem, 4 * GB + 0x5432, 4, 0xdeadbeef);
    bool marked;
    memset(mem_page(mem, 0x98000, true, &marked), 0xe5, 100); /* through a host address */
    uint32_t crc = ~0u;
    for (gpa_t gpa = 0; gpa < 1 * MB; gpa++)
        crc = slow_crc(crc, gpa >= 0xa0000 && gpa < 0xc0000 ? 0 : (uint8_t)mem_load(mem, gpa, 1));
    for (gpa_t gpa = 4 * GB; gpa < 4 * GB + 1 * MB; gpa++)
        crc = slow_crc(crc, (uint8_t)mem_load(mem, gpa, 1));
    CU_ASSERT_EQUAL(mem_checksum(mem), ~crc);
    mem_store(mem, 0x1000, 1, mem_load(mem, 0x1000, 1) ^ 1);
    CU_ASSERT_NOT_EQUAL(mem_checksum(mem), ~crc);
    mem_free(mem);
}

static const struct unit_test tests[] = {
    { "RAM reads back what was written, in all sizes", ram_reads_back },
    { "holes read all ones and drop writes, to the end of all addresses", holes_read_ones },
    { "RAM above the PCI hole goes on at 4 GB", ram_goes_on_at_4g },
    { "impossible sizes and a host without memory are refused", sizes_are_checked },
    { "a device sees one access for one instruction", mmio_gets_whole_accesses },
    { "wide accesses are split low address first, none over the end of a region", mmio_is_split },
    { "a transfer may run from RAM into a device", long_transfers_reach_devices },
    { "of overlapping regions the one enabled or moved last answers", last_enabled_is_asked_first },
    { "devices run under the lock when the CPU calls them", devices_run_under_the_lock },
    { "ROM is a copy and drops writes", rom_keeps_its_bytes },
    { "shadow RAM obeys all four modes", shadow_follows_pam },
    { "A20 masks bit 20 and flushes TLBs", a20_masks_bit_20 },
    { "the code hook runs before the bytes change", code_is_told_before_the_write },
    { "the code hook runs for views at map and at unmap", code_is_told_of_views },
    { "the code hook runs when other memory appears at the page", code_is_told_of_remaps },
    { "dirty tracking finds stores, DMA and views", dirty_pages_are_found },
    { "the checksum is the CRC-32 of all RAM", checksum_is_crc32 },
};

UNIT_MAIN("mem", tests)
