/* The event loop of the Linux host. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/host_rig.h"

static struct rig rig;
static char trail[256]; /* what ran, in order */

static void mark(void *arg)
{
    size_t length = strlen(trail);
    trail[length] = *(const char *)arg;
    trail[length + 1] = 0;
}

static void stop(void *arg)
{
    (void)arg;
    rig_event->stop(rig.loop);
}

static void mark_and_post(void *arg)
{
    mark(arg);
    rig_event->post(rig.loop, mark, "z");
    rig_event->post(rig.loop, stop, NULL);
}

static void begin(void)
{
    rig_open(&rig);
    trail[0] = 0;
}

static void posts_run_in_order(void)
{
    begin();
    rig_event->post(rig.loop, mark, "a");
    rig_event->post(rig.loop, mark_and_post, "b");
    rig_event->post(rig.loop, mark, "c");
    rig_event->run(rig.loop);
    CU_ASSERT_STRING_EQUAL(trail, "abcz");
    /* stop() before run() is not lost. */
    rig_event->stop(rig.loop);
    rig_event->run(rig.loop);
    rig_close(&rig);
}

static uint32_t posted;

static void count_post(void *arg)
{
    (void)arg;
    posted++;
}

static void posts_come_from_other_threads(void)
{
    begin();
    posted = 0;
    rig_start(&rig);
    for (int i = 0; i < 2000; i++)
        rig_event->post(rig.loop, count_post, NULL);
    CU_ASSERT(rig_wait(&rig, &posted, 2000));
    rig_event->post(rig.loop, count_post, NULL); /* perhaps never run: freed with the loop */
    rig_close(&rig);
}

static void the_alarm_goes_off_once_and_can_be_moved(void)
{
    begin();
    uint64_t start = rig_clock->monotonic();
    rig_event->alarm(rig.loop, start + 10 * ABBEY_MS, mark, "x"); /* replaced: must not run */
    rig_event->alarm(rig.loop, start + 30 * ABBEY_MS, stop, NULL);
    rig_event->run(rig.loop);
    CU_ASSERT(rig_clock->monotonic() - start >= 30 * ABBEY_MS);
    rig_event->alarm(rig.loop, start + 3600 * ABBEY_SEC, mark, "x");
    rig_event->alarm(rig.loop, 0, stop, NULL); /* in the past: at once */
    rig_event->run(rig.loop);
    rig_event->alarm(rig.loop, rig_clock->monotonic() + 5 * ABBEY_MS, mark, "x");
    rig_event->alarm(rig.loop, ABBEY_NEVER, NULL, NULL);
    rig_start(&rig);
    usleep(20000);
    rig_close(&rig);
    CU_ASSERT_STRING_EQUAL(trail, "");
}

static void the_alarm_is_set_from_another_thread(void)
{
    begin();
    posted = 0;
    rig_event->alarm(rig.loop, rig_clock->monotonic() + 3600 * ABBEY_SEC, count_post, NULL);
    rig_start(&rig);
    usleep(2000);
    rig_event->alarm(rig.loop, rig_clock->monotonic() + ABBEY_MS, count_post, NULL);
    CU_ASSERT(rig_wait(&rig, &posted, 1));
    rig_close(&rig);
}

/* ---- Watches ---- */

static abbey_watch *pair[2];
static unsigned heard;

static void unwatch_both(void *arg, uint32_t events)
{
    (void)arg;
    (void)events;
    heard++;
    rig_event->unwatch(pair[0]);
    rig_event->unwatch(pair[1]);
    rig_event->post(rig.loop, stop, NULL);
}

static void a_watch_taken_away_is_never_called(void)
{
    int ends[2][2];
    begin();
    heard = 0;
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL_FATAL(pipe(ends[i]), 0);
        CU_ASSERT_EQUAL(write(ends[i][1], "x", 1), 1); /* both are ready in one batch */
        pair[i] = rig_event->watch(rig.loop, ends[i][0], ABBEY_EVENT_READ, unwatch_both, NULL);
    }
    rig_event->run(rig.loop);
    CU_ASSERT_EQUAL(heard, 1);
    rig_close(&rig);
    for (int i = 0; i < 4; i++)
        close(ends[i / 2][i % 2]);
}

static uint32_t seen_events, seen_count;

static void see(void *arg, uint32_t events)
{
    (void)arg;
    seen_events = events;
    seen_count++;
}

static void a_hang_up_alone_is_told_once(void)
{
    int ends[2];
    begin();
    seen_count = 0;
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    abbey_watch *watch = rig_event->watch(rig.loop, ends[0], 0, see, NULL);
    close(ends[1]);
    rig_start(&rig);
    CU_ASSERT(rig_wait(&rig, &seen_count, 1));
    usleep(20000);
    rig_lock(&rig);
    CU_ASSERT_EQUAL(seen_count, 1);
    CU_ASSERT_EQUAL(seen_events, ABBEY_EVENT_HANGUP);
    rig_event->rewatch(watch, ABBEY_EVENT_READ);
    rig_unlock(&rig);
    CU_ASSERT(rig_wait(&rig, &seen_count, 2));
    rig_lock(&rig);
    CU_ASSERT_EQUAL(seen_events, ABBEY_EVENT_READ | ABBEY_EVENT_HANGUP);
    rig_event->unwatch(watch);
    rig_unlock(&rig);
    rig_close(&rig);
    close(ends[0]);
}

static uint32_t file_bytes;
static abbey_watch *file_watch;

static void read_file(void *arg, uint32_t events)
{
    char byte;
    (void)events;
    if (read(*(int *)arg, &byte, 1) == 1)
        file_bytes++;
    else
        rig_event->unwatch(file_watch);
}

static void files_are_always_ready(void)
{
    char name[] = "/tmp/abbey-event-XXXXXX";
    int file = mkstemp(name), nothing = open("/dev/null", O_RDONLY);
    begin();
    file_bytes = seen_count = 0;
    CU_ASSERT_EQUAL(write(file, "hello", 5), 5);
    lseek(file, 0, SEEK_SET);
    rig_start(&rig);
    usleep(5000);
    rig_lock(&rig); /* while the loop sleeps */
    file_watch = rig_event->watch(rig.loop, file, ABBEY_EVENT_READ, read_file, &file);
    rig_unlock(&rig);
    CU_ASSERT(rig_wait(&rig, &file_bytes, 5));
    rig_lock(&rig);
    abbey_watch *watch = rig_event->watch(rig.loop, nothing, ABBEY_EVENT_READ, see, NULL);
    rig_unlock(&rig);
    CU_ASSERT(rig_wait(&rig, &seen_count, 3));
    rig_lock(&rig);
    rig_event->rewatch(watch, 0);
    uint32_t now = seen_count;
    rig_unlock(&rig);
    usleep(5000);
    CU_ASSERT_EQUAL(seen_count, now);
    rig_close(&rig);
    close(file);
    close(nothing);
    unlink(name);
}

static void a_bad_handle_is_refused(void)
{
    begin();
    CU_ASSERT_PTR_NULL(rig_event->watch(rig.loop, 9999, ABBEY_EVENT_READ, see, NULL));
    rig_close(&rig);
}

/* ---- Requests ---- */

static void signals_become_requests(void)
{
    begin();
    rig_start(&rig);
    kill(getpid(), SIGTERM);
    CU_ASSERT(rig_wait(&rig, &rig.asked, ABBEY_ASKED_TERMINATE));
    kill(getpid(), SIGINT);
    CU_ASSERT(rig_wait(&rig, &rig.asked, ABBEY_ASKED_INTERRUPT));
    rig_lock(&rig);
    rig_event->ask(rig.loop, ABBEY_ASKED_CONSOLE_QUIT);
    CU_ASSERT_EQUAL(rig.asked, ABBEY_ASKED_CONSOLE_QUIT);
    rig_unlock(&rig);
    rig_close(&rig);
}

static void without_a_listener_signals_kill(void)
{
    pid_t child = fork();
    if (child == 0) {
        begin();
        rig_event->on_asked(rig.loop, NULL, NULL);
        kill(getpid(), SIGTERM);
        sleep(2);
        _exit(1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static const struct unit_test tests[] = {
    { "posts run in order, and stop() is not lost", posts_run_in_order },
    { "posts come from other threads", posts_come_from_other_threads },
    { "the alarm goes off once and can be moved", the_alarm_goes_off_once_and_can_be_moved },
    { "the alarm is set from another thread", the_alarm_is_set_from_another_thread },
    { "a watch taken away is never called, even when its event was fetched", a_watch_taken_away_is_never_called },
    { "a hang-up alone is told once, and after rewatch() again", a_hang_up_alone_is_told_once },
    { "files, which epoll refuses, are always ready", files_are_always_ready },
    { "a bad handle is refused", a_bad_handle_is_refused },
    { "SIGTERM, SIGINT and the console's quit key are requests", signals_become_requests },
    { "without a listener SIGTERM ends the process", without_a_listener_signals_kill },
};

int main(void)
{
    rig_load();
    return unit_main("host event loop", tests, sizeof tests / sizeof tests[0]);
}
