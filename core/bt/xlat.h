/* xlat.h - a translation under way, and the table that says how each instruction is translated. */
#ifndef ABBEY_CORE_BT_XLAT_H
#define ABBEY_CORE_BT_XLAT_H

#include "core/bt/internal.h"

struct xlat;
typedef void (*xlat_fn)(struct xlat *x);

/* One way to translate the opcodes first..last (with ModRM.reg == ext, or -1), and what they do with flags. The first
 * row that fits is taken. An instruction without a row, or whose row refuses it, is a callout. */
struct xlat_row {
    uint8_t map, first, last;
    int8_t ext;
    xlat_fn fn;
    uint16_t shape;        /* of the operands, for the generic forms: SHAPE_...; and conditions, WHEN_... */
    uint16_t reads, kills; /* arithmetic flags read; certainly written, whatever the operands */
};

/* Width of ModRM.rm, and of a register in ModRM.reg. */
#define SHAPE_RM_BYTE 1u /* else the operand size */
#define SHAPE_RM_WORD 2u
#define SHAPE_BY_OPCODE 4u  /* bytes where bit 0 of the opcode is clear */
#define SHAPE_WRITES 8u     /* ModRM.rm is written (and perhaps read) */
#define SHAPE_EXT 16u       /* ModRM.reg is an opcode extension */
#define SHAPE_IMM8 32u      /* one byte of immediate */
#define SHAPE_IMM 64u       /* immediate of the operand's size, at most 4 bytes */
#define SHAPE_REG_ONLY 128u /* a memory operand is a callout */
/* The row is for memory or for register operands only. */
#define WHEN_MEM 0x100u
#define WHEN_REG 0x200u
/* The row is for these prefixes, F2 and F3 before 66; without any, for those that have neither F2 nor F3: most
 * instructions ignore them, but they are rare enough there for the interpreter. */
#define WHEN_NP 0x400u
#define WHEN_66 0x800u
#define WHEN_F2 0x1000u
#define WHEN_F3 0x2000u
#define WHEN_ANY (WHEN_NP | WHEN_66 | WHEN_F2 | WHEN_F3)

/* A jump into the out-of-line part of an instruction. */
#define SLOW_JUMPS 6u /* limit and TLB of two accesses, and two more */
struct slow {
    uint8_t *jump[SLOW_JUMPS]; /* displacements that lead here */
    bool saved[SLOW_JUMPS];    /* flags and EAX are changed over in R9 and EAX there */
    unsigned jumps;
    const struct insn *insn;
    uint32_t eip, next;
    int32_t delta, delta_after;
    uint32_t counted; /* instructions of the unit before this one */
    struct x87_note note;
    uint8_t fp_ready; /* what the code behind it takes for granted: see struct xlat */
    uint8_t fp_need;  /* by the instruction, with a check; or 0 */
    uint8_t *fp_jump; /* of the check: displacement of the jump when it is not there */
    uint8_t *fp_back; /* writable address to go on at when it has been loaded */
    bool fp_saved;    /* flags are changed over in between */
    uint8_t *back;    /* writable address to go on at; NULL: leave */
};

/* An instruction of a unit, as plan_make() has chosen it. */
struct step {
    const struct insn *insn;
    const struct xlat_row *row; /* or NULL */
    uint32_t eip;
    int16_t goes;              /* the step that its branch leads to without leaving the unit, or NO_STEP */
    uint8_t pages;             /* so many of the unit's pages are known to be mapped as they were, from here on */
    bool soft;                 /* hint_soft() */
    bool reload;               /* its constant is read from its source: reload.c */
    bool joined;               /* another step leads here */
    struct x87_note loop;      /* what its branch from below leaves in mind here: fp_note.c; or nothing */
    uint8_t live_in, live_out; /* of flags, packed by flags_pack() */
};
#define NO_STEP (-1)

/* Where control goes behind an instruction. */
enum flow { FLOW_NEXT, FLOW_BRANCH, FLOW_JUMP, FLOW_CALL, FLOW_AWAY };

/* A jump inside the unit that is to be patched when all of it is written. */
struct patch {
    uint8_t *jump;
    const struct step *from;
    int16_t goes;
};

/* Bytes of a page frame that the unit depends on. */
struct range {
    uint32_t frame;
    uint16_t first, last;
};

/* Where a branch leads while x87 pointers are in mind: out of line they are noted first. */
struct edge {
    uint8_t *jump; /* displacement that leads here */
    struct x87_note note;
    const struct step *from;
    int16_t goes;
    uint32_t eip;
};

/* A comparison with the source: where it leads when the source is another one. */
struct stale {
    uint8_t *jump;
    uint32_t eip;
    int32_t delta;
    uint32_t counted;
    struct x87_note note;
};

struct xlat {
    struct bt *bt;
    struct code code;
    uint8_t *records; /* the lowest address that the unit's record takes so far */
    uint8_t kept;     /* copies of instructions there */
    struct unit *unit;
    uint32_t mode;
    uint32_t cs_base, cs_limit;
    struct step step[UNIT_INSNS];
    unsigned steps;
    uint32_t tail;     /* the address behind the last step, where it does not lead away */
    int16_t tail_goes; /* as `goes` of a step */
    struct range range[UNIT_PARTS];
    unsigned ranges;
    unsigned links_max;
    bool passing;              /* a step is soft for a time */
    bool checked;              /* the unit compares its source */
    uint64_t key;              /* of the first run */
    uint32_t page[UNIT_PAGES]; /* linear */
    unsigned pages;

    const struct step *now; /* the step under way */
    const struct insn *insn;
    const struct xlat_row *row;
    unsigned index;
    uint32_t eip, next;
    int32_t delta;    /* guest ESP = R14D + delta */
    bool ended;       /* control has left the unit */
    bool shadow;      /* the instruction is STI, and native */
    bool refused;     /* the row cannot do it: make it a callout */
    uint8_t fp_ready; /* FPU_... that are in the host's registers for sure */
    struct x87_note note;
    struct slow slow[UNIT_INSNS];
    unsigned slows;
    struct stale stale[CHECKED_INSNS + 1];
    unsigned stales;
    bool stored;       /* the instruction under way has stored to the window */
    uint16_t lead;     /* bytes of the last comparison, which ends at `lead_end` */
    uint8_t *lead_end; /* writable address */
    struct patch patch[UNIT_INSNS];
    unsigned patches;
    struct edge edge[UNIT_INSNS];
    unsigned edges;
    unsigned links;
};

/* rows.c: the row of an instruction, or NULL. */
const struct xlat_row *xlat_find(const struct insn *insn);

/* plan.c */

/* Chooses the steps of the unit that starts with the run at x->eip. */
void plan_make(struct xlat *x, struct run *run);
/* The unit depends on these bytes from now on; false when it depends on too many. */
bool plan_depends(struct xlat *x, uint32_t linear, uint32_t bytes);
/* Is the page of the address one of the first `pages` of the unit? */
bool plan_checked(const struct xlat *x, uint32_t linear, unsigned pages);
/* Where control goes behind an instruction whose successor is at `next`; *target of direct transfers. */
enum flow insn_flow(const struct insn *insn, uint32_t next, uint32_t *target);

/* liveness.c: fills live_in and live_out of the steps. */
void liveness_compute(struct xlat *x);
#define LIVE_ALL 0x3fu
/* FLAG_... bits as a six-bit set. */
uint8_t flags_pack(uint32_t flags);

/* operand.c */

/* The host register of a guest register of 16 or 32 bits. */
static inline unsigned host_reg(unsigned guest)
{
    return guest == ESP ? HOST_ESP : guest;
}
/* EMIT_...: the map and, where there is one, F2 or F3. */
static inline unsigned insn_how(const struct insn *insn)
{
    static const uint8_t maps[] = { 0, EMIT_0F, EMIT_0F | EMIT_38, EMIT_0F | EMIT_3A };
    return maps[insn->map] | (insn->rep == 0xf2 ? EMIT_F2 : insn->rep ? EMIT_F3 : 0);
}
/* A field of a segment register. */
static inline struct operand segment_field(unsigned seg, size_t offset)
{
    return op_mem(HOST_CPU, CPU_FIELD(seg) + (int32_t)(seg * sizeof(struct segment) + offset));
}
static inline struct operand selector_of(unsigned seg)
{
    return segment_field(seg, offsetof(struct segment, selector));
}
/* The instruction reaches memory through the window. */
bool in_window(const struct xlat *x);
/* The access of `size` bytes to the linear address in R12D by the TLB. */
struct operand tlb_check(struct xlat *x, unsigned size, bool write);

/* segments.c */

/* Offsets in the segment are linear addresses, and none is behind its limit. */
bool segment_flat(const struct xlat *x, unsigned seg);
/* Makes an access of `size` bytes to the instruction's memory operand safe, and returns the operand to emit it with. R8
 * and R9 are free afterwards; R12 and R13 may be part of it until the next check. For the address ESP counts as greater
 * by `popped`. */
struct operand operand_behind(struct xlat *x, int32_t popped, unsigned size, bool write);
static inline struct operand operand_check(struct xlat *x, unsigned size, bool write)
{
    return operand_behind(x, 0, size, write);
}
/* The same as operand_check() for guest ESP, or SP, + offset. */
struct operand stack_span(struct xlat *x, int32_t offset, unsigned size, bool write);
/* The same for an item of the instruction's operand size. */
static inline struct operand stack_check(struct xlat *x, int32_t offset, bool write)
{
    return stack_span(x, offset, x->insn->opsize, write);
}
/* The same for the offset in a register that is not ESP, or with `narrow` in its lower half. */
struct operand register_check(struct xlat *x, unsigned seg, unsigned reg, bool narrow, unsigned size, bool write);

/* operand.c */

/* Adds to guest ESP, or SP, at once. */
void esp_add(struct xlat *x, int32_t delta);
/* Makes R14D the guest's ESP, and notes x87 pointers: all that is kept in mind while control stays in the unit. */
void esp_settle(struct xlat *x);
/* The former alone. */
void esp_move(struct xlat *x);
/* The same before anything else of the instruction is written: it begins behind that, so that whoever takes it back
 * finds ESP settled. */
void esp_settle_first(struct xlat *x);
/* The effective address without segment base, as an operand, while guest ESP = R14D + delta. */
struct operand operand_address(const struct insn *insn, int32_t delta);
/* R12D = effective address without segment base (LEA); `to` instead of R12. */
void operand_lea(struct xlat *x, unsigned to);

/* The unit's own copy of the instruction under way, for what may ask for it later. */
const struct insn *insn_keep(struct xlat *x);
/* The out-of-line part of the instruction under way, made when first asked for: what it begins with is the state then.
 */
struct slow *slow_of(struct xlat *x);

/* To the slow path if a compare left this condition; `stashed`: by flags_stash(). */
void slow_if(struct xlat *x, unsigned condition, bool stashed);

/* Flags and EAX change places with R9D, and back: brackets code that clobbers flags which are alive. */
void flags_stash(struct code *code);
void flags_unstash(struct code *code);
/* `to` = DF. Flags stay. */
void df_take(struct code *code, unsigned to, unsigned scratch);
/* `to` = 1, or -1 while DF is set. Flags stay. */
void df_step(struct code *code, unsigned to, unsigned scratch);

/* check.c */

/* How many pieces of source the plan takes. */
unsigned check_chunks(const struct xlat *x);
/* Fills them in for the plan; false when a page of it is not to be had. */
bool check_make(struct xlat *x);
/* Compares the constant at the end of the instruction under way, too, which is not reloaded after all. */
void check_constant(struct xlat *x);
/* Where the byte at `eip`, which is in a page of the unit, stands in the host, or NULL. */
const uint8_t *check_host(struct xlat *x, uint32_t eip);
/* The comparison, between two instructions, the next one being at `eip` with `counted` before it in the unit. Changes
 * R8, R12 and R13. */
void check_emit(struct xlat *x, uint32_t eip, uint32_t counted);
/* Their code out of line. */
void check_stales(struct xlat *x);

/* reload.c */

/* Can the instruction's constant be read from its source? */
bool reload_fits(const struct insn *insn);
void xlat_reload(struct xlat *x);

/* exits.c */

/* Goes to a known address, inside the unit where `goes` says so, otherwise by a link. `condition` below 16: only then;
 * otherwise always. Delta must be 0. */
void exit_go(struct xlat *x, int condition, int16_t goes, uint32_t eip);
/* The same as exit_go() without a condition; not always one jump of five bytes. */
void exit_to(struct xlat *x, int16_t goes, uint32_t eip);
/* The same for a branch, with x87 pointers in mind that stay so where it is not taken. */
void exit_branch(struct xlat *x, unsigned condition, int16_t goes, uint32_t eip);
/* Their code out of line. */
void exit_edges(struct xlat *x);
/* Patches the jumps inside the unit; those to steps that were not written become links. */
void exit_patch(struct xlat *x);
/* Leaves for the address in R12D through the jump table. Delta must be 0. */
void exit_indirect(struct xlat *x);
/* The same by the slot that a register and a constant give. */
void exit_slot(struct xlat *x, unsigned reg, uint32_t shift);
/* EXEC_...: what the instruction may do, as far as a callout of it must know. */
unsigned exec_kind(const struct insn *insn);
/* The instruction by the interpreter. */
void callout(struct xlat *x);
/* Out-of-line code of the unit, and the stubs of its links. */
void slow_paths(struct xlat *x);
void link_stubs(struct xlat *x);
/* Adds to cpu->instructions, when counting. Flags stay. */
void count_add(struct xlat *x, int32_t count);

/* forms.c, flow.c: functions of the rows */
void xlat_modrm(struct xlat *x);
void xlat_divide(struct xlat *x);
void xlat_shift_double(struct xlat *x);
void xlat_mov_from_seg(struct xlat *x);
void xlat_cmpxchg8b(struct xlat *x);
void xlat_bit_string(struct xlat *x);
void xlat_pause(struct xlat *x);
void xlat_esp_imm(struct xlat *x);
void xlat_mov_imm(struct xlat *x);
void xlat_moffs(struct xlat *x);
void xlat_inc_dec(struct xlat *x);
void xlat_xchg_eax(struct xlat *x);
void xlat_bswap(struct xlat *x);
void xlat_copy(struct xlat *x);
void xlat_nop(struct xlat *x);
void xlat_lea(struct xlat *x);
void xlat_push_reg(struct xlat *x);
void xlat_push_imm(struct xlat *x);
void xlat_push_rm(struct xlat *x);
void xlat_push_seg(struct xlat *x);
void xlat_pop_rm(struct xlat *x);
void xlat_pop_reg(struct xlat *x);
void xlat_enter(struct xlat *x);
void xlat_leave(struct xlat *x);
void xlat_pusha(struct xlat *x);
void xlat_popa(struct xlat *x);
void xlat_movs(struct xlat *x);
void xlat_cmps(struct xlat *x);
void xlat_stos(struct xlat *x);
void xlat_lods(struct xlat *x);
void xlat_scas(struct xlat *x);
void xlat_rep(struct xlat *x);
void xlat_jcc(struct xlat *x);
void xlat_jmp(struct xlat *x);
void xlat_loop(struct xlat *x);
void xlat_call(struct xlat *x);
void xlat_ret(struct xlat *x);
void xlat_jmp_rm(struct xlat *x);
void xlat_call_rm(struct xlat *x);

/* descriptors.c */

/* May the register be loaded in line with what it holds already? */
bool descriptor_reloadable(struct xlat *x, unsigned seg);
/* Goes on if it holds what the selector in R9D leads to now; else to the slow path. */
void descriptor_reload(struct xlat *x, unsigned seg);
/* Function of a row: VERW. */
void xlat_verw(struct xlat *x);

/* real.c: functions of the rows */
void xlat_pop_seg(struct xlat *x);
void xlat_mov_to_seg(struct xlat *x);
void xlat_load_far(struct xlat *x);
void xlat_far(struct xlat *x);
void xlat_far_rm(struct xlat *x);
void xlat_far_ret(struct xlat *x);

/* flags.c: functions of the rows */
void xlat_cli(struct xlat *x);
void xlat_sti(struct xlat *x);
void xlat_df(struct xlat *x);
void xlat_pushf(struct xlat *x);
void xlat_popf(struct xlat *x);

/* tsc.c */
void xlat_rdtsc(struct xlat *x);

/* fp.c: functions of the rows */
void xlat_x87(struct xlat *x);
void xlat_fwait(struct xlat *x);
void xlat_simd(struct xlat *x);

/* fp_note.c */

/* Code that notes the pointers of an x87 instruction. Changes R8 and R9. */
void fp_note(struct xlat *x, struct x87_note note);
/* Before an instruction: notes the address of an operand that it takes the registers from. Behind it: follows those
 * that it has added a constant to. */
void fp_note_before(struct xlat *x);
void fp_note_behind(struct xlat *x);
/* Behind an x87 instruction that changes the pointers. */
void fp_note_this(struct xlat *x);
/* At a step that others lead to, with nothing in mind: what a branch from below will leave in mind is from now on. */
void fp_note_loop(struct xlat *x);
/* Code in front of a jump to the step, or NO_STEP, with nothing in mind. */
void fp_note_going(struct xlat *x, int16_t goes);
/* Code in front of a branch: true when what is in mind is what the step has in mind too, and may stay so. */
bool fp_note_stays(struct xlat *x, int16_t goes);
/* Notes what a change of ESP would spoil. */
void fp_note_esp(struct xlat *x);

/* fp.c: what a check of fp_live leads to: loads the registers and goes on behind the check. Returns the displacement of
 * the jump that is taken when the guest may not use them. */
uint8_t *fp_slow(struct xlat *x, const struct slow *slow);

#endif
