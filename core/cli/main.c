/* main.c - the `abbey` command: picks the subcommand. */
#include <stdio.h>

#include "config.h"

int main(void)
{
    fputs("abbey " PACKAGE_VERSION "\n", stderr);
    return 2;
}
