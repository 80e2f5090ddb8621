/* plugin_rig.h - plugins as they were built, and instances of their backends, without the core. */
#ifndef ABBEY_TESTS_PLUGIN_RIG_H
#define ABBEY_TESTS_PLUGIN_RIG_H

#include <abbey/plugin.h>

/* Loads $ABBEY_BUILDDIR/plugins/`file`. NULL when it cannot. */
const abbey_plugin *plugin_open(const char *file);
/* The same; ends the test program when it cannot. */
const abbey_plugin *plugin_need(const char *file);

/* A backend by its name; ends the test program when the plugin has none such. */
const abbey_backend *plugin_backend(const abbey_plugin *plugin, const char *name);

/* An instance before its create(): zeros, and its properties, which are those of `pairs` (name and text, up to NULL)
 * and else have their defaults. Texts are kept by pointer. Ends the test program at a name that is no property. To be
 * freed by free(). */
void *backend_instance(const abbey_backend *backend, va_list pairs);

#endif
