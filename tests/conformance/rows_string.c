/* String instructions, alone and repeated. Which of its two operands CMPS reads first differs between processors. */
#include "tests/conformance/gen.h"

// clang-format off
#define STRING(name, o8, o32, more)                                               \
    { name "B",       o8,          1, 0, ROW_STRING | (more) },                           \
    { name "W",       "66 " o32,   2, 0, ROW_STRING | (more) },                           \
    { name "D",       o32,         4, 0, ROW_STRING | (more) },                           \
    { "REP " name "B",   "F3 " o8,       1, 0, ROW_STRING | ROW_PARTIAL | (more) },       \
    { "REP " name "W",   "F3 66 " o32,   2, 0, ROW_STRING | ROW_PARTIAL | (more) },       \
    { "REP " name "D",   "F3 " o32,      4, 0, ROW_STRING | ROW_PARTIAL | (more) },       \
    { "REPNE " name "B", "F2 " o8,       1, 0, ROW_STRING | ROW_PARTIAL | (more) },       \
    { "REPNE " name "W", "66 F2 " o32,   2, 0, ROW_STRING | ROW_PARTIAL | (more) },       \
    { "REPNE " name "D", "F2 " o32,      4, 0, ROW_STRING | ROW_PARTIAL | (more) }

static const struct row rows[] = {
    STRING("MOVS", "A4", "A5", 0),
    STRING("CMPS", "A6", "A7", ROW_ANYFAULT),
    STRING("STOS", "AA", "AB", 0),
    STRING("LODS", "AC", "AD", 0),
    STRING("SCAS", "AE", "AF", 0),
    { "INSB at IOPL 0",  "6C", 1, 0, ROW_STRING },
    { "INSD at IOPL 0",  "6D", 4, 0, ROW_STRING },
    { "OUTSB at IOPL 0", "6E", 1, 0, ROW_STRING },
    { "OUTSD at IOPL 0", "6F", 4, 0, ROW_STRING },
};
// clang-format on

const struct row_table rows_string = { "string", rows, sizeof rows / sizeof rows[0] };
