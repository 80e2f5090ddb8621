/* cli.h - the subcommands of `abbey`. Each gets its own name as argv[0] and returns the exit status. */
#ifndef ABBEY_CORE_CLI_H
#define ABBEY_CORE_CLI_H

/* Exit statuses that scripts rely on. */
#define CLI_OK 0
#define CLI_FAILED 1 /* the machine file or the host could not give what was asked */
#define CLI_USAGE 2
#define CLI_GUEST_FAILED 3 /* triple fault, or the guest asked for an exit with an error */
#define CLI_CRASHED 4      /* a fault of Abbey itself */
#define CLI_TIMEOUT 124
#define CLI_INTERRUPTED 130 /* the quit key or Ctrl-C */
#define CLI_TERMINATED 143  /* SIGTERM */

int cli_run(int argc, char **argv);
int cli_disk(int argc, char **argv);
int cli_config(int argc, char **argv);
int cli_plugins(int argc, char **argv);
int cli_ctl(int argc, char **argv);
int cli_top(int argc, char **argv);
int cli_version(int argc, char **argv);

#endif
