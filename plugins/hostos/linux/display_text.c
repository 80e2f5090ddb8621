/* display_text.c - a display in the terminal: the text screen of the guest in colours, the keyboard for it. For
 * text-mode systems over ssh.
 *
 * Only cells that changed since the last picture are drawn, with the escape sequences of ECMA-48 that every terminal
 * emulator has, in UTF-8. A terminal that is smaller than the screen shows its upper left part. In graphics modes there
 * is a line that says so.
 *
 * Keys arrive as characters and escape sequences; the host looks up which keys of a US keyboard make them. Ctrl-A
 * begins a command as on a serial console: Ctrl-A x quits, Ctrl-A h helps. */
#include "display_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <abbey/cp437.h>

#include "console.h"

#define PERIOD_NS 50000000
#define CELLS_MAX 65536u
#define OUT_ROOM 65536u

#define SYM_ENTER 0xff0du
#define SYM_BACKSPACE 0xff08u
#define SYM_TAB 0xff09u
#define SYM_ESC 0xff1bu
#define SYM_CTRL 0xffe3u
#define SYM_ALT 0xffe9u
#define SYM_F1 0xffbeu

/* ---- output ---- */

static void flush(struct display_text *t)
{
    size_t done = 0;
    while (done < t->out_count) {
        ssize_t n = write(STDOUT_FILENO, t->out + done, t->out_count - done);
        if (n < 0 && errno != EINTR) {
            t->redraw = true; /* a terminal that does not take it now: everything next time */
            break;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    t->out_count = 0;
}

__attribute__((format(printf, 2, 3))) static void put(struct display_text *t, const char *format, ...)
{
    va_list args;
    if (OUT_ROOM - t->out_count < 64)
        flush(t);
    va_start(args, format);
    int n = vsnprintf(t->out + t->out_count, OUT_ROOM - t->out_count, format, args);
    va_end(args);
    t->out_count += n > 0 && (size_t)n < OUT_ROOM - t->out_count ? (size_t)n : 0;
}

/* VGA numbers colours blue, green, red from bit 0 up; terminals red, green, blue. */
static unsigned colour(unsigned vga)
{
    return (vga & 2) | (vga >> 2 & 1) | (vga & 1) << 2;
}

static void attribute_set(struct display_text *t, unsigned attribute)
{
    unsigned ink = attribute & 15, paper = attribute >> 4 & 7;
    if ((int)attribute == t->attribute)
        return;
    put(t, "\033[0;%u;%um", (ink & 8 ? 90 : 30) + colour(ink), 40 + colour(paper));
    t->attribute = (int)attribute;
}

static void cell_put(struct display_text *t, uint32_t row, uint32_t column, uint16_t cell)
{
    char character[4] = "";
    if (row != t->row || column != t->column)
        put(t, "\033[%u;%uH", row + 1, column + 1);
    attribute_set(t, cell >> 8);
    character[abbey_cp437_utf8((uint8_t)cell, character)] = 0;
    put(t, "%s", character);
    t->row = row;
    t->column = column + 1;
}

static void size_look(struct display_text *t)
{
    struct winsize size = { .ws_row = 24, .ws_col = 80 };
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    if (size.ws_row != t->rows || size.ws_col != t->columns)
        t->redraw = true;
    t->rows = size.ws_row;
    t->columns = size.ws_col;
}

static void graphics_say(struct display_text *t)
{
    if (!t->redraw && t->shown_columns == 0)
        return;
    put(t, "\033[0m\033[2J\033[H(the guest shows graphics; this display shows text)");
    t->attribute = -1;
    t->shown_columns = 0;
    t->redraw = false;
    flush(t);
}

static void draw(struct display_text *t)
{
    abbey_text text = { .size = sizeof text };
    size_look(t);
    if (!t->source || !t->source->text(t->source_self, &text) || text.columns * text.rows > CELLS_MAX) {
        graphics_say(t);
        return;
    }
    if (text.columns != t->shown_columns || text.rows != t->shown_rows)
        t->redraw = true;
    if (t->redraw)
        put(t, "\033[0m\033[2J");
    t->attribute = t->redraw ? -1 : t->attribute;
    t->row = UINT32_MAX;
    bool all = t->redraw;
    t->redraw = false;
    t->shown_columns = text.columns;
    t->shown_rows = text.rows;
    for (uint32_t row = 0; row < text.rows && row < t->rows; row++) {
        for (uint32_t column = 0; column < text.columns && column < t->columns; column++) {
            uint32_t at = row * text.columns + column;
            if (all || t->cells[at] != text.cells[at])
                cell_put(t, row, column, text.cells[at]);
            t->cells[at] = text.cells[at];
        }
    }
    bool cursor = text.cursor != ABBEY_TEXT_NO_CURSOR && text.cursor / text.columns < t->rows;
    if (t->out_count || text.cursor != t->cursor)
        put(t, cursor ? "\033[%u;%uH\033[?25h" : "\033[?25l", cursor ? text.cursor / text.columns + 1 : 0,
            cursor ? text.cursor % text.columns + 1 : 0);
    t->cursor = text.cursor;
    flush(t);
}

static void on_timer(void *arg, uint32_t events)
{
    struct display_text *t = arg;
    uint64_t count;
    ssize_t got = read(t->timer_fd, &count, sizeof count);
    (void)got, (void)events;
    draw(t);
}

/* ---- keys ---- */

static void stroke(struct display_text *t, uint32_t symbol)
{
    t->input->symbol(t->dev, symbol, 1);
    t->input->symbol(t->dev, symbol, 0);
}

static void with(struct display_text *t, uint32_t modifier, uint32_t symbol)
{
    t->input->symbol(t->dev, modifier, 1);
    stroke(t, symbol);
    t->input->symbol(t->dev, modifier, 0);
}

/* What terminals send for keys without a character, behind ESC; xterm's and the console's forms. */
static const struct {
    const char *sequence;
    uint32_t symbol;
} sequences[] = {
    { "[A", 0xff52 },
    { "[B", 0xff54 },
    { "[C", 0xff53 },
    { "[D", 0xff51 },
    { "OA", 0xff52 },
    { "OB", 0xff54 },
    { "OC", 0xff53 },
    { "OD", 0xff51 },
    { "[H", 0xff50 },
    { "[F", 0xff57 },
    { "OH", 0xff50 },
    { "OF", 0xff57 },
    { "[1~", 0xff50 },
    { "[2~", 0xff63 },
    { "[3~", 0xffff },
    { "[4~", 0xff57 },
    { "[5~", 0xff55 },
    { "[6~", 0xff56 },
    { "[7~", 0xff50 },
    { "[8~", 0xff57 },
    { "OP", SYM_F1 },
    { "OQ", SYM_F1 + 1 },
    { "OR", SYM_F1 + 2 },
    { "OS", SYM_F1 + 3 },
    { "[[A", SYM_F1 },
    { "[[B", SYM_F1 + 1 },
    { "[[C", SYM_F1 + 2 },
    { "[[D", SYM_F1 + 3 },
    { "[[E", SYM_F1 + 4 },
    { "[11~", SYM_F1 },
    { "[12~", SYM_F1 + 1 },
    { "[13~", SYM_F1 + 2 },
    { "[14~", SYM_F1 + 3 },
    { "[15~", SYM_F1 + 4 },
    { "[17~", SYM_F1 + 5 },
    { "[18~", SYM_F1 + 6 },
    { "[19~", SYM_F1 + 7 },
    { "[20~", SYM_F1 + 8 },
    { "[21~", SYM_F1 + 9 },
    { "[23~", SYM_F1 + 10 },
    { "[24~", SYM_F1 + 11 },
};

static void character(struct display_text *t, uint8_t byte)
{
    switch (byte) {
    case '\r': stroke(t, SYM_ENTER); break;
    case '\n': stroke(t, SYM_ENTER); break;
    case '\t': stroke(t, SYM_TAB); break;
    case 0x1b: stroke(t, SYM_ESC); break;
    case 0x08:
    case 0x7f: stroke(t, SYM_BACKSPACE); break;
    case 0: with(t, SYM_CTRL, ' '); break;
    default:
        if (byte < 0x20)
            with(t, SYM_CTRL, byte < 27 ? byte + 'a' - 1u : byte + '@' + 0u);
        else if (byte < 0x7f)
            stroke(t, byte);
    }
}

/* Bytes behind an ESC that came with it: the key of the longest sequence, or Alt with a character. */
static uint32_t escape(struct display_text *t, const uint8_t *bytes, uint32_t count)
{
    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
        size_t length = strlen(sequences[i].sequence);
        if (length <= count && memcmp(bytes, sequences[i].sequence, length) == 0) {
            stroke(t, sequences[i].symbol);
            return (uint32_t)length;
        }
    }
    if (bytes[0] >= 0x20 && bytes[0] < 0x7f) {
        with(t, SYM_ALT, bytes[0]);
        return 1;
    }
    stroke(t, SYM_ESC);
    return 0;
}

static void on_command(void *arg, enum keys_action action)
{
    struct display_text *t = arg;
    if (action == KEYS_QUIT)
        t->event->ask(t->loop, ABBEY_ASKED_CONSOLE_QUIT);
    else if (action == KEYS_HELP) {
        char text[512];
        uint32_t count = keys_help(text, sizeof text);
        put(t, "\033[0m\033[2J\033[H%.*s", (int)count, text);
        flush(t);
        t->redraw = false; /* until the guest changes something, or Ctrl-A h again */
        t->shown_columns = 0;
    }
}

static void on_input(void *arg, uint32_t events)
{
    struct display_text *t = arg;
    uint8_t in[256], bytes[256];
    ssize_t got = read(STDIN_FILENO, in, sizeof in);
    (void)events;
    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR))
            t->event->rewatch(t->watch, 0);
        return;
    }
    uint32_t count = keys_filter(&t->keys, in, (uint32_t)got, bytes);
    for (uint32_t i = 0; i < count; i++) {
        if (bytes[i] == 0x1b && i + 1 < count)
            i += escape(t, bytes + i + 1, count - i - 1);
        else
            character(t, bytes[i]);
    }
}

/* ---- instance ---- */

static int32_t on_attach(abbey_display *display, const abbey_display_source_1 *calls, void *source)
{
    struct display_text *t = (struct display_text *)display;
    if (t->source)
        return -1;
    t->source = calls;
    t->source_self = source;
    return 0;
}

static void on_surface(abbey_display *display, const abbey_surface *surface)
{
    (void)display, (void)surface; /* the cells are asked for */
}

static void on_update(abbey_display *display, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    (void)display, (void)x, (void)y, (void)width, (void)height;
}

static const abbey_display_ops_1 ops = {
    .size = sizeof ops, .attach = on_attach, .surface = on_surface, .update = on_update
};

static int32_t open_all(struct display_text *t)
{
    struct itimerspec spec = { .it_value.tv_nsec = 1, .it_interval.tv_nsec = PERIOD_NS };
    t->event = abbey_query(t->dev, ABBEY_HOST_EVENT_1);
    t->loop = abbey_loop_get(t->dev);
    t->input = abbey_input(t->dev);
    if (!t->loop || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return abbey_fail(t->dev, "the display `text' needs a terminal; use `vnc', or none");
    t->cells = abbey_alloc(t->dev, CELLS_MAX * sizeof *t->cells);
    t->out = abbey_alloc(t->dev, OUT_ROOM);
    t->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (t->timer_fd >= 0)
        t->timer = t->event->watch(t->loop, t->timer_fd, ABBEY_EVENT_READ, on_timer, t);
    t->watch = t->event->watch(t->loop, STDIN_FILENO, ABBEY_EVENT_READ, on_input, t);
    if (!t->cells || !t->out || !t->timer || !t->watch)
        return abbey_fail(t->dev, "out of memory or file descriptors");
    if (console_raw(STDIN_FILENO) != 0)
        return abbey_fail(t->dev, "cannot make the terminal raw: %s", strerror(errno));
    t->raw = true;
    t->keys = (struct keys){ .act = on_command, .arg = t };
    timerfd_settime(t->timer_fd, 0, &spec, NULL);
    put(t, "\033[?1049h\033[2J"); /* the other screen, so that the user's text is there afterwards */
    flush(t);
    return 0;
}

void display_text_destroy(void *self)
{
    struct display_text *t = self;
    if (t->raw) {
        draw(t);
        put(t, "\033[0m\033[?25h\033[?1049l");
        flush(t);
        console_cooked();
    }
    if (t->watch)
        t->event->unwatch(t->watch);
    if (t->timer)
        t->event->unwatch(t->timer);
    if (t->timer_fd >= 0)
        close(t->timer_fd);
}

int32_t display_text_create(abbey_dev *dev, void *self, void **interface)
{
    struct display_text *t = self;
    t->dev = dev;
    t->display.ops = &ops;
    t->timer_fd = -1;
    t->attribute = -1;
    t->redraw = true;
    if (open_all(t) != 0) {
        display_text_destroy(self);
        return -1;
    }
    *interface = &t->display;
    return 0;
}
