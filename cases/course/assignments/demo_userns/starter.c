/* demo_userns: a child in a new user namespace tells who it is there.
 *
 *     demo_userns [SECONDS]
 *
 * The contract is in README.md.
 */
#define _GNU_SOURCE
#include <stdio.h>

int main(int argc, char *argv[])
{
    (void) argc, (void) argv;   /* goes away as soon as you use them */

    /* 1. Read SECONDS, if given. */
    /* 2. Create the child in a new user namespace. */
    /* 3. In the child: print the line, once or again and again. */
    /* 4. In the parent: wait, and pass on how the child ended. */

    /* A system call that fails is told by perror("its name"), and the exit status is 1 then. */
    fprintf(stderr, "demo_userns: not written yet\n");
    return 2;
}
