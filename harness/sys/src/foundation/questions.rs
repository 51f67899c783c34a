//! The questions to the kernel, one function each. Each runs in a process of its own, which may
//! change its namespaces as it likes, and uses system calls alone.
//!
//! A process that a question creates lives until it has done its part or until the asker's end of
//! a pipe is closed; so whatever a wrong kernel does, nothing outlives the process that asks. No
//! answer rests on time where the kernel can be asked instead: a process that answers after it must
//! have been killed is proof, one that merely has not ended yet is not.

use super::{Foundation, Standing};
use crate::capability::{Capabilities, find_capabilities};
use crate::errno::Errno;
use crate::sandbox::map_ids;
use crate::{reap, wire};
use nix::mount::MsFlags;
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// All of them.
pub(super) static ALL: &[&Foundation] = &[
    &MOUNT_NAMESPACES,
    &UTS_NAMESPACES,
    &IPC_NAMESPACES,
    &USER_NAMESPACES,
    &CGROUP_NAMESPACES,
    &NETWORK_NAMESPACES,
    &FIRST_PROCESS_IS_1,
    &ANCESTORS_KILL_INIT,
    &END_OF_INIT_ENDS_ALL,
    &INIT_ADOPTS_ORPHANS,
    &NO_FORK_AFTER_INIT,
    &PROCFS_OF_ITS_MOUNTER,
    &CREDENTIALS_ARE_TRANSLATED,
    &OWNER_IS_TRANSLATED,
];

/// CLONE_NEWNS gives the caller a new mount namespace.
pub static MOUNT_NAMESPACES: Foundation = Foundation {
    name: "mount-namespaces",
    rule: "CLONE_NEWNS gives the caller a new mount namespace",
    source: "unshare(2)",
    ask: |_| new_namespace(libc::CLONE_NEWNS, "CLONE_NEWNS", "mnt"),
};

/// CLONE_NEWUTS gives the caller a new UTS namespace.
pub static UTS_NAMESPACES: Foundation = Foundation {
    name: "uts-namespaces",
    rule: "CLONE_NEWUTS gives the caller a new UTS namespace",
    source: "unshare(2)",
    ask: |_| new_namespace(libc::CLONE_NEWUTS, "CLONE_NEWUTS", "uts"),
};

/// CLONE_NEWIPC gives the caller a new IPC namespace.
pub static IPC_NAMESPACES: Foundation = Foundation {
    name: "ipc-namespaces",
    rule: "CLONE_NEWIPC gives the caller a new IPC namespace",
    source: "unshare(2)",
    ask: |_| new_namespace(libc::CLONE_NEWIPC, "CLONE_NEWIPC", "ipc"),
};

/// CLONE_NEWUSER gives the caller a new user namespace.
pub static USER_NAMESPACES: Foundation = Foundation {
    name: "user-namespaces",
    rule: "CLONE_NEWUSER gives the caller a new user namespace",
    source: "unshare(2)",
    ask: |_| changes_namespace(libc::CLONE_NEWUSER, "CLONE_NEWUSER", "user"),
};

/// CLONE_NEWCGROUP gives the caller a new cgroup namespace.
pub static CGROUP_NAMESPACES: Foundation = Foundation {
    name: "cgroup-namespaces",
    rule: "CLONE_NEWCGROUP gives the caller a new cgroup namespace",
    source: "unshare(2)",
    ask: |_| new_namespace(libc::CLONE_NEWCGROUP, "CLONE_NEWCGROUP", "cgroup"),
};

/// CLONE_NEWNET gives the caller a new network namespace.
pub static NETWORK_NAMESPACES: Foundation = Foundation {
    name: "network-namespaces",
    rule: "CLONE_NEWNET gives the caller a new network namespace",
    source: "unshare(2)",
    ask: |_| new_namespace(libc::CLONE_NEWNET, "CLONE_NEWNET", "net"),
};

/// The first process of a new PID namespace has the PID 1 there.
pub static FIRST_PROCESS_IS_1: Foundation = Foundation {
    name: "first-process-is-1",
    rule: "the first process of a new PID namespace has the PID 1 there",
    source: "pid_namespaces(7), The namespace init process",
    ask: first_process_is_1,
};

/// SIGKILL from a process of an ancestor PID namespace ends an init.
pub static ANCESTORS_KILL_INIT: Foundation = Foundation {
    name: "ancestors-kill-init",
    rule: "SIGKILL from a process of an ancestor PID namespace ends an init",
    source: "pid_namespaces(7), The namespace init process",
    ask: ancestors_kill_init,
};

/// When the init of a PID namespace ends, the kernel ends all of its processes.
pub static END_OF_INIT_ENDS_ALL: Foundation = Foundation {
    name: "end-of-init-ends-all",
    rule: "when the init of a PID namespace ends, the kernel ends all of its processes",
    source: "pid_namespaces(7), The namespace init process",
    ask: end_of_init_ends_all,
};

/// A process whose parent ends becomes a child of the init of its PID namespace.
pub static INIT_ADOPTS_ORPHANS: Foundation = Foundation {
    name: "init-adopts-orphans",
    rule: "a process whose parent ends becomes a child of the init of its PID namespace",
    source: "pid_namespaces(7), The namespace init process",
    ask: init_adopts_orphans,
};

/// Fork(2) into a PID namespace whose init has ended fails with ENOMEM.
pub static NO_FORK_AFTER_INIT: Foundation = Foundation {
    name: "no-fork-after-init",
    rule: "fork(2) into a PID namespace whose init has ended fails with ENOMEM",
    source: "pid_namespaces(7), The namespace init process",
    ask: no_fork_after_init,
};

/// A new procfs shows the processes of the PID namespace of whoever mounts it.
pub static PROCFS_OF_ITS_MOUNTER: Foundation = Foundation {
    name: "procfs-of-its-mounter",
    rule: "a new procfs shows the processes of the PID namespace of whoever mounts it",
    source: "pid_namespaces(7), /proc and PID namespaces",
    ask: procfs_of_its_mounter,
};

/// The PID that SCM_CREDENTIALS tells is the sender's in the PID namespace of the receiver.
pub static CREDENTIALS_ARE_TRANSLATED: Foundation = Foundation {
    name: "credentials-are-translated",
    rule: "the PID that SCM_CREDENTIALS tells is the sender's in the PID namespace of the receiver",
    source: "pid_namespaces(7), Miscellaneous",
    ask: credentials_are_translated,
};

/// F_GETOWN_EX tells the PID of the owner in the PID namespace of whoever asks.
pub static OWNER_IS_TRANSLATED: Foundation = Foundation {
    name: "owner-is-translated",
    rule: "F_GETOWN_EX tells the PID of the owner in the PID namespace of whoever asks",
    source: "F_GETOWN_EX(2const), DESCRIPTION; kernel behaviour: fs/fcntl.c",
    ask: owner_is_translated,
};

/// The answer to a question, or the reason why it cannot be asked here.
type Attempt = Result<Standing, String>;

fn standing(attempt: Attempt) -> Standing {
    attempt.unwrap_or_else(Standing::Unknown)
}

/// Gives the asker the privilege to create namespaces: what it has, or a user namespace.
fn privileged() -> Result<(), String> {
    if find_capabilities().is_ok_and(|sets| sets.effective.contains(Capabilities::CAP_SYS_ADMIN)) {
        return Ok(());
    }
    let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
    // SAFETY: takes a number; the asker has one thread.
    called("unshare(CLONE_NEWUSER)", unsafe { libc::unshare(libc::CLONE_NEWUSER) })?;
    map_ids(&format!("0 {uid} 1"), &format!("0 {gid} 1"))
}

fn called(call: &str, returned: impl Into<i64>) -> Result<i64, String> {
    Errno::result(returned).map_err(|errno| format!("{call} gives {}", errno.describe()))
}

/// Creates a process that calls a function and ends with its result.
fn create(flags: libc::c_int, child: impl FnOnce() -> i32) -> Result<i32, Errno> {
    let flags = libc::c_long::from(flags | libc::SIGCHLD);
    // SAFETY: without CLONE_VM the child has a copy of everything, and the asker has one thread; no
    // pointer is passed. The child ends by _exit.
    match unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) } {
        -1 => Err(Errno::last()),
        0 => unsafe { libc::_exit(child()) },
        pid => Ok(pid as i32),
    }
}

fn create_or_say(flags: libc::c_int, names: &str, child: impl FnOnce() -> i32) -> Result<i32, String> {
    create(flags, child).map_err(|errno| format!("clone({names}) gives {}", errno.describe()))
}

/// A pipe of numbers.
struct Numbers {
    reader: RawFd,
    writer: RawFd,
}

impl Numbers {
    fn new() -> Result<Numbers, String> {
        let (reader, writer) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)
            .map_err(|errno| format!("pipe: {}", Errno::from(errno).describe()))?;
        Ok(Numbers { reader: reader.into_raw_fd(), writer: writer.into_raw_fd() })
    }

    /// This process only writes.
    fn only_writes(&self) {
        close(self.reader);
    }

    /// This process only reads: it sees when the last writer ends.
    fn only_reads(&self) {
        close(self.writer);
    }

    /// This process does neither.
    fn leave(&self) {
        close(self.reader);
        close(self.writer);
    }

    fn tell(&self, number: i32) -> bool {
        let bytes = number.to_ne_bytes();
        // SAFETY: the bytes outlive the call.
        let written = unsafe { libc::write(self.writer, bytes.as_ptr().cast(), bytes.len()) };
        written == bytes.len() as isize
    }

    fn hear(&self, time: Duration) -> Heard {
        if !reap::readable(self.reader, time) {
            return Heard::Nothing;
        }
        let mut bytes = [0; 4];
        // SAFETY: as above. Writes of four bytes to a pipe are not torn.
        match unsafe { libc::read(self.reader, bytes.as_mut_ptr().cast(), bytes.len()) } {
            4 => Heard::Number(i32::from_ne_bytes(bytes)),
            _ => Heard::End,
        }
    }
}

fn close(descriptor: RawFd) {
    // SAFETY: a descriptor of the question's own, not used afterwards.
    unsafe { libc::close(descriptor) };
}

#[derive(PartialEq, Eq)]
enum Heard {
    Number(i32),
    /// Nobody is left who could write.
    End,
    /// Nothing in this time.
    Nothing,
}

/// Longer than any question takes: a process that waits for the asker ends with it instead.
const FOREVER: Duration = Duration::from_secs(3600);

const LATE: &str = "a process of the question did not answer in time";

fn expect(told: Heard, rule: impl FnOnce(i32) -> Option<String>) -> Attempt {
    match told {
        Heard::Number(number) => Ok(rule(number).map_or(Standing::Holds, Standing::Broken)),
        Heard::End => Err("a process of the question ended without an answer".to_string()),
        Heard::Nothing => Err(LATE.to_string()),
    }
}

fn new_namespace(flag: libc::c_int, name: &str, file: &str) -> Standing {
    match privileged() {
        Ok(()) => changes_namespace(flag, name, file),
        Err(why) => Standing::Unknown(why),
    }
}

/// Whether unshare(2) with a flag changes what /proc/self/ns shows of the caller.
fn changes_namespace(flag: libc::c_int, name: &str, file: &str) -> Standing {
    use std::os::unix::fs::MetadataExt;
    let path = format!("/proc/self/ns/{file}");
    let identity = || {
        let found = std::fs::metadata(&path).map(|found| (found.dev(), found.ino()));
        found.map_err(|error| format!("{path}: {error}"))
    };
    standing((|| {
        let before = identity()?;
        // SAFETY: takes a number; the asker has one thread.
        called(&format!("unshare({name})"), unsafe { libc::unshare(flag) })?;
        Ok(match identity()? == before {
            false => Standing::Holds,
            true => Standing::Broken(format!(
                "unshare({name}) gives 0, but {path} shows the same namespace before and after"
            )),
        })
    })())
}

fn first_process_is_1(time: Duration) -> Standing {
    standing((|| {
        privileged()?;
        let told = Numbers::new()?;
        let first = create_or_say(libc::CLONE_NEWPID, "CLONE_NEWPID", || {
            // SAFETY: takes nothing.
            i32::from(!told.tell(unsafe { libc::getpid() }))
        })?;
        told.only_reads();
        let answer = expect(told.hear(time), |pid| {
            (pid != 1).then(|| format!("getpid() of the first process gives {pid}"))
        });
        reap::kill_within(first, time);
        answer
    })())
}

/// A process that answers each number with the same one, until nobody asks any more.
fn echo(questions: &Numbers, answers: &Numbers) -> i32 {
    while let Heard::Number(number) = questions.hear(FOREVER) {
        if !answers.tell(number) {
            break;
        }
    }
    0
}

fn ancestors_kill_init(time: Duration) -> Standing {
    standing((|| {
        privileged()?;
        let (questions, answers) = (Numbers::new()?, Numbers::new()?);
        let init = create_or_say(libc::CLONE_NEWPID, "CLONE_NEWPID", || {
            questions.only_reads();
            answers.only_writes();
            echo(&questions, &answers)
        })?;
        questions.only_writes();
        answers.only_reads();
        questions.tell(1);
        if answers.hear(time) != Heard::Number(1) {
            return Err(LATE.to_string());
        }
        // SAFETY: signals a child that is not reaped yet.
        called("kill(init, SIGKILL)", unsafe { libc::kill(init, libc::SIGKILL) })?;
        // It cannot come back to its own code with the signal pending.
        questions.tell(2);
        match answers.hear(time) {
            Heard::End => Ok(Standing::Holds),
            Heard::Number(_) => Ok(Standing::Broken(
                "kill(init, SIGKILL) by its parent gives 0, and init goes on".to_string(),
            )),
            Heard::Nothing => Err(LATE.to_string()),
        }
    })())
}

/// How often a process answers that should have been killed before it counts as left alive.
const TURNS: u32 = 100;

fn end_of_init_ends_all(time: Duration) -> Standing {
    standing((|| {
        privileged()?;
        let (questions, answers, go, alive) =
            (Numbers::new()?, Numbers::new()?, Numbers::new()?, Numbers::new()?);
        let init = create_or_say(libc::CLONE_NEWPID, "CLONE_NEWPID", || {
            questions.only_reads();
            answers.only_writes();
            go.only_reads();
            alive.only_writes();
            let member = create(0, || {
                go.leave();
                close(alive.writer);
                echo(&questions, &answers)
            });
            close(answers.writer);
            if member.is_ok() {
                go.hear(FOREVER);
            }
            0
        })?;
        questions.only_writes();
        answers.only_reads();
        go.only_writes();
        alive.only_reads();
        let mut number = 1;
        questions.tell(number);
        if answers.hear(time) != Heard::Number(number) {
            return Err(LATE.to_string());
        }
        go.tell(0);
        if alive.hear(time) != Heard::End {
            return Err(LATE.to_string());
        }
        // Init has closed what it had and is on its way out. A member that goes on is asked until
        // init has surely ended, or for many turns: in each of them init could run, too.
        let mut turns = 0;
        let goes_on = loop {
            let ended = matches!(reap::within(init, Duration::ZERO), Ok(Some(_)) | Err(_));
            number += 1;
            turns += 1;
            questions.tell(number);
            match answers.hear(time) {
                Heard::End => return Ok(Standing::Holds),
                Heard::Nothing => return Err(LATE.to_string()),
                Heard::Number(_) if ended || turns >= TURNS => break ended,
                Heard::Number(_) => std::thread::sleep(Duration::from_millis(1)),
            }
        };
        Ok(Standing::Broken(match goes_on {
            true => "init was waited for, and a process of its PID namespace goes on".to_string(),
            false => "init has called exit(2), and a process of its PID namespace goes on".to_string(),
        }))
    })())
}

fn init_adopts_orphans(time: Duration) -> Standing {
    standing((|| {
        privileged()?;
        let (told, go, hold) = (Numbers::new()?, Numbers::new()?, Numbers::new()?);
        let init = create_or_say(libc::CLONE_NEWPID, "CLONE_NEWPID", || {
            hold.only_reads();
            told.only_writes();
            let middle = create(0, || {
                let orphan = create(0, || {
                    go.only_reads();
                    match go.hear(FOREVER) {
                        // SAFETY: takes nothing.
                        Heard::Number(_) => i32::from(!told.tell(unsafe { libc::getppid() })),
                        _ => 1,
                    }
                });
                i32::from(orphan.is_err())
            });
            go.only_writes();
            let reaped = middle.is_ok_and(|middle| matches!(reap::within(middle, time), Ok(Some(_))));
            close(told.writer);
            if reaped {
                go.tell(0);
                hold.hear(FOREVER);
            }
            0
        })?;
        told.only_reads();
        go.leave();
        hold.only_writes();
        let answer = expect(told.hear(time), |parent| {
            (parent != 1).then(|| {
                format!("after the end of its parent, getppid() of a member gives {parent} instead of 1")
            })
        });
        close(hold.writer);
        reap::kill_within(init, time);
        answer
    })())
}

fn no_fork_after_init(time: Duration) -> Standing {
    standing((|| {
        privileged()?;
        // SAFETY: takes a number; the asker has one thread.
        called("unshare(CLONE_NEWPID)", unsafe { libc::unshare(libc::CLONE_NEWPID) })?;
        let init = create_or_say(0, "", || 0)?;
        if !matches!(reap::within(init, time), Ok(Some(_))) {
            return Err(LATE.to_string());
        }
        match create(0, || 0) {
            Err(Errno(libc::ENOMEM)) => Ok(Standing::Holds),
            Err(errno) => Ok(Standing::Broken(format!("fork() gives {}", errno.describe()))),
            Ok(child) => {
                reap::kill_within(child, time);
                Ok(Standing::Broken("fork() creates a process".to_string()))
            }
        }
    })())
}

fn procfs_of_its_mounter(time: Duration) -> Standing {
    const REFUSED: i32 = -1;
    standing((|| {
        privileged()?;
        let told = Numbers::new()?;
        let flags = libc::CLONE_NEWPID | libc::CLONE_NEWNS;
        let init = create_or_say(flags, "CLONE_NEWPID|CLONE_NEWNS", || {
            let strict = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
            let none = None::<&str>;
            let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
            let mounted = nix::mount::mount(none, "/", none, private, none)
                .and_then(|()| nix::mount::mount(Some("proc"), "/proc", Some("proc"), strict, none));
            let own = std::fs::read_link("/proc/self").ok().and_then(|own| own.to_str()?.parse::<i32>().ok());
            let answer = match (mounted, own) {
                (Err(errno), _) => REFUSED - errno as i32,
                (Ok(()), own) => own.unwrap_or(0),
            };
            i32::from(!told.tell(answer))
        })?;
        told.only_reads();
        let answer = match told.hear(time) {
            Heard::Number(number) if number < 0 => {
                Err(format!("mounting a procfs gives {}", Errno(REFUSED - number).describe()))
            }
            other => expect(other, |own| {
                (own != 1).then(|| format!("in a procfs that PID 1 has mounted /proc/self is {own}"))
            }),
        };
        reap::kill_within(init, time);
        answer
    })())
}

/// PID 1 of a new PID namespace compares the PID of a child as fork(2) gives it with the one that it
/// is told otherwise: the child sends, and PID 1 receives.
fn compared_by_an_init(
    time: Duration,
    what: &str,
    send: fn(RawFd) -> bool,
    receive: fn(RawFd) -> Option<i32>,
) -> Standing {
    standing((|| {
        privileged()?;
        let told = Numbers::new()?;
        let (ours, theirs) = pair()?;
        let init = create_or_say(libc::CLONE_NEWPID, "CLONE_NEWPID", || {
            let child = create(0, || {
                let done = send(theirs.as_raw_fd());
                // It lives until it is killed, or until all others have ended, so that its number
                // means it.
                close(ours.as_raw_fd());
                reap::readable(theirs.as_raw_fd(), FOREVER);
                i32::from(!done)
            });
            let Ok(child) = child else { return 1 };
            let found = reap::readable(ours.as_raw_fd(), time).then(|| receive(ours.as_raw_fd())).flatten();
            told.tell(child);
            told.tell(found.unwrap_or(-1));
            reap::kill_within(child, time);
            0
        })?;
        told.only_reads();
        drop((ours, theirs));
        let answer = match (told.hear(time), told.hear(time)) {
            (Heard::Number(_), Heard::Number(-1)) => Err(format!("{what} tells nothing")),
            (Heard::Number(child), Heard::Number(found)) if child == found => Ok(Standing::Holds),
            (Heard::Number(child), Heard::Number(found)) => {
                Ok(Standing::Broken(format!("of a child that fork() calls {child}, {what} tells {found}")))
            }
            _ => Err(LATE.to_string()),
        };
        reap::kill_within(init, time);
        answer
    })())
}

/// Two connected sockets; the first one is told the PID of whoever sends to it.
fn pair() -> Result<(OwnedFd, OwnedFd), String> {
    let ends = wire::pair().map_err(|error| format!("socketpair: {error}"))?;
    wire::ask_credentials(ends.0.as_raw_fd()).map_err(|error| format!("SO_PASSCRED: {error}"))?;
    Ok(ends)
}

fn credentials_are_translated(time: Duration) -> Standing {
    compared_by_an_init(
        time,
        "SCM_CREDENTIALS",
        |socket| {
            // SAFETY: the byte outlives the call.
            unsafe { libc::send(socket, b"!".as_ptr().cast(), 1, 0) == 1 }
        },
        |socket| wire::receive(socket, &mut [0; 1]).ok()?.sender,
    )
}

fn owner_is_translated(time: Duration) -> Standing {
    compared_by_an_init(
        time,
        "F_GETOWN_EX",
        |socket| wire::send_owned(socket, b"!").is_ok(),
        |socket| wire::receive(socket, &mut [0; 1]).ok()?.owner(),
    )
}
