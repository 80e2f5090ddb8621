/* The stdio backend of the Linux host: on a terminal, on pipes and on files; and what is left of the terminal after
 * every kind of end.
 *
 * Each test starts a child with a small "guest" on stdio, which answers what it receives in upper case. Some keys make
 * it misbehave; see guest_receive(). */
#define _GNU_SOURCE
#include "tests/unit/unit.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tests/unit/host_rig.h"

#define FLOOD 300000u

/* ---- The guest, in the child ---- */

static struct rig rig;
static uint32_t flood_left;
static volatile int *volatile nowhere = (volatile int *)8; /* the compiler must not see it coming */

static void flood(struct rig *guest)
{
    while (flood_left) {
        uint8_t block[1000];
        uint32_t count = flood_left < 1000 ? flood_left : 1000;
        for (uint32_t i = 0; i < count; i++)
            block[i] = (uint8_t)('a' + (FLOOD - flood_left + i) % 26);
        uint32_t taken = abbey_char_write(guest->chr, block, count);
        flood_left -= taken;
        if (taken < count)
            return; /* writable() goes on */
    }
    rig_event->stop(guest->loop);
}

static void guest_receive(struct rig *guest, const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint8_t answer = (uint8_t)toupper(bytes[i]);
        switch (bytes[i]) {
        case '!': *nowhere = 1; break;
        case '#': abort();
        case '$': exit(7);
        case '&': guest->room = 0; continue; /* takes nothing any more */
        case '%':
            flood_left = FLOOD;
            flood(guest);
            continue;
        case '.': rig_event->stop(guest->loop); continue;
        }
        abbey_char_write(guest->chr, &answer, 1);
    }
}

static void guest_asked(void *arg, uint32_t what)
{
    char text[8];
    (void)arg;
    snprintf(text, sizeof text, "[%u]", what);
    abbey_char_write(rig.chr, (const uint8_t *)text, (uint32_t)strlen(text));
    rig_event->stop(rig.loop);
}

static void quiet_report(void *arg, const abbey_fault *fault)
{
    (void)arg;
    (void)fault;
}

static _Noreturn void guest_main(const char *escape)
{
    rig_open(&rig);
    rig.on_receive = guest_receive;
    rig.on_writable = flood;
    rig_fault->on_crash(quiet_report, NULL);
    rig_event->on_asked(rig.loop, guest_asked, NULL);
    if (rig_create(&rig, "stdio", "escape", escape, NULL) != 0)
        _exit(66);
    rig_event->run(rig.loop);
    if (rig.breaks)
        abbey_char_write(rig.chr, (const uint8_t *)"<break>", 7);
    rig_close(&rig);
    _exit(0);
}

/* ---- The parent ---- */

struct end {
    int fd;    /* what the user holds: the terminal's master, or the pipe that the guest writes */
    int in;    /* where the user writes */
    int slave; /* kept open, to look at the mode */
    struct termios before;
    pid_t child;
    char text[FLOOD + 8192];
    size_t count;
};
static struct end end;

static void child_begin(int in, int out, bool terminal, const char *escape)
{
    signal(SIGTTOU, SIG_DFL);
    if (terminal) {
        setsid();
        ioctl(in, TIOCSCTTY, 0);
    }
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    int nothing = open("/dev/null", O_WRONLY);
    dup2(nothing, STDERR_FILENO); /* a sanitizer's stack trace of the crashes that we ask for */
    for (int fd = 3; fd < 40; fd++)
        close(fd);
    guest_main(escape);
}

static bool begin_terminal(const char *escape)
{
    memset(&end, 0, sizeof end);
    end.fd = end.in = posix_openpt(O_RDWR | O_NOCTTY);
    if (end.fd < 0 || grantpt(end.fd) != 0 || unlockpt(end.fd) != 0)
        return false;
    end.slave = open(ptsname(end.fd), O_RDWR | O_NOCTTY);
    tcgetattr(end.slave, &end.before);
    end.child = fork();
    if (end.child == 0)
        child_begin(end.slave, end.slave, true, escape);
    for (int tries = 0; tries < 5000; tries++) { /* until the guest has made it raw */
        struct termios now;
        tcgetattr(end.slave, &now);
        if (!(now.c_lflag & ICANON))
            return true;
        usleep(1000);
    }
    return false;
}

static void begin_pipes(int in_type)
{
    int in[2], out[2];
    memset(&end, 0, sizeof end);
    end.slave = -1;
    if ((in_type ? socketpair(AF_UNIX, SOCK_STREAM, 0, in) : pipe(in)) != 0 || pipe(out) != 0)
        return;
    int guest_in = in[0], guest_out = out[1];
    end.child = fork();
    if (end.child == 0)
        child_begin(guest_in, guest_out, false, "true");
    close(in[0]);
    close(out[1]);
    end.in = in[1];
    end.fd = out[0];
}

static void type(const char *text)
{
    CU_ASSERT_EQUAL(write(end.in, text, strlen(text)), (ssize_t)strlen(text));
}

/* Reads until `expected` has been seen, or (NULL) until the other side has gone. */
static bool see(const char *expected)
{
    for (;;) {
        end.text[end.count] = 0;
        if (expected && strstr(end.text, expected))
            return true;
        struct pollfd ask = { .fd = end.fd, .events = POLLIN };
        if (poll(&ask, 1, 5000) != 1 || end.count + 4096 >= sizeof end.text)
            return false;
        ssize_t got = read(end.fd, end.text + end.count, 4096);
        if (got <= 0)
            return !expected;
        end.count += (size_t)got;
    }
}

/* Closes all; the exit status, or 1000 and the signal. */
static int finish(void)
{
    int status = 0;
    for (int tries = 0; tries < 8000; tries++) {
        if (waitpid(end.child, &status, WNOHANG) == end.child)
            break;
        if (tries == 7999) {
            kill(end.child, SIGKILL);
            waitpid(end.child, &status, 0);
        }
        usleep(1000);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static bool restored(void)
{
    struct termios now;
    tcgetattr(end.slave, &now);
    return now.c_lflag == end.before.c_lflag && now.c_iflag == end.before.c_iflag &&
           now.c_oflag == end.before.c_oflag && now.c_cflag == end.before.c_cflag;
}

static void end_close(void)
{
    if (end.in != end.fd)
        close(end.in);
    close(end.fd);
    if (end.slave >= 0)
        close(end.slave);
}

static void the_terminal_is_raw(void)
{
    struct termios now;
    CU_ASSERT_FATAL(begin_terminal("true"));
    tcgetattr(end.slave, &now);
    CU_ASSERT_EQUAL(now.c_lflag & (ICANON | ECHO | ISIG | IEXTEN), 0);
    CU_ASSERT_EQUAL(now.c_iflag & (ICRNL | IXON | ISTRIP), 0);
    CU_ASSERT_EQUAL(fcntl(end.slave, F_GETFL) & O_NONBLOCK, 0); /* the description is shared with us */
    type("abc\r");
    CU_ASSERT(see("ABC\r"));
    type("\x03\x1a"); /* Ctrl-C, Ctrl-Z are the guest's */
    CU_ASSERT(see("\x03\x1a"));
    type(".");
    CU_ASSERT_EQUAL(finish(), 0);
    CU_ASSERT(restored());
    CU_ASSERT_EQUAL(fcntl(end.slave, F_GETFL) & O_NONBLOCK, 0);
    end_close();
}

static void the_keys_of_the_console(void)
{
    CU_ASSERT_FATAL(begin_terminal("true"));
    type("\x01h");
    CU_ASSERT(see("Ctrl-A x"));
    CU_ASSERT(see("show this list"));
    type("\x01\x01");
    CU_ASSERT(see("\x01"));
    type("p\x01q\x01"); /* an unknown key is swallowed; the next begins with a Ctrl-A that is pending */
    CU_ASSERT(see("P"));
    type("a");
    CU_ASSERT(see("P\x01"));
    type("\x01"
         "b");
    usleep(5000);
    type("\x01x");
    CU_ASSERT_EQUAL(finish(), 0);
    CU_ASSERT(restored());
    CU_ASSERT(see("[3]<break>"));
    end_close();
}

static void a_guest_that_takes_nothing_can_be_quit(void)
{
    static char keys[3001];
    CU_ASSERT_FATAL(begin_terminal("true"));
    type("&");
    memset(keys, 'k', sizeof keys - 1);
    for (int i = 0; i < 4; i++) {
        type(keys); /* more than is kept for it */
        usleep(3000);
    }
    type("\x01x");
    CU_ASSERT_EQUAL(finish(), 0);
    CU_ASSERT(restored());
    end_close();
}

static void escape_can_be_off(void)
{
    CU_ASSERT_FATAL(begin_terminal("false"));
    type("\x01x");
    CU_ASSERT(see("\x01X"));
    type(".");
    CU_ASSERT_EQUAL(finish(), 0);
    end_close();
}

static void the_terminal_is_put_back(void)
{
    static const struct {
        const char *keys;
        int signal, status;
    } rows[] = {
        { "!", 0, 4 },      /* a crash */
        { "#", 0, 4 },      /* abort() */
        { "$", 0, 7 },      /* exit() without destroy() */
        { "", SIGTERM, 0 }, /* asked */
        { "", SIGHUP, 0 },  /* asked */
        { "", SIGSEGV, 4 }, /* a fault signal from outside */
        { "", SIGQUIT, 1000 + SIGQUIT },
        { "", SIGUSR1, 1000 + SIGUSR1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CU_ASSERT_FATAL(begin_terminal("true"));
        type("x");
        CU_ASSERT(see("X"));
        type(rows[i].keys);
        if (rows[i].signal)
            kill(end.child, rows[i].signal);
        int status = finish();
        if (status != rows[i].status)
            printf("# row %zu: status %d\n", i, status);
        CU_ASSERT_EQUAL(status, rows[i].status);
        CU_ASSERT(restored());
        end_close();
    }
}

static void stopping_puts_the_terminal_back_for_a_while(void)
{
    int status;
    CU_ASSERT_FATAL(begin_terminal("true"));
    kill(end.child, SIGTSTP);
    CU_ASSERT_EQUAL(waitpid(end.child, &status, WUNTRACED), end.child);
    CU_ASSERT(WIFSTOPPED(status));
    CU_ASSERT(restored());
    kill(end.child, SIGCONT);
    type("x"); /* echoed by the terminal or answered by the guest: it goes on */
    CU_ASSERT(see("X"));
    CU_ASSERT(!restored());
    type(".");
    CU_ASSERT_EQUAL(finish(), 0);
    CU_ASSERT(restored());
    end_close();
}

static void pipes_copy_bytes(void)
{
    for (int type_of_input = 0; type_of_input < 2; type_of_input++) {
        begin_pipes(type_of_input);
        type("\x01xy\x01h."); /* no keys here */
        CU_ASSERT(see(NULL));
        CU_ASSERT_STRING_EQUAL(end.text, "\x01XY\x01H");
        CU_ASSERT_EQUAL(finish(), 0);
        end_close();
    }
}

static void the_end_of_stdin_is_no_end(void)
{
    begin_pipes(0);
    type("ab");
    close(end.in);
    end.in = end.fd;
    CU_ASSERT(see("AB"));
    usleep(20000);
    CU_ASSERT_EQUAL(waitpid(end.child, NULL, WNOHANG), 0); /* it goes on */
    kill(end.child, SIGTERM);
    CU_ASSERT_EQUAL(finish(), 0);
    CU_ASSERT(see("[1]"));
    end_close();
}

static void a_reader_that_goes_away_is_no_end(void)
{
    begin_pipes(0);
    type("a");
    CU_ASSERT(see("A"));
    close(end.fd);
    type("bcd%"); /* writes into nothing, a lot */
    CU_ASSERT_EQUAL(finish(), 0);
    close(end.in);
}

static void a_slow_reader_gets_every_byte(void)
{
    begin_pipes(0);
    type("%");
    usleep(50000); /* the pipe and our buffer are full by now */
    CU_ASSERT(see(NULL));
    CU_ASSERT_EQUAL(end.count, FLOOD);
    bool right = true;
    for (size_t i = 0; i < end.count; i++)
        right &= end.text[i] == (char)('a' + i % 26);
    CU_ASSERT(right);
    CU_ASSERT_EQUAL(finish(), 0);
    end_close();
}

static void a_reader_that_hangs_is_given_up(void)
{
    begin_pipes(0);
    type("%");
    CU_ASSERT_EQUAL(poll(&(struct pollfd){ .fd = end.fd, .events = POLLIN }, 1, 10000), 1); /* it is up and writes */
    usleep(20000);
    kill(end.child, SIGTERM); /* with the buffer full and nobody reading */
    CU_ASSERT_EQUAL(finish(), 0);
    end_close();
}

static void files_and_nothing_do_as_stdin(void)
{
    char name[] = "/tmp/abbey-stdio-XXXXXX", text[16] = "";
    int file = mkstemp(name);
    CU_ASSERT_EQUAL(write(file, "hello.", 6), 6);
    lseek(file, 0, SEEK_SET);
    char out_name[] = "/tmp/abbey-stdio-XXXXXX";
    int out = mkstemp(out_name);
    memset(&end, 0, sizeof end);
    end.child = fork();
    if (end.child == 0)
        child_begin(file, out, false, "true");
    CU_ASSERT_EQUAL(finish(), 0);
    CU_ASSERT_EQUAL(pread(out, text, 15, 0), 5);
    CU_ASSERT_STRING_EQUAL(text, "HELLO");
    end.child = fork();
    if (end.child == 0) {
        close(STDIN_FILENO);
        child_begin(open("/dev/null", O_RDONLY), out, false, "true");
    }
    usleep(20000);
    kill(end.child, SIGTERM);
    CU_ASSERT_EQUAL(finish(), 0);
    unlink(name);
    unlink(out_name);
    close(file);
    close(out);
}

static void a_process_has_one_stdio(void)
{
    static struct rig first, second;
    rig_open(&first);
    rig_open(&second);
    CU_ASSERT_EQUAL(rig_create(&first, "stdio", NULL), 0);
    CU_ASSERT_EQUAL(rig_create(&second, "stdio", NULL), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(second.failure, "another backend"));
    rig_close(&second);
    rig_close(&first);
}

static const struct unit_test tests[] = {
    { "a terminal is raw, and as before afterwards", the_terminal_is_raw },
    { "Ctrl-A h, Ctrl-A, a, b, x and unknown keys", the_keys_of_the_console },
    { "a guest that takes nothing can still be quit", a_guest_that_takes_nothing_can_be_quit },
    { "escape: false leaves Ctrl-A to the guest", escape_can_be_off },
    { "the terminal is put back after a crash, an abort, an exit and signals", the_terminal_is_put_back },
    { "SIGTSTP puts the terminal back, SIGCONT makes it raw", stopping_puts_the_terminal_back_for_a_while },
    { "pipes and sockets copy bytes without keys", pipes_copy_bytes },
    { "the end of stdin is not the end of the guest", the_end_of_stdin_is_no_end },
    { "a reader that goes away is not the end of the guest", a_reader_that_goes_away_is_no_end },
    { "a slow reader of a pipe gets every byte", a_slow_reader_gets_every_byte },
    { "a reader that hangs is given up at the end", a_reader_that_hangs_is_given_up },
    { "a file or /dev/null as stdin", files_and_nothing_do_as_stdin },
    { "a process has one stdio backend", a_process_has_one_stdio },
};

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    rig_load();
    return unit_main("host stdio", tests, sizeof tests / sizeof tests[0]);
}
