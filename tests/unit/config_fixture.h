/* config_fixture.h - a set of plugins from static tables, so that tests of machine files need no shared object. */
#ifndef ABBEY_TESTS_CONFIG_FIXTURE_H
#define ABBEY_TESTS_CONFIG_FIXTURE_H

#include "core/plugin/plugins.h"

struct plugin_set *fixture_plugins(void);

#endif
