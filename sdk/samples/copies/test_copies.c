/* test_copies.c - a guest made of one array is shown to the plugin: a handle carries its operations, so a test can make
 * one. */
#include <dlfcn.h>
#include <string.h>

#include <CUnit/Basic.h>
#include <abbey/plugin.h>

#define START 0xc0100000u

static uint8_t memory[0x40000];
static uint32_t hints[20], hint_count;

static void cpu(abbey_guest *guest, abbey_guest_cpu *state)
{
    (void)guest;
    *state = (abbey_guest_cpu){ .size = sizeof *state, .eip = START + 0x20123, .cpl = 0 };
}

static uint32_t read_memory(abbey_guest *guest, uint32_t linear, void *to, uint32_t count)
{
    (void)guest;
    uint32_t left = linear >= START && linear - START < sizeof memory ? (uint32_t)sizeof memory - (linear - START) : 0;
    count = count < left ? count : left;
    if (count)
        memcpy(to, memory + (linear - START), count);
    return count;
}

static int32_t hint(abbey_guest *guest, uint32_t kind, uint32_t linear)
{
    (void)guest;
    if (kind != ABBEY_HINT_USER_ACCESS || hint_count == 20)
        return -1;
    hints[hint_count++] = linear;
    return 0;
}

static const abbey_guest_ops_1 ops = { .size = sizeof ops, .cpu = cpu, .read = read_memory, .hint = hint };
static abbey_guest guest = { &ops };
static const abbey_plugin *plugin;

static void nothing_is_found_in_nothing(void)
{
    memset(memory, 0x90, sizeof memory);
    hint_count = 0;
    CU_ASSERT_EQUAL(plugin->guestopt->recognise(&guest), 0);
    CU_ASSERT_EQUAL(hint_count, 0);
}

static void copies_are_counted_and_hinted_at(void)
{
    memset(memory, 0x90, sizeof memory);
    hint_count = 0;
    memcpy(memory + 0x10, "\xf3\xa4", 2);
    memcpy(memory + 0x1fff, "\xf3\xa5", 2); /* over the end of a page */
    memcpy(memory + sizeof memory - 2, "\xf3\xa5", 2);
    memcpy(memory + 0x3000, "\xf3\xa6", 2); /* another instruction */
    CU_ASSERT_EQUAL(plugin->guestopt->recognise(&guest), 3);
    CU_ASSERT_EQUAL_FATAL(hint_count, 3);
    CU_ASSERT_EQUAL(hints[0], START + 0x10);
    CU_ASSERT_EQUAL(hints[1], START + 0x1fff);
    CU_ASSERT_EQUAL(hints[2], START + sizeof memory - 2);
}

static void it_is_never_sure(void)
{
    hint_count = 0;
    for (uint32_t i = 0; i < sizeof memory; i += 2)
        memcpy(memory + i, "\xf3\xa4", 2);
    CU_ASSERT_EQUAL(plugin->guestopt->recognise(&guest), 10);
}

int main(void)
{
    void *file = dlopen("./copies.so", RTLD_NOW);
    plugin = file ? dlsym(file, ABBEY_PLUGIN_SYMBOL) : NULL;
    if (!plugin)
        return 1;
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("copies", NULL, NULL);
    CU_ADD_TEST(suite, nothing_is_found_in_nothing);
    CU_ADD_TEST(suite, copies_are_counted_and_hinted_at);
    CU_ADD_TEST(suite, it_is_never_sure);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
