/* simple_init [-v]
 *
 * A start: nothing but the usage is there yet. README.md says what is wanted. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char *argv[])
{
    if (argc > 2 || (argc == 2 && strcmp(argv[1], "-v") != 0)) {
        fprintf(stderr, "Usage: %s [-v]\n", argv[0]);
        return EXIT_FAILURE;
    }

    /* TODO: take the terminal. */
    /* TODO: wait for children whenever some have ended. */
    /* TODO: prompt, read a line, split it into words, execute them in a child; again. */
    fprintf(stderr, "%s: not written yet\n", argv[0]);
    return EXIT_FAILURE;
}
