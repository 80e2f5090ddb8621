/* String instructions, alone and repeated. */
#include "tests/conformance/gen.h"

// clang-format off
#define STRING(name, o8, o32)                                                     \
    { name "B",       o8,          1, 0, ROW_STRING },                           \
    { name "W",       "66 " o32,   2, 0, ROW_STRING },                           \
    { name "D",       o32,         4, 0, ROW_STRING },                           \
    { "REP " name "B",   "F3 " o8,       1, 0, ROW_STRING | ROW_PARTIAL },       \
    { "REP " name "W",   "F3 66 " o32,   2, 0, ROW_STRING | ROW_PARTIAL },       \
    { "REP " name "D",   "F3 " o32,      4, 0, ROW_STRING | ROW_PARTIAL },       \
    { "REPNE " name "B", "F2 " o8,       1, 0, ROW_STRING | ROW_PARTIAL },       \
    { "REPNE " name "W", "66 F2 " o32,   2, 0, ROW_STRING | ROW_PARTIAL },       \
    { "REPNE " name "D", "F2 " o32,      4, 0, ROW_STRING | ROW_PARTIAL }

static const struct row rows[] = {
    STRING("MOVS", "A4", "A5"),
    STRING("CMPS", "A6", "A7"),
    STRING("STOS", "AA", "AB"),
    STRING("LODS", "AC", "AD"),
    STRING("SCAS", "AE", "AF"),
    { "INSB at IOPL 0",  "6C", 1, 0, ROW_STRING },
    { "INSD at IOPL 0",  "6D", 4, 0, ROW_STRING },
    { "OUTSB at IOPL 0", "6E", 1, 0, ROW_STRING },
    { "OUTSD at IOPL 0", "6F", 4, 0, ROW_STRING },
};
// clang-format on

const struct row_table rows_string = { "string", rows, sizeof rows / sizeof rows[0] };
