/* Every opcode of the one-byte, 0F, 0F38 and 0F3A maps, alone and with 66, F2 and F3, each with all values of ModRM.reg
 * and with memory and a register: it must raise #UD in the guest if and only if it does so on the host, but for what
 * the guest's model has not. The rows say what the defined ones do; this finds one that has been forgotten. */
#include "tests/conformance/opcodes.h"

#include <stdio.h>
#include <string.h>

#include "core/cpu/cpuid.h"
#include "core/cpu/interp/insn.h"
#include "tests/conformance/native_host.h"

#define VECTOR_UD 6u

static const uint8_t prefixes[4] = { 0, 0x66, 0xf2, 0xf3 };

const char *opcodes_group_name(unsigned group)
{
    static const char *const names[OPCODE_GROUPS] = { "one byte", "66", "F2", "F3", "0F", "66 0F", "F2 0F", "F3 0F",
        "0F 38", "66 0F 38", "F2 0F 38", "F3 0F 38", "0F 3A", "66 0F 3A", "F2 0F 3A", "F3 0F 3A" };
    return names[group];
}

#define MEM 1u
#define REG 2u
#define ALL 0xffu
#define EXT(n) (1u << (n))

/* What a host may know and the guest's CPU does not, unless its model has the feature. */
#define NONE 0
#define SSE3 CPUID_SSE3
#define SSSE3 CPUID_SSSE3
#define POPCNT CPUID_POPCNT
static const struct newer {
    uint16_t groups; /* a bit each, in the order of the names above */
    uint8_t first, last;
    uint8_t operands; /* MEM, REG */
    uint8_t ext;      /* values of ModRM.reg, a bit each */
    uint64_t feature;
} newer[] = {
    // clang-format off
    { 0x0f, 0xdb, 0xdb, MEM, EXT(1), SSE3 }, /* FISTTP */
    { 0x0f, 0xdd, 0xdd, MEM, EXT(1), SSE3 }, /* FISTTP */
    { 0x0f, 0xdf, 0xdf, MEM, EXT(1), SSE3 }, /* FISTTP */
    { 0xf0, 0x07, 0x07, MEM, ALL, NONE }, /* SYSRET */
    { 0xc0, 0x12, 0x12, MEM | REG, ALL, SSE3 }, /* MOVDDUP, MOVSLDUP */
    { 0x80, 0x16, 0x16, MEM | REG, ALL, SSE3 }, /* MOVSHDUP */
    { 0xf0, 0x1a, 0x1a, MEM | REG, ALL, NONE }, /* MPX */
    { 0xf0, 0x1b, 0x1b, MEM | REG, ALL, NONE }, /* MPX */
    { 0xc0, 0x2b, 0x2b, MEM, ALL, NONE }, /* MOVNTSD, MOVNTSS of SSE4A */
    { 0x10, 0x37, 0x37, MEM, ALL, NONE }, /* GETSEC */
    { 0x60, 0x78, 0x78, MEM | REG, ALL, NONE }, /* EXTRQ, INSERTQ */
    { 0x60, 0x79, 0x79, MEM | REG, ALL, NONE }, /* EXTRQ, INSERTQ */
    { 0x60, 0x7c, 0x7c, MEM | REG, ALL, SSE3 }, /* HADD */
    { 0x60, 0x7d, 0x7d, MEM | REG, ALL, SSE3 }, /* HSUB */
    { 0x30, 0xae, 0xae, MEM, EXT(4) | EXT(5) | EXT(6) | EXT(7), NONE }, /* XSAVE, XRSTOR, XSAVEOPT; CLWB, CLFLUSHOPT */
    { 0xe0, 0xae, 0xae, MEM | REG, ALL, NONE }, /* shadow stacks, UMONITOR and its like */
    { 0x80, 0xb8, 0xb8, MEM | REG, ALL, POPCNT }, /* POPCNT */
    { 0xf0, 0xc7, 0xc7, MEM, EXT(3) | EXT(4) | EXT(5) | EXT(6) | EXT(7), NONE }, /* XSAVES, VMX */
    { 0xf0, 0xc7, 0xc7, REG, EXT(6) | EXT(7), NONE }, /* RDRAND, RDSEED, RDPID */
    { 0x60, 0xd0, 0xd0, MEM | REG, ALL, SSE3 }, /* ADDSUB */
    { 0x40, 0xf0, 0xf0, MEM, ALL, SSE3 }, /* LDDQU */
    { 0xf00, 0x00, 0xff, MEM | REG, ALL, SSSE3 }, /* all of 0F38 */
    { 0xf00, 0x80, 0xef, MEM | REG, ALL, NONE }, /* INVEPT and its like, SHA, GFNI, AES */
    { 0x300, 0xf0, 0xf1, MEM | REG, ALL, NONE }, /* MOVBE */
    { 0xf00, 0xf2, 0xff, MEM | REG, ALL, NONE }, /* ADX, shadow stacks, MOVDIRI */
    { 0xf000, 0x00, 0xff, MEM | REG, ALL, SSSE3 }, /* all of 0F3A */
    { 0xf000, 0x43, 0x5f, MEM | REG, ALL, NONE }, /* PCLMULQDQ */
    { 0xf000, 0x64, 0xff, MEM | REG, ALL, NONE }, /* SHA, GFNI, AES */
    // clang-format on
};

static bool is_newer(const struct cpu_model *model, unsigned group, unsigned opcode, bool memory, unsigned ext)
{
    for (unsigned i = 0; i < sizeof newer / sizeof newer[0]; i++)
        if ((newer[i].groups >> group & 1) && newer[i].first <= opcode && opcode <= newer[i].last &&
            (newer[i].operands & (memory ? MEM : REG)) && (newer[i].ext >> ext & 1) &&
            !(model->features & newer[i].feature))
            return true;
    return false;
}

/* ---- what cannot be tried, and what has a ModRM byte ---- */

static bool in_ranges(unsigned opcode, const uint8_t (*ranges)[2])
{
    for (; (*ranges)[1]; ranges++)
        if (opcode >= (*ranges)[0] && opcode <= (*ranges)[1])
            return true;
    return false;
}

/* Prefixes and escapes; what goes elsewhere (there is nothing); what loads SS; INT; LES, LDS and BOUND, whose register
 * forms begin VEX and EVEX instructions. */
static const uint8_t skip1[][2] = { { 0x0f, 0x0f }, { 0x17, 0x17 }, { 0x26, 0x26 }, { 0x2e, 0x2e }, { 0x36, 0x36 },
    { 0x3e, 0x3e }, { 0x62, 0x62 }, { 0x64, 0x67 }, { 0x70, 0x7f }, { 0x8e, 0x8e }, { 0x9a, 0x9a }, { 0xc2, 0xc5 },
    { 0xca, 0xcb }, { 0xcd, 0xcd }, { 0xcf, 0xcf }, { 0xe0, 0xe3 }, { 0xe8, 0xeb }, { 0xf0, 0xf3 }, { 0xff, 0xff },
    { 0, 0 } };
/* SYSCALL and SYSENTER would enter the kernel; 0F 01 /2, /3 and /7 have a dozen newer register forms; LSS; 0F 0F, 38
 * and 3A begin other maps. */
static const uint8_t skip2[][2] = { { 0x01, 0x01 }, { 0x05, 0x05 }, { 0x0f, 0x0f }, { 0x34, 0x34 }, { 0x38, 0x38 },
    { 0x3a, 0x3a }, { 0x80, 0x8f }, { 0xb2, 0xb2 }, { 0, 0 } };
static const uint8_t modrm1[][2] = { { 0x00, 0x03 }, { 0x08, 0x0b }, { 0x10, 0x13 }, { 0x18, 0x1b }, { 0x20, 0x23 },
    { 0x28, 0x2b }, { 0x30, 0x33 }, { 0x38, 0x3b }, { 0x63, 0x63 }, { 0x69, 0x69 }, { 0x6b, 0x6b }, { 0x80, 0x8f },
    { 0xc0, 0xc1 }, { 0xc6, 0xc7 }, { 0xd0, 0xd3 }, { 0xd8, 0xdf }, { 0xf6, 0xf7 }, { 0xfe, 0xfe }, { 0, 0 } };
static const uint8_t plain2[][2] = { { 0x04, 0x0c }, { 0x0e, 0x0e }, { 0x24, 0x27 }, { 0x30, 0x3f }, { 0x77, 0x77 },
    { 0xa0, 0xa2 }, { 0xa6, 0xaa }, { 0xc8, 0xcf }, { 0, 0 } };

/* One form, with NOPs behind it that may be taken for an immediate. */
static void form_make(struct conf_case *in, unsigned group, unsigned opcode, bool modrm, bool memory, unsigned ext)
{
    static const uint8_t fx[28] = { [0] = 0x7f, [1] = 0x03, [24] = 0x80, [25] = 0x1f };
    memset(in, 0, sizeof *in);
    in->cs = SEL_CODE;
    in->ds = in->es = SEL_FLAT;
    in->eip = CODE + 1024;
    in->eflags = 0x202;
    in->mem_at = ARENA_RW;
    in->mem_length = MEM_MAX;
    memcpy(in->fx, fx, sizeof fx);
    for (unsigned i = 0; i < 8; i++)
        in->gpr[i] = ARENA_RW + 256;
    in->gpr[1] = 3; /* a count */
    uint8_t *at = in->insn;
    in->length = 12;
    memset(at, 0x90, in->length);
    if (prefixes[group & 3])
        *at++ = prefixes[group & 3];
    if (group >= MAP_0F * 4)
        *at++ = 0x0f;
    if (group >= MAP_0F38 * 4)
        *at++ = group < MAP_0F3A * 4 ? 0x38 : 0x3a;
    *at++ = (uint8_t)opcode;
    if (modrm)
        *at++ = (uint8_t)((memory ? 0 : 0xc0) | ext << 3);
}

static bool undefined(const struct conf_result *result)
{
    return result->exit == EXIT_EXCEPTION && result->vector == VECTOR_UD;
}

bool opcodes_agree(const struct cpu_model *model, unsigned group, struct conf_shared *shared, struct guest *guest,
    unsigned *tried, char *text, size_t size)
{
    bool agree = true;
    unsigned map = group / 4;
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        if (map < MAP_0F38 && in_ranges(opcode, map ? skip2 : skip1))
            continue;
        bool modrm = map >= MAP_0F38 || (map ? !in_ranges(opcode, plain2) : in_ranges(opcode, modrm1));
        unsigned forms = modrm ? 16 : 1;
        for (unsigned form = 0; form < forms; form++)
            form_make(&shared->cases[form], group, opcode, modrm, form < 8, form & 7);
        shared->count = forms;
        if (!native_begin() || !native_end()) {
            snprintf(text, size, "the native helper died at %02X", opcode);
            return false;
        }
        for (unsigned form = 0; form < forms; form++) {
            struct conf_result result;
            bool host = undefined(&shared->results[form]);
            guest_run(guest, &shared->cases[form], &result);
            (*tried)++;
            if (host == undefined(&result) || (!host && is_newer(model, group, opcode, form < 8, form & 7)))
                continue;
            if (agree)
                snprintf(text, size, "%02X /%u %s is %s in the guest alone", opcode, form & 7,
                    form < 8 ? "memory" : "register", host ? "defined" : "undefined");
            agree = false;
        }
    }
    return agree;
}
