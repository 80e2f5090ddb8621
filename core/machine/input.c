/* input.c - between displays and input devices: the interface "abbey.input/1", typing, and the rules of routing.
 *
 * Symbols. A display such as VNC tells not keys but what their caps say, as the user's own keyboard has it. '"' may be
 * Shift and 2 over there; on the US keyboard that the guest is given it is Shift and the key beside Enter. So a symbol
 * is looked up, and when Shift is not as it needs, a stroke of Shift is put around the key's going down:
 *
 *     the user             the display says        the guest gets
 *     Shift down           Shift down              2Ah down
 *     2 down               " down                  28h down                  " needs Shift, which is down
 *     7 down, Shift held   / down                  2Ah up, 35h down, 2Ah down    / must not have it
 *
 * With Ctrl or Alt down nothing is put around: those strokes are commands. */
#include "core/machine/input.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/machine/keys.h"
#include "core/machine/parts.h"

#define STROKE (12 * ABBEY_MS)    /* virtual time between two changes of keys that are typed */
#define PATIENCE (10 * ABBEY_SEC) /* that typing waits for a guest to read its keyboard */
#define QUEUE_MAX 65536u

static struct input_state *state_of(const struct board *board)
{
    return board->input;
}

/* The device that takes this kind: the one that was created last of those that listen. */
static struct device *taker(const struct board *board, uint32_t kind)
{
    for (unsigned i = board->device_count; i-- > 0;) {
        struct device *device = &board->devices[i];
        if (device->input.client && (device->input.listens & device->input.client->kinds & kind))
            return device;
    }
    return NULL;
}

uint32_t input_listening(const struct board *board)
{
    uint32_t kinds = 0;
    for (unsigned i = 0; i < board->device_count; i++)
        if (board->devices[i].input.client)
            kinds |= board->devices[i].input.client->kinds & board->devices[i].input.listens;
    return kinds;
}

/* ---- keys ---- */

static bool held(const struct input_state *input, uint32_t key)
{
    return input->down[key / 8 & 31] >> key % 8 & 1;
}

void input_key(struct board *board, uint32_t key, bool down)
{
    struct input_state *input = state_of(board);
    struct device *device = taker(board, ABBEY_INPUT_KEYS);
    if (key == 0 || key > 0xff)
        return;
    if (down)
        input->down[key / 8] |= (uint8_t)(1u << key % 8);
    else
        input->down[key / 8] &= (uint8_t) ~(1u << key % 8);
    if (device)
        device->input.client->key(device->input.self, key, down);
}

void input_symbol(struct board *board, uint32_t symbol, bool down)
{
    const struct input_state *input = state_of(board);
    struct key_symbol found = key_of_symbol(symbol);
    bool left = held(input, KEY_SHIFT), right = held(input, KEY_SHIFT_RIGHT), shift = left || right;
    bool command = held(input, 0x1d) || held(input, 0x9d) || held(input, 0x38) || held(input, 0xb8);
    if (!found.key)
        return;
    if (!down || !found.letter || command || shift == (found.shift != 0) || symbol == ' ') {
        input_key(board, found.key, down);
        return;
    }
    if (found.shift) {
        input_key(board, KEY_SHIFT, true);
        input_key(board, found.key, true);
        input_key(board, KEY_SHIFT, false);
        return;
    }
    if (left)
        input_key(board, KEY_SHIFT, false);
    if (right)
        input_key(board, KEY_SHIFT_RIGHT, false);
    input_key(board, found.key, true);
    if (left)
        input_key(board, KEY_SHIFT, true);
    if (right)
        input_key(board, KEY_SHIFT_RIGHT, true);
}

/* ---- pointers ---- */

void input_motion(struct board *board, int32_t dx, int32_t dy, int32_t wheel, uint32_t buttons)
{
    struct input_state *input = state_of(board);
    struct device *device = taker(board, ABBEY_INPUT_MOTION);
    input->placed = false;
    if (device)
        device->input.client->motion(device->input.self, dx, dy, wheel, buttons);
}

/* Size of the screen, for positions that have to become motion. */
static void screen_size(const struct board *board, uint32_t *width, uint32_t *height)
{
    *width = 640;
    *height = 480;
    for (unsigned i = 0; i < board->device_count; i++) {
        const struct screen *screen = board->devices[i].screen;
        if (screen && screen->surface.width) {
            *width = screen->surface.width;
            *height = screen->surface.height;
            return;
        }
    }
}

void input_position(struct board *board, uint32_t x, uint32_t y, int32_t wheel, uint32_t buttons)
{
    struct input_state *input = state_of(board);
    struct device *device = taker(board, ABBEY_INPUT_POSITION);
    uint32_t width, height;
    x = x > ABBEY_POSITION_MAX ? ABBEY_POSITION_MAX : x;
    y = y > ABBEY_POSITION_MAX ? ABBEY_POSITION_MAX : y;
    screen_size(board, &width, &height);
    int32_t dot_x = (int32_t)((uint64_t)x * (width - 1) / ABBEY_POSITION_MAX);
    int32_t dot_y = (int32_t)((uint64_t)y * (height - 1) / ABBEY_POSITION_MAX);
    int32_t dx = input->placed ? dot_x - input->x : 0, dy = input->placed ? dot_y - input->y : 0;
    if (device)
        device->input.client->position(device->input.self, x, y, wheel, buttons);
    else
        input_motion(board, dx, dy, wheel, buttons);
    input->placed = true;
    input->x = dot_x;
    input->y = dot_y;
}

/* ---- typing ---- */

/* A keyboard holds few strokes, and a guest that gets little time reads them late. */
static bool keyboard_busy(const struct board *board)
{
    const struct device *device = taker(board, ABBEY_INPUT_KEYS);
    const abbey_input_client_1 *client = device ? device->input.client : NULL;
    return client && client->size >= offsetof(abbey_input_client_1, busy) + sizeof client->busy && client->busy &&
           client->busy(device->input.self);
}

static void stroke_due(void *self)
{
    struct board *board = self;
    struct input_state *input = state_of(board);
    if (input->first == input->last)
        return;
    bool busy = keyboard_busy(board);
    input->waited = busy ? input->waited + STROKE : 0;
    if (busy && input->waited < PATIENCE) {
        timer_set(input->timer, board->owner.now(board->opaque) + STROKE);
        return;
    }
    uint16_t stroke = input->queue[input->first++];
    input_key(board, stroke & 0xff, stroke >> 8);
    if (input->first < input->last)
        timer_set(input->timer, board->owner.now(board->opaque) + STROKE);
    else
        input->first = input->last = 0;
}

static void stroke_put(struct input_state *input, uint8_t key, bool down)
{
    input->queue[input->last++] = (uint16_t)(key | down << 8);
}

/* Room for `count` more. */
static bool strokes_fit(struct input_state *input, size_t count, abbey_error *error)
{
    if (input->last + count > QUEUE_MAX) {
        snprintf(error->text, sizeof error->text, "too much is being typed already; wait until the guest has read it");
        return false;
    }
    uint16_t *grown = realloc(input->queue, (input->last + count) * sizeof *grown);
    if (!grown)
        snprintf(error->text, sizeof error->text, "out of memory");
    else
        input->queue = grown;
    return grown != NULL;
}

static void strokes_begin(struct board *board)
{
    struct input_state *input = state_of(board);
    if (input->timer->due == ABBEY_NEVER)
        timer_set(input->timer, board->owner.now(board->opaque));
}

static bool keyboard_there(const struct board *board, abbey_error *error)
{
    if (!taker(board, ABBEY_INPUT_KEYS))
        snprintf(error->text, sizeof error->text, "the machine has no keyboard");
    return taker(board, ABBEY_INPUT_KEYS) != NULL;
}

static struct key_symbol symbol_typed(uint8_t character)
{
    return key_of_symbol(character == '\n' ? 0xff0d : character == '\t' ? 0xff09 : character);
}

bool input_type(struct board *board, const char *text, abbey_error *error)
{
    struct input_state *input = state_of(board);
    if (!keyboard_there(board, error) || !strokes_fit(input, 4 * strlen(text), error))
        return false;
    for (const char *at = text; *at; at++) {
        if (!symbol_typed((uint8_t)*at).key) {
            snprintf(error->text, sizeof error->text,
                "character %zu of the text is on no key of a US keyboard; those of ASCII are", (size_t)(at - text) + 1);
            return false;
        }
    }
    for (; *text; text++) {
        struct key_symbol found = symbol_typed((uint8_t)*text);
        if (found.shift)
            stroke_put(input, KEY_SHIFT, true);
        stroke_put(input, found.key, true);
        stroke_put(input, found.key, false);
        if (found.shift)
            stroke_put(input, KEY_SHIFT, false);
    }
    if (input->last)
        strokes_begin(board);
    return true;
}

bool input_keys(struct board *board, const char *names, abbey_error *error)
{
    struct input_state *input = state_of(board);
    uint8_t keys[8];
    unsigned count = 0;
    for (const char *at = names; *at;) {
        size_t length = strcspn(at + (*at == '-'), "-") + (*at == '-'); /* "-" itself is a key */
        uint8_t key = key_of_name(at, length);
        if (!key || count == sizeof keys) {
            snprintf(error->text, sizeof error->text,
                key ? "more than 8 keys"
                    : "there is no key '%.*s'; keys are such as a, 1, enter, f2, ctrl, alt, delete",
                (int)(length < 40 ? length : 40), at);
            return false;
        }
        keys[count++] = key;
        at += length;
        at += *at == '-' && at[1];
    }
    if (!keyboard_there(board, error) || !strokes_fit(input, 2 * count, error))
        return false;
    for (unsigned i = 0; i < count; i++)
        stroke_put(input, keys[i], true);
    while (count)
        stroke_put(input, keys[--count], false);
    strokes_begin(board);
    return true;
}

/* ---- the interface ---- */

static int32_t attach(abbey_dev *dev, const abbey_input_client_1 *client, void *self)
{
    struct device *device = device_of(dev);
    if (device_too_late(device, "attach"))
        return -1;
    bool good = !device->input.client && (!(client->kinds & ABBEY_INPUT_KEYS) || client->key) &&
                (!(client->kinds & ABBEY_INPUT_MOTION) || client->motion) &&
                (!(client->kinds & ABBEY_INPUT_POSITION) || client->position);
    if (!good) {
        device_fail(device, "it takes input twice, or without a callback");
        return -1;
    }
    device->input = (struct input_taker){ client, self, client->kinds };
    return 0;
}

static void listen(abbey_dev *dev, uint32_t kinds)
{
    device_of(dev)->input.listens = kinds;
}

static void send_key(abbey_dev *dev, uint32_t key, uint32_t down)
{
    input_key(device_of(dev)->board, key, down != 0);
}

static void send_symbol(abbey_dev *dev, uint32_t symbol, uint32_t down)
{
    input_symbol(device_of(dev)->board, symbol, down != 0);
}

static void send_motion(abbey_dev *dev, int32_t dx, int32_t dy, int32_t wheel, uint32_t buttons)
{
    input_motion(device_of(dev)->board, dx, dy, wheel, buttons);
}

static void send_position(abbey_dev *dev, uint32_t x, uint32_t y, int32_t wheel, uint32_t buttons)
{
    input_position(device_of(dev)->board, x, y, wheel, buttons);
}

static uint32_t listening(abbey_dev *dev)
{
    return input_listening(device_of(dev)->board);
}

const abbey_input_1 input_interface = { .size = sizeof input_interface,
    .attach = attach,
    .listen = listen,
    .key = send_key,
    .symbol = send_symbol,
    .motion = send_motion,
    .position = send_position,
    .listening = listening };

bool input_new(struct board *board)
{
    struct input_state *input = calloc(1, sizeof *input);
    if (!input)
        return false;
    board->input = input;
    input->desk = (struct device){ .board = board };
    input->desk.last_timer = &input->desk.timers;
    input->timer = timer_new(&input->desk, stroke_due, board);
    return input->timer != NULL;
}

void input_reset(struct board *board)
{
    struct input_state *input = state_of(board);
    timer_set(input->timer, ABBEY_NEVER);
    memset(input->down, 0, sizeof input->down);
    input->first = input->last = 0;
    input->placed = false;
    for (unsigned i = 0; i < board->device_count; i++)
        if (board->devices[i].input.client)
            board->devices[i].input.listens = board->devices[i].input.client->kinds;
}

void input_free(struct board *board)
{
    struct input_state *input = state_of(board);
    if (!input)
        return;
    timers_free(&input->desk);
    free(input->queue);
    free(input);
    board->input = NULL;
}
