/* thermometer.c - a serial instrument: what stands at the far end of the cable of a serial port.
 *
 * It is a backend of kind char. It takes lines that end in CR or LF and answers, 5 ms later and at the pace of its
 * line:
 *
 *   *IDN?    EXAMPLE,THERMOMETER,0,1.0
 *   MEAS?    +23.50
 *   UNIT C   (nothing)  and UNIT F, UNIT K: the unit of MEAS? from then on
 *   else     ERROR
 *
 * The temperature is a property, which `abbey ctl SOCKET ID.set celsius=30` changes while the machine runs. */
#include <stdio.h>
#include <string.h>

#include <abbey/plugin.h>

#define LINE 32u
#define ANSWER 64u

struct thermometer {
    abbey_char chr; /* first: what the device holds is this */
    int32_t start;  /* hundredths of a degree Celsius, from the machine file */
    uint32_t baud;
    int32_t celsius;
    abbey_timer *timer;
    const abbey_char_client_1 *client;
    void *client_self;
    char line[LINE], unit;
    uint32_t line_count;
    char answer[ANSWER];
    uint32_t answer_count;
};
#define ABBEY_SELF struct thermometer

static struct thermometer *of(abbey_char *chr)
{
    return (struct thermometer *)chr;
}

static int32_t attach(abbey_char *chr, const abbey_char_client_1 *client, void *self)
{
    struct thermometer *t = of(chr);
    if (t->client)
        return -1;
    t->client = client;
    t->client_self = self;
    return 0;
}

static void answer(struct thermometer *t, const char *text)
{
    size_t count = strlen(text);
    if (count + 2 > ANSWER - t->answer_count)
        return; /* nobody reads: what does not fit is lost, as on the real thing */
    memcpy(t->answer + t->answer_count, text, count);
    memcpy(t->answer + t->answer_count + count, "\r\n", 2);
    if (!t->answer_count)
        abbey_timer_arm(t->timer, 5 * ABBEY_MS);
    t->answer_count += (uint32_t)count + 2;
}

static void measure(struct thermometer *t)
{
    char text[24];
    int64_t value = t->unit == 'F'   ? (int64_t)t->celsius * 9 / 5 + 3200
                    : t->unit == 'K' ? t->celsius + 27315
                                     : t->celsius;
    int64_t size = value < 0 ? -value : value;
    snprintf(text, sizeof text, "%c%d.%02d", value < 0 ? '-' : '+', (int)(size / 100), (int)(size % 100));
    answer(t, text);
}

static void obey(struct thermometer *t)
{
    const char *line = t->line;
    if (strcmp(line, "*IDN?") == 0)
        answer(t, "EXAMPLE,THERMOMETER,0,1.0");
    else if (strcmp(line, "MEAS?") == 0)
        measure(t);
    else if (strncmp(line, "UNIT ", 5) == 0 && line[5] && strchr("CFK", line[5]) && !line[6])
        t->unit = line[5];
    else if (*line)
        answer(t, "ERROR");
}

static uint32_t hear(abbey_char *chr, const uint8_t *bytes, uint32_t count)
{
    struct thermometer *t = of(chr);
    for (uint32_t i = 0; i < count; i++) {
        if (bytes[i] == '\r' || bytes[i] == '\n') {
            t->line[t->line_count] = 0;
            t->line_count = 0;
            obey(t);
        } else if (t->line_count < LINE - 1) {
            t->line[t->line_count++] = (char)bytes[i];
        }
    }
    return count;
}

/* One byte of the answer, and the next when its ten bits have gone over the line. */
static void speak(void *self)
{
    struct thermometer *t = self;
    if (!t->answer_count || !t->client || !t->client->room(t->client_self))
        return;
    uint8_t byte = (uint8_t)t->answer[0];
    memmove(t->answer, t->answer + 1, --t->answer_count);
    t->client->receive(t->client_self, &byte, 1);
    if (t->answer_count)
        abbey_timer_arm(t->timer, 10 * ABBEY_SEC / t->baud);
}

static void accept(abbey_char *chr)
{
    struct thermometer *t = of(chr);
    if (t->answer_count && abbey_timer_due(t->timer) == ABBEY_NEVER)
        abbey_timer_arm(t->timer, 0);
}

static const abbey_char_ops_1 ops = { .size = sizeof ops, .attach = attach, .write = hear, .accept = accept };

/* ---- its own command ---- */

struct set_args {
    int32_t celsius;
};

static void set(void *self, const void *args, abbey_message *message)
{
    struct thermometer *t = self;
    t->celsius = ((const struct set_args *)args)->celsius * 100;
    abbey_message_integer(message, "celsius", t->celsius / 100);
}

static const abbey_prop set_rows[] = {
    ABBEY_ARG(struct set_args, celsius, 20, "degrees", .min = -273, .max = 10000),
};
static const abbey_command commands[] = {
    { .name = "set",
        .meaning = "sets the temperature that it measures",
        .run = set,
        .args = ABBEY_TABLE(set_rows),
        .args_size = sizeof(struct set_args) },
};

static int32_t create(abbey_dev *dev, void *self, void **interface)
{
    struct thermometer *t = self;
    t->chr.ops = &ops;
    t->unit = 'C';
    t->celsius = t->start;
    t->timer = abbey_timer_new(dev, speak, t);
    *interface = &t->chr;
    return t->timer ? abbey_commands_add(dev, commands, 1, t) : -1;
}

static const abbey_prop props[] = {
    { .name = "temperature",
        .type = ABBEY_TYPE_OF(struct thermometer, start),
        .offset = offsetof(struct thermometer, start),
        .value = 2350,
        .min = -27315,
        .max = 1000000,
        .meaning = "what it measures, in hundredths of a degree Celsius" },
    ABBEY_PROP(baud, 9600, "bits a second of its line", .min = 50, .max = 115200),
};
static const abbey_backend backends[] = {
    { .name = "thermometer",
        .summary = "a serial thermometer, for a serial port",
        .kind = "char",
        .self_size = sizeof(struct thermometer),
        .props = ABBEY_TABLE(props),
        .create = create },
};
ABBEY_PLUGIN(.id = "org.example.thermometer", .version = "1.0.0", .license = "MIT",
    .requires = "abbey.timer/1 abbey.control/1", .backends = ABBEY_TABLE(backends));
