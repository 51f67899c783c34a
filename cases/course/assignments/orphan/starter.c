/* orphan [MILLISECONDS]
 *
 * A start: nothing but the usage is there yet. README.md says what is wanted. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char *argv[])
{
    if (argc > 2) {
        fprintf(stderr, "Usage: %s [MILLISECONDS]\n", argv[0]);
        return EXIT_FAILURE;
    }

    /* TODO: read MILLISECONDS, if it is there. */
    /* TODO: create the child. */
    /* TODO, in the parent: tell about it, and end. */
    /* TODO, in the child: wait until there is another parent; tell about it; stay for a while. */
    fprintf(stderr, "%s: not written yet\n", argv[0]);
    return EXIT_FAILURE;
}
