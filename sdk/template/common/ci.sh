#!/bin/sh
# What must hold at each change, for any CI service: run it where Abbey, a C compiler, make and pkg-config are installed.
set -eu
cd "$(dirname "$0")"
make clean
make CFLAGS="-O2 -g -Wall -Wextra -Werror"
make check
ABBEY_PLUGIN_PATH="$PWD${ABBEY_PLUGIN_PATH:+:$ABBEY_PLUGIN_PATH}" abbey config check @NAME@.yaml
