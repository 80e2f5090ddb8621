/* client.h - the other side of the control socket, for `abbey ctl` and `abbey top`. */
#ifndef ABBEY_CORE_CONTROL_CLIENT_H
#define ABBEY_CORE_CONTROL_CLIENT_H

#include <abbey/host.h>
#include <jansson.h>
#include <stdbool.h>

struct client_link;

/* Connects and reads the greeting. NULL with the reason. */
struct client_link *client_open(const abbey_hostos *host, const char *path, abbey_error *error);
void client_close(struct client_link *link);

/* Sends a request and waits for its answer, {"return"|"error": ...}, at most `timeout` nanoseconds (ABBEY_NEVER: no
 * limit). `args` may be NULL; `cwd` is where relative paths in it start. NULL with the reason when there is none. */
json_t *client_call(
    struct client_link *link, const char *command, json_t *args, const char *cwd, uint64_t timeout, abbey_error *error);

/* Waits that long, or until the user or the system asks the process to end, or the machine hangs up: true then. */
bool client_pause(struct client_link *link, uint64_t nanoseconds);

/* Has the process been asked to end (Ctrl-C, SIGTERM)? */
bool client_asked(const struct client_link *link);

#endif
