//! The ioctls of linux/nsfs.h that give numbers: PIDs in other PID namespaces, ids of namespaces, and
//! the list of mount namespaces.
//!
//! Those about relations of namespaces live in `ioctl`.

use super::ns;
use crate::prelude::*;

/// Where these ioctls are documented.
const HEADER: Source = text("linux/nsfs.h");

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "api.ioctl-pid-translate",
        claim: "The ioctls of a PID namespace translate numbers: FROM_PIDNS gives the caller's number of a process that the namespace numbers, IN_PIDNS the namespace's of a process that the caller numbers.",
        sources: &[HEADER],
        since: "6.11",
        needs: &[&need::PROCFS, &need::NSFS_PIDS, &need::SET_TID],
        wrong: "the number is one of the wrong side, or that of a thread's process",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let member = init.clone3("member", Flags::empty(), &[50])?;
            member.getpid()?;
            let fd = outer.open(init.proc("ns/pid"), O_RDONLY)?.id()?;
            for translation in [PidTranslation::NS_GET_PID_FROM_PIDNS, PidTranslation::NS_GET_TGID_FROM_PIDNS]
            {
                outer.ioctl_translate(fd, translation, 1)?;
                outer.ioctl_translate(fd, translation, member.seen_by(init))?;
            }
            lab.note("the other way round")?;
            for translation in [PidTranslation::NS_GET_PID_IN_PIDNS, PidTranslation::NS_GET_TGID_IN_PIDNS] {
                outer.ioctl_translate(fd, translation, init.sealed())?;
                outer.ioctl_translate(fd, translation, member.sealed())?;
            }
            outer.field(member.proc("status"), "NSpid")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.ioctl-pid-translate-errors",
        claim: "A number that no process has, and a process that is not in the PID namespace, are ESRCH; a namespace of another kind is EINVAL.",
        sources: &[HEADER],
        since: "6.11",
        needs: &[&need::PROCFS, &need::NSFS_PIDS],
        wrong: "a number is given, or another errno",
        play: |lab| {
            let outer = lab.process("outer")?;
            let init = outer.clone("init", NEWPID)?;
            let fd = outer.open(init.proc("ns/pid"), O_RDONLY)?.id()?;
            outer.ioctl_translate(fd, PidTranslation::NS_GET_PID_IN_PIDNS, outer.sealed())?;
            outer.ioctl_translate(fd, PidTranslation::NS_GET_TGID_IN_PIDNS, outer.sealed())?;
            outer.ioctl_translate(fd, PidTranslation::NS_GET_PID_FROM_PIDNS, 300)?;
            outer.ioctl_translate(fd, PidTranslation::NS_GET_TGID_FROM_PIDNS, 300)?;
            outer.ioctl_translate(fd, PidTranslation::NS_GET_PID_FROM_PIDNS, 1)?;
            lab.note("the same of a namespace that numbers no processes")?;
            let uts = outer.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            outer.ioctl_translate(uts, PidTranslation::NS_GET_PID_FROM_PIDNS, 1)?;
            outer.ioctl_translate(uts, PidTranslation::NS_GET_PID_IN_PIDNS, outer.sealed())?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.ioctl-mntns-id",
        claim: "NS_GET_MNTNS_ID gives the number of a mount namespace, the same to everybody and another for each; for a namespace of another kind it is EINVAL.",
        sources: &[HEADER],
        since: "6.11",
        needs: &[&need::PROCFS, &need::NSFS_PIDS],
        wrong: "two namespaces have one number, or one has two, or another kind has one",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWNS)?;
            for process in [outer, inner] {
                let own = process.open("/proc/self/ns/mnt", O_RDONLY)?.id()?;
                process.ioctl_mntns_id(own)?;
            }
            let other = outer.open(inner.proc("ns/mnt"), O_RDONLY)?.id()?;
            outer.ioctl_mntns_id(other)?;
            lab.note("other kinds")?;
            for kind in [Kind::Ipc, Kind::Net, Kind::Pid, Kind::User, Kind::Uts] {
                let fd = outer.open(kind.own_path(), O_RDONLY)?.id()?;
                outer.ioctl_mntns_id(fd)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.ioctl-mnt-info",
        claim: "NS_MNT_GET_INFO gives the size of its structure, the number of mounts and the number that NS_GET_MNTNS_ID gives; without a structure or for another kind it is EINVAL.",
        sources: &[HEADER],
        since: "6.12",
        needs: &[&need::PROCFS, &need::NSFS_MOUNTS],
        wrong: "a number differs, a mount does not count, or another errno is given",
        play: |lab| {
            let process = lab.process("process")?;
            process.mkdir("/tmp/mounted", 0o700)?;
            let fd = process.open("/proc/self/ns/mnt", O_RDONLY)?.id()?;
            process.ioctl_mntns_id(fd)?;
            process.ioctl_mnt_info(fd)?;
            process.mount("", "/tmp/mounted", "tmpfs", MountFlags::empty(), "")?;
            process.ioctl_mnt_info(fd)?;
            process.umount("/tmp/mounted")?;
            process.ioctl_mnt_info(fd)?;
            lab.note("no place for the answer, and no mount namespace")?;
            process.ioctl_mnt_info_null(fd)?;
            let uts = process.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
            process.ioctl_mnt_info(uts)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.ns-id-every-kind",
        claim: "NS_GET_ID gives a number for a namespace of every kind to a process without privilege, another for each namespace; on other files it is ENOTTY.",
        sources: &[HEADER],
        since: "6.18",
        starts_as: Credentials::User,
        needs: &[&need::PROCFS, &need::CGROUP_NS, &need::TIME_NS, &need::NSFS_IDS],
        wrong: "a kind has no number, or two namespaces have the same",
        play: |lab| {
            let user = lab.process("user")?;
            let child = user.clone("child", NEWUSER)?;
            child.capget()?;
            user.capget()?;
            lab.note("all kinds, of a process and of its child in another user namespace")?;
            for process in [user, child] {
                for kind in Kind::ALL {
                    let fd = process.open(kind.own_path(), O_RDONLY)?.id()?;
                    process.ioctl_ns_id(fd)?;
                }
            }
            lab.note("another kind of file")?;
            user.creat_excl("/tmp/file")?;
            let file = user.open("/tmp/file", O_RDONLY)?.id()?;
            user.ioctl_ns_id(file)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "api.ioctl-ns-id",
        claim: "The number that NS_GET_ID gives is never used again: namespaces that come and go one after another have different ones.",
        sources: &[HEADER],
        since: "6.18",
        needs: &[&need::PROCFS, &need::NSFS_IDS],
        wrong: "a later namespace has the number of one that is gone",
        play: |lab| {
            let parent = lab.process("parent")?;
            for number in ["first", "second", "third"] {
                lab.note("a namespace comes, is asked for its number, and goes")?;
                let child = parent.clone(number, NEWUTS)?;
                parent.diff_ns(ns(child), "/proc/self/ns")?;
                let fd = child.open("/proc/self/ns/uts", O_RDONLY)?.id()?;
                child.ioctl_ns_id(fd)?;
                child.exit(0)?;
                parent.waitpid(child, WaitOptions::empty())?;
            }
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "api.ioctl-mnt-next-prev",
        claim: "NS_MNT_GET_NEXT and NS_MNT_GET_PREV give the mount namespaces that were created after and before one.",
        sources: &[HEADER],
        why: "the neighbours are those of the whole machine, which other programs create and end at any time",
        part: None,
    },
    Untested {
        id: "api.inode-reuse",
        claim: "The inode number of a namespace that has ended may soon belong to another one.",
        sources: &[man("namespaces(7)", "The /proc/pid/ns/ directory")],
        why: "nothing says when: that it may happen cannot be shown to be wrong",
        part: Some("api.ioctl-ns-id"),
    },
    Untested {
        id: "api.initial-ids-reserved",
        claim: "From Linux 6.19 on the initial namespaces have the numbers 1 to 8.",
        sources: &[HEADER],
        why: "the cases are checked on Linux 6.18, and only a process in the initial namespaces could see it",
        part: Some("api.ns-id-every-kind"),
    },
    Untested {
        id: "api.listns",
        claim: "listns() lists the namespaces by number, kind and owner.",
        sources: &[HEADER],
        why: "the cases are checked on Linux 6.18, which does not have the call",
        part: None,
    },
    Untested {
        id: "api.listns-own-without-privilege",
        claim: "Without privilege listns() lists the caller's own namespaces.",
        sources: &[HEADER],
        why: "the cases are checked on Linux 6.18, which does not have the call",
        part: None,
    },
    Untested {
        id: "api.listns-userns-capable",
        claim: "With CAP_SYS_ADMIN in a user namespace listns() lists what that owns.",
        sources: &[HEADER],
        why: "the cases are checked on Linux 6.18, which does not have the call",
        part: None,
    },
    Untested {
        id: "api.listns-filter-and-page",
        claim: "listns() takes a set of kinds and goes on behind the last number of a page.",
        sources: &[HEADER],
        why: "the cases are checked on Linux 6.18, which does not have the call",
        part: None,
    },
    Untested {
        id: "api.listns-current-user",
        claim: "LISTNS_CURRENT_USER stands for the caller's user namespace in listns().",
        sources: &[HEADER],
        why: "the cases are checked on Linux 6.18, which does not have the call",
        part: None,
    },
    Untested {
        id: "api.active-child-keeps-owner",
        claim: "While a namespace is in use its owners are listed too, over several levels.",
        sources: &[HEADER],
        why: "the cases are checked on Linux 6.18, which has no call that lists namespaces",
        part: Some("api.life-owned-pins-user"),
    },
    Untested {
        id: "api.bind-mount-not-active",
        claim: "A namespace that only a bind mount keeps is not listed.",
        sources: &[HEADER],
        why: "the cases are checked on Linux 6.18, which has no call that lists namespaces",
        part: Some("api.life-bind-mount-pins"),
    },
];
