/* code_pages.h - the lists of what is kept of each page with code, for runs.c. */
#ifndef ABBEY_CORE_CODE_PAGES_H
#define ABBEY_CORE_CODE_PAGES_H

#include "core/cpu/access.h"
#include "core/cpu/interp/runs.h"

/* Is there no room for so many new pages? */
bool code_pages_full(const struct interp *it, uint32_t count);
/* Enters the run's bytes in its first page, or its second one (`side`); false when there are too many pages. */
bool code_page_add(struct interp *it, struct run *run, unsigned side, uint64_t frame);
/* Takes the run out of the cache. Its memory stays as it is. */
void run_drop(struct interp *it, struct run *run);
/* Is the run still what memory says, as far as that goes without notice? */
bool run_same(struct interp *it, const struct run *run);
/* Forgets all pages; runs and parts are gone. */
void code_pages_forget(struct interp *it);

#endif
