//! User and group ids that messages, sockets, signals and System V objects carry between user
//! namespaces.
//!
//! Ids of files live in `files`, the views of maps in `map_views`.

use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.scm-credentials",
        claim: "Ids that travel with a message are turned into those of the receiver's user namespace; one without a mapping there arrives as the overflow id.",
        sources: &[man("user_namespaces(7)", "Miscellaneous"), man("unix(7)", "SCM_CREDENTIALS")],
        since: "3.8",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::MANY_IDS],
        wrong: "the receiver takes the sender for the user that has this number in its own namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            outer.socketpair()?;
            outer.setsockopt_passcred(3, true)?;
            outer.setsockopt_passcred(4, true)?;
            let inner = outer.clone("inner", NEWUSER)?;
            outer.echo("0 1001 1\n7 1002 1", inner.proc("uid_map"))?;
            outer.echo("0 1001 1\n8 1002 1", inner.proc("gid_map"))?;
            become_root(inner)?;
            lab.note("outwards")?;
            inner.sendmsg(4, "as root inside", scm_credentials(inner.sealed(), 0, 0))?;
            outer.recvmsg(3)?;
            inner.sendmsg(4, "as another id", scm_credentials(inner.sealed(), 7, 8))?;
            outer.recvmsg(3)?;
            lab.note("inwards")?;
            outer.sendmsg(3, "a mapped id", scm_credentials(outer.sealed(), 1002, 1002))?;
            inner.recvmsg(4)?;
            outer.sendmsg(3, "an unmapped id", scm_credentials(outer.sealed(), 0, 0))?;
            inner.recvmsg(4)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.scm-credentials-unmapped-einval",
        claim: "A process cannot send an id that its user namespace does not map, though it may name any mapped one.",
        sources: &[man("user_namespaces(7)", "Miscellaneous"), man("unix(7)", "SCM_CREDENTIALS")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS],
        wrong: "an id is passed on as its bare number, which outside means somebody else",
        play: |lab| {
            let user = lab.process("user")?;
            user.socketpair()?;
            user.setsockopt_passcred(3, true)?;
            user.unshare(NEWUSER)?;
            user.map_ids("/proc/self", "5 1000 1", "5 1000 1")?;
            user.sendmsg(4, "uid 0", scm_credentials(user.sealed(), 0, 5))?;
            user.sendmsg(4, "gid 0", scm_credentials(user.sealed(), 5, 0))?;
            user.sendmsg(4, "mapped", scm_credentials(user.sealed(), 5, 5))?;
            user.recvmsg(3)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.so-peercred",
        claim: "SO_PEERCRED tells the ids of the other end as the asking process's user namespace calls them.",
        sources: &[man("unix(7)", "SO_PEERCRED"), man("user_namespaces(7)", "Unmapped user and group IDs")],
        since: "3.8",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::MANY_IDS],
        wrong: "the numbers are those of another user namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let listener = outer.socket(Domain::AF_UNIX, SocketType::SOCK_STREAM)?.id()?;
            outer.bind(listener, "/tmp/socket")?;
            outer.chmod("/tmp/socket", 0o777)?;
            outer.listen(listener)?;
            let inner = outer.clone("inner", NEWUSER)?;
            outer.echo("5 1001 1", inner.proc("uid_map"))?;
            outer.echo("6 1002 1", inner.proc("gid_map"))?;
            inner.setresgid(6, 6, 6)?;
            inner.setresuid(5, 5, 5)?;
            lab.note("each end asks about the other")?;
            let connection = connect(inner)?;
            let accepted = outer.accept(listener)?.id()?;
            outer.getsockopt_peercred(accepted)?;
            inner.getsockopt_peercred(connection)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.si-uid",
        claim: "A signal tells the sender's user id as the receiver's user namespace calls it.",
        sources: &[
            man("user_namespaces(7)", "Unmapped user and group IDs"),
            man("sigaction(2)", "The siginfo_t argument to a SA_SIGINFO handler"),
        ],
        since: "3.8",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::MANY_IDS],
        wrong: "the number is that of the sender's user namespace",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            let sibling = outer.clone("sibling", NEWUSER)?;
            outer.echo("0 1001 2", inner.proc("uid_map"))?;
            outer.echo("7 1001 1", sibling.proc("uid_map"))?;
            inner.setresuid(0, 0, 0)?;
            sibling.setresuid(7, 7, 7)?;
            for process in [inner, sibling] {
                process.sigprocmask(MaskChange::SIG_BLOCK, Signal::SIGUSR1)?;
            }
            lab.note("from root outside, and between siblings in both directions")?;
            outer.kill(inner, Signal::SIGUSR1)?;
            inner.sigtimedwait_sender(Signal::SIGUSR1)?;
            inner.kill(sibling.sealed(), Signal::SIGUSR1)?;
            sibling.sigtimedwait_sender(Signal::SIGUSR1)?;
            sibling.kill(inner.sealed(), Signal::SIGUSR1)?;
            inner.sigtimedwait_sender(Signal::SIGUSR1)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.fdinfo-of-status-opener",
        claim: "A map file tells its ranges as the process that opened it sees them, also when that one has entered another user namespace by the time it reads.",
        sources: &[man("user_namespaces(7)", "User and group ID mappings: uid_map and gid_map")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a reader in another user namespace sees other numbers through the same descriptor",
        accepted: &[Accepted {
            mutant: "read(3)",
            why: "the text that it gives is what the case is about; nothing comes after",
        }],
        play: |lab| {
            let user = lab.process("user")?;
            let child = user.clone("child", NEWUSER)?;
            child.map_ids("/proc/self", "5 1000 1", "5 1000 1")?;
            let outside = user.open(child.proc("uid_map"), O_RDONLY)?.id()?;
            user.unshare(NEWUSER)?;
            user.map_ids("/proc/self", "7 1000 1", "7 1000 1")?;
            lab.note("opened before, and opened in the new namespace")?;
            user.read(outside)?;
            user.cat_map(child.proc("uid_map"))?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.map-of-zombie",
        claim: "The maps of a process can be read as long as it is a zombie; after that only through a descriptor that was opened before.",
        sources: &[
            man("user_namespaces(7)", "User and group ID mappings: uid_map and gid_map"),
            text("kernel, in no manual page"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::PROCFS],
        wrong: "a map is gone with its process, or one can be opened without a process",
        accepted: &[Accepted {
            mutant: "read(3)",
            why: "the text that it gives is what the case is about; nothing comes after",
        }],
        play: |lab| {
            let user = lab.process("user")?;
            let child = user.clone("child", NEWUSER)?;
            child.map_ids("/proc/self", "5 1000 1", "5 1000 1")?;
            let file = user.open(child.proc("uid_map"), O_RDONLY)?.id()?;
            child.exit(0)?;
            user.waitid(child, WaitOptions::WEXITED | WaitOptions::WNOWAIT)?;
            user.cat_map(child.proc("uid_map"))?;
            user.waitpid(child, WaitOptions::empty())?;
            user.open(child.proc("uid_map"), O_RDONLY)?;
            user.read(file)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.get-owner-uid-unmapped",
        claim: "Where the creator of a user namespace has no id for the asking process NS_GET_OWNER_UID gives the overflow id.",
        sources: &[
            man("NS_GET_OWNER_UID(2const)", "DESCRIPTION"),
            man("user_namespaces(7)", "Unmapped user and group IDs"),
        ],
        since: "4.11",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::MANY_IDS, &need::NON_DUMPABLE],
        wrong: "the bare number of the creator outside is told",
        play: |lab| {
            let outer = lab.process("outer")?;
            let user = outer.fork("user")?;
            user.setresgid(1001, 1001, 1001)?;
            user.setresuid(1001, 1001, 1001)?;
            let owned = user.clone("owned", NEWUSER)?;
            let file = outer.open(owned.proc("ns/user"), O_RDONLY)?.id()?;
            outer.ioctl_owner_uid(file)?;
            let reader = outer.clone("reader", NEWUSER)?;
            reader.ioctl_owner_uid(file)?;
            outer.echo("5 1001 1", reader.proc("uid_map"))?;
            reader.ioctl_owner_uid(file)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.ipc-stat",
        claim: "The owners of System V objects are told as the user namespace of the asking process calls them, by IPC_STAT and by the files of /proc/sysvipc; those without a mapping as the overflow id.",
        sources: &[
            man("user_namespaces(7)", "Unmapped user and group IDs"),
            man("sysvipc(7)", "Resource access permissions"),
        ],
        since: "3.8",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::MANY_IDS],
        wrong: "the bare numbers from outside are shown inside, where they mean others",
        play: |lab| {
            let outer = lab.process("outer")?;
            let owner = outer.fork("owner")?;
            owner.setresgid(1002, 1002, 1002)?;
            owner.setresuid(1001, 1001, 1001)?;
            let segment = owner.shmget(libc::IPC_PRIVATE, 4096, CREATE)?.id()?;
            owner.semget(libc::IPC_PRIVATE, 1, CREATE)?;
            owner.msgget(libc::IPC_PRIVATE, CREATE)?;
            let mapped = outer.clone("mapped", NEWUSER)?;
            outer.echo("5 1001 1", mapped.proc("uid_map"))?;
            outer.echo("6 1002 1", mapped.proc("gid_map"))?;
            mapped.setresuid(5, 5, 5)?;
            let unmapped = outer.clone("unmapped", NEWUSER)?;
            lab.note("by IPC_STAT")?;
            outer.shmctl_owners(segment)?;
            mapped.shmctl_owners(segment)?;
            lab.note("by the files: the owner, and the group of the creator")?;
            for process in [mapped, unmapped] {
                for kind in ["shm", "sem", "msg"] {
                    let file = format!("/proc/sysvipc/{kind}");
                    process.column(&file, "uid")?;
                    process.column(&file, "cgid")?;
                }
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.sysvipc-access-by-global-ids",
        claim: "Access to a System V object is decided by the ids that it has outside: the root of a user namespace that does not own the IPC namespace is not root for it, and is no owner of what root outside made.",
        sources: &[
            man("user_namespaces(7)", "Accessing files"),
            man("sysvipc(7)", "Resource access permissions"),
        ],
        since: "3.8",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::MANY_IDS],
        wrong: "the root of a user namespace reads the shared memory of root outside",
        play: |lab| {
            let outer = lab.process("outer")?;
            let of_root = outer.shmget(libc::IPC_PRIVATE, 4096, CREATE)?.id()?;
            let user = outer.fork("user")?;
            user.setresgid(1001, 1001, 1001)?;
            user.setresuid(1001, 1001, 1001)?;
            let of_user = user.shmget(libc::IPC_PRIVATE, 4096, CREATE)?.id()?;
            lab.note("root inside is the user 1001 outside")?;
            let inner = clone_mapped(outer, "inner", NEWUSER, "0 1001 1")?;
            become_root(inner)?;
            inner.geteuid()?;
            inner.capget()?;
            for segment in [of_root, of_user] {
                inner.shmctl(segment, IpcCommand::IPC_STAT)?;
                inner.shmat(segment)?;
            }
            Ok(())
        },
        ..CASE
    },
];
