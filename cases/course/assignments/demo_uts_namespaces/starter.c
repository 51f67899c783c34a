/* demo_uts_namespaces NEWNAME
 *
 * A start: the command line is looked at, nothing is done yet. README.md says what is wanted. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char *argv[])
{
    if (argc != 2) {
        fprintf(stderr, "Usage: %s NEWNAME\n", argv[0]);
        return EXIT_FAILURE;
    }

    /* TODO: create the child in a new UTS namespace; tell its PID. */
    /* TODO, in the child: set the host name, show it, stay. */
    /* TODO, in the parent: show the host name once the child has shown its own; wait. */
    fprintf(stderr, "%s: not written yet: %s\n", argv[0], argv[1]);
    return EXIT_FAILURE;
}
