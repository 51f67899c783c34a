/* ns_child_exec [-CimnpuUv] COMMAND [ARGUMENT...]
 *
 * A start: nothing but the usage is there yet. README.md says what is wanted. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

static int usage(const char *program)
{
    fprintf(stderr, "Usage: %s [-CimnpuUv] COMMAND [ARGUMENT...]\n", program);
    return EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
    if (argc < 2)
        return usage(argv[0]);

    /* TODO: read the options; a flag of clone(2) for each, and -v. */
    /* TODO: create the child; tell its PID if asked to. */
    /* TODO, in the child: with -m, cut off the mounts from their originals; become the command. */
    /* TODO, in the parent: wait, and end as the command did. */
    fprintf(stderr, "%s: not written yet\n", argv[0]);
    return EXIT_FAILURE;
}
