/* userns_child_exec: executes a command in new namespaces, with id maps if wanted.
 *
 *     userns_child_exec [-imnpuUvz] [-M MAP] [-G MAP] COMMAND [ARG]...
 *
 * The contract is in README.md.
 */
#define _GNU_SOURCE
#include <stdio.h>

int main(int argc, char *argv[])
{
    (void) argc, (void) argv;   /* goes away as soon as you use them */

    /* 1. Read the command line; stop at the first word that is not an option. */
    /* 2. Create the child in the namespaces that are wanted. */
    /* 3. In the child: wait until it may go on, then execute COMMAND. */
    /* 4. In the parent: write the maps, say so, wait, and pass on how the child ended. */

    /* A system call that fails is told by perror("its name"), and the exit status is 1 then. */
    fprintf(stderr, "userns_child_exec: not written yet\n");
    return 2;
}
