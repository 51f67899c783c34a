//! The witness: it stays outside of the seal and only asks, after each case that could have changed
//! something there, whether the place in which nsconform was started has changed. A change that leaks
//! into the namespaces outside cannot be seen from inside: an outer process of a case is sealed, too.
//!
//! Others use the machine meanwhile, so a change counts against a case only if its approved trace makes
//! it: a name, a device, a mount or a value that the trace holds. That a case reaches nothing of the
//! machine is the business of the seal; which verdict follows, of `runner`.

use nsconform_sys::errno::Errno;
use nsconform_sys::mountinfo;
use std::collections::BTreeMap;

/// A kind of thing that shows outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    /// The host name and the NIS domain name.
    Names,
    /// The devices of the network namespace.
    Devices,
    /// The mount points.
    Mounts,
    /// System V objects.
    Objects,
    /// POSIX message queues.
    Queues,
    /// Settings in /proc/sys.
    Settings,
}

/// Each subject, and the words of a trace by which a case may change it.
const SUBJECTS: [(Subject, &[&str]); 6] = [
    (
        Subject::Names,
        &["sethostname(", "setdomainname(", "/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname"],
    ),
    (Subject::Devices, &["! link_", "TUNSETIFF"]),
    (Subject::Mounts, &[" mount(", "move_mount("]),
    (Subject::Objects, &["shmget(", "semget(", "msgget("]),
    (Subject::Queues, &["mq_open("]),
    (Subject::Settings, &["> \"/proc/sys/"]),
];

/// Settings that change by themselves.
const RESTLESS: [&str; 1] = ["kernel/ns_last_pid"];

/// The subjects of which the witness looks at the things that a trace names, and at no others: settings
/// are too many, and queues cannot be listed without a mounted mqueue file system.
const NAMED_BY_TRACES: [Subject; 2] = [Subject::Queues, Subject::Settings];

/// One thing that shows outside.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Sighting {
    /// The words that all stand in one line of a trace that makes it.
    held: Vec<String>,
    /// The thing in words for people.
    said: String,
}

/// The things of one subject, each by a name that no other has.
type Shown = BTreeMap<String, Sighting>;

/// A thing that a trace holds as it is called here.
fn called(printed: String, said: String) -> (String, Sighting) {
    (printed.clone(), Sighting { held: vec![printed], said })
}

/// The state outside, as it was last seen.
#[derive(Clone)]
pub(crate) struct Witness {
    look: fn(Subject, &str) -> Shown,
    before: BTreeMap<Subject, Shown>,
}

impl Witness {
    /// A witness of the place that the caller is in; it looks once at everything.
    pub(crate) fn of_this_place() -> Witness {
        Witness::by(look)
    }

    fn by(look: fn(Subject, &str) -> Shown) -> Witness {
        let before = SUBJECTS.iter().filter(|(subject, _)| !NAMED_BY_TRACES.contains(subject));
        let before = before.map(|(subject, _)| (*subject, look(*subject, ""))).collect();
        Witness { look, before }
    }

    /// Looks at the things that only traces name, for these traces.
    pub(crate) fn remember_named<'t>(&mut self, traces: impl Iterator<Item = &'t str>) {
        let traces: Vec<&str> = traces.collect();
        for subject in NAMED_BY_TRACES {
            let seen = traces.iter().flat_map(|trace| (self.look)(subject, trace)).collect();
            self.before.insert(subject, seen);
        }
    }

    /// The change outside that a case has made, by its approved trace, if it has; told once.
    pub(crate) fn leak(&mut self, trace: &str) -> Option<String> {
        let touched = SUBJECTS.iter().filter(|(_, words)| words.iter().any(|word| trace.contains(word)));
        for (subject, _) in touched {
            let now = (self.look)(*subject, trace);
            let before = self.before.entry(*subject).or_default();
            let mut new = now.iter().filter(|(thing, _)| !before.contains_key(*thing));
            let makes = |sighting: &Sighting| {
                trace.lines().any(|line| sighting.held.iter().all(|held| line.contains(held.as_str())))
            };
            let leak = new.find(|(_, sighting)| makes(sighting)).map(|(_, sighting)| sighting.said.clone());
            match NAMED_BY_TRACES.contains(subject) {
                // It has looked at those of this trace alone.
                true => before.extend(now),
                false => *before = now,
            }
            if let Some(said) = leak {
                return Some(format!("leaked into the namespaces in which nsconform was started: {said}"));
            }
        }
        None
    }
}

/// Looks at the things of a subject; of [`NAMED_BY_TRACES`] at those that the trace names.
fn look(subject: Subject, trace: &str) -> Shown {
    let quoted = |text: &str| format!("\"{text}\"");
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    match subject {
        Subject::Names => {
            let both = [("host name", "hostname"), ("domain name", "domainname")];
            let said = |(what, file): (&str, &str)| {
                let name = read(&format!("/proc/sys/kernel/{file}"));
                let name = name.trim_end();
                called(quoted(name), format!("the {what} is \"{name}\" now"))
            };
            both.into_iter().map(said).collect()
        }
        Subject::Devices => {
            let table = read("/proc/self/net/dev");
            let names = table.lines().filter_map(|line| Some(line.split_once(':')?.0.trim()));
            names.map(|name| called(quoted(name), format!("there is a device {name}"))).collect()
        }
        Subject::Mounts => {
            let table = std::fs::read(mountinfo::OWN).unwrap_or_default();
            let points = mountinfo::mounts(&table).into_iter().map(|mount| mount.point.display().to_string());
            points.map(|point| called(quoted(&point), format!("something is mounted on {point}"))).collect()
        }
        Subject::Objects => ["shm", "sem", "msg"]
            .into_iter()
            .flat_map(|kind| {
                let table = read(&format!("/proc/sysvipc/{kind}"));
                table.lines().skip(1).filter_map(move |line| object(kind, line)).collect::<Vec<_>>()
            })
            .collect(),
        Subject::Queues => trace
            .lines()
            .filter(|line| line.contains("O_CREAT"))
            .filter_map(|line| line.split_once("mq_open(\"")?.1.split_once('"'))
            .filter(|(name, _)| has_queue(name))
            .map(|(name, _)| {
                called(format!("mq_open(\"{name}\""), format!("there is the message queue {name}"))
            })
            .collect(),
        Subject::Settings => trace
            .lines()
            .filter_map(|line| line.split_once("! echo \"")?.1.split_once("\" > \"/proc/sys/"))
            .filter_map(|(_, rest)| Some(rest.split_once('"')?.0))
            .filter(|setting| !RESTLESS.contains(setting))
            .map(|setting| {
                let value = read(&format!("/proc/sys/{setting}"));
                let value = value.trim_end();
                let printed = format!("! echo \"{value}\" > \"/proc/sys/{setting}\"");
                called(printed, format!("/proc/sys/{setting} holds {value} now"))
            })
            .collect(),
    }
}

/// An object of System V in a line of /proc/sysvipc (proc_sysvipc(5)). One without a key is told from those of
/// others by its size and its permission bits, and shared memory by a creator that has ended.
fn object(kind: &str, line: &str) -> Option<(String, Sighting)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (key, id, mode) = (fields.first()?.parse::<i64>().ok()?, fields.get(1)?, fields.get(2)?);
    if key != 0 {
        let printed = format!("{kind}get({:#x}", key as i32);
        let said = format!("there is the object of {printed})");
        return Some(called(printed, said));
    }
    let size = match kind {
        // A message queue is made without a size.
        "msg" => String::new(),
        _ => format!("{}, ", fields.get(3)?),
    };
    let creator = fields.get(4)?.parse().ok()?;
    if kind == "shm" && is_there(creator) {
        return None;
    }
    let mode = u32::from_str_radix(mode, 8).ok()? & 0o777;
    let held = vec![format!("{kind}get(IPC_PRIVATE, {size}"), format!("{mode:04o})")];
    let said = format!("there is the object {id} of {kind}get(IPC_PRIVATE)");
    Some((format!("{kind} {id}"), Sighting { held, said }))
}

/// Whether there is a process of this number.
fn is_there(pid: i32) -> bool {
    // SAFETY: signal 0 asks only.
    pid > 0 && (unsafe { libc::kill(pid, 0) } == 0 || Errno::last() == Errno(libc::EPERM))
}

/// Whether there is a POSIX message queue of this name, opened or not.
fn has_queue(name: &str) -> bool {
    let Ok(name) = std::ffi::CString::new(name) else { return false };
    // SAFETY: the name is a C string that outlives the call; the descriptor is closed here.
    match Errno::result(unsafe { libc::mq_open(name.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) }) {
        Ok(queue) => {
            // SAFETY: the descriptor is ours.
            unsafe { libc::close(queue as i32) };
            true
        }
        Err(errno) => errno == Errno(libc::EACCES),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nsconform_sys::{reap, sandbox};
    use rstest::rstest;
    use std::cell::Cell;
    use std::time::Duration;

    thread_local! {
        /// Whether the kernel that the witness sees lets changes out.
        static LEAKS: Cell<bool> = const { Cell::new(false) };
    }

    /// A machine with one thing of each kind, to which one more comes when changes leak.
    fn machine(subject: Subject, _: &str) -> Shown {
        let (there, leaked) = match subject {
            Subject::Names => ("\"host\"", "\"inner\""),
            Subject::Devices => ("\"lo\"", "\"v0\""),
            Subject::Mounts => ("\"/\"", "\"/tmp/a\""),
            Subject::Objects => ("shmget(0x1", "semget(0x2"),
            Subject::Queues => ("mq_open(\"/a\"", "mq_open(\"/b\""),
            Subject::Settings => ("! echo \"1\" > \"/proc/sys/x\"", "! echo \"7\" > \"/proc/sys/x\""),
        };
        let shown = if LEAKS.get() { vec![there, leaked] } else { vec![there] };
        shown.into_iter().map(|thing| called(thing.to_string(), thing.to_string())).collect()
    }

    #[rstest]
    #[case::names("a  setdomainname(\"inner\") = 0\n", Some("\"inner\""))]
    #[case::devices("a  ! link_add_veth(\"v0\", \"v1\") = 0\n", Some("\"v0\""))]
    #[case::mounts("a  mount(\"m\", \"/tmp/a\", \"tmpfs\", 0, NULL) = 0\n", Some("\"/tmp/a\""))]
    #[case::objects("a  semget(0x2, 1, IPC_CREAT) = 0\n", Some("semget(0x2"))]
    #[case::queues("a  mq_open(\"/b\", O_RDWR|O_CREAT) = 3\n", Some("mq_open(\"/b\""))]
    #[case::settings("a  ! echo \"7\" > \"/proc/sys/x\" = 1\n", Some("! echo \"7\""))]
    #[case::somebody_elses_change("a  setdomainname(\"other\") = 0\n", None)]
    #[case::a_case_that_changes_nothing("a  ? getdomainname() = \"inner\"\n", None)]
    fn a_change_outside_is_seen_once(#[case] trace: &str, #[case] expected: Option<&str>) {
        LEAKS.set(false);
        let mut witness = Witness::by(machine);
        witness.remember_named([trace].into_iter());
        assert_eq!(witness.leak(trace), None);
        LEAKS.set(true);
        let leak = witness.leak(trace);
        assert_eq!(leak.is_some(), expected.is_some(), "{leak:?}");
        if let (Some(leak), Some(expected)) = (leak, expected) {
            assert!(leak.contains(expected), "{leak}");
        }
        assert_eq!(witness.leak(trace), None);
    }

    #[test]
    fn this_place_does_not_change_by_looking() {
        let trace = "a  sethostname(\"x\") = 0\na  ! link_add_veth(\"x\", \"y\") = 0\na  mount(\"/\") = 0\n";
        assert_eq!(Witness::of_this_place().leak(trace), None);
    }

    const OBJECT: &str = "a  shmget(IPC_PRIVATE, 4096, IPC_CREAT|0600) = 0\n";

    #[rstest]
    #[case::the_same("0 7 600 4096 999999999 0 0", true)]
    #[case::another_size("0 7 600 8192 999999999 0 0", false)]
    #[case::other_permission_bits("0 7 1666 4096 999999999 0 0", false)]
    fn an_object_without_a_key_is_told_from_those_of_others(#[case] line: &str, #[case] ours: bool) {
        let found = object("shm", line).expect("it is an object");
        assert_eq!(found.0, "shm 7");
        assert_eq!(
            found.1.held.iter().all(|held| OBJECT.contains(held.as_str())),
            ours,
            "{:?}",
            found.1.held
        );
    }

    #[test]
    fn an_object_of_a_process_that_goes_on_is_somebody_elses() {
        let line = format!("0 7 600 4096 {} 0 0", std::process::id());
        assert!(object("shm", &line).is_none());
    }

    /// Changes the place of the calling process.
    type Change = fn() -> bool;

    fn ends_in_a_child(act: impl FnOnce() -> bool) -> bool {
        // SAFETY: glibc keeps its allocator consistent over fork(3), which is all that the child uses.
        unsafe { reap::status_of_child(Duration::from_secs(20), || i32::from(!act())) == Some(0) }
    }

    fn shares_memory_without_a_key() -> bool {
        // Whoever leaks an object has ended when the witness looks.
        ends_in_a_child(|| {
            // SAFETY: takes numbers only.
            unsafe { libc::shmget(libc::IPC_PRIVATE, 4096, libc::IPC_CREAT | 0o600) != -1 }
        })
    }

    // SAFETY of these changes: they take numbers, and strings that outlive the call.
    #[rstest]
    #[case::host_name("a  sethostname(\"leaked\") = 0\n", libc::CLONE_NEWUTS,
        || unsafe { libc::sethostname(c"leaked".as_ptr(), 6) == 0 })]
    #[case::object("a  msgget(0x4b455900, IPC_CREAT|0600) = 0\n", libc::CLONE_NEWIPC,
        || unsafe { libc::msgget(0x4b45_5900, libc::IPC_CREAT | 0o600) != -1 })]
    #[case::memory_without_a_key(OBJECT, libc::CLONE_NEWIPC, shares_memory_without_a_key)]
    #[case::semaphores_without_a_key("a  semget(IPC_PRIVATE, 2, IPC_CREAT|0600) = 0\n", libc::CLONE_NEWIPC,
        || unsafe { libc::semget(libc::IPC_PRIVATE, 2, libc::IPC_CREAT | 0o600) != -1 })]
    #[case::messages_without_a_key("a  msgget(IPC_PRIVATE, IPC_CREAT|0600) = 0\n", libc::CLONE_NEWIPC,
        || unsafe { libc::msgget(libc::IPC_PRIVATE, libc::IPC_CREAT | 0o600) != -1 })]
    #[case::queue("a  mq_open(\"/q\", O_RDWR|O_CREAT, 0600) = 3\n", libc::CLONE_NEWIPC,
        || unsafe {
            let mut size: libc::mq_attr = std::mem::zeroed();
            (size.mq_maxmsg, size.mq_msgsize) = (1, 16);
            libc::mq_open(c"/q".as_ptr(), libc::O_RDWR | libc::O_CREAT, 0o600, &raw mut size) != -1
        })]
    #[case::mount("a  mount(\"m\", \"/tmp\", \"tmpfs\", 0, NULL) = 0\n", libc::CLONE_NEWNS,
        || unsafe { libc::mount(c"m".as_ptr(), c"/tmp".as_ptr(), c"tmpfs".as_ptr(), 0, std::ptr::null()) == 0 })]
    fn a_real_change_is_seen(#[case] trace: &str, #[case] kind: i32, #[case] change: Change) {
        // SAFETY: takes no argument and never fails.
        let (uid, gid) = unsafe { (libc::geteuid(), libc::getegid()) };
        let seen = || {
            let sealed = sandbox::leave_namespaces(libc::CLONE_NEWUSER | kind)
                .map_err(|errno| errno.describe())
                .and_then(|()| sandbox::map_ids(&format!("0 {uid} 1"), &format!("0 {gid} 1")));
            if let Err(why) = sealed {
                eprintln!("{why}");
                return false;
            }
            let mut witness = Witness::of_this_place();
            witness.remember_named([trace].into_iter());
            witness.leak(trace).is_none() && change() && witness.leak(trace).is_some()
        };
        assert!(ends_in_a_child(seen));
    }
}
