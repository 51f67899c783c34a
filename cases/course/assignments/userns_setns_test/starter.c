/* userns_setns_test: parent and child, the child in a new user namespace, both try to join a third one.
 *
 *     userns_setns_test FILE
 *
 * The contract is in README.md.
 */
#define _GNU_SOURCE
#include <stdio.h>

int main(int argc, char *argv[])
{
    (void) argc, (void) argv;   /* goes away as soon as you use them */

    /* 1. Open FILE. */
    /* 2. Create the child in a new user namespace. */
    /* 3. In the parent: print, try to join, print; then let the child do the same. */
    /* 4. Wait for the child. */

    /* A system call that fails is told by perror("its name"), and the exit status is 1 then. */
    fprintf(stderr, "userns_setns_test: not written yet\n");
    return 2;
}
