/* multi_pidns LEVELS SECONDS DIRECTORY
 *
 * A start: the words are counted, nothing is done yet. README.md says what is wanted. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

static int usage(const char *program)
{
    fprintf(stderr, "Usage: %s LEVELS SECONDS DIRECTORY\n", program);
    return EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
    if (argc != 4)
        return usage(argv[0]);

    /* TODO: read LEVELS; what is no number from 1 up is a wrong command line. */
    /* TODO: make DIRECTORY; create the process of the outermost level. */
    /* TODO, in each level: mount its procfs; create the next level, or become sleep. */
    /* TODO, in each parent: wait, and end as the child did; in the program, clean up first. */
    fprintf(stderr, "%s: not written yet\n", argv[0]);
    return EXIT_FAILURE;
}
