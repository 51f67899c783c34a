//! Timers and terminals: their signals to init, and the foreground groups that terminals tell of.
//!
//! Signals of other processes live in `signals`.

use super::{NO_EFFECT, WAIT};
use crate::prelude::*;

/// Reading and writing, without a controlling terminal by the way.
const TERMINAL: OpenFlags = OpenFlags::O_RDWR.union(OpenFlags::O_NOCTTY);

/// The terminal that [`master`] makes.
const SLAVE: &str = "/tmp/pts/0";

/// The character that is typed as Ctrl-C.
const CTRL_C: &str = "\x03";

/// Makes a terminal, and gives the descriptor of its master.
fn master(process: Process) -> Result<i32, Interrupt> {
    process.mkdir("/tmp/pts", 0o755)?;
    process.mount("", "/tmp/pts", "devpts", MountFlags::empty(), "newinstance,ptmxmode=666")?;
    let master = process.open("/tmp/pts/ptmx", TERMINAL)?.id()?;
    process.ioctl_tiocsptlck(master)?;
    Ok(master)
}

/// Begins a session of which the terminal is the controlling one, and gives its descriptor.
fn begin_session(process: Process) -> Result<i32, Interrupt> {
    process.setsid()?;
    let terminal = process.open(SLAVE, TERMINAL)?.id()?;
    process.ioctl_tiocsctty(terminal)?;
    Ok(terminal)
}

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "pid.sig-timer-tty-with-handler",
        claim: "A signal that the kernel itself sends, for a timer or for what is typed at a terminal, reaches an init that handles it; its sender is 0.",
        sources: &[
            text("LWN 532748, Namespaces in operation, part 4"),
            man("pid_namespaces(7)", "The namespace init process"),
        ],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::DEVPTS],
        wrong: "the handler does not run; the case then runs into its deadline",
        play: |lab| {
            let outer = lab.process("outer")?;
            let keyboard = master(outer)?;
            let init = outer.clone("init", NEWPID)?;
            lab.note("a timer")?;
            init.sigaction(Signal::SIGALRM, Disposition::HANDLER)?;
            init.setitimer_real(1000)?;
            init.wait_caught()?;
            lab.note("Ctrl-C at the terminal of its session")?;
            begin_session(init)?;
            init.sigaction(Signal::SIGINT, Disposition::HANDLER)?;
            outer.write(keyboard, CTRL_C)?;
            init.wait_caught()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sig-timer-tty-default",
        claim: "A signal of a timer, a terminal or a broken pipe, which would end any other process, does nothing to an init that has no handler for it.",
        sources: &[
            text("LWN 532748, Namespaces in operation, part 4"),
            man("signal(7)", "Standard signals"),
            text("kernel behaviour: kernel/signal.c"),
        ],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::DEVPTS],
        deviation: Some(
            "LWN 532748: the kernel generates signals for the init process of a PID namespace in all the usual circumstances",
        ),
        wrong: "init ends, or an ordinary member does not",
        accepted: &[
            Accepted { mutant: "setitimer(ITIMER_REAL, {it_value={tv_usec=1000}})", why: NO_EFFECT },
            Accepted {
                mutant: "read(4)",
                why: "the line that it gives is what it is for; nobody reads another",
            },
        ],
        play: |lab| {
            let outer = lab.process("outer")?;
            let keyboard = master(outer)?;
            let init = outer.clone("init", NEWPID)?;
            let terminal = begin_session(init)?;
            let member = init.fork("member")?;
            lab.note("Ctrl-C: the line that is typed behind it shows that it has worked")?;
            outer.write(keyboard, format!("{CTRL_C}behind\n"))?;
            init.read(terminal)?;
            init.waitpid(member, WAIT)?;
            lab.note("a timer, and a pipe without a reader, for init")?;
            init.setitimer_real(1000)?;
            init.wait_itimer_expired()?;
            init.socketpair_stream()?;
            init.close(5)?;
            let timed = init.fork("timed")?;
            let writing = init.fork("writing")?;
            init.write(6, "nobody reads")?;
            lab.note("for members")?;
            timed.sigprocmask(MaskChange::SIG_BLOCK, Signal::SIGALRM)?;
            timed.setitimer_real(1000)?;
            timed.wait_itimer_expired()?;
            timed.sigprocmask(MaskChange::SIG_UNBLOCK, Signal::SIGALRM)?;
            init.waitpid(timed, WAIT)?;
            writing.write(6, "nobody reads")?;
            init.waitpid(writing, WAIT)?;
            init.getpid()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.tty-foreground-group",
        claim: "tcsetpgrp takes the caller's number of a process group, and tcgetpgrp gives the number by which the asking process knows the foreground group: 0 if that is outside its PID namespace.",
        sources: &[
            man("tcgetpgrp(3)", "DESCRIPTION"),
            man("pid_namespaces(7)", "DESCRIPTION"),
            text("kernel behaviour: drivers/tty/tty_jobctrl.c"),
        ],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::DEVPTS],
        wrong: "a number of another PID namespace is told or taken, so that another group is stopped or killed",
        play: |lab| {
            let outer = lab.process("outer")?;
            let keyboard = master(outer)?;
            let leader = outer.fork("leader")?;
            let terminal = begin_session(leader)?;
            let init = leader.clone("init", NEWPID)?;
            lab.note("the foreground group is the leader's, outside")?;
            outer.tcgetpgrp(keyboard)?;
            init.tcgetpgrp(keyboard)?;
            lab.note("init begins a group of its own, and takes the terminal over")?;
            init.setpgid(0, 0)?;
            init.getpgid(0)?;
            init.sigaction(Signal::SIGTTOU, Disposition::SIG_IGN)?;
            init.tcsetpgrp(terminal, 1)?;
            init.tcgetpgrp(terminal)?;
            outer.tcgetpgrp(keyboard)?;
            lab.note("a number that only outside somebody has")?;
            init.tcsetpgrp(terminal, leader.seen_by(outer))?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "pid.sig-abort-in-init",
        claim: "abort(3) ends an init, though its SIGABRT does not.",
        sources: &[man("abort(3)", "DESCRIPTION"), text("kernel and C library behaviour")],
        why: "how abort(3) goes on when its signal has done nothing is a matter of the C library and of the processor; that a signal which init sends to itself does nothing, and that a fault ends it, is tested",
        part: Some("pid.sig-hardware-exception"),
    },
    Untested {
        id: "pid.sig-ttou-spin",
        claim: "An init in the background which leaves SIGTTOU at its default action never returns from tcsetpgrp(3).",
        sources: &[text("kernel behaviour: drivers/tty/tty_jobctrl.c")],
        why: "no page promises it, and a kernel that lets the call fail or succeed would not be wrong; that an init which ignores the signal may take the terminal is tested",
        part: Some("pid.tty-foreground-group"),
    },
];
