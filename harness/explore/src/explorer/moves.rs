//! The moves of each area: which call a process could make now, with what weight.
//!
//! A move is the text of one call or of several that need each other. Arguments of calls that have no move
//! here come from `typed`.

use super::area::Area;
use super::stage;
use super::typed::{self, Choices};
use fastrand::Rng;
use nsconform_lab::call::declaration::Declaration;
use nsconform_lab::call::identity::Identity;
use nsconform_lab::call::ipc::Ipc;
use nsconform_lab::call::mount::Mount;
use nsconform_lab::call::uts::Uts;
use nsconform_lab::script::compose::StageProcess;

/// The most mounts that a process may see before no more are made: those below shared ones come several at a
/// time, an observation of them must fit a message, and the machine has a limit for all.
const MOST_MOUNTS: usize = 40;
/// The most mounts that are copied as a tree: in shared trees each copy doubles them.
const MOST_COPIED: usize = 12;
/// The most processes of a script.
const MOST_PROCESSES: usize = 5;

/// The moment of a choice.
pub(super) struct ChoiceMoment<'m> {
    pub(super) actor: &'m StageProcess,
    /// The names of all living processes of the script.
    pub(super) processes: &'m [String],
    /// The number of the next new thing.
    pub(super) fresh: usize,
}

/// The calls of a move, each of which may name its number (`= $t1`) or the process that it creates.
pub(super) type Move = Vec<String>;

/// A move of the area, or none if the one that chance has chosen is not possible now.
pub(super) fn choose(area: Area, moment: &ChoiceMoment<'_>, random: &mut Rng) -> Option<Move> {
    match area {
        Area::Mnt => mnt(moment, random),
        Area::Uts => uts(moment, random),
        Area::User => user(moment, random),
        Area::Pid => pid(moment, random),
        Area::Ipc => ipc(moment, random),
    }
}

fn one(text: String) -> Option<Move> {
    Some(vec![text])
}

/// The number of a choice by these weights.
fn weighted(weights: &[usize], random: &mut Rng) -> usize {
    let mut left = random.usize(..weights.iter().sum::<usize>());
    for (number, weight) in weights.iter().enumerate() {
        match left.checked_sub(*weight) {
            Some(rest) => left = rest,
            None => return number,
        }
    }
    0
}

fn pick<'p>(of: &[&'p str], random: &mut Rng) -> &'p str {
    of[random.usize(..of.len())]
}

/// The actor creates a process, enters namespaces, or joins those of another process.
fn namespaces(kind: &str, moment: &ChoiceMoment<'_>, random: &mut Rng) -> Option<Move> {
    let flags = match random.usize(..4) {
        0 => "0".to_string(),
        1 if kind != "CLONE_NEWUSER" => format!("CLONE_NEWUSER|{kind}"),
        _ => kind.to_string(),
    };
    let fresh = moment.fresh;
    let creates = moment.processes.len() < MOST_PROCESSES;
    match weighted(&[3, 1, 2, 2], random) {
        0 if creates => one(format!("clone({flags}) = <p{fresh}>")),
        1 if creates => {
            one(format!("clone3({{flags={flags}, exit_signal=SIGCHLD, set_tid=[]}}) = <p{fresh}>"))
        }
        2 if flags != "0" => one(format!("unshare({flags})")),
        3 => {
            let file = kind.trim_start_matches("CLONE_NEW").to_lowercase();
            let file = if file == "ns" { "mnt" } else { &file };
            let other = random.choice(moment.processes)?;
            Some(vec![
                format!("open(\"/proc/<{other}>/ns/{file}\", O_RDONLY) = $t{fresh}"),
                format!("setns($t{fresh}, {kind})"),
            ])
        }
        _ => None,
    }
}

/// A call of these declarations with arguments by their kinds.
fn typed(
    declarations: &[Declaration],
    paths: &[String],
    passed_over: &[&str],
    moment: &ChoiceMoment<'_>,
    random: &mut Rng,
) -> Option<Move> {
    let declaration = random.choice(declarations)?;
    if passed_over.contains(&declaration.name) {
        return None;
    }
    let choices = Choices { paths, processes: moment.processes };
    typed::call(declaration, &choices, random).map(|call| vec![call])
}

/// The flags of a mount that bind mounts and remounts set.
const MOUNT_FLAGS: [&str; 5] = ["MS_RDONLY", "MS_NOSUID", "MS_NODEV", "MS_NOEXEC", "MS_NOATIME"];
const TYPES: [&str; 4] = ["MS_SHARED", "MS_SHARED", "MS_SLAVE", "MS_UNBINDABLE"];
const ATTRIBUTES: [&str; 4] =
    ["MOUNT_ATTR_RDONLY", "MOUNT_ATTR_NOSUID", "MOUNT_ATTR_NODEV", "MOUNT_ATTR_NOSYMFOLLOW"];

fn mnt(moment: &ChoiceMoment<'_>, random: &mut Rng) -> Option<Move> {
    let points = stage::mount_points(moment.actor);
    let (crowded, copied) = (points.len() > MOST_MOUNTS, points.len() <= MOST_COPIED);
    let mut inner: Vec<String> = points.into_iter().filter(|point| point.starts_with("/tmp")).collect();
    inner.dedup();
    let directories = stage::directories(moment.actor);
    let few = directories.len() < 4;
    let fresh = moment.fresh;
    if few {
        let above =
            if random.bool() { "/tmp" } else { random.choice(&directories).map_or("/tmp", |path| path) };
        return one(format!("mkdir(\"{above}/{}\", 0755)", pick(&["a", "b", "c"], random)));
    }
    let directory = |random: &mut Rng| random.choice(&directories).cloned();
    let point = |random: &mut Rng| random.choice(&inner).cloned();
    let recursive = |random: &mut Rng| if random.bool() && copied { "|MS_REC" } else { "" };
    match weighted(&[3, 9, 9, 9, 3, 4, 6, 5, 3, 2, 2, 2, 1, 2], random) {
        1 | 2 | 4 | 8 | 13 if crowded => one(format!("umount2(\"{}\", MNT_DETACH)", point(random)?)),
        0 => one(format!("mkdir(\"{}/{}\", 0755)", directory(random)?, pick(&["a", "b", "c"], random))),
        1 => one(format!("mount(\"none\", \"{}\", \"tmpfs\", 0, NULL)", directory(random)?)),
        2 => {
            let source = if random.bool() { point(random)? } else { directory(random)? };
            let flags = format!("MS_BIND{}", recursive(random));
            one(format!("mount(\"{source}\", \"{}\", NULL, {flags}, NULL)", directory(random)?))
        }
        3 => {
            let place = if random.u8(..4) == 0 { "/".to_string() } else { point(random)? };
            let kind = if random.u8(..4) == 0 { "MS_PRIVATE" } else { pick(&TYPES, random) };
            let recursive = if random.bool() { "MS_REC|" } else { "" };
            one(format!("mount(NULL, \"{place}\", NULL, {recursive}{kind}, NULL)"))
        }
        4 => one(format!("mount(\"{}\", \"{}\", NULL, MS_MOVE, NULL)", point(random)?, directory(random)?)),
        5 => {
            let flags = pick(&MOUNT_FLAGS, random);
            one(format!("mount(NULL, \"{}\", NULL, MS_REMOUNT|MS_BIND|{flags}, NULL)", point(random)?))
        }
        6 => {
            let flags = pick(&["0", "MNT_DETACH", "MNT_DETACH", "UMOUNT_NOFOLLOW"], random);
            one(format!("umount2(\"{}\", {flags})", point(random)?))
        }
        7 => namespaces("CLONE_NEWNS", moment, random),
        8 => {
            let recursive = if random.bool() && copied { "|AT_RECURSIVE" } else { "" };
            let beneath = if random.u8(..4) == 0 { "|MOVE_MOUNT_BENEATH" } else { "" };
            let target = if beneath.is_empty() { directory(random)? } else { point(random)? };
            Some(vec![
                format!(
                    "open_tree(AT_FDCWD, \"{}\", OPEN_TREE_CLONE{recursive}) = $t{fresh}",
                    point(random)?
                ),
                format!(
                    "move_mount($t{fresh}, \"\", AT_FDCWD, \"{target}\", MOVE_MOUNT_F_EMPTY_PATH{beneath})"
                ),
            ])
        }
        9 => {
            let (set, clear) = (pick(&ATTRIBUTES, random), pick(&["0", "0", "MOUNT_ATTR_NOEXEC"], random));
            let kind = pick(&["0", "MS_SHARED", "MS_PRIVATE", "MS_SLAVE", "MS_UNBINDABLE"], random);
            let recursive = pick(&["0", "AT_RECURSIVE"], random);
            one(format!(
                "mount_setattr(AT_FDCWD, \"{}\", {recursive}, {{attr_clr={clear}, attr_set={set}, propagation={kind}}})",
                point(random)?
            ))
        }
        10 => {
            let root = point(random)?;
            let below = directories.iter().filter(|path| path.starts_with(&format!("{root}/")));
            let below: Vec<&String> = below.collect();
            let old = random.choice(&below)?;
            one(format!("pivot_root(\"{root}\", \"{old}\")"))
        }
        11 => one(format!(
            "move_mount(AT_FDCWD, \"{}\", AT_FDCWD, \"{}\", MOVE_MOUNT_SET_GROUP)",
            point(random)?,
            point(random)?
        )),
        12 => one(format!("{}(\"{}\")", pick(&["chroot", "chdir"], random), directory(random)?)),
        _ => typed(Mount::DECLARATIONS, &directories, &[], moment, random),
    }
}

fn uts(moment: &ChoiceMoment<'_>, random: &mut Rng) -> Option<Move> {
    let name = pick(&["one", "two", "three", ""], random);
    match weighted(&[4, 4, 5, 2, 1], random) {
        0 => one(format!("sethostname(\"{name}\")")),
        1 => one(format!("setdomainname(\"{name}\")")),
        2 => namespaces("CLONE_NEWUTS", moment, random),
        3 => one(pick(&["gethostname()", "getdomainname()", "uname()"], random).to_string()),
        _ => typed(Uts::DECLARATIONS, &[], &["personality"], moment, random),
    }
}

/// Calls of other areas that this one does without: they wait, or change what the engine itself needs.
const IDENTITY_PASSED_OVER: [&str; 2] = ["seccomp_filter", "prctl_set_dumpable"];

fn user(moment: &ChoiceMoment<'_>, random: &mut Rng) -> Option<Move> {
    let id = |random: &mut Rng| pick(&["0", "0", "1", "-1", "1000"], random);
    let capability = |random: &mut Rng| {
        pick(&["CAP_SETUID", "CAP_SETGID", "CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_KILL"], random)
    };
    match weighted(&[6, 5, 2, 2, 2, 2, 2, 2, 1], random) {
        0 => namespaces("CLONE_NEWUSER", moment, random),
        1 => {
            let other = random.choice(moment.processes)?;
            let map = pick(&["0 0 1", "0 0 1", "5 0 1", "0 1 1", "0 0 2"], random);
            one(format!("! map_ids(\"/proc/<{other}>\", \"{map}\", \"{map}\")"))
        }
        2 => one(format!("setresuid({}, {}, {})", id(random), id(random), id(random))),
        3 => one(format!("setresgid({}, {}, {})", id(random), id(random), id(random))),
        4 => one(format!("! capset_drop({})", capability(random))),
        5 => one(pick(&["getresuid()", "getresgid()", "getgroups()", "geteuid()"], random).to_string()),
        6 => one(format!("prctl(PR_CAPBSET_DROP, {})", capability(random))),
        7 => one(format!("unshare(CLONE_NEW{})", pick(&["UTS", "IPC", "NS"], random))),
        _ => typed(Identity::DECLARATIONS, &[], &IDENTITY_PASSED_OVER, moment, random),
    }
}

fn pid(moment: &ChoiceMoment<'_>, random: &mut Rng) -> Option<Move> {
    let other = random.choice(moment.processes)?.clone();
    match weighted(&[6, 3, 3, 1, 2, 2, 1], random) {
        0 => namespaces("CLONE_NEWPID", moment, random),
        1 => one(pick(&["getpid()", "getppid()", "gettid()"], random).to_string()),
        2 => one(format!("kill(<{other}>, {})", pick(&["0", "0", "SIGURG", "SIGCONT"], random))),
        3 => one("prctl(PR_SET_CHILD_SUBREAPER, 1)".to_string()),
        4 => one(format!("waitpid(<{other}>, WNOHANG)")),
        5 => one(format!("getpgid(<{other}>)")),
        _ => one("setsid()".to_string()),
    }
}

fn ipc(moment: &ChoiceMoment<'_>, random: &mut Rng) -> Option<Move> {
    let key = pick(&["1", "2", "IPC_PRIVATE"], random);
    let flags = pick(&["0", "IPC_CREAT|0600", "IPC_CREAT|0600", "IPC_CREAT|IPC_EXCL|0600"], random);
    let fresh = moment.fresh;
    match weighted(&[3, 2, 2, 5, 1, 1, 1], random) {
        0 => Some(vec![
            format!("msgget({key}, {flags}) = $t{fresh}"),
            format!("msgsnd($t{fresh}, {{mtype=1, mtext=\"a\"}}, IPC_NOWAIT)"),
        ]),
        1 => one(format!("semget({key}, 1, {flags})")),
        2 => one(format!("shmget({key}, 4096, {flags})")),
        3 => namespaces("CLONE_NEWIPC", moment, random),
        4 => Some(vec![format!("msgget({key}, 0) = $t{fresh}"), format!("msgctl($t{fresh}, IPC_RMID)")]),
        5 => {
            Some(vec![format!("semget({key}, 1, 0) = $t{fresh}"), format!("semctl($t{fresh}, 0, IPC_RMID)")])
        }
        _ => {
            let waiting = ["semop", "msgrcv", "msgsnd", "poke", "peek", "shmdt"];
            typed(Ipc::DECLARATIONS, &[], &waiting, moment, random)
        }
    }
}
