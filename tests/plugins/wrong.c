/* wrong.c - plugins that are wrong in one way each, and a few that are right in an unusual one. The build makes one
 * shared object for each name in local.mk, with CASE set to one of the numbers below. */
#include <stdlib.h>

#include <abbey/plugin.h>

// clang-format off
#define GOOD 0
#define OLDER_MAJOR 1       /* of another ABI */
#define NEWER_MAJOR 2
#define NEWER_MINOR 3
#define NO_SYMBOL 4         /* some library; its constructor must not run */
#define BAD_MAGIC 5
#define UNDEFINED 6         /* needs a function that nobody has */
#define LONGER_ROWS 7       /* rows of a later ABI that uses nothing new */
#define LONGER_ROWS_USED 8  /* rows of a later ABI that uses something new */
#define EMPTY 9             /* offers nothing */
#define UNKNOWN_INTERFACE 10
#define TWO_PROPERTIES 11   /* of one name */
#define OFFSET_BEYOND 12    /* a register outside the instance */
#define DEFAULT_OUTSIDE 13  /* its range */
#define TWO_REGISTERS 14    /* that share bytes */
#define NO_NAME 15
#define TWIN 16             /* the id of GOOD */
#define NAMESAKE 17         /* the device name of GOOD, under another id */
#define FUNCTION_ENTRY 18   /* the symbol is a function */
#define SHORT_ROWS 19       /* rows too short to hold what every row has */
#define RESERVED_NAME 20    /* a property called `device` */
#define LOWER_DEFAULT 21    /* a negative default of a signed property without bounds: right */
#define ID_BAD 22
#define OPTIONAL_UNKNOWN 23 /* an optional interface that is unknown: right */
#define STATISTICS 24       /* a table of statistics: right */
#define STAT_BYTES 25       /* a statistic of 2 bytes */
#define STAT_BEYOND 26      /* one outside the instance */
#define STAT_STATE 27       /* one that is a register */
#define TWO_STATS 28        /* of one name */
#define STAT_NAME 29        /* the name of a counter of the host's */
#define STAT_SKEWED 30      /* one that is not aligned */
#define STAT_SILENT 31      /* one without a meaning */
#define DEVICE_CUT 32       /* a device shorter than any there was */
// clang-format on

struct self {
    uint16_t base;
    uint32_t count;
    int32_t offset;
    uint64_t mask;
    uint32_t seen, lost;
};
#define ABBEY_SELF struct self

#if CASE == NO_SYMBOL
__attribute__((constructor)) static void constructor(void)
{
    setenv("ABBEY_TEST_CONSTRUCTOR_RAN", "1", 1);
}
#elif CASE == FUNCTION_ENTRY
__attribute__((visibility("default"))) int abbey_plugin_entry(void);
int abbey_plugin_entry(void)
{
    return 0;
}
#else

#if CASE == UNDEFINED
extern int a_function_that_nobody_has(void);
#endif

static int32_t create(abbey_dev *dev, void *self)
{
    (void)dev, (void)self;
#if CASE == UNDEFINED
    return a_function_that_nobody_has();
#else
    return 0;
#endif
}

#if CASE == LONGER_ROWS || CASE == LONGER_ROWS_USED
struct longer_prop {
    abbey_prop prop;
    const char *since;
};
static const struct longer_prop props[] = {
    { ABBEY_PROP(base, 0x300, "I/O port"), NULL },
    { ABBEY_PROP(count, 7, "how many"), CASE == LONGER_ROWS_USED ? "2.0" : NULL },
};
#elif CASE == SHORT_ROWS
static const struct {
    const char *name;
    uint64_t type;
} props[] = { { "base", ABBEY_TYPE_U16 } };
#else
static const abbey_prop props[] = {
    ABBEY_PROP(base, CASE == DEFAULT_OUTSIDE ? 0x90 : 0x300, "I/O port", .min = 0x100, .max = 0x3ff),
    ABBEY_PROP(count, 7, "how many"),
#if CASE == TWO_PROPERTIES
    ABBEY_PROP(count, 8, "how many"),
#elif CASE == LOWER_DEFAULT
    ABBEY_PROP(offset, -5, "from here"),
#elif CASE == RESERVED_NAME
    { .name = "device", .type = ABBEY_TYPE_U32, .offset = offsetof(struct self, count), .meaning = "clashes" },
#endif
};
#endif

static const abbey_reg regs[] = {
    ABBEY_REG(mask, 0xff),
#if CASE == OFFSET_BEYOND
    { .name = "far", .type = ABBEY_TYPE_U32, .offset = sizeof(struct self), .bytes = 4 },
#elif CASE == TWO_REGISTERS
    { .name = "half", .type = ABBEY_TYPE_U32, .offset = offsetof(struct self, mask), .bytes = 4 },
#endif
};

static const abbey_stat stats[] = {
    ABBEY_STAT(seen, "how often"),
#if CASE == GOOD || CASE == STAT_BYTES
    { .name = "half", .meaning = "half of one", .offset = offsetof(struct self, lost), .bytes = 2 },
#elif CASE == STAT_BEYOND
    { .name = "far", .meaning = "outside", .offset = sizeof(struct self), .bytes = 8 },
#elif CASE == STAT_STATE
    ABBEY_STAT(mask, "is a register"),
#elif CASE == TWO_STATS
    { .name = "seen", .meaning = "again", .offset = offsetof(struct self, lost), .bytes = 4 },
#elif CASE == STAT_NAME
    { .name = "accesses", .meaning = "clashes", .offset = offsetof(struct self, lost), .bytes = 4 },
#elif CASE == STAT_SKEWED
    { .name = "skewed", .meaning = "not aligned", .offset = offsetof(struct self, seen) + 2, .bytes = 4 },
#elif CASE == STAT_SILENT
    { .name = "silent", .offset = offsetof(struct self, lost), .bytes = 4 },
#else
    ABBEY_STAT(lost, "how many"),
#endif
};

static const abbey_device device = {
    .name = CASE == NO_NAME                    ? NULL
            : CASE == TWIN || CASE == NAMESAKE ? "good"
            : CASE == GOOD                     ? "good"
                                               : "odd",
    .summary = "a device for the tests of the loader",
    .self_size = sizeof(struct self),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .stats = ABBEY_TABLE(stats),
};

extern const abbey_plugin abbey_plugin_entry;
__attribute__((visibility("default"))) const abbey_plugin abbey_plugin_entry = {
    .magic = CASE == BAD_MAGIC ? 0x12345678 : ABBEY_MAGIC,
    .size = sizeof(abbey_plugin),
    .abi_major = CASE == OLDER_MAJOR   ? ABBEY_ABI_MAJOR - 1
                 : CASE == NEWER_MAJOR ? ABBEY_ABI_MAJOR + 1
                                       : ABBEY_ABI_MAJOR,
    .abi_minor = CASE == NEWER_MINOR ? ABBEY_ABI_MINOR + 1 : ABBEY_ABI_MINOR,
    .id = CASE == GOOD || CASE == TWIN ? "test.good"
          : CASE == ID_BAD             ? "good"
                                       : "test.odd",
    .version = "1.2.3",
    .license = "MIT",
    .requires = CASE == UNKNOWN_INTERFACE ? "abbey.pio/1 abbey.teleport/3" : "abbey.pio/1",
    .optional = CASE == OPTIONAL_UNKNOWN ? "abbey.teleport/3" : NULL,
    .device = CASE == EMPTY ? NULL : &device,
    /* Below: from before devices said how long they are, so that their statistics are nobody's business. */
    .device_size = CASE == DEVICE_CUT   ? 64
                   : CASE >= STATISTICS ? sizeof device
                                        : 0,
};
#endif
