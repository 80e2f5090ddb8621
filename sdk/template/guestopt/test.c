/* test_@NAME@.c - @NAME@ is shown a guest made of some bytes: a handle carries its operations, so a test can make one. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include <abbey/plugin.h>

static int failed;
#define EXPECT(what) ((what) ? (void)0 : (void)(failed = 1, printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #what)))

static uint8_t memory[16];
static uint32_t hints;

static void cpu(abbey_guest *guest, abbey_guest_cpu *state)
{
    (void)guest;
    *state = (abbey_guest_cpu){ .size = sizeof *state, .eip = 0xc0100000u };
}

static uint32_t read_memory(abbey_guest *guest, uint32_t linear, void *to, uint32_t count)
{
    (void)guest;
    if (linear != 0xc0100000u || count > sizeof memory)
        return 0;
    memcpy(to, memory, count);
    return count;
}

static int32_t hint(abbey_guest *guest, uint32_t kind, uint32_t linear)
{
    (void)guest, (void)kind, (void)linear;
    hints++;
    return 0;
}

int main(void)
{
    static const abbey_guest_ops_1 ops = { .size = sizeof ops, .cpu = cpu, .read = read_memory, .hint = hint };
    abbey_guest guest = { &ops };
    void *file = dlopen("./@NAME@.so", RTLD_NOW);
    const abbey_plugin *plugin = file ? dlsym(file, ABBEY_PLUGIN_SYMBOL) : NULL;
    if (!plugin)
        return 1;
    EXPECT(plugin->guestopt->recognise(&guest) == 0);
    EXPECT(hints == 0);
    memcpy(memory, "\x0f\x0b\xab\xbe", 4);
    EXPECT(plugin->guestopt->recognise(&guest) == 50);
    EXPECT(hints == 1);
    puts(failed ? "@NAME@: failed" : "@NAME@: passed");
    return failed;
}
