/* unshare [-CimnpuUf] COMMAND [ARGUMENT...]
 *
 * A start: nothing but the usage is there yet. README.md says what is wanted. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

static int usage(const char *program)
{
    fprintf(stderr, "Usage: %s [-CimnpuUf] COMMAND [ARGUMENT...]\n", program);
    return EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
    if (argc < 2)
        return usage(argv[0]);

    /* TODO: read the options; a flag of unshare(2) for each, and -f. */
    /* TODO: leave the namespaces; with -m, cut off the mounts from their originals. */
    /* TODO: with -f, become the parent of the command and wait for it. */
    /* TODO: become the command. */
    fprintf(stderr, "%s: not written yet\n", argv[0]);
    return EXIT_FAILURE;
}
