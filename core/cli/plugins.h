/* plugins.h - the verbs of `abbey plugins` that have files of their own. Each gets its own name as argv[0]. */
#ifndef ABBEY_CORE_CLI_PLUGINS_H
#define ABBEY_CORE_CLI_PLUGINS_H

#include "core/cli/cli.h"

int cli_plugins_check(int argc, char **argv);
int cli_plugins_new(int argc, char **argv);

#endif
