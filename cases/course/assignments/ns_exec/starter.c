/* ns_exec FILE COMMAND [ARGUMENT...]
 *
 * A start: the command line is looked at, nothing is done yet. README.md says what is wanted. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char *argv[])
{
    if (argc < 3) {
        fprintf(stderr, "Usage: %s FILE COMMAND [ARGUMENT...]\n", argv[0]);
        return EXIT_FAILURE;
    }

    /* TODO: join the namespace that argv[1] stands for. */
    /* TODO: become the command. */
    fprintf(stderr, "%s: not written yet: %s in %s\n", argv[0], argv[2], argv[1]);
    return EXIT_FAILURE;
}
