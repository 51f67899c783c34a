//! PIDs that sockets, locks, descriptors and signals carry between PID namespaces.
//!
//! Those in SCM_CREDENTIALS between parent and child namespaces live in `credentials`.

use super::{PROBE, own_proc};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "pid.peercred-translated",
        claim: "SO_PEERCRED tells the PID of the other end as the asking process's PID namespace numbers it, and 0 where it has none there.",
        sources: &[man("unix(7)", "SO_PEERCRED"), man("pid_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "the number is that of another PID namespace, where it means another process",
        play: |lab| {
            let outer = lab.process("outer")?;
            let listener = listen(outer)?;
            let init = outer.clone("init", NEWPID)?;
            let connection = connect(init)?;
            let accepted = outer.accept(listener)?.id()?;
            lab.note("seen from outside, and the other way round")?;
            outer.getsockopt_peercred(accepted)?;
            init.getsockopt_peercred(connection)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.peercred-of-sibling",
        claim: "A process of another PID namespace beside one's own has no PID here: SO_PEERCRED gives 0 for it, in both directions.",
        sources: &[man("unix(7)", "SO_PEERCRED"), man("pid_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "two inits take each other for themselves, by the number 1",
        play: |lab| {
            let outer = lab.process("outer")?;
            let first = outer.clone("first", NEWPID)?;
            let second = outer.clone("second", NEWPID)?;
            let listener = listen(first)?;
            let connection = connect(second)?;
            let accepted = first.accept(listener)?.id()?;
            first.getsockopt_peercred(accepted)?;
            second.getsockopt_peercred(connection)?;
            lab.note("within one namespace the number is there")?;
            let member = first.fork("member")?;
            connect(member)?;
            let taken = first.accept(listener)?.id()?;
            first.getsockopt_peercred(taken)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.getlk-translated",
        claim: "fcntl tells the holder of a record lock by the number that the asking process knows it by, and 0 for a holder that it cannot see.",
        sources: &[man("fcntl(2)", "Advisory record locking"), man("pid_namespaces(7)", "DESCRIPTION")],
        since: "4.14",
        needs: &[&need::PID_NS],
        wrong: "the number of the holder in another PID namespace is given",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.creat_excl("/tmp/file")?;
            let init = outer.clone("init", NEWPID)?;
            let sibling = outer.clone("sibling", NEWPID)?;
            let member = init.fork("member")?;
            let locked = init.open("/tmp/file", OpenFlags::O_RDWR)?.id()?;
            init.fcntl_setlk(locked, LockType::F_WRLCK)?;
            lab.note("who holds the lock, asked from outside, beside, below, and by the holder")?;
            for process in [outer, sibling, member, init] {
                let file = process.open("/tmp/file", OpenFlags::O_RDWR)?.id()?;
                process.fcntl_getlk(file, LockType::F_WRLCK)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.proc-locks-filtered",
        claim: "/proc/locks shows a lock with the number that its holder has where that procfs was mounted, and leaves out a holder that has none there.",
        sources: &[man("proc_locks(5)", "DESCRIPTION"), man("pid_namespaces(7)", "/proc and PID namespaces")],
        since: "4.10",
        needs: &[&need::PID_NS, &need::PROCFS],
        wrong: "a lock of an outer process is listed inside, or one of an inner process with its inner number outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.creat_excl("/tmp/inner")?;
            outer.creat_excl("/tmp/outer")?;
            let init = outer.clone("init", NEWPID)?;
            own_proc(init, "/tmp/proc", "")?;
            let held = init.open("/tmp/inner", OpenFlags::O_RDWR)?.id()?;
            init.fcntl_setlk(held, LockType::F_WRLCK)?;
            let outside = outer.open("/tmp/outer", OpenFlags::O_RDWR)?.id()?;
            outer.fcntl_setlk(outside, LockType::F_WRLCK)?;
            lab.note("in the outer procfs, in that of the namespace")?;
            for (process, locks) in [(outer, "/proc/locks"), (init, "/tmp/proc/locks")] {
                process.lock_holders(locks, "/tmp/inner")?;
                process.lock_holders(locks, "/tmp/outer")?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.getown-translated",
        claim: "F_SETOWN takes the caller's number for a process, and F_GETOWN gives the number that the asking process knows it by, or 0.",
        sources: &[man("F_GETOWN(2const)", "DESCRIPTION"), man("pid_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "the owner is stored as a number and means another process elsewhere",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.socketpair_stream()?;
            outer.fcntl_setown(3, outer.sealed())?;
            let init = outer.clone("init", NEWPID)?;
            outer.fcntl_getown(3)?;
            init.fcntl_getown(3)?;
            lab.note("init takes it over, and says so by its own number")?;
            init.fcntl_setown(3, 1)?;
            init.fcntl_getown(3)?;
            outer.fcntl_getown(3)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.fowner-crosses",
        claim: "The owner of a descriptor gets its signal also when the event comes from outside its PID namespace, in which it gave its own number.",
        sources: &[man("fcntl(2)", "Managing signals"), man("pid_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "the process that has the number outside is signalled, or nobody",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.socketpair_stream()?;
            let owner = outer.clone("owner", NEWPID)?;
            owner.sigprocmask(MaskChange::SIG_BLOCK, Signal::SIGIO)?;
            owner.fcntl_setown(3, 1)?;
            owner.fcntl_async(3)?;
            lab.note("the other end is written to from outside")?;
            outer.write(4, "event")?;
            owner.sigtimedwait(Signal::SIGIO)?;
            outer.fcntl_getown(3)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.sigqueue-forged-pid-zeroed",
        claim: "A sender in an ancestor namespace can write any PID into the data of a queued signal, but a receiver that cannot see it reads 0.",
        sources: &[man("rt_sigqueueinfo(2)", "DESCRIPTION"), man("pid_namespaces(7)", "DESCRIPTION")],
        since: "2.6.32",
        needs: &[&need::PID_NS],
        wrong: "a receiver takes a number from outside for a process of its own namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            let beside = outer.fork("beside")?;
            for process in [init, member, beside] {
                process.sigprocmask(MaskChange::SIG_BLOCK, Signal::SIGUSR1)?;
            }
            lab.note("into the namespace, and within one")?;
            outer.rt_sigqueueinfo(init, Signal::SIGUSR1, 4242, 77)?;
            init.sigtimedwait_sender(Signal::SIGUSR1)?;
            outer.rt_sigqueueinfo(beside, Signal::SIGUSR1, 4242, 77)?;
            beside.sigtimedwait_sender(Signal::SIGUSR1)?;
            init.rt_sigqueueinfo(member, Signal::SIGUSR1, 4242, 77)?;
            member.sigtimedwait_sender(Signal::SIGUSR1)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.scm-credentials-invisible-zero",
        claim: "Credentials that the kernel adds to a message carry the PID 0 where the receiver cannot see the sender.",
        sources: &[man("unix(7)", "SO_PASSCRED"), man("pid_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::PID_NS],
        wrong: "an outer number travels inside, where it is nobody or somebody else",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.socketpair()?;
            outer.setsockopt_passcred(3, true)?;
            outer.setsockopt_passcred(4, true)?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            lab.note("from outside, from within, and outwards")?;
            outer.write(3, "from outside")?;
            init.recvmsg(4)?;
            member.write(3, "from within")?;
            init.recvmsg(4)?;
            init.write(4, "outwards")?;
            outer.recvmsg(3)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.scm-forge-needs-pidns-owner",
        claim: "To name another process as the sender takes CAP_SYS_ADMIN in the user namespace that owns the PID namespace: the root of a user namespace without a PID namespace of its own names only itself.",
        sources: &[
            man("unix(7)", "SCM_CREDENTIALS"),
            man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces"),
        ],
        since: "3.11",
        starts_as: Credentials::User,
        needs: &[&need::PID_NS, &need::USER_NS],
        wrong: "an unprivileged user poses as any process of the machine by way of a user namespace",
        play: |lab| {
            let user = lab.process("user")?;
            let victim = user.fork("victim")?;
            user.socketpair()?;
            user.setsockopt_passcred(3, true)?;
            let guest = user.clone("guest", NEWUSER)?;
            guest.map_ids("/proc/self", "0 1000 1", "0 1000 1")?;
            guest.sendmsg(4, "as itself", scm_credentials(guest.sealed(), 0, 0))?;
            user.recvmsg(3)?;
            guest.sendmsg(4, "as another", scm_credentials(victim.sealed(), 0, 0))?;
            lab.note("in a PID namespace that belongs to its user namespace")?;
            let init = guest.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            init.sendmsg(4, "as a member", scm_credentials(member, 0, 0))?;
            init.recvmsg(3)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.kcmp-translated",
        claim: "kcmp takes the numbers of the caller's PID namespace: 1 is its init, and a number from outside is nobody.",
        sources: &[man("kcmp(2)", "DESCRIPTION"), man("pid_namespaces(7)", "DESCRIPTION")],
        since: "3.5",
        needs: &[&need::PID_NS, &need::KCMP, &need::SET_TID],
        wrong: "numbers of another PID namespace are compared",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let twin = init.clone("twin", Flags::CLONE_FILES)?;
            init.kcmp(1, twin, Resource::KCMP_FILES)?;
            lab.note("a number that only outside somebody has")?;
            outer.clone3("outsider", Flags::empty(), &[999])?;
            outer.kcmp(init, 999, Resource::KCMP_FILES)?;
            init.kcmp(1, 999, Resource::KCMP_FILES)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.netlink-port-id",
        claim: "The kernel gives the first netlink socket of a process its number in its own PID namespace as port id.",
        sources: &[man("netlink(7)", "Address formats")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::NET_NS],
        wrong: "the port id is a number from outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID | NEWNET)?;
            init.addresses()?;
            let socket = init.socket_netlink(NetlinkProtocol::NETLINK_ROUTE)?.id()?;
            init.bind_netlink(socket, NetlinkGroups::empty())?;
            init.getpid()?;
            init.getsockname_netlink(socket)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.outer-numbers-esrch",
        claim: "A number that nobody has in the caller's PID namespace is nobody for every call that takes a PID, whoever has it outside.",
        sources: &[man("pid_namespaces(7)", "DESCRIPTION")],
        since: "2.6.24",
        needs: &[&need::PID_NS, &need::SET_TID, &need::PROCFS, &need::PTRACE],
        wrong: "one of the calls looks the number up in another PID namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            outer.clone3("outsider", Flags::empty(), &[999])?;
            member.kill(999, PROBE)?;
            member.getpgid(999)?;
            member.getsid(999)?;
            member.getpriority(999)?;
            member.setpriority(999, 5)?;
            member.sched_getscheduler(999)?;
            member.sched_setscheduler(999, SchedulingPolicy::SCHED_BATCH)?;
            member.prlimit(999, Rlimit::RLIMIT_NOFILE)?;
            member.pidfd_open(999, 0)?;
            member.ptrace_seize(999)?;
            lab.note("the same of init, which has a number")?;
            member.kill(1, PROBE)?;
            member.setpriority(1, 5)?;
            member.getpriority(1)?;
            member.sched_setscheduler(1, SchedulingPolicy::SCHED_BATCH)?;
            member.sched_getscheduler(1)?;
            member.prlimit(1, Rlimit::RLIMIT_NOFILE)?;
            let pidfd = member.pidfd_open(1, 0)?.id()?;
            member.pidfd_send_signal(pidfd, PROBE)?;
            member.ptrace_seize(1)?;
            outer.field(init.proc("status"), "TracerPid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.signalfd-pid-relative",
        claim: "What is read from a signalfd tells the sender as the reader's namespaces number it: a process outside the PID namespace is 0, its user is the mapped one.",
        sources: &[man("signalfd(2)", "DESCRIPTION"), man("pid_namespaces(7)", "DESCRIPTION")],
        since: "2.6.32",
        starts_as: Credentials::User,
        needs: &[&need::PID_NS, &need::USER_NS],
        wrong: "the numbers are those of the sender's namespaces",
        play: |lab| {
            let user = lab.process("user")?;
            let init = user.clone("init", NEWUSER | NEWPID)?;
            init.map_ids("/proc/self", "5 1000 1", "5 1000 1")?;
            let member = init.fork("member")?;
            init.sigprocmask(MaskChange::SIG_BLOCK, Signal::SIGUSR1)?;
            let signals = init.signalfd(Signal::SIGUSR1)?.id()?;
            init.read_signalfd(signals)?;
            user.kill(init, Signal::SIGUSR1)?;
            init.read_signalfd(signals)?;
            member.kill(1, Signal::SIGUSR1)?;
            init.read_signalfd(signals)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "pid.mqueue-notify-both-ways",
        claim: "The notification of a message queue tells the sender by the number that the notified process knows it by: 0 for one outside its PID namespace, the outer number for one inside a child one.",
        sources: &[man("mq_notify(3)", "DESCRIPTION"), man("pid_namespaces(7)", "DESCRIPTION")],
        since: "2.6.32",
        needs: &[&need::PID_NS, &need::POSIX_MQ, &need::PENDING_SIGNALS],
        wrong: "a number of the sender's PID namespace is told",
        play: |lab| {
            let outer = lab.process("outer")?;
            let queue = outer.mq_open("/queue", OpenFlags::O_CREAT | OpenFlags::O_RDWR, SMALL_QUEUE)?.id()?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.fork("member")?;
            for process in [outer, init] {
                process.sigprocmask(MaskChange::SIG_BLOCK, Signal::SIGUSR1)?;
            }
            let notify = |notified: Process, sender: Process| {
                notified.mq_notify(queue, Signal::SIGUSR1)?;
                sender.mq_send(queue, "message", 0)?;
                notified.sigtimedwait_sender(Signal::SIGUSR1)
            };
            lab.note("inwards, outwards, and within the namespace")?;
            notify(init, outer)?;
            init.mq_receive(queue)?;
            notify(outer, init)?;
            outer.mq_receive(queue)?;
            notify(init, member)?;
            Ok(())
        },
        ..CASE
    },
];
