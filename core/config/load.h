/* load.h - a machine on its way from files to description, for those who want the tree or the errors too. */
#ifndef ABBEY_CORE_CONFIG_LOAD_H
#define ABBEY_CORE_CONFIG_LOAD_H

#include "core/config/tree.h"

/* `config` comes first: a struct config handed out is a struct load. */
struct load {
    struct config config;
    struct arena arena;
    struct report report;
    struct node *root; /* all files and settings merged; NULL when one of them is no YAML or is missing */
    bool owns_plugins;
};

/* Never NULL; good when report.count is 0. */
struct load *load_machine(const struct config_request *request);
void load_free(struct load *load);

#endif
