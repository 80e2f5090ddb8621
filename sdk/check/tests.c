/* tests.c - the table of all tests, in the order in which they are run: what comes first explains what comes later. */
#include "sdk/check/check.h"

const struct check_test check_tests[] = {
    { "abi", "the file says that it is a plugin, of an ABI that this abbey takes", CHECK_FILE, check_abi },
    { "symbols", "it finds every symbol it needs, exports its descriptor alone and runs nothing when it is loaded",
        CHECK_FILE, check_symbols },
    { "descriptor", "names, tables and versions of the descriptor make sense", CHECK_FILE, check_descriptor },
    { "reload", "a hundred times loaded and unloaded, it leaves nothing open", CHECK_FILE, check_reload },
    { "properties", "each property works at its least, greatest and default value, and is refused one beyond",
        CHECK_DEVICE, check_properties },
    { "accesses", "random accesses of every size do not crash it", CHECK_DEVICE, check_accesses },
    { "blocking", "no callback sleeps or waits", CHECK_DEVICE, check_blocking },
    { "threads", "it starts no thread and calls nothing where the SDK does not allow it", CHECK_DEVICE, check_threads },
    { "two-instances", "two instances do not know of each other, and nothing is kept outside the instance",
        CHECK_DEVICE, check_two_instances },
    { "reset", "a reset gives the power-on state, twice as once", CHECK_DEVICE, check_reset },
    { "save-restore", "saved and restored anywhere, it goes on as if nothing had been", CHECK_DEVICE,
        check_save_restore },
    { "registers", "what changes in the instance stands in the register table", CHECK_DEVICE, check_registers },
    { "state", "truncated and random states are refused, or do no harm", CHECK_DEVICE, check_state },
    { "leak", "what an instance takes it gives back", CHECK_DEVICE, check_leak },
    { "create", "the backend is made and taken apart, or says why not", CHECK_BACKEND, check_backend_create },
    { "block", "what is written to a disk is read back, and ranges are kept", CHECK_BACKEND, check_block },
};
const unsigned check_test_count = sizeof check_tests / sizeof check_tests[0];
