/* pidns_init_sleep SECONDS [MOUNTPOINT]
 *
 * A start: the command line is looked at, nothing is done yet. README.md says what is wanted. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char *argv[])
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "Usage: %s SECONDS [MOUNTPOINT]\n", argv[0]);
        return EXIT_FAILURE;
    }

    /* TODO: create the child in a new PID namespace; tell its PID. */
    /* TODO, in the child: tell its PID and its parent's as it sees them; become sleep. */
    /* TODO: make MOUNTPOINT, if one is given, and mount a procfs on it. Who is to do that? */
    /* TODO, in the parent: wait, leave nothing behind, end as the child did. */
    fprintf(stderr, "%s: not written yet: %s\n", argv[0], argv[1]);
    return EXIT_FAILURE;
}
