//! The witness: it stays outside of the seal and only asks, after each case that could have changed
//! something there, whether the place in which nsconform was started has changed. A change that leaks
//! into the namespaces outside cannot be seen from inside: an outer process of a case is sealed, too.
//!
//! Others use the machine meanwhile, so a change counts against a case only if its approved trace makes
//! it: a name, a device, a mount or a value that the trace holds. That a case reaches nothing of the
//! machine is the business of the seal; which verdict follows, of `runner`.

use nsconform_sys::mountinfo;
use std::collections::{BTreeMap, BTreeSet};

/// A kind of thing that shows outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    /// The host name and the NIS domain name.
    Names,
    /// The devices of the network namespace.
    Devices,
    /// The mount points.
    Mounts,
    /// System V objects with a key.
    Objects,
    /// Settings in /proc/sys.
    Settings,
}

/// Each subject, and the words of a trace by which a case may change it.
const SUBJECTS: [(Subject, &[&str]); 5] = [
    (
        Subject::Names,
        &["sethostname(", "setdomainname(", "/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname"],
    ),
    (Subject::Devices, &["! link_", "TUNSETIFF"]),
    (Subject::Mounts, &[" mount(", "move_mount("]),
    (Subject::Objects, &["shmget(0x", "semget(0x", "msgget(0x"]),
    (Subject::Settings, &["> \"/proc/sys/"]),
];

/// Settings that change by themselves.
const RESTLESS: [&str; 1] = ["kernel/ns_last_pid"];

/// The things of one subject as they show: each as a trace would hold it, with words for people.
type Shown = BTreeMap<String, String>;

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
        let before = SUBJECTS.iter().filter(|(subject, _)| *subject != Subject::Settings);
        let before = before.map(|(subject, _)| (*subject, look(*subject, ""))).collect();
        Witness { look, before }
    }

    /// Looks at the settings that these traces write, which are too many to look at all.
    pub(crate) fn remember_settings<'t>(&mut self, traces: impl Iterator<Item = &'t str>) {
        let seen = traces.flat_map(|trace| (self.look)(Subject::Settings, trace)).collect();
        self.before.insert(Subject::Settings, seen);
    }

    /// The change outside that a case has made, by its approved trace, if it has; told once.
    pub(crate) fn leak(&mut self, trace: &str) -> Option<String> {
        let touched = SUBJECTS.iter().filter(|(_, words)| words.iter().any(|word| trace.contains(word)));
        for (subject, _) in touched {
            let now = (self.look)(*subject, trace);
            let before = self.before.entry(*subject).or_default();
            let new = now.iter().filter(|(thing, _)| !before.contains_key(*thing));
            let leak =
                new.filter(|(thing, _)| trace.contains(thing.as_str())).map(|(_, said)| said.clone()).next();
            match subject {
                // It has looked at those of this trace alone.
                Subject::Settings => before.extend(now),
                _ => *before = now,
            }
            if let Some(said) = leak {
                return Some(format!("leaked into the namespaces in which nsconform was started: {said}"));
            }
        }
        None
    }
}

/// Looks at the things of a subject, for the settings at those that the trace writes.
fn look(subject: Subject, trace: &str) -> Shown {
    let quoted = |text: &str| format!("\"{text}\"");
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    match subject {
        Subject::Names => {
            let both = [("host name", "hostname"), ("domain name", "domainname")];
            let said = |(what, file): (&str, &str)| {
                let name = read(&format!("/proc/sys/kernel/{file}"));
                let name = name.trim_end();
                (quoted(name), format!("the {what} is \"{name}\" now"))
            };
            both.into_iter().map(said).collect()
        }
        Subject::Devices => {
            let table = read("/proc/self/net/dev");
            let names = table.lines().filter_map(|line| Some(line.split_once(':')?.0.trim()));
            names.map(|name| (quoted(name), format!("there is a device {name}"))).collect()
        }
        Subject::Mounts => {
            let table = std::fs::read(mountinfo::OWN).unwrap_or_default();
            let points = mountinfo::mounts(&table).into_iter().map(|mount| mount.point.display().to_string());
            points.map(|point| (quoted(&point), format!("something is mounted on {point}"))).collect()
        }
        Subject::Objects => ["shm", "sem", "msg"]
            .into_iter()
            .flat_map(|kind| {
                let table = read(&format!("/proc/sysvipc/{kind}"));
                let keys: BTreeSet<i64> = table
                    .lines()
                    .skip(1)
                    .filter_map(|line| line.split_whitespace().next()?.parse().ok())
                    .collect();
                let said = move |key: i64| {
                    let printed = format!("{kind}get({:#x}", key as i32);
                    (printed.clone(), format!("there is the object of {printed})"))
                };
                keys.into_iter().filter(|key| *key != 0).map(said).collect::<Vec<_>>()
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
                (printed, format!("/proc/sys/{setting} holds {value} now"))
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::cell::Cell;

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
            Subject::Settings => ("! echo \"1\" > \"/proc/sys/x\"", "! echo \"7\" > \"/proc/sys/x\""),
        };
        let shown = if LEAKS.get() { vec![there, leaked] } else { vec![there] };
        shown.into_iter().map(|thing| (thing.to_string(), thing.to_string())).collect()
    }

    #[rstest]
    #[case::names("a  setdomainname(\"inner\") = 0\n", Some("\"inner\""))]
    #[case::devices("a  ! link_add_veth(\"v0\", \"v1\") = 0\n", Some("\"v0\""))]
    #[case::mounts("a  mount(\"m\", \"/tmp/a\", \"tmpfs\", 0, NULL) = 0\n", Some("\"/tmp/a\""))]
    #[case::objects("a  semget(0x2, 1, IPC_CREAT) = 0\n", Some("semget(0x2"))]
    #[case::settings("a  ! echo \"7\" > \"/proc/sys/x\" = 1\n", Some("! echo \"7\""))]
    #[case::somebody_elses_change("a  setdomainname(\"other\") = 0\n", None)]
    #[case::a_case_that_changes_nothing("a  ? getdomainname() = \"inner\"\n", None)]
    fn a_change_outside_is_seen_once(#[case] trace: &str, #[case] expected: Option<&str>) {
        LEAKS.set(false);
        let mut witness = Witness::by(machine);
        witness.remember_settings([trace].into_iter());
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
}
