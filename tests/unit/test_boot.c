#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/boot/parts.h"
#include "tests/unit/bootcase.h"
#include "tests/unit/unit.h"

static struct bootcase b;

/* ---- files ---- */

struct file {
    char path[64];
};

static struct file file_new(const void *bytes, size_t count)
{
    struct file file = { "/tmp/abbey-boot-XXXXXX" };
    int fd = mkstemp(file.path);
    if (fd < 0 || write(fd, bytes, count) != (ssize_t)count)
        CU_FAIL_FATAL("cannot make a temporary file");
    close(fd);
    return file;
}

static bool refused(const char *why)
{
    bool right = !bootcase_start(&b) && strstr(b.error.error.text, why) && b.error.mark.line == 7;
    if (!right)
        printf("# got: '%s' at line %u, not '%s'\n", b.error.error.text, b.error.mark.line, why);
    return right;
}

/* Boots from these bytes. */
static bool boots(const void *kernel, size_t count, const char *refusal)
{
    struct file file = file_new(kernel, count);
    b.config.boot.kernel = file.path;
    b.config.boot.kernel_mark.line = 7;
    bool result = refusal ? refused(refusal) : bootcase_start(&b);
    if (!refusal && !result)
        printf("# refused: %s\n", b.error.error.text);
    unlink(file.path);
    return result;
}

/* ---- a bzImage ---- */

#define SETUP_BYTES (5u * 512)
#define CODE_BYTES 0x4000u

static uint8_t image[SETUP_BYTES + CODE_BYTES];

static void bzimage(void)
{
    for (unsigned i = 0; i < sizeof image; i++)
        image[i] = (uint8_t)(i * 31);
    memset(image + 0x1f1, 0, 0x290 - 0x1f1);
    image[0x1f1] = 4;
    put32(image + 0x1f4, CODE_BYTES / 16);
    put16(image + 0x1fe, 0xaa55);
    image[0x201] = 0x66; /* header ends at 268h */
    memcpy(image + 0x202, "HdrS", 4);
    put16(image + 0x206, 0x20f);
    image[0x211] = 1;
    put32(image + 0x22c, 0x7fffffff);
    put32(image + 0x230, 0x100000);
    image[0x234] = 1;
    put32(image + 0x238, 100);
    put64(image + 0x258, 0x1000000);
    put32(image + 0x260, 0x200000);
}

static void linux_is_entered(void)
{
    bootcase_new(&b, 64 * MB);
    bzimage();
    b.config.boot.cmdline = "console=ttyS0";
    CU_ASSERT_TRUE_FATAL(boots(image, sizeof image, NULL));
    CU_ASSERT_EQUAL(b.cpu.eip, 0x1000000);
    CU_ASSERT_TRUE(bootcase_equal(&b, 0x1000000, image + SETUP_BYTES, CODE_BYTES));
    uint32_t zp = b.cpu.reg[ESI];
    CU_ASSERT_EQUAL(zp, BOOT_INFO);
    CU_ASSERT_TRUE(bootcase_equal(&b, zp + 0x202, "HdrS", 4));
    CU_ASSERT_EQUAL(bootcase_load(&b, zp + 0x210, 1), 0xff);
    CU_ASSERT_EQUAL(bootcase_load(&b, zp + 0x214, 4), 0x1000000);
    CU_ASSERT_TRUE(bootcase_equal(&b, bootcase_load(&b, zp + 0x228, 4), "console=ttyS0", 14));
    CU_ASSERT_EQUAL(bootcase_load(&b, zp + 0x218, 4), 0);
    CU_ASSERT_EQUAL(bootcase_load(&b, zp + 0x21c, 4), 0);
    CU_ASSERT_EQUAL(bootcase_load(&b, zp + 6, 1), 0);     /* no text mode */
    CU_ASSERT_EQUAL(bootcase_load(&b, zp + 0x268, 1), 0); /* nothing behind the header was copied */
    bootcase_free(&b);
}

static void entry_state(void)
{
    bootcase_new(&b, 64 * MB);
    bzimage();
    b.cpu.eflags = 0x202;
    mem_set_a20(b.mem, false);
    CU_ASSERT_TRUE_FATAL(boots(image, sizeof image, NULL));
    CU_ASSERT_EQUAL(b.cpu.cr0 & (CR0_PE | CR0_PG | CR0_CD), CR0_PE);
    CU_ASSERT_EQUAL(b.cpu.eflags, 2);
    CU_ASSERT_EQUAL(b.cpu.seg[CS].selector, 0x10);
    CU_ASSERT_EQUAL(b.cpu.seg[CS].attr, 0xc09b);
    CU_ASSERT_EQUAL(b.cpu.seg[SS].selector, 0x18);
    CU_ASSERT_EQUAL(b.cpu.seg[DS].attr, 0xc093);
    CU_ASSERT_EQUAL(b.cpu.seg[ES].limit, 0xffffffff);
    CU_ASSERT_EQUAL(b.cpu.gdt.limit, 31);
    CU_ASSERT_TRUE(bootcase_equal(&b, b.cpu.gdt.base + 16, "\xff\xff\0\0\0\x9b\xcf\0\xff\xff\0\0\0\x93\xcf\0", 16));
    CU_ASSERT_EQUAL(b.cpu.reg[EBP] | b.cpu.reg[EDI] | b.cpu.reg[EBX], 0);
    CU_ASSERT_EQUAL(mem_a20_mask(b.mem), ~(gpa_t)0);
    bootcase_free(&b);
}

/* Type of the range that holds an address, from the zero page; 0: none. */
static uint32_t e820_type(uint64_t address)
{
    for (unsigned i = 0; i < bootcase_load(&b, BOOT_INFO + 0x1e8, 1); i++) {
        uint64_t entry = BOOT_INFO + 0x2d0 + 20 * i;
        uint64_t start = mem_load(b.mem, entry, 8), bytes = mem_load(b.mem, entry + 8, 8);
        if (address >= start && address - start < bytes)
            return bootcase_load(&b, entry + 16, 4);
    }
    return 0;
}

static void memory_map(void)
{
    bootcase_new(&b, 64 * MB);
    bzimage();
    CU_ASSERT_TRUE_FATAL(boots(image, sizeof image, NULL));
    CU_ASSERT_EQUAL(e820_type(0), 1);
    CU_ASSERT_EQUAL(e820_type(0x9fbff), 1);
    CU_ASSERT_EQUAL(e820_type(0x9fc00), 2);
    CU_ASSERT_EQUAL(e820_type(0xa0000), 0);
    CU_ASSERT_EQUAL(e820_type(0xf0000), 2);
    CU_ASSERT_EQUAL(e820_type(0x100000), 1);
    CU_ASSERT_EQUAL(e820_type(64 * MB - 64 * KB - 1), 1);
    CU_ASSERT_EQUAL(e820_type(64 * MB - 64 * KB), 3);
    CU_ASSERT_EQUAL(e820_type(64 * MB - 1), 4);
    CU_ASSERT_EQUAL(e820_type(64 * MB), 0);
    CU_ASSERT_EQUAL(bootcase_load(&b, BOOT_INFO + 0x1e0, 4), 63 * 1024 - 64);
    bootcase_free(&b);

    bootcase_new(&b, 4 * GB);
    CU_ASSERT_TRUE_FATAL(boots(image, sizeof image, NULL));
    CU_ASSERT_EQUAL(e820_type(3584 * MB - 1), 4);
    CU_ASSERT_EQUAL(e820_type(3584 * MB), 0);
    CU_ASSERT_EQUAL(e820_type(4 * GB), 1);
    CU_ASSERT_EQUAL(e820_type(4 * GB + 512 * MB - 1), 1);
    CU_ASSERT_EQUAL(e820_type(4 * GB + 512 * MB), 0);
    bootcase_free(&b);
}

static void kernel_moves(void)
{
    bzimage(); /* 8 MB do not reach the preferred 16 MB */
    bootcase_new(&b, 8 * MB);
    CU_ASSERT_TRUE_FATAL(boots(image, sizeof image, NULL));
    CU_ASSERT_EQUAL(b.cpu.eip, 0x100000);
    put32(image + 0x230, 0x400000);
    CU_ASSERT_TRUE_FATAL(boots(image, sizeof image, NULL));
    CU_ASSERT_EQUAL(b.cpu.eip, 0x400000);
    image[0x234] = 0; /* not relocatable */
    CU_ASSERT_TRUE(boots(image, sizeof image, "needs 2048 KB of memory at 0x1000000"));
    put16(image + 0x206, 0x204); /* an old protocol: 1 MB always */
    CU_ASSERT_TRUE_FATAL(boots(image, sizeof image, NULL));
    CU_ASSERT_EQUAL(b.cpu.eip, 0x100000);
    bootcase_free(&b);
}

static void initrd_is_placed(void)
{
    struct file initrd = file_new(image, 5000);
    uint8_t kept[5000];
    bzimage();
    memcpy(kept, image, sizeof kept);
    unlink(initrd.path);
    initrd = file_new(kept, sizeof kept);

    bootcase_new(&b, 64 * MB);
    b.config.boot.initrd = initrd.path;
    b.config.boot.initrd_mark.line = 7;
    CU_ASSERT_TRUE_FATAL(boots(image, sizeof image, NULL));
    uint32_t at = bootcase_load(&b, BOOT_INFO + 0x218, 4);
    CU_ASSERT_EQUAL(at, 64 * MB - 64 * KB - 8192); /* as high as memory goes, whole pages */
    CU_ASSERT_EQUAL(bootcase_load(&b, BOOT_INFO + 0x21c, 4), 5000);
    CU_ASSERT_TRUE(bootcase_equal(&b, at, kept, sizeof kept));

    put32(image + 0x22c, 0x1ffffff); /* the kernel reaches 32 MB */
    CU_ASSERT_TRUE_FATAL(boots(image, sizeof image, NULL));
    CU_ASSERT_EQUAL(bootcase_load(&b, BOOT_INFO + 0x218, 4), 32 * MB - 8192);
    put32(image + 0x22c, 0x1200fff); /* less than the kernel itself needs */
    CU_ASSERT_TRUE(boots(image, sizeof image, "does not fit between the kernel"));
    CU_ASSERT_PTR_NOT_NULL(strstr(b.error.error.text, initrd.path));
    CU_ASSERT_PTR_NOT_NULL(strstr(b.error.error.text, "initrd_addr_max"));
    unlink(initrd.path);
    CU_ASSERT_TRUE(boots(image, sizeof image, "cannot open"));
    bootcase_free(&b);
}

static void bad_bzimages(void)
{
    bootcase_new(&b, 64 * MB);
    bzimage();
    CU_ASSERT_TRUE(boots(image, sizeof image - 1, "truncated: the header promises 18944 bytes, the file has 18943"));
    CU_ASSERT_TRUE(boots(image, SETUP_BYTES, "truncated"));
    CU_ASSERT_TRUE(boots(image, 0x250, "592 bytes end inside the boot header"));
    CU_ASSERT_TRUE(boots(image, 0x204, "boot.format: raw"));
    CU_ASSERT_TRUE(boots(image, 0, "empty"));
    b.config.boot.format = "linux";
    CU_ASSERT_TRUE(boots(image, 0x204, "no 'HdrS'"));
    image[0x202] = 'h';
    CU_ASSERT_TRUE(boots(image, sizeof image, "no 'HdrS'"));
    bzimage();
    put16(image + 0x206, 0x201);
    CU_ASSERT_TRUE(boots(image, sizeof image, "protocol 2.01 is older than 2.02"));
    bzimage();
    image[0x211] = 0;
    CU_ASSERT_TRUE(boots(image, sizeof image, "zImage"));
    bzimage();
    put32(image + 0x1f4, 0xffffffff);
    CU_ASSERT_TRUE(boots(image, sizeof image, "truncated"));
    put32(image + 0x1f4, 0);
    CU_ASSERT_TRUE(boots(image, sizeof image, "truncated"));
    bzimage();
    put32(image + 0x230, 3);
    CU_ASSERT_TRUE(boots(image, sizeof image, "not a power of two"));
    bzimage();
    put32(image + 0x260, 0xffffffff);
    CU_ASSERT_TRUE(boots(image, sizeof image, "memory ends at"));
    bzimage();
    put64(image + 0x258, 0xfffffffffffffff0);
    CU_ASSERT_TRUE(boots(image, sizeof image, NULL)); /* it can move */
    image[0x201] = 0xff;                              /* a header longer than boot_params has room for */
    CU_ASSERT_TRUE(boots(image, sizeof image, NULL));
    b.config.boot.kernel = "/nowhere/vmlinuz";
    CU_ASSERT_TRUE(refused("/nowhere/vmlinuz: cannot open"));
    b.config.boot.kernel = "/tmp";
    CU_ASSERT_TRUE(refused("/tmp: cannot read"));
    b.config.boot.kernel = "/dev/zero";
    CU_ASSERT_TRUE(refused("longer than the"));
    bootcase_free(&b);
}

static void cmdline_limit(void)
{
    char line[102];
    memset(line, 'x', sizeof line);
    line[101] = 0;
    bootcase_new(&b, 64 * MB);
    bzimage();
    b.config.boot.cmdline = line;
    CU_ASSERT_TRUE(boots(image, sizeof image, "has 101 characters; this kernel takes 100"));
    line[100] = 0;
    CU_ASSERT_TRUE_FATAL(boots(image, sizeof image, NULL));
    CU_ASSERT_TRUE(bootcase_equal(&b, BOOT_CMDLINE, line, 101));
    bootcase_free(&b);
}

/* ---- Multiboot ---- */

static uint8_t elf[0x3000];

static void multiboot_header(uint8_t *at, uint32_t flags)
{
    put32(at, 0x1badb002);
    put32(at + 4, flags);
    put32(at + 8, (uint32_t) - (0x1badb002 + flags));
}

/* One segment: file 1000h, 800h bytes at physical 200000h, virtual C0200000h, 5000h in memory. */
static void elf_kernel(void)
{
    memset(elf, 0xaa, sizeof elf);
    memset(elf, 0, 0x100);
    memcpy(elf, "\177ELF\1\1\1", 7);
    put16(elf + 16, 2);
    put16(elf + 18, 3);
    put32(elf + 24, 0xc0200010);
    put32(elf + 28, 52);
    put16(elf + 42, 32);
    put16(elf + 44, 1);
    put32(elf + 52, 1);
    put32(elf + 56, 0x1000);
    put32(elf + 60, 0xc0200000);
    put32(elf + 64, 0x200000);
    put32(elf + 68, 0x800);
    put32(elf + 72, 0x5000);
    multiboot_header(elf + 0x1000, 3);
}

static void multiboot_elf(void)
{
    struct file module = file_new("the module", 10);
    bootcase_new(&b, 16 * MB);
    elf_kernel();
    memset(image, 0x55, sizeof image);
    mem_write(b.mem, 0x200800, image, 0x4800); /* the zeros are written, not assumed */
    b.config.boot.initrd = module.path;
    b.config.boot.cmdline = "verbose";
    CU_ASSERT_TRUE_FATAL(boots(elf, sizeof elf, NULL));
    unlink(module.path);
    CU_ASSERT_EQUAL(b.cpu.eip, 0x200010);
    CU_ASSERT_EQUAL(b.cpu.reg[EAX], 0x2badb002);
    CU_ASSERT_TRUE(bootcase_equal(&b, 0x200000, elf + 0x1000, 0x800));
    CU_ASSERT_EQUAL(bootcase_load(&b, 0x2007ff, 1), 0xaa);
    CU_ASSERT_EQUAL(bootcase_load(&b, 0x200800, 4), 0);
    CU_ASSERT_EQUAL(bootcase_load(&b, 0x204ffc, 4), 0);
    CU_ASSERT_EQUAL(bootcase_load(&b, 0x205000, 1), 't'); /* the module, on the next page */

    uint32_t info = b.cpu.reg[EBX];
    CU_ASSERT_EQUAL(bootcase_load(&b, info, 4), 1 | 4 | 8 | 0x40 | 0x200);
    CU_ASSERT_EQUAL(bootcase_load(&b, info + 4, 4), 639);
    CU_ASSERT_EQUAL(bootcase_load(&b, info + 8, 4), 15 * 1024 - 64);
    uint32_t line = bootcase_load(&b, info + 16, 4);
    char text[200] = "";
    mem_read(b.mem, line, text, sizeof text - 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, " verbose"));
    CU_ASSERT_PTR_NULL(strchr(text, '/')); /* the guest learns nothing of the host's directories */
    CU_ASSERT_EQUAL(bootcase_load(&b, info + 20, 4), 1);
    uint32_t mods = bootcase_load(&b, info + 24, 4);
    CU_ASSERT_EQUAL(bootcase_load(&b, mods, 4), 0x205000);
    CU_ASSERT_EQUAL(bootcase_load(&b, mods + 4, 4), 0x20500a);
    CU_ASSERT_TRUE(bootcase_equal(&b, bootcase_load(&b, mods + 8, 4), strrchr(module.path, '/') + 1, 5));
    CU_ASSERT_TRUE(bootcase_equal(&b, bootcase_load(&b, info + 64, 4), "Abbey", 6));
    uint32_t bytes = bootcase_load(&b, info + 44, 4), map = bootcase_load(&b, info + 48, 4);
    CU_ASSERT_EQUAL(bytes, 6 * 24);
    CU_ASSERT_EQUAL(bootcase_load(&b, map, 4), 20);
    CU_ASSERT_EQUAL(mem_load(b.mem, map + 12, 8), 0x9fc00);
    CU_ASSERT_EQUAL(bootcase_load(&b, map + 20, 4), 1);
    bootcase_free(&b);
}

static void multiboot_addresses(void)
{
    static uint8_t flat[0x1000];
    bootcase_new(&b, 16 * MB);
    memset(flat, 0x77, sizeof flat);
    multiboot_header(flat + 0x40, 0x10000);
    put32(flat + 0x4c, 0x100020); /* header_addr: load_addr is file offset 20h */
    put32(flat + 0x50, 0x100000);
    put32(flat + 0x54, 0x100100);
    put32(flat + 0x58, 0x100200);
    put32(flat + 0x5c, 0x100030);
    memset(image, 0x55, sizeof image);
    mem_write(b.mem, 0x100000, image, 0x400);
    CU_ASSERT_TRUE_FATAL(boots(flat, sizeof flat, NULL));
    CU_ASSERT_EQUAL(b.cpu.eip, 0x100030);
    CU_ASSERT_TRUE(bootcase_equal(&b, 0x100000, flat + 0x20, 0x100));
    CU_ASSERT_EQUAL(bootcase_load(&b, 0x100100, 4), 0);
    CU_ASSERT_EQUAL(bootcase_load(&b, 0x1001fc, 4), 0);
    CU_ASSERT_EQUAL(bootcase_load(&b, 0x100200, 1), 0x55);
    put32(flat + 0x54, 0); /* all of the file, no zeros */
    put32(flat + 0x58, 0);
    CU_ASSERT_TRUE_FATAL(boots(flat, sizeof flat, NULL));
    CU_ASSERT_TRUE(bootcase_equal(&b, 0x100000, flat + 0x20, sizeof flat - 0x20));

    put32(flat + 0x54, 0x90000);
    CU_ASSERT_TRUE(boots(flat, sizeof flat, "below load_addr"));
    put32(flat + 0x54, 0x102000);
    CU_ASSERT_TRUE(boots(flat, sizeof flat, "truncated"));
    put32(flat + 0x4c, 0x100041); /* one byte before the file */
    CU_ASSERT_TRUE(boots(flat, sizeof flat, "before the file's first"));
    put32(flat + 0x4c, 0xfffff);
    CU_ASSERT_TRUE(boots(flat, sizeof flat, "before the file's first"));
    CU_ASSERT_TRUE(boots(flat, 0x50, "truncated inside the Multiboot header"));
    bootcase_free(&b);
}

static void bad_multiboot(void)
{
    bootcase_new(&b, 16 * MB);
    b.config.boot.format = "multiboot";
    elf_kernel();
    put32(elf + 0x1008, 0);
    CU_ASSERT_TRUE(boots(elf, sizeof elf, "no header"));
    elf_kernel();
    multiboot_header(elf + 0x1000, 7);
    CU_ASSERT_TRUE(boots(elf, sizeof elf, "0x4 is not offered (4: a video mode)"));
    elf_kernel();
    elf[4] = 2;
    CU_ASSERT_TRUE(boots(elf, sizeof elf, "not a 32-bit x86 ELF"));
    elf_kernel();
    elf[0] = 0;
    CU_ASSERT_TRUE(boots(elf, sizeof elf, "neither ELF nor"));
    static const struct {
        uint32_t at, value;
        const char *why;
    } rows[] = {
        { 28, 0xfffffff0, "program header table" }, /* phoff */
        { 28, 0x2ff0, "program header table" },
        { 42, 1, "program header table" }, /* phentsize (phnum 1 stays) */
        { 52, 2, "nothing to load" },
        { 56, 0xffffffff, "truncated" }, /* offset */
        { 56, 0x2900, "truncated" },
        { 64, 0xfffffff0, "not all memory" }, /* paddr */
        { 64, 0xa0000, "not all memory" },
        { 64, 0xff0000, "not all memory" },   /* over the tables at the top */
        { 68, 0xffffffff, "is filled with" }, /* filesz */
        { 72, 0xffffffff, "not all memory" }, /* memsz */
        { 72, 0x7ff, "is filled with" },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        elf_kernel();
        if (rows[i].at == 42)
            put16(elf + 42, (uint16_t)rows[i].value);
        else
            put32(elf + rows[i].at, rows[i].value);
        CU_ASSERT_TRUE(boots(elf, sizeof elf, rows[i].why));
    }
    elf_kernel();
    put32(elf + 64, 0); /* all of the memory below 640K */
    put32(elf + 72, BOOT_EBDA);
    CU_ASSERT_TRUE(boots(elf, sizeof elf, "no room below 640K"));
    elf_kernel();
    put32(elf + 64, 0xc000); /* over the usual place of the information */
    CU_ASSERT_TRUE_FATAL(boots(elf, sizeof elf, NULL));
    CU_ASSERT_EQUAL(b.cpu.reg[EBX], 0x11000);
    struct file module = file_new(image, sizeof image);
    b.config.boot.initrd = module.path;
    b.config.boot.initrd_mark.line = 7;
    elf_kernel();
    put32(elf + 64, 0xfe8000);
    CU_ASSERT_TRUE(boots(elf, sizeof elf, "a module of 19 KB does not fit"));
    unlink(module.path);
    bootcase_free(&b);
}

/* ---- raw ---- */

static void raw_images(void)
{
    bootcase_new(&b, 2 * MB);
    b.config.boot.format = "raw";
    b.config.boot.mode = "real";
    b.config.boot.load = 0x7c00;
    b.config.boot.entry = 0x7c00;
    CU_ASSERT_TRUE_FATAL(boots("\xeb\xfe", 2, NULL));
    CU_ASSERT_TRUE(bootcase_equal(&b, 0x7c00, "\xeb\xfe", 2));
    CU_ASSERT(b.cpu.seg[CS].base == 0 && b.cpu.eip == 0x7c00 && !(b.cpu.cr0 & CR0_PE));
    b.config.boot.load = b.config.boot.entry = 0x23456;
    CU_ASSERT_TRUE_FATAL(boots("\xeb\xfe", 2, NULL));
    CU_ASSERT(b.cpu.seg[CS].selector == 0x2000 && b.cpu.seg[CS].base == 0x20000 && b.cpu.eip == 0x3456);
    b.config.boot.mode = "protected";
    b.config.boot.load = b.config.boot.entry = 0x1ffffe;
    CU_ASSERT_TRUE_FATAL(boots("\xeb\xfe", 2, NULL));
    CU_ASSERT(b.cpu.eip == 0x1ffffe && (b.cpu.cr0 & CR0_PE));
    CU_ASSERT_TRUE(boots("\xeb\xfe\x90", 3, "do not fit into memory"));
    b.config.boot.load = 0xffffffff;
    CU_ASSERT_TRUE(boots("\xeb\xfe\x90", 3, "do not fit into memory"));
    b.config.boot.load = 0x9fffe;
    CU_ASSERT_TRUE(boots("\xeb\xfe\x90", 3, "no memory for it"));
    b.config.boot.load = 0;
    b.config.boot.entry = 0x100000;
    b.config.boot.mode = "real";
    CU_ASSERT_TRUE(boots("\xeb\xfe\x90", 3, "above 1M"));
    bootcase_free(&b);
}

/* ---- the board ---- */

static void board_is_set_up(void)
{
    bootcase_new(&b, 16 * MB);
    bzimage();
    put64(image + 0x258, 0x100000);
    CU_ASSERT_TRUE_FATAL(boots(image, sizeof image, NULL));
    CU_ASSERT_EQUAL(memcmp(b.piix3 + 0x60, "\x0a\x0a\x0b\x0b", 4), 0);
    CU_ASSERT_EQUAL(b.elcr, 1 << 9 | 1 << 10 | 1 << 11);
    CU_ASSERT_EQUAL(get32(b.pm + 0x40), 0xb001);
    CU_ASSERT_EQUAL(b.pm[0x80], 1);
    CU_ASSERT_EQUAL(b.pm[0x3c], 9);
    CU_ASSERT_EQUAL(b.pm_control, 1); /* ACPI mode */
    CU_ASSERT_EQUAL(b.port92, 2);
    CU_ASSERT_EQUAL(bootcase_load(&b, 0x40e, 2), 0x9fc0);
    CU_ASSERT_EQUAL(bootcase_load(&b, 0x413, 2), 639);
    CU_ASSERT_EQUAL(bootcase_load(&b, 0xfffffff0, 1), 0xea); /* where INIT starts */
    CU_ASSERT_TRUE(bootcase_equal(&b, 0xffff0, "\xea\0\xff\0\xf0", 5));
    CU_ASSERT_EQUAL(bootcase_load(&b, 0xfff00, 1), 0xfa);
    bootcase_free(&b);
}

static uint8_t sum(uint64_t gpa, uint32_t count)
{
    uint8_t total = 0;
    for (uint32_t i = 0; i < count; i++)
        total = (uint8_t)(total + bootcase_load(&b, gpa + i, 1));
    return total;
}

static void acpi_is_found(void)
{
    bootcase_new(&b, 64 * MB);
    bzimage();
    CU_ASSERT_TRUE_FATAL(boots(image, sizeof image, NULL));
    uint32_t rsdp = bootcase_load(&b, BOOT_INFO + 0x70, 4);
    CU_ASSERT_EQUAL(rsdp & 15, 0);
    CU_ASSERT_TRUE(bootcase_equal(&b, rsdp, "RSD PTR ", 8));
    CU_ASSERT_EQUAL(sum(rsdp, 20), 0);
    CU_ASSERT_TRUE(bootcase_equal(&b, 0xf0010, "RSD PTR ", 8)); /* where others scan */
    uint32_t rsdt = bootcase_load(&b, rsdp + 16, 4), fadt = bootcase_load(&b, rsdt + 36, 4);
    uint32_t facs = bootcase_load(&b, fadt + 36, 4), dsdt = bootcase_load(&b, fadt + 40, 4);
    CU_ASSERT_TRUE(bootcase_equal(&b, rsdt, "RSDT", 4));
    CU_ASSERT_TRUE(bootcase_equal(&b, fadt, "FACP", 4));
    CU_ASSERT_TRUE(bootcase_equal(&b, dsdt, "DSDT", 4));
    CU_ASSERT_TRUE(bootcase_equal(&b, facs, "FACS", 4));
    CU_ASSERT_EQUAL(sum(rsdt, bootcase_load(&b, rsdt + 4, 4)), 0);
    CU_ASSERT_EQUAL(sum(fadt, bootcase_load(&b, fadt + 4, 4)), 0);
    CU_ASSERT_EQUAL(sum(dsdt, bootcase_load(&b, dsdt + 4, 4)), 0);
    CU_ASSERT_EQUAL(e820_type(dsdt), 3);
    CU_ASSERT_EQUAL(e820_type(dsdt + bootcase_load(&b, dsdt + 4, 4)), 3);
    CU_ASSERT_EQUAL(e820_type(facs), 4); /* the guest writes it */
    CU_ASSERT_EQUAL(facs & 63, 0);
    bootcase_free(&b);

    bootcase_new(&b, 64 * MB); /* no power management: nothing is claimed */
    b.devices[2].type = "nothing";
    CU_ASSERT_TRUE_FATAL(boots(image, sizeof image, NULL));
    CU_ASSERT_EQUAL(bootcase_load(&b, BOOT_INFO + 0x70, 4), 0);
    CU_ASSERT_EQUAL(e820_type(64 * MB - 1), 1);
    bootcase_free(&b);
}

/* A second start, as after a reset, finds what the guest left and gives the same memory again. */
static void reboot(void)
{
    bootcase_new(&b, 32 * MB);
    bzimage();
    CU_ASSERT_TRUE_FATAL(boots(image, sizeof image, NULL));
    memset(elf, 0xee, sizeof elf);
    mem_write(b.mem, 0x1000000, elf, 0x1000);
    mem_write(b.mem, b.boot->tables, elf, 0x1000);
    mem_write(b.mem, 0x800, elf, 64);
    mem_write(b.mem, BOOT_EBDA, elf, 64);
    CU_ASSERT_TRUE_FATAL(boots(image, sizeof image, NULL));
    CU_ASSERT_TRUE(bootcase_equal(&b, 0x1000000, image + SETUP_BYTES, CODE_BYTES));
    CU_ASSERT_TRUE(bootcase_equal(&b, b.boot->tables, "RSDT", 4));
    CU_ASSERT_TRUE(bootcase_equal(&b, BOOT_EBDA + 16, "RSD PTR ", 8));
    bootcase_free(&b);
}

/* Every header byte changed at random: an error or a kernel, never a crash. */
static void mutations(void)
{
    bootcase_new(&b, 4 * MB);
    srand(7);
    for (unsigned i = 0; i < 3000; i++) {
        bool multiboot = i & 1;
        bzimage();
        elf_kernel();
        for (unsigned k = 0; k < 3; k++) {
            if (multiboot)
                elf[(unsigned)rand() % 4 ? (unsigned)rand() % 0x54 : 0x1000 + (unsigned)rand() % 0x20] =
                    (uint8_t)rand();
            else
                image[0x1f1 + (unsigned)rand() % 0x80] = (uint8_t)rand();
        }
        struct image kernel = {
            .path = "mutant", .bytes = multiboot ? elf : image, .size = (multiboot ? sizeof elf : sizeof image)
        };
        if (i % 10 == 0)
            kernel.size = (unsigned)rand() % kernel.size;
        if (!b.boot)
            b.boot = boot_new(&b.config, b.mem, &b.error);
        bool done = multiboot ? multiboot_load(b.boot, &kernel, NULL, &b.cpu, &b.error)
                              : linux_load(b.boot, &kernel, NULL, &b.cpu, &b.error);
        CU_ASSERT_TRUE(done || strncmp(b.error.error.text, "mutant: ", 8) == 0);
    }
    bootcase_free(&b);
}

/* The kernel of $ABBEY_TEST_KERNEL, if somebody gave one. */
static void real_kernel(void)
{
    const char *path = getenv("ABBEY_TEST_KERNEL");
    if (!path)
        return;
    bootcase_new(&b, 64 * MB);
    b.config.boot.kernel = path;
    CU_ASSERT_TRUE(bootcase_start(&b));
    printf("# %s: %s entered at 0x%x\n", path, b.error.error.text, b.cpu.eip);
    bootcase_free(&b);
}

static const struct unit_test tests[] = {
    { "a bzImage is loaded and its header handed over", linux_is_entered },
    { "the CPU is in the state that the boot protocol asks for", entry_state },
    { "the memory map tells RAM from what is not", memory_map },
    { "a kernel that can move does so when memory is small", kernel_moves },
    { "an initrd goes high, below initrd_addr_max and the tables", initrd_is_placed },
    { "each bad bzImage has its own message", bad_bzimages },
    { "a command line longer than the kernel takes is refused", cmdline_limit },
    { "a Multiboot ELF kernel gets its module, map and strings", multiboot_elf },
    { "a Multiboot image with addresses is loaded by them", multiboot_addresses },
    { "each bad Multiboot kernel has its own message", bad_multiboot },
    { "a raw image starts in real or in protected mode", raw_images },
    { "interrupt routing, power management and A20 are set up", board_is_set_up },
    { "ACPI tables are found, sum up to zero and lie in reserved memory", acpi_is_found },
    { "a second boot repairs what the guest changed", reboot },
    { "3,000 mutated kernels crash nothing", mutations },
    { "a real kernel, where there is one, is loaded", real_kernel },
};

UNIT_MAIN("boot", tests)
