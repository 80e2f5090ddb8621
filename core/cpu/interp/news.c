/* news.c - changes of memory by other threads.
 *
 * DMA runs on the I/O thread while the CPU runs on its own, so the hook of a page with code may be called on either.
 * The caches belong to the CPU's thread; another one leaves a note here, which is read before the next run. A device
 * tells the guest that a transfer is over by an interrupt or a status register, and both are seen behind that point. */
#include "core/cpu/interp/runs.h"

#include "core/cpu/access.h"

static void news_lock(struct news *news)
{
    while (atomic_flag_test_and_set_explicit(&news->lock, memory_order_acquire))
        continue;
}

static void news_unlock(struct news *news)
{
    atomic_flag_clear_explicit(&news->lock, memory_order_release);
}

void news_written(struct interp *it, gpa_t gpa, uint32_t count)
{
    struct news *news = &it->news;
    news_lock(news);
    if (news->count < NEWS_MAX) {
        news->written[news->count].gpa = gpa;
        news->written[news->count].count = count;
    }
    if (news->count <= NEWS_MAX)
        news->count++;
    news_unlock(news);
    cpu_signal(it->cpu, CPU_SIGNAL_CACHE);
}

void news_map(struct interp *it)
{
    struct news *news = &it->news;
    news_lock(news);
    news->map = true;
    news_unlock(news);
    cpu_signal(it->cpu, CPU_SIGNAL_CACHE);
}

void news_pages(struct interp *it, gpa_t first, gpa_t last)
{
    struct news *news = &it->news;
    news_lock(news);
    news->first = news->pages && news->first < first ? news->first : first;
    news->last = news->pages && news->last > last ? news->last : last;
    news->pages = true;
    news_unlock(news);
    cpu_signal(it->cpu, CPU_SIGNAL_CACHE);
}

void news_apply(struct interp *it)
{
    struct news *news = &it->news;
    cpu_unsignal(it->cpu, CPU_SIGNAL_CACHE); /* first: news that come from here on signal again */
    news_lock(news);
    if (news->pages) {
        uint64_t asked = mem_pages_asked(it->cpu->mem); /* first: who asks from here on is not served yet */
        tlb_forget(it->cpu, news->first, news->last);
        mem_settle(it->cpu->mem, asked);
    }
    if (news->map)
        tlb_map_changed(it->cpu);
    if (news->map || news->count > NEWS_MAX)
        runs_flush(it);
    else
        for (uint32_t i = 0; i < news->count; i++)
            runs_drop(it, news->written[i].gpa, news->written[i].count);
    news->map = news->pages = false;
    news->count = 0;
    news_unlock(news);
}
