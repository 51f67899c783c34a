//! Mounts of devpts: each is a set of pseudo-terminals of its own.
//!
//! Terminals as such live with the cases of PID namespaces.

use super::{NO_DATA, NO_FLAGS};
use crate::prelude::*;

/// A process with an instance of devpts at each of these places.
fn with_instances<'l>(lab: &'l Lab<'l>, places: &[&str]) -> Result<Process<'l>, Interrupt> {
    let process = lab.process("process")?;
    for place in places {
        process.mkdir(*place, 0o755)?;
        process.mount("", *place, "devpts", NO_FLAGS, "ptmxmode=666,mode=600")?;
    }
    Ok(process)
}

const MASTER: OpenFlags = OpenFlags::O_RDWR.union(OpenFlags::O_NOCTTY);

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "mnt.devpts-own-instance",
        claim: "Every mount of devpts is an instance of its own: its terminals are numbered by themselves and are not listed in another one; a bind of it shows the same terminals.",
        sources: &[text("Documentation/filesystems/devpts.rst")],
        since: "4.7",
        needs: &[&need::PROCFS, &need::DEVPTS],
        wrong: "a terminal that is opened in one place can be opened in another",
        play: |lab| {
            let process = with_instances(lab, &["/tmp/a", "/tmp/b"])?;
            let master = process.open("/tmp/a/ptmx", MASTER)?.id()?;
            process.mkdir("/tmp/bind", 0o755)?;
            process.mount("/tmp/a", "/tmp/bind", "", MountFlags::MS_BIND, NO_DATA)?;
            for place in ["/tmp/a", "/tmp/b", "/tmp/bind"] {
                process.readdir(place)?;
            }
            lab.note("another terminal of the same number, then the end of the first")?;
            process.open("/tmp/b/ptmx", MASTER)?;
            process.close(master)?;
            for place in ["/tmp/a", "/tmp/b", "/tmp/bind"] {
                process.readdir(place)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "mnt.tiocgptpeer-crosses-ns",
        claim: "TIOCGPTPEER opens the terminal that belongs to a master also in a mount namespace in which its file cannot be reached, and not one of the same number that can.",
        sources: &[man("ioctl_tty(2)", "TIOCGPTPEER"), man("TIOCGPTPEER(2const)", "")],
        since: "4.13",
        needs: &[&need::PROCFS, &need::DEVPTS],
        wrong: "the terminal cannot be opened, or another one of this number is",
        play: |lab| {
            let process = with_instances(lab, &["/tmp/a"])?;
            let master = process.open("/tmp/a/ptmx", MASTER)?.id()?;
            process.ioctl_tiocsptlck(master)?;
            process.stat_identity("/tmp/a/0")?;
            lab.note("a namespace in which another terminal has this name")?;
            let apart = process.clone("apart", NEWNS)?;
            apart.mount("", "/tmp/a", "devpts", NO_FLAGS, "ptmxmode=666,mode=600")?;
            apart.open("/tmp/a/ptmx", MASTER)?;
            apart.stat_identity("/tmp/a/0")?;
            let terminal = apart.ioctl_tiocgptpeer(master, MASTER)?.id()?;
            apart.stat_identity(format!("/proc/self/fd/{terminal}"))?;
            process.stat_identity("/tmp/a/0")?;
            Ok(())
        },
        ..CASE
    },
];

/// Claims that are not tested.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "mnt.pty-reserve-initial-only",
    claim: "kernel.pty.reserve keeps some of the pseudo-terminals of the machine for instances of devpts that were mounted in the initial mount namespace.",
    sources: &[text("Documentation/filesystems/devpts.rst")],
    why: "the limits kernel.pty.max and kernel.pty.reserve count for the whole machine, and the terminals of the initial mount namespace are those of its users: a case would have to use them up",
    part: Some("mnt.devpts-own-instance"),
}];
