//! kcmp(2): whether two processes share a resource, and who may look.

use super::CLONE_FS;
use crate::prelude::*;

const CLONE_FILES: Flags = Flags::CLONE_FILES;
const CLONE_SYSVSEM: Flags = Flags::CLONE_SYSVSEM;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "api.kcmp-results",
        claim: "kcmp() gives 0 for a resource that two processes share, and another number once one of them has its own.",
        sources: &[man("kcmp(2)", "DESCRIPTION"), man("kcmp(2)", "RETURN VALUE")],
        since: "3.5",
        needs: &[&need::KCMP, &need::PROCFS],
        wrong: "a shared resource is told as different, or the reverse",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.clone("child", CLONE_FS | CLONE_FILES | CLONE_SYSVSEM)?;
            for (flag, resource) in [
                (CLONE_FS, Resource::KCMP_FS),
                (CLONE_FILES, Resource::KCMP_FILES),
                (CLONE_SYSVSEM, Resource::KCMP_SYSVSEM),
            ] {
                parent.kcmp(parent.sealed(), child, resource)?;
                child.unshare(flag)?;
                parent.kcmp(parent.sealed(), child, resource)?;
            }
            lab.note("a descriptor that both have, by one open file and by two")?;
            let fd = parent.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            let other = parent.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            let heir = parent.fork("heir")?;
            parent.kcmp_file(parent.sealed(), heir, fd, fd)?;
            parent.kcmp_file(parent.sealed(), heir, fd, other)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.kcmp-errors",
        claim: "kcmp() refuses a type that it does not know with EINVAL, a process that does not exist with ESRCH, and a descriptor that is not open with EBADF.",
        sources: &[man("kcmp(2)", "ERRORS")],
        since: "3.5",
        needs: &[&need::KCMP, &need::PROCFS],
        wrong: "an answer is given, or another errno",
        play: |lab| {
            let parent = lab.process("parent")?;
            let child = parent.fork("child")?;
            parent.kcmp(parent.sealed(), child, Resource(99))?;
            parent.kcmp_file(parent.sealed(), child, 60, 60)?;
            parent.kcmp(parent.sealed(), child, Resource::KCMP_FS)?;
            child.exit(0)?;
            parent.waitpid(child, WaitOptions::empty())?;
            parent.kcmp(parent.sealed(), child, Resource::KCMP_FS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.kcmp-across-userns",
        claim: "The root of a user namespace may not inspect a process outside, though it is the same user: kcmp() is EPERM and its environment and program are EACCES; its command line it may read, and the process outside may look inside.",
        sources: &[man("ptrace(2)", "Ptrace access mode checking"), man("kcmp(2)", "DESCRIPTION")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::KCMP, &need::PROCFS],
        wrong: "the memory or the files of a process outside are open to the root of a user namespace",
        play: |lab| {
            let outside = lab.process("outside")?;
            let inside = outside.clone("inside", NEWUSER)?;
            lab.note("from inside, with all capabilities there")?;
            inside.capget()?;
            inside.kcmp(outside.sealed(), inside.sealed(), Resource::KCMP_VM)?;
            inside.open(outside.proc("environ"), O_RDONLY)?;
            inside.readlink(outside.proc("exe"))?;
            let cmdline = inside.open(outside.proc("cmdline"), O_RDONLY)?.id()?;
            inside.fcntl_getfl(cmdline)?;
            lab.note("the same calls from outside, of the process inside")?;
            outside.kcmp(outside.sealed(), inside, Resource::KCMP_VM)?;
            let environ = outside.open(inside.proc("environ"), O_RDONLY)?.id()?;
            outside.fcntl_getfl(environ)?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "api.kcmp-no-namespace-type",
    claim: "kcmp() has no type for namespaces.",
    sources: &[man("kcmp(2)", "DESCRIPTION")],
    why: "it says what is not there: namespaces are compared by the inode numbers of their links",
    part: Some("api.procns-same-inode-same-ns"),
}];
