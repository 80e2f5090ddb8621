/* link.h - how `abbey ctl` and `abbey top` reach a running machine. */
#ifndef ABBEY_CORE_CLI_LINK_H
#define ABBEY_CORE_CLI_LINK_H

#include "core/control/client.h"
#include "core/plugin/plugins.h"

/* Statuses of commands that talk to a machine, beside those of cli.h. */
#define LINK_REFUSED 1     /* the machine answered with an error */
#define LINK_UNREACHABLE 3 /* nobody answered */

struct link {
    struct plugin_set *plugins;
    struct client_link *client;
};

/* Connects to the control socket; false after an error told in the name of `who` ("abbey ctl"). */
bool link_open(struct link *link, const char *path, const char *who);
void link_close(struct link *link);

/* Tells an error answer, as the machine gave it. */
void link_tell(const json_t *error, const char *who);

#endif
