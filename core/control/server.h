/* server.h - the control socket: clients, lines of JSON in and out. Commands come from commands.h. */
#ifndef ABBEY_CORE_CONTROL_SERVER_H
#define ABBEY_CORE_CONTROL_SERVER_H

#include <abbey/host.h>

#include "core/control/commands.h"

struct server;

/* Listens at `path`. The host needs "abbey.host.local/1". NULL with the reason. [create] */
struct server *server_new(
    struct commands *commands, const abbey_hostos *host, abbey_loop *loop, const char *path, abbey_error *error);

/* Gives clients what they have not read yet, as far as they take it at once, and closes. The loop does not run. */
void server_free(struct server *server);

#endif
