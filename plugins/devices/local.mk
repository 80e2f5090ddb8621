# Each chip: its shared object, its source, the plugin link flags.
