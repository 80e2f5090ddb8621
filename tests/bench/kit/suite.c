// Runs a list of workloads, each in a process of its own, and prints a line for each:
//
//   BENCH-START int_div
//   BENCH int_div 0.692114 ck=5bd1e995 rc=0 wall=0.695 usr=0.690 sys=0.002
//
// A line of the list is "NAME | ARGUMENT...", with 'quotes' as in the shell and with %(N) for N scaled. The seconds are
// those that the program prints as "@T seconds", or else those from fork to exit. The checksum (FNV-1a) is over all
// else that it prints. rc is the exit status, or minus the signal that ended it.
//
// FILTERS are prefixes of names with commas between them; -PREFIX leaves out; NAME= is that name alone.
// Environment: BSCALE percent (100), BTMO seconds that a workload may take (900), BERR=1 lets its stderr through,
// BFOR seconds (0): while they have not gone by, the list begins again.
#include "kit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/wait.h>

static volatile pid_t running;

static void on_alarm(int signal)
{
    (void)signal;
    if (running > 0)
        kill(running, SIGKILL);
}

static bool selected(const char *name, const char *filters)
{
    char copy[1024];
    bool any = false, hit = false;
    snprintf(copy, sizeof copy, "%s", filters ? filters : "");
    for (char *f = strtok(copy, ","); f; f = strtok(NULL, ",")) {
        bool not = *f == '-';
        f += not ;
        any |= !not ;
        size_t length = strlen(f);
        bool exact = length && f[length - 1] == '=';
        if (strncmp(name, f, length - exact) || (exact && name[length - 1]))
            continue;
        if (not )
            return false;
        hit = true;
    }
    return hit || !any;
}

// A line at once, and gone from the serial port before the clock of the next workload starts.
static void say(const char *line)
{
    fputs(line, stdout);
    fflush(stdout);
    if (isatty(STDOUT_FILENO))
        tcdrain(STDOUT_FILENO);
}

// Splits p into words[], in store[].
static void split(const char *p, int percent, char **words, int room, char *store, size_t size)
{
    char *o = store, *end = store + size - 32;
    int count = 0;
    while (*(p += strspn(p, " ")) && count < room - 1) {
        bool quoted = false;
        words[count++] = o;
        while (*p && (quoted || *p != ' ') && o < end) {
            if (*p == '\'') {
                quoted = !quoted;
                p++;
            } else if (p[0] == '%' && p[1] == '(') {
                char *after;
                o += sprintf(o, "%ld", scaled(strtol(p + 2, &after, 10), percent));
                p = after + (*after == ')');
            } else {
                *o++ = *p++;
            }
        }
        *o++ = '\0';
    }
    words[count] = NULL;
}

static void become(char **words, int out)
{
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    if (!getenv("BERR"))
        dup2(null, STDERR_FILENO);
    close(null);
    close(out);
    execvp(words[0], words);
    _exit(97);
}

// What a workload printed, read a part at a time.
struct output {
    u32 checksum;
    double seconds; // of its own clock; -1: it gave none
    char line[128]; // a line that starts with @, as far as it came
    size_t length;
    bool inside; // a line that does not
};

static void output_take(struct output *o, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char c = bytes[i];
        if (!o->inside && (o->length || c == '@')) {
            if (c != '\n') {
                if (o->length < sizeof o->line - 1)
                    o->line[o->length++] = c;
                continue;
            }
            o->line[o->length] = '\0';
            if (!strncmp(o->line, "@T ", 3))
                o->seconds = atof(o->line + 3);
            o->length = 0;
            continue;
        }
        o->inside = c != '\n';
        o->checksum = (o->checksum ^ (u8)c) * 16777619u;
    }
}

static double seconds_of(struct timeval after, struct timeval before)
{
    return (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_usec - before.tv_usec) * 1e-6;
}

static void run_line(const char *name, const char *command, int percent)
{
    static char store[8192], buffer[65536];
    static char *words[128];
    struct output output = { .checksum = 2166136261u, .seconds = -1 };
    struct rusage before, after;
    char text[256];
    int pipes[2], status = 0;

    split(command, percent, words, 128, store, sizeof store);
    if (pipe(pipes))
        die("pipe");
    snprintf(text, sizeof text, "BENCH-START %s\n", name);
    say(text);
    getrusage(RUSAGE_CHILDREN, &before);
    double start = now();
    pid_t child = fork();
    if (child < 0)
        die("fork");
    if (!child) {
        close(pipes[0]);
        become(words, pipes[1]);
    }
    running = child;
    alarm((unsigned)env_int("BTMO", 900));
    close(pipes[1]);
    for (;;) {
        ssize_t got = read(pipes[0], buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        output_take(&output, buffer, (size_t)got);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    double wall = now() - start;
    alarm(0);
    running = 0;
    close(pipes[0]);
    getrusage(RUSAGE_CHILDREN, &after);
    snprintf(text, sizeof text, "BENCH %s %.6f ck=%08x rc=%d wall=%.3f usr=%.3f sys=%.3f\n", name,
        output.seconds >= 0 ? output.seconds : wall, output.checksum,
        WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), wall, seconds_of(after.ru_utime, before.ru_utime),
        seconds_of(after.ru_stime, before.ru_stime));
    say(text);
}

int suite(const char *file, const char *filters)
{
    int percent = env_int("BSCALE", 100);
    double until = now() + env_int("BFOR", 0);
    char *line = NULL;
    size_t room = 0;
    FILE *f = fopen(file, "re"); // a workload does not inherit it
    if (!f) {
        perror(file);
        return 1;
    }
    sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, NULL); // and read() gives EINTR
    do {
        while (getline(&line, &room, f) > 0) {
            char name[64], *bar = strchr(line, '|');
            line[strcspn(line, "\n")] = '\0';
            if (bar && sscanf(line, "%63[^ |#]", name) == 1 && selected(name, filters))
                run_line(name, bar + 1, percent);
        }
        rewind(f);
    } while (now() < until);
    free(line);
    fclose(f);
    return 0;
}
