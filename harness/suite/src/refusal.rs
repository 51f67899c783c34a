//! Answers that say nothing against the kernel: a call that somebody refuses in its place, found
//! before the cases by the harmless forms of calls and after a case by its first difference; and a
//! machine that had nothing left to give.
//!
//! The harmless forms live in the crate `nsconform-sys`; which verdict follows is the business of
//! `runner`.

use crate::verdict::SkipReason;
use nsconform_lab::call::Call;
use nsconform_lab::call::device::Device;
use nsconform_lab::call::netlink::Netlink;
use nsconform_lab::interrupt::Interrupt;
use nsconform_lab::job::{ProbeResult, Unmet};
use nsconform_lab::lab::Lab;
use nsconform_lab::outcome::Outcome;
use nsconform_lab::trace::{Event, Trace};
use nsconform_sys::errno::Errno;
use nsconform_sys::harmless::{CALLS, Refusal};
use nsconform_sys::kind;
use std::collections::{BTreeMap, BTreeSet};

/// The harmless calls that are refused, by their names.
pub(crate) type Refusals = BTreeMap<&'static str, Refusal>;

/// The script of a director that makes each call in its harmless form. It is unmet where some are
/// refused: each by its place in the table, a letter, and a number.
pub(crate) fn ask_all(_: &Lab) -> Result<ProbeResult, Interrupt> {
    let refused = CALLS.iter().enumerate().filter_map(|(index, call)| {
        let (letter, number) = match call.refused()? {
            Refusal::Fails(Errno(number)) => ('f', number),
            Refusal::Ends(signal) => ('e', signal),
        };
        Some(format!("{index} {letter} {number}\n"))
    });
    let refused: String = refused.collect();
    Ok(if refused.is_empty() { Ok(()) } else { Err(Unmet::Absent(refused)) })
}

/// The refusals in the finding of [`ask_all`]. EPERM counts only where somebody may refuse calls:
/// otherwise the kernel itself gives it, which the cases judge.
pub(crate) fn parse(found: &str, somebody_may: bool) -> Refusals {
    let line = |line: &str| {
        let mut words = line.split(' ');
        let call = CALLS.get(words.next()?.parse::<usize>().ok()?)?;
        let (letter, number) = (words.next()?, words.next()?.parse().ok()?);
        let refusal = if letter == "f" { Refusal::Fails(Errno(number)) } else { Refusal::Ends(number) };
        let counts = somebody_may || refusal == Refusal::Fails(Errno(libc::ENOSYS));
        counts.then_some((call.name, refusal))
    };
    found.lines().filter_map(line).collect()
}

/// Why a case cannot be run whose approved trace makes one of these calls, if it does.
pub(crate) fn needs_a_refused_call(trace: &str, refusals: &Refusals) -> Option<SkipReason> {
    if refusals.is_empty() {
        return None;
    }
    let made = calls_of(trace);
    let (call, refusal) = refusals.iter().find(|(call, _)| made.contains(*call))?;
    let how = match refusal {
        Refusal::Fails(errno) => format!("gives {}", errno.describe()),
        Refusal::Ends(signal) => format!("ends the caller by signal {signal}"),
    };
    Some(SkipReason::Need {
        need: call.to_string(),
        found: format!("it {how} even where it would change nothing"),
        remedy: allow(call),
    })
}

fn allow(call: &str) -> String {
    format!(
        "use a kernel that has {call}; in a container, or under a seccomp filter, a security module or a tracer, allow it there"
    )
}

/// The harmless calls that a trace makes, by their names.
fn calls_of(trace: &str) -> BTreeSet<&'static str> {
    trace.lines().filter_map(printed_call).filter_map(harmless).collect()
}

/// The call in a line of a trace with what stands behind it, if the line shows one.
fn printed_call(line: &str) -> Option<&str> {
    // A name of a process may have spaces; a column ends by two.
    let (process, call) = line.split_once("  ")?;
    if process.starts_with('#') {
        return None;
    }
    Some(call.trim_start().trim_start_matches("? ").trim_start_matches("! "))
}

/// The name of a printed call.
fn name_of(printed: &str) -> Option<&str> {
    printed.split(['(', ' ']).next().filter(|name| !name.is_empty())
}

/// The harmless form by which a printed call is asked.
fn harmless(printed: &str) -> Option<&'static str> {
    let mut of_netlink = Device::DECLARATIONS.iter().chain(Netlink::DECLARATIONS);
    let name = match name_of(printed)? {
        "umount" | "umount_marked" => "umount2",
        "capset_drop" => "capset",
        "socket" if printed.starts_with("socket(AF_NETLINK,") => "socket(AF_NETLINK)",
        name if of_netlink.any(|call| call.name == name) => "socket(AF_NETLINK)",
        other => other,
    };
    CALLS.iter().map(|call| call.name).find(|call| *call == name)
}

/// The lines in which a trace first differs from the approved one: the approved and the observed.
/// Columns do not count: they are as wide as the longest name in a trace, which one that ended early
/// may not have.
fn first_difference<'t>(expected: &'t str, observed: &'t str) -> Option<(&'t str, &'t str)> {
    let differ = |(approved, line): &(&str, &str)| !approved.split_whitespace().eq(line.split_whitespace());
    let mut approved = expected.lines();
    observed.lines().map(|line| (approved.next().unwrap_or_default(), line)).find(differ)
}

/// Whether a line of a trace shows a call that failed with one of these errors.
fn fails_with(line: &str, names: &[&str]) -> Option<String> {
    names.iter().find(|name| line.contains(&format!(" = -1 {name} "))).map(|name| name.to_string())
}

/// The reason if the first difference is an error that somebody gives in the kernel's place. Only
/// asked where there is somebody who may: nothing is said against the kernel then.
pub(crate) fn refused(trace: &Trace, expected: &str) -> Option<SkipReason> {
    let observed = trace.text();
    let (approved, line) = first_difference(expected, &observed)?;
    let name = fails_with(line, &["EPERM", "ENOSYS"])?;
    if fails_with(approved, &[&name]).is_some() {
        return None;
    }
    let call = printed_call(line).and_then(name_of).unwrap_or(line);
    Some(SkipReason::Need {
        need: call.to_string(),
        found: format!(
            "it gives {name} where another answer is documented: refused by a filter, a security module or a tracer?"
        ),
        remedy: allow(call),
    })
}

/// The answer that says that the machine had nothing left to give, if there is one that the
/// approved trace does not expect: then the run says nothing about the rule.
pub(crate) fn exhausted(trace: &Trace, expected: &str) -> Option<String> {
    let mut called: BTreeMap<u16, &Call> = BTreeMap::new();
    trace.0.iter().find_map(|event| match event {
        Event::Call { process, call } => {
            called.insert(*process, call);
            None
        }
        Event::Answer { process, outcome: Outcome::Failed(errno) } => {
            let call = called.get(process)?;
            let remedy = match errno.0 {
                libc::EAGAIN if call.creates().is_some() => {
                    "more processes (ulimit -u, pids.max of the cgroup)"
                }
                libc::ENOSPC if call.flags().is_some_and(|flags| !kind::creations(flags).is_empty()) => {
                    "more namespaces (/proc/sys/user/max_*_namespaces)"
                }
                libc::EMFILE => "more descriptors (ulimit -n)",
                libc::ENFILE => "more open files (fs.file-max)",
                _ => return None,
            };
            // Where the approved trace shows an error, too, the kernel gives the wrong one.
            let observed = trace.text();
            let another =
                first_difference(expected, &observed).is_some_and(|(line, _)| line.contains(" = -1 E"));
            let unexpected = !another && !expected.contains(&errno.name());
            unexpected.then(|| format!("{} gives {}: allow {remedy}", call.name(), errno.describe()))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const TRACE: &str = "\
# setns(2) is a word of a note
outer        clone(CLONE_NEWUTS)                      = <inner>
inner guest  ! link_set_up(\"lo\")                      = 0
outer        ? cat(\"/proc/self/setns\")                = \"\"
outer        chroot(\"x\")                            = -1 EPERM (Operation not permitted)
";

    #[test]
    fn a_trace_makes_calls() {
        assert_eq!(
            calls_of(TRACE).into_iter().collect::<Vec<_>>(),
            ["chroot", "clone", "socket(AF_NETLINK)"]
        );
    }

    #[rstest]
    #[case::a_socket_of_the_script("a  socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) = 3\n", true)]
    #[case::a_question("a  ? rules()  = [0]\n", true)]
    #[case::another_family("a  socket(AF_INET, SOCK_DGRAM, 0) = 3\n", false)]
    fn sockets_of_netlink_are_found(#[case] trace: &str, #[case] found: bool) {
        assert_eq!(calls_of(trace).contains("socket(AF_NETLINK)"), found);
    }

    #[test]
    fn the_width_of_columns_is_no_difference() {
        let expected = "a         getpid()      = 1\na         chroot(\"x\")   = 0\nlong-name getpid() = 2\n";
        let observed = "a  getpid()    = 1\na  chroot(\"x\") = -1 EPERM (Operation not permitted)\n";
        let (_, line) = first_difference(expected, observed).expect("chroot differs");
        assert!(line.contains("chroot"), "{line}");
    }

    #[rstest]
    #[case::of_the_kernel(false, &["clone3"])]
    #[case::of_a_filter(true, &["capset", "clone3", "chroot"])]
    fn eperm_counts_where_somebody_may_refuse(#[case] may: bool, #[case] expected: &[&str]) {
        let place = |name: &str| CALLS.iter().position(|call| call.name == name).unwrap();
        let found = format!(
            "{} f {}\n{} f {}\n{} e 31\n",
            place("chroot"),
            libc::EPERM,
            place("clone3"),
            libc::ENOSYS,
            place("capset")
        );
        let refused: BTreeSet<&str> = parse(&found, may).into_keys().collect();
        assert_eq!(refused, expected.iter().copied().collect());
    }

    #[test]
    fn a_case_is_skipped_for_the_call_that_it_makes() {
        let refusals = |name| Refusals::from([(name, Refusal::Fails(Errno(libc::ENOSYS)))]);
        assert_eq!(needs_a_refused_call(TRACE, &refusals("setns")), None);
        let reason = needs_a_refused_call(TRACE, &refusals("clone")).expect("it makes the call");
        assert!(reason.missing().starts_with("needs clone: it gives ENOSYS"), "{}", reason.missing());
    }
}
