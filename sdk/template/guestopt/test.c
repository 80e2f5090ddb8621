/* test_@NAME@.c - @NAME@ can be loaded, and its machine built. */
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    int status = system("ABBEY_PLUGIN_PATH=.${ABBEY_PLUGIN_PATH:+:$ABBEY_PLUGIN_PATH} abbey config check @NAME@.yaml");
    puts(status ? "@NAME@: failed" : "@NAME@: passed");
    return status != 0;
}
