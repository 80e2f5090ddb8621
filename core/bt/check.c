/* check.c - units that compare their own source, for pages whose stores are not noticed (smc.c).
 *
 * Such a unit has the bytes that it was made from in its record, in pieces of 16, each with a mask and the address in
 * the host at which they stand. The comparison is the first thing in its body, so that every way in comes by it; jumps
 * back inside the unit lead there, too. And it is made again behind each store that goes through the window: the next
 * instruction may be what was just written. `add [404010h],ecx; jmp back`, 7 bytes at 404000h, with flags alive:
 *
 *     body   mov     r8,want
 *            mov     r12,source
 *            movdqu  xmm8,[r12]            the guest has no XMM8 to XMM15
 *            pxor    xmm8,[r8]
 *            pand    xmm8,[r8+16]          since not all 16 bytes belong to the unit
 *            pshufd  xmm9,xmm8,4eh
 *            por     xmm8,xmm9
 *            mov     r13,rcx               the one conditional jump that reads no flag
 *            movq    rcx,xmm8
 *            jrcxz   same
 *            jmp     stale
 *     same   mov     rcx,r13
 *            add     gs:[404010h],ecx
 *            ...                           the same again
 *            jmp     body
 *     stale  mov     rcx,r13
 *            mov     r12d,404000h          behind the store, the address of what comes next
 *            mov     r13,unit+2            says which one it was
 *            jmp     exit
 *
 * What a callout stores is noticed, as ever, and ends the unit. So is what a device writes: the thread is kicked, and
 * the unit is entered again from the front. A kick that meets the comparison need not wait for its end: up to the use
 * of RCX the guest's registers are those of the next instruction (`lead` of a point). */
#include "core/bt/xlat.h"

#include <string.h>

#define XMM8 8u
#define XMM9 9u

static uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

static bool chunk_same(const struct chunk *chunk)
{
    uint64_t low = (word_at(chunk->at) ^ word_at(chunk->want)) & word_at(chunk->mask);
    uint64_t high = (word_at(chunk->at + 8) ^ word_at(chunk->want + 8)) & word_at(chunk->mask + 8);
    return !(low | high);
}

bool check_same(const struct unit *unit)
{
    for (unsigned i = 0; i < unit->chunks; i++)
        if (!chunk_same(&unit->chunk[i]))
            return false;
    return true;
}

const uint8_t *check_differs(const struct unit *unit)
{
    for (unsigned i = 0; i < unit->chunks; i++) {
        const struct chunk *chunk = &unit->chunk[i];
        for (unsigned n = 0; n < CHUNK && !chunk_same(chunk); n++)
            if (chunk->mask[n] & (chunk->at[n] ^ chunk->want[n]))
                return chunk->at + n;
    }
    return NULL;
}

/* ---- making ---- */

unsigned check_chunks(const struct xlat *x)
{
    unsigned count = 0;
    for (unsigned i = 0; x->checked && i < x->ranges; i++)
        count += (x->range[i].last - x->range[i].first) / CHUNK + 1u;
    return count;
}

/* Where the bytes of a page frame stand in the host. */
static const uint8_t *frame_host(const struct xlat *x, uint64_t frame)
{
    bool marked;
    return mem_page(x->bt->cpu->mem, frame << MEM_PAGE_SHIFT, false, &marked);
}

/* The pieces, with nothing to compare yet. The last one of a page does not reach behind it. */
static bool chunks_place(struct xlat *x)
{
    struct unit *unit = x->unit;
    for (unsigned i = 0; i < x->ranges; i++) {
        const struct range *range = &x->range[i];
        const uint8_t *host = frame_host(x, range->frame);
        if (!host)
            return false;
        for (uint32_t at = range->first; at <= range->last; at += CHUNK)
            unit->chunk[unit->chunks++].at = host + (at > MEM_PAGE_SIZE - CHUNK ? MEM_PAGE_SIZE - CHUNK : at);
    }
    return true;
}

/* The piece that holds a byte; *last is the one that held the byte before. */
static struct chunk *chunk_of(struct unit *unit, const uint8_t *host, unsigned *last)
{
    for (unsigned i = 0; i < unit->chunks; i++, *last = (*last + 1) % unit->chunks)
        if ((uintptr_t)host - (uintptr_t)unit->chunk[*last].at < CHUNK)
            break;
    return &unit->chunk[*last];
}

const uint8_t *check_host(struct xlat *x, uint32_t eip)
{
    uint32_t linear = x->cs_base + eip;
    const struct tlb_entry *page = tlb_hit(x->bt->cpu->tlb, TLB_FETCH, x->mode & MODE_USER, linear, 1);
    const uint8_t *host = page ? frame_host(x, page->frame & TLB_FRAME) : NULL;
    return host ? host + (linear & MEM_PAGE_MASK) : NULL;
}

/* The word by which versions of the code at one address are told apart, where it is compared whole. */
static void set_place(struct unit *unit, const uint8_t *host)
{
    for (unsigned i = 0; i < unit->chunks; i++) {
        const struct chunk *chunk = &unit->chunk[i];
        uintptr_t offset = (uintptr_t)host - (uintptr_t)chunk->at;
        uint32_t want, mask;
        if (offset > CHUNK - sizeof(want))
            continue;
        memcpy(&want, chunk->want + offset, sizeof(want));
        memcpy(&mask, chunk->mask + offset, sizeof(mask));
        unit->place = mask == UINT32_MAX ? unit_place(unit->key, want) : unit->key;
        return;
    }
}

/* The bytes of an instruction are compared with what was decoded: memory may be written by a device at any time. */
static bool step_set(struct xlat *x, const struct step *step, unsigned *last)
{
    const struct insn *insn = step->insn;
    unsigned compared = insn->length - (step->reload ? 4u : 0u);
    const uint8_t *host = NULL;
    for (unsigned n = 0; n < insn->length; n++) {
        bool page_starts = ((x->cs_base + step->eip + n) & MEM_PAGE_MASK) == 0;
        host = n && !page_starts ? host + 1 : check_host(x, step->eip + n);
        if (!host)
            return false;
        struct chunk *chunk = chunk_of(x->unit, host, last);
        chunk->want[host - chunk->at] = insn->bytes[n];
        chunk->mask[host - chunk->at] = n < compared ? 0xff : 0;
    }
    return true;
}

bool check_make(struct xlat *x)
{
    struct unit *unit = x->unit;
    unsigned last = 0;
    if (!x->checked)
        return true;
    if (!chunks_place(x))
        return false;
    for (unsigned i = 0; i < x->steps; i++)
        if (!step_set(x, &x->step[i], &last))
            return false;
    const uint8_t *host = check_host(x, unit->eip);
    if (host && mem_marks(x->bt->cpu->mem, unit->key >> 1) & MEM_MARK_LOOSE)
        set_place(unit, host);
    unit->checked = true;
    return true;
}

void check_constant(struct xlat *x)
{
    struct step step = *x->now;
    step.reload = false;
    step_set(x, &step, &(unsigned){ 0 });
}

/* ---- code ---- */

static bool all_ones(const struct chunk *chunk)
{
    return (word_at(chunk->mask) & word_at(chunk->mask + 8)) == UINT64_MAX;
}

/* XMM8 = what differs, R8 being where the pieces stand. */
static void emit_differences(struct xlat *x)
{
    struct code *code = &x->code;
    const uint8_t *base = NULL;
    unsigned to = XMM8;
    for (unsigned i = 0; i < x->unit->chunks; i++) {
        const struct chunk *chunk = &x->unit->chunk[i];
        int32_t at = (int32_t)(i * sizeof(struct chunk));
        if (!base || chunk->at - base != (int32_t)(chunk->at - base)) {
            base = chunk->at;
            emit_mov_imm64(code, HOST_EA, (uint64_t)(uintptr_t)base);
        }
        emit_op(code, EMIT_F3 | EMIT_0F, 0x6f, to, op_mem(HOST_EA, (int32_t)(chunk->at - base)));
        emit_op(code, EMIT_66 | EMIT_0F, 0xef, to, op_mem(R8, at + (int32_t)offsetof(struct chunk, want)));
        if (!all_ones(chunk))
            emit_op(code, EMIT_66 | EMIT_0F, 0xdb, to, op_mem(R8, at + (int32_t)offsetof(struct chunk, mask)));
        if (to == XMM9)
            emit_op(code, EMIT_66 | EMIT_0F, 0xeb, XMM8, op_reg(XMM9));
        to = XMM9;
    }
}

void check_emit(struct xlat *x, uint32_t eip, uint32_t counted)
{
    struct code *code = &x->code;
    uint8_t *start = code->at;
    emit_mov_imm64(code, R8, (uint64_t)(uintptr_t)x->unit->chunk + (uint64_t)code->to_exec);
    emit_differences(x);
    emit_op(code, EMIT_66 | EMIT_0F, 0x70, XMM9, op_reg(XMM8)); /* pshufd: the halves change places */
    emit8(code, 0x4e);
    emit_op(code, EMIT_66 | EMIT_0F, 0xeb, XMM8, op_reg(XMM9));
    emit_mov64(code, HOST_ADD, RCX);
    emit_op(code, EMIT_66 | EMIT_W | EMIT_0F, 0x7e, XMM8, op_reg(RCX)); /* movq */
    emit8(code, 0xe3);                                                  /* jrcxz, over the jump */
    emit8(code, 5);
    x->stale[x->stales++] = (struct stale){ emit_jmp(code), eip, x->delta, counted, x->note };
    emit_mov64(code, RCX, HOST_ADD);
    x->lead_end = code->at;
    x->lead = (uint16_t)(code->at - start);
}

void check_stales(struct xlat *x)
{
    struct code *code = &x->code;
    for (unsigned i = 0; i < x->stales; i++) {
        const struct stale *stale = &x->stale[i];
        emit_patch(stale->jump, code->at);
        emit_mov64(code, RCX, HOST_ADD);
        fp_note(x, stale->note);
        if (stale->delta)
            emit_lea(code, HOST_ESP, op_mem(HOST_ESP, stale->delta));
        count_add(x, (int32_t)stale->counted);
        emit_mov_imm(code, HOST_EA, stale->eip);
        emit_mov_imm64(code, HOST_ADD, (uint64_t)(uintptr_t)x->unit | LINK_STALE);
        emit_jmp_to(code, x->bt->stub_exit);
    }
}
