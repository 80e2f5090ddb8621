/* window_stats.c - the counters of the windows by name. */
#include "core/mem/window_impl.h"
#include "core/stats/stats.h"

#define ROW(field, what) STATS_ROW(struct window_counters, field, what)
#define ROW_REFUSED(name, answer, what) STATS_ROW_AS(name, struct window_counters, refused[answer], what)

static const struct stats_row rows[] = {
    ROW(hidden_faults, "host faults in windows that the guest does not see"),
    ROW(fills, "mappings made"),
    ROW(filled_pages, "pages mapped by them"),
    ROW(dropped_pages, "pages taken away again"),
    ROW(windows, "windows given to address spaces"),
    ROW(evictions, "windows taken away to make room"),
    ROW(losses, "windows taken away because their pages changed too often"),
    ROW(revalidations, "times a window was compared with the guest's page tables"),
    ROW(tables_changed, "page tables found to differ by that"),
    ROW(protections, "pages of windows that stores must be noticed in"),
    ROW(unprotections, "pages that may be written again"),
    ROW(vmas_max, "the most mappings of the host that windows had at a time"),
    ROW_REFUSED("faults_guest", WINDOW_GUEST, "host faults in windows that are the guest's"),
    ROW_REFUSED("faults_border", WINDOW_BORDER, "at the last page of 4 GB"),
    ROW_REFUSED("faults_device", WINDOW_DEVICE, "at device memory, ROM or nothing"),
    ROW_REFUSED("faults_user", WINDOW_USER, "of kernel code at user pages"),
    ROW_REFUSED("faults_marked", WINDOW_MARKED, "by stores to pages that hold code"),
    ROW_REFUSED("faults_busy", WINDOW_BUSY, "at pages that are flushed too often to be mapped"),
    ROW_REFUSED("faults_full", WINDOW_FULL, "for want of mappings"),
};

void windows_stats(const struct windows *windows, json_t *stats)
{
    stats_add(stats, "mmu", rows, STATS_COUNT(rows), windows ? &windows->counters : NULL);
}
