/* debug.c - switches for tests: what is rare or is decided by how long something takes, made certain. */
#include "core/bt/internal.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t bit;
} switches[] = {
    { "no-windows", DEBUG_NO_WINDOWS },         /* memory by the software TLB alone */
    { "windows", DEBUG_WINDOWS },               /* a window for user code from its first instruction */
    { "no-guard", DEBUG_NO_GUARD },             /* write protection of pages by splitting mappings */
    { "one-page-fills", DEBUG_ONE_PAGE_FILLS }, /* a host fault maps the page that it met, and none beside it */
    { "one-page-tlb", DEBUG_ONE_PAGE_TLB },     /* the software TLB holds one page for reads and one for writes */
    { "no-chain", DEBUG_NO_CHAIN },             /* units are left at each exit to a known address */
    { "no-liveness", DEBUG_EXACT },             /* flags are kept where nobody reads them */
    { "evict", DEBUG_EVICT },                   /* the oldest units go whenever translated code is entered */
    { "short-units", DEBUG_SHORT },             /* a unit ends at each branch */
    { "loose", DEBUG_LOOSE },                   /* no store to code is noticed: units compare their source */
    { "at-once", DEBUG_AT_ONCE },               /* code is translated when it is first executed */
    { "drop-pages", DEBUG_DROP_PAGES }, /* a store into a page with code drops all that was made from the page */
    { "kick", DEBUG_KICK },             /* translated code is interrupted at each boundary inside a unit */
    { "kick-some", DEBUG_KICK_SOME },   /* at one in 64 */
    { "no-open", DEBUG_NO_OPEN },       /* each indirect jump looks at the page that it leads to */
};
#define SWITCHES (sizeof(switches) / sizeof(switches[0]))

bool bt_debug(struct bt *bt, const char *names, abbey_error *error)
{
    while (*names) {
        size_t length = strcspn(names, ","), i = 0;
        while (i < SWITCHES && (strlen(switches[i].name) != length || strncmp(switches[i].name, names, length) != 0))
            i++;
        if (i == SWITCHES) {
            int used =
                snprintf(error->text, sizeof(error->text), "no debug switch '%.*s'; there are:", (int)length, names);
            for (i = 0; i < SWITCHES && used > 0 && (size_t)used < sizeof(error->text); i++)
                used += snprintf(error->text + used, sizeof(error->text) - (size_t)used, " %s", switches[i].name);
            return false;
        }
        bt->debug |= switches[i].bit;
        names += length + (names[length] == ',');
    }
    bt->exact_flags |= (bt->debug & DEBUG_EXACT) != 0;
    if (bt->debug & DEBUG_AT_ONCE)
        bt->hot = 1;
    bt->cpu->tlb->one_page = bt->debug & DEBUG_ONE_PAGE_TLB;
    bt->it->drop_pages = bt->debug & DEBUG_DROP_PAGES;
    return true;
}
