/* test_control.c - the control socket over real sockets: framing, hostile lines, clients that come, go, and do not
 * read. The commands are of the test. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/control/lines.h"
#include "core/control/server.h"
#include "tests/fuzz/mutate.h"
#include "tests/unit/host_rig.h"
#include "tests/unit/unit.h"

#define LINE_ROOM (4u << 20)

static struct rig rig;
static struct commands *commands;
static struct server *server;
static char path[108], folder[] = "/tmp/abbey-control-XXXXXX";
static abbey_message *held;

/* ---- the machine's side ---- */

static uint64_t wall_clock(void *opaque)
{
    (void)opaque;
    return 0;
}

static void vcpu_work(void *opaque)
{
    (void)opaque;
}

struct echo_args {
    const char *text;
    uint32_t times;
};

static void echo(void *self, const void *given, abbey_message *answer)
{
    const struct echo_args *args = given;
    (void)self;
    char name[16];
    for (uint32_t i = 0; i < args->times; i++) {
        snprintf(name, sizeof name, "%u", i);
        abbey_message_text(answer, name, args->text);
    }
}

static void later(void *self, const void *args, abbey_message *answer)
{
    (void)self, (void)args;
    held = answer;
    abbey_message_later(answer);
}

static const abbey_prop echo_args[] = {
    ABBEY_ARG_TEXT(struct echo_args, text, "x", "to be said"),
    ABBEY_ARG(struct echo_args, times, 1, "how often", .max = 10000),
};
static const abbey_command rows[] = {
    { .name = "echo",
        .meaning = "says it",
        .args = ABBEY_TABLE(echo_args),
        .args_size = sizeof(struct echo_args),
        .run = echo },
    { .name = "later", .meaning = "answers later", .run = later },
};

static void serve(void)
{
    static const struct commands_owner owner = { NULL, wall_clock, vcpu_work };
    const abbey_table table = ABBEY_TABLE(rows);
    abbey_error error = { "" };
    held = NULL;
    rig_open(&rig);
    commands = commands_new(&owner);
    CU_ASSERT_TRUE_FATAL(commands_add(commands, NULL, &table, NULL, &error));
    server = server_new(commands, rig_hostos, rig.loop, path, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    rig_start(&rig);
}

static void serve_end(void)
{
    rig_event->stop(rig.loop);
    rig_thread->join(rig.io);
    rig.io = NULL;
    commands_end(commands);
    server_free(server);
    commands_free(commands);
    rig_close(&rig);
}

/* As the vCPU thread would. */
static void event_post(const char *name)
{
    rig_lock(&rig);
    abbey_message_send(commands_event(commands, "dev", name));
    rig_unlock(&rig);
}

/* ---- the client's side ---- */

struct peer {
    int fd;
    char *text; /* read and not yet given out */
    size_t count;
};

static struct peer plug(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct peer peer = { socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), malloc(LINE_ROOM), 0 };
    memcpy(address.sun_path, path, strlen(path) + 1);
    CU_ASSERT_EQUAL_FATAL(connect(peer.fd, (struct sockaddr *)&address, sizeof address), 0);
    return peer;
}

static void unplug(struct peer *peer)
{
    close(peer->fd);
    free(peer->text);
}

/* The next line, as a copy without its end; NULL when the far side has closed, or stays silent for some seconds. */
static char *line_of(struct peer *peer)
{
    for (;;) {
        char *end = memchr(peer->text, '\n', peer->count);
        if (end) {
            size_t length = (size_t)(end - peer->text) + 1;
            char *line = strndup(peer->text, length - 2);
            CU_ASSERT_EQUAL(end[-1], '\r');
            memmove(peer->text, peer->text + length, peer->count -= length);
            return line;
        }
        struct pollfd ask = { .fd = peer->fd, .events = POLLIN };
        ssize_t got =
            poll(&ask, 1, 20000) == 1 ? read(peer->fd, peer->text + peer->count, LINE_ROOM - peer->count) : -1;
        if (got <= 0)
            return NULL;
        peer->count += (size_t)got;
    }
}

/* Whether the next line has that text in it. */
static bool hears(struct peer *peer, const char *part)
{
    char *line = line_of(peer);
    bool found = line && strstr(line, part);
    if (!found)
        printf("# heard %.300s\n# not   %s\n", line ? line : "nothing", part);
    free(line);
    return found;
}

static void say(struct peer *peer, const void *bytes, size_t count)
{
    for (size_t done = 0; done < count;) {
        ssize_t wrote = send(peer->fd, (const char *)bytes + done, count - done, MSG_NOSIGNAL);
        if (wrote <= 0)
            return;
        done += (size_t)wrote;
    }
}

static void tell(struct peer *peer, const char *text)
{
    say(peer, text, strlen(text));
}

static struct peer greeted(void)
{
    struct peer peer = plug();
    CU_ASSERT(hears(&peer, "{\"QMP\":{\"version\":{\"abbey\":{\"major\":"));
    return peer;
}

#define ASKS "{\"execute\": \"echo\"}\n"
#define SAYS "{\"return\":{\"0\":\"x\"}}"

/* ---- the tests ---- */

static void lines_may_come_in_any_pieces(void)
{
    serve();
    struct peer peer = greeted();
    const char *text = " \t\r\n\n{\"execute\": \"echo\", \"id\": \"\\u00e9\"}\r\n";
    for (size_t i = 0; i < strlen(text); i++)
        say(&peer, text + i, 1);
    CU_ASSERT(hears(&peer, "{\"return\":{\"0\":\"x\"},\"id\":\"\303\251\"}"));
    tell(&peer, ASKS ASKS ASKS);
    for (int i = 0; i < 3; i++)
        CU_ASSERT(hears(&peer, SAYS));
    tell(&peer, ASKS "{\"execute\": \"echo\", \"id\": 9}"); /* the last without an end, as `echo -n | socat` does */
    shutdown(peer.fd, SHUT_WR);
    CU_ASSERT(hears(&peer, SAYS));
    CU_ASSERT(hears(&peer, "\"id\":9}"));
    CU_ASSERT_PTR_NULL(line_of(&peer)); /* and then it hangs up */
    unplug(&peer);
    serve_end();
}

static void bad_lines_are_answered_and_passed_over(void)
{
    static const struct {
        const char *bytes;
        size_t count;
        const char *part;
    } lines[] = {
#define LINE(text, part) { text "\n", sizeof(text "\n") - 1, part }
        LINE("x", "JSONError"),
        LINE("{", "JSONError"),
        LINE("{\"execute\": \"echo\"} {}", "JSONError"),
        LINE("{\"execute\": \"echo\", \"execute\": \"echo\"}", "duplicate object key"),
        LINE("{\"execute\": \"echo\", \"arguments\": {\"text\": \"a\", \"text\": \"b\"}}", "duplicate object key"),
        LINE("{\"execute\": \"\xff\"}", "JSONError"),
        LINE("{\"execute\": \"\xc3\"}", "JSONError"),
        LINE("{\"execute\": \"\xed\xa0\x80\"}", "JSONError"),
        LINE("{\"execute\": \"echo\", \"arguments\": {\"text\": \"\\u0000\"}}", "JSONError"),
        LINE("{\"execute\": \"ec\0ho\"}", "JSONError"),
        LINE("\0", "JSONError"),
        LINE("{'execute': 'echo'}", "JSONError"),
        LINE("{\"execute\": \"echo\",}", "JSONError"),
        LINE("{\"execute\": NaN}", "JSONError"),
        LINE("{\"execute\": \"echo\", \"id\": 99999999999999999999}", "JSONError"),
        LINE("\"echo\"", "JSONError"),
        LINE("[]", "BadRequest"),
        LINE("{\"execute\": null}", "BadRequest"),
        LINE("{\"execute\": \"echo\", \"arguments\": {\"\": 1}}", "BadArgument"),
    };
    serve();
    struct peer peer = greeted();
    for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        say(&peer, lines[i].bytes, lines[i].count);
        CU_ASSERT(hears(&peer, lines[i].part));
        tell(&peer, ASKS);
        CU_ASSERT(hears(&peer, SAYS));
    }
    char *deep = malloc(500002);
    memset(deep, '[', 500000);
    memcpy(deep + 500000, "\n", 2);
    tell(&peer, deep);
    CU_ASSERT(hears(&peer, "JSONError"));
    free(deep);
    unplug(&peer);
    serve_end();
}

static void a_line_has_a_most(void)
{
    static const char begin[] = "{\"execute\": \"echo\", \"id\": \"", end[] = "\"}\n";
    size_t room = CONTROL_LINE + 100, length = CONTROL_LINE - (sizeof begin - 1) - (sizeof end - 2);
    char *line = malloc(room);
    serve();
    struct peer peer = greeted();
    for (size_t more = 0; more < 2; more++) { /* the longest there may be, and one byte more */
        memcpy(line, begin, sizeof begin - 1);
        memset(line + sizeof begin - 1, 'y', length + more);
        memcpy(line + sizeof begin - 1 + length + more, end, sizeof end);
        tell(&peer, line);
        CU_ASSERT(hears(&peer, more ? "a line has at most 1048576 bytes" : "{\"return\":{\"0\":\"x\"},\"id\":\"yyyy"));
    }
    memset(line, 'z', CONTROL_LINE);
    for (int i = 0; i < 20; i++) /* a line that does not end costs no memory */
        say(&peer, line, CONTROL_LINE);
    CU_ASSERT(hears(&peer, "a line has at most"));
    tell(&peer, "\n" ASKS);
    CU_ASSERT(hears(&peer, SAYS));
    unplug(&peer);
    serve_end();
    free(line);
}

static void clients_do_not_disturb_each_other(void)
{
    serve();
    struct peer asker = greeted(), waiter = greeted(), listener = greeted(), shy = greeted();
    tell(&listener, ASKS);
    CU_ASSERT(hears(&listener, SAYS));
    tell(&waiter, "{\"execute\": \"later\", \"id\": \"w\"}\n" ASKS);
    for (int i = 0; i < 3; i++) {
        tell(&asker, ASKS);
        CU_ASSERT(hears(&asker, SAYS));
    }
    event_post("ding");
    CU_ASSERT(hears(&listener, "{\"event\":\"ding\",\"data\":{\"id\":\"dev\"},\"timestamp\":{\"seconds\":0,"));
    CU_ASSERT(hears(&asker, "\"ding\""));
    CU_ASSERT(hears(&waiter, "\"ding\"")); /* while its answer is outstanding */
    rig_lock(&rig);
    abbey_message_send(held);
    rig_unlock(&rig);
    CU_ASSERT(hears(&waiter, "{\"return\":{},\"id\":\"w\"}"));
    CU_ASSERT(hears(&waiter, SAYS)); /* what it asked next came in its turn */
    tell(&shy, ASKS);
    CU_ASSERT(hears(&shy, SAYS)); /* no event before its first request */
    /* One that goes while its answer is outstanding. */
    tell(&waiter, "{\"execute\": \"later\"}\n");
    tell(&asker, ASKS);
    CU_ASSERT(hears(&asker, SAYS));
    unplug(&waiter);
    tell(&asker, ASKS);
    CU_ASSERT(hears(&asker, SAYS));
    rig_lock(&rig);
    abbey_message_send(held);
    rig_unlock(&rig);
    tell(&asker, ASKS);
    CU_ASSERT(hears(&asker, SAYS));
    unplug(&asker);
    unplug(&listener);
    unplug(&shy);
    serve_end();
}

/* It asks for more than it reads, and the machine has ever more to tell. */
static void a_client_that_does_not_read_stalls_nobody(void)
{
    static const char big[] = "{\"execute\": \"echo\", \"arguments\": {\"times\": 5000}}\n";
    enum { EVENTS = 60000, ASKED = 300 };
    serve();
    struct peer lazy = greeted(), other = greeted();
    for (int i = 0; i < ASKED; i++)
        tell(&lazy, big);
    for (int i = 0; i < EVENTS; i++) /* posting waits for nobody */
        event_post("tick");
    tell(&other, ASKS);
    CU_ASSERT(hears(&other, SAYS));
    /* It wakes up: all answers are there in the end, and each event was delivered or counted. */
    unsigned long answers = 0, events = 0, lost = 0;
    while (answers < ASKED || events + lost < EVENTS) {
        if (answers == ASKED && events + lost < EVENTS)
            event_post("last"); /* what was lost is told with the next chance */
        char *line = line_of(&lazy);
        if (!line)
            break;
        const char *count = strstr(line, "\"count\": ");
        if (strncmp(line, "{\"return\"", 9) == 0)
            answers++;
        else if (strstr(line, "events.lost") && count)
            lost += strtoul(count + 9, NULL, 10);
        else
            events += strstr(line, "\"tick\"") != NULL;
        free(line);
    }
    CU_ASSERT_EQUAL(answers, ASKED);
    CU_ASSERT(events + lost >= EVENTS);
    CU_ASSERT(lost > 0);
    tell(&lazy, ASKS);
    for (bool found = false; !found;) {
        char *line = line_of(&lazy);
        CU_ASSERT_PTR_NOT_NULL_FATAL(line);
        found = strcmp(line, SAYS) == 0;
        free(line);
    }
    unplug(&lazy);
    unplug(&other);
    serve_end();
}

/* It has sent all, closed that side, and reads slowly what is more than the socket holds. */
static void a_client_that_sends_no_more_gets_its_answers(void)
{
    serve();
    struct peer peer = greeted();
    for (int i = 0; i < 50; i++)
        tell(&peer, "{\"execute\": \"echo\", \"arguments\": {\"times\": 5000}}\n");
    shutdown(peer.fd, SHUT_WR);
    for (int i = 0; i < 50; i++)
        CU_ASSERT(hears(&peer, "{\"return\":{\"0\":"));
    CU_ASSERT_PTR_NULL(line_of(&peer));
    unplug(&peer);
    serve_end();
}

static void there_is_a_most_of_clients(void)
{
    struct peer peers[33];
    serve();
    for (int i = 0; i < 32; i++)
        peers[i] = greeted();
    peers[32] = plug();
    CU_ASSERT(hears(&peers[32], "too many clients"));
    CU_ASSERT_PTR_NULL(line_of(&peers[32]));
    unplug(&peers[32]);
    unplug(&peers[7]);
    tell(&peers[8], ASKS);
    CU_ASSERT(hears(&peers[8], SAYS));
    for (int tries = 0;; tries++) { /* the place is free as soon as the going was heard */
        peers[7] = plug();
        char *line = line_of(&peers[7]);
        bool in = line && strstr(line, "QMP");
        free(line);
        if (in || tries == 100)
            break;
        unplug(&peers[7]);
    }
    tell(&peers[7], ASKS);
    CU_ASSERT(hears(&peers[7], SAYS));
    for (int i = 0; i < 32; i++)
        unplug(&peers[i]);
    serve_end();
}

static void the_path_is_ours_alone(void)
{
    struct stat st;
    abbey_error error = { "" };
    serve();
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT(S_ISSOCK(st.st_mode));
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    CU_ASSERT_PTR_NULL(server_new(commands, rig_hostos, rig.loop, path, &error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "in use"));
    struct peer peer = greeted(); /* the attempt has not hurt the one that serves */
    tell(&peer, "{\"execute\": \"later\", \"id\": 1}\n");
    for (bool there = false; !there;) {
        rig_lock(&rig);
        there = held != NULL;
        rig_unlock(&rig);
    }
    serve_end();
    CU_ASSERT(hears(&peer, "the machine has ended"));
    CU_ASSERT_PTR_NULL(line_of(&peer));
    unplug(&peer);
    CU_ASSERT_EQUAL(stat(path, &st), -1);

    int fd = socket(AF_UNIX, SOCK_STREAM, 0); /* as a process that was killed leaves it */
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path, path, strlen(path) + 1);
    CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    serve();
    peer = greeted();
    unplug(&peer);
    serve_end();

    FILE *file = fopen(path, "w");
    fputs("precious", file);
    fclose(file);
    rig_open(&rig);
    CU_ASSERT_PTR_NULL(server_new(NULL, rig_hostos, rig.loop, path, &error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "is no socket"));
    CU_ASSERT_PTR_NULL(server_new(NULL, rig_hostos, rig.loop, "/nowhere/x", &error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "/nowhere/x"));
    char longer[300];
    memset(longer, 'p', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    CU_ASSERT_PTR_NULL(server_new(NULL, rig_hostos, rig.loop, longer, &error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "the system allows"));
    rig_close(&rig);
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    unlink(path);
}

/* Damaged requests, in pieces: each line gets one answer, and the machine goes on. */
static void damaged_lines_get_one_answer_each(void)
{
    static const char seed_text[] = "{\"execute\": \"echo\", \"id\": [1, {\"a\": \"\\u00e9\"}], \"cwd\": \"/tmp\", "
                                    "\"arguments\": {\"text\": \"hello\", \"times\": 3}}";
    const char *wanted = getenv("ABBEY_FUZZ_COUNT"), *first = getenv("ABBEY_FUZZ_SEED");
    unsigned long count = wanted ? strtoul(wanted, NULL, 0) : 3000, seed = first ? strtoul(first, NULL, 0) : 1;
    struct text seed_line = { NULL, 0, 0 };
    text_append(&seed_line, seed_text, sizeof seed_text - 1);
    serve();
    struct peer peer = greeted();
    for (unsigned long i = 0; i < count; i++) {
        struct rng rng = { seed + i };
        struct text line = { NULL, 0, 0 };
        text_append(&line, seed_line.bytes, seed_line.size);
        for (size_t n = 1 + rng_below(&rng, 4); n > 0; n--)
            (rng_below(&rng, 2) ? mutate_bytes : mutate_tokens)(&rng, &line, &seed_line);
        for (size_t k = 0; k < line.size; k++)
            if (line.bytes[k] == '\n' || line.bytes[k] == '\r' || line.bytes[k] == '\t')
                line.bytes[k] = ' ';
        bool blank = line.size == 0;
        for (size_t k = 0; k < line.size && !blank; k++)
            if (line.bytes[k] != ' ')
                break;
            else
                blank = k + 1 == line.size;
        size_t cut = rng_below(&rng, line.size + 1);
        say(&peer, line.bytes, cut);
        say(&peer, line.bytes + cut, line.size - cut);
        tell(&peer, "\n{\"execute\": \"echo\", \"id\": \"mark\"}\n");
        char *answer = blank ? NULL : line_of(&peer);
        if (!blank && !(answer && (strncmp(answer, "{\"return\"", 9) == 0 || strncmp(answer, "{\"error\"", 8) == 0))) {
            printf("# seed %lu: %.*s\n#   %s\n", seed + i, (int)line.size, line.bytes, answer ? answer : "no answer");
            CU_FAIL("no answer");
        }
        free(answer);
        text_free(&line);
        if (!hears(&peer, "\"id\":\"mark\"}")) {
            CU_FAIL_FATAL("out of step");
        }
    }
    text_free(&seed_line);
    unplug(&peer);
    serve_end();
}

static const struct unit_test tests[] = {
    { "lines may come in any pieces", lines_may_come_in_any_pieces },
    { "bad lines are answered, and the next one is heard", bad_lines_are_answered_and_passed_over },
    { "a line has at most 1 MiB", a_line_has_a_most },
    { "clients do not disturb each other; events go to those who asked", clients_do_not_disturb_each_other },
    { "a client that does not read stalls nobody", a_client_that_does_not_read_stalls_nobody },
    { "a client that sends no more gets its answers", a_client_that_sends_no_more_gets_its_answers },
    { "there are at most 32 clients", there_is_a_most_of_clients },
    { "the path is for its user alone, and nobody else's file", the_path_is_ours_alone },
    { "damaged lines get one answer each", damaged_lines_get_one_answer_each },
};

int main(void)
{
    rig_load();
    if (!mkdtemp(folder))
        return 99;
    snprintf(path, sizeof path, "%s/control", folder);
    int status = unit_main("control socket", tests, sizeof tests / sizeof tests[0]);
    rmdir(folder);
    return status;
}
