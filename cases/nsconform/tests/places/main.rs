//! The program in the places where people start it: chroots, containers, under filters, with
//! inherited attributes and limits. Each place is a trial; the verdicts that are expected there
//! are the file of its name in `expected/`, so that a lost or a false verdict is a difference.
//!
//! The static program is meant, since most places hold nothing else: `.ci/places` builds it, says
//! where it is in `NSCONFORM_STATIC`, and installs the container engines. Without that variable
//! every trial is ignored, with the command that runs it. With `NSCONFORM_PLACES=write` the files
//! are written anew.
//!
//! The expected verdicts are those that differ from the run of root in no place at all, on a machine
//! whose root may do everything but CAP_SYS_RESOURCE. Which places there are is said in `list`, the
//! form of the expected verdicts in `table`.

mod calls;
mod docker;
mod list;
mod table;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use list::{Enter, PLACES, Place};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use table::Seen;

/// A run that has not ended by then hangs: the longest takes some seconds.
const LONGEST: Duration = Duration::from_secs(300);
/// The words that run the cases.
const RUN: [&str; 3] = ["run", "--format", "json"];
/// The name of the trial and of the file of the run that the others are compared with.
const ROOT: &str = "root";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let program = std::env::var_os("NSCONFORM_STATIC").map(PathBuf::from);
    let mut trials = vec![Trial::ignorable_test("the-files-are-those-of-places", || {
        files_are_those_of_places().map(|()| Completion::Completed)
    })];
    let root = program.clone();
    trials.push(Trial::ignorable_test(ROOT, move || try_root(root.as_deref())));
    trials.extend(PLACES.iter().map(|place| {
        let program = program.clone();
        Trial::ignorable_test(place.name, move || try_out(place, program.as_deref()))
    }));
    trials.extend(calls::trials(program.as_deref()));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/places/expected")
}

fn is_writing() -> bool {
    std::env::var_os("NSCONFORM_PLACES").is_some_and(|value| value == "write")
}

/// No file is left of a place that is gone, and none is missing.
fn files_are_those_of_places() -> Result<(), Failed> {
    let expected: BTreeSet<String> = PLACES
        .iter()
        .map(|place| place.name)
        .chain([ROOT, "cases"])
        .map(|name| format!("{name}.txt"))
        .collect();
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder())? {
        found.insert(entry?.file_name().to_string_lossy().into_owned());
    }
    let mut wrong: Vec<&String> = expected.symmetric_difference(&found).collect();
    if is_writing() {
        wrong.retain(|name| found.contains(*name));
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("missing or left over: {wrong:?}").into()) }
}

/// The reason for which nothing can be tried, if there is one.
fn obstacle(program: Option<&Path>, tool: &str) -> Option<String> {
    if program.is_none() {
        return Some("`.ci/places` runs it: NSCONFORM_STATIC names no program".to_string());
    }
    if !nix::unistd::geteuid().is_root() {
        return Some("only root can prepare the places".to_string());
    }
    (!tool.is_empty() && !is_installed(tool)).then(|| format!("{tool} is not installed"))
}

fn is_installed(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(tool).is_file())
}

/// The run by root in no place at all.
fn usual(program: &Path) -> Result<&'static Seen, Failed> {
    static USUAL: OnceLock<Result<Seen, String>> = OnceLock::new();
    let place = Place { name: ROOT, tool: "", enter: Enter::Script("exec $PROGRAM $RUN") };
    let usual = USUAL.get_or_init(|| observe(&place, program).map_err(|failed| format!("{failed:?}")));
    usual.as_ref().map_err(|why| why.as_str().into())
}

/// The ids that the tables speak of.
fn known_cases() -> Result<BTreeSet<String>, Failed> {
    Ok(std::fs::read_to_string(folder().join("cases.txt"))?.lines().map(str::to_string).collect())
}

fn try_root(program: Option<&Path>) -> Result<Completion, Failed> {
    if let Some(obstacle) = obstacle(program, "") {
        return Ok(Completion::ignored_with(obstacle));
    }
    let seen = usual(program.unwrap_or(Path::new("")))?;
    if is_writing() {
        std::fs::create_dir_all(folder())?;
        let ids: String = seen.verdicts.keys().map(|id| format!("{id}\n")).collect();
        std::fs::write(folder().join("cases.txt"), ids)?;
    }
    compare(ROOT, seen, None)
}

fn try_out(place: &Place, program: Option<&Path>) -> Result<Completion, Failed> {
    if let Some(obstacle) = obstacle(program, place.tool) {
        return Ok(Completion::ignored_with(obstacle));
    }
    let program = program.unwrap_or(Path::new(""));
    let usual = usual(program)?;
    compare(place.name, &observe(place, program)?, Some(usual))
}

/// Compares a run with the table of its place.
fn compare(name: &str, seen: &Seen, usual: Option<&Seen>) -> Result<Completion, Failed> {
    let path = folder().join(format!("{name}.txt"));
    let observed = seen.table(usual, &known_cases()?);
    if is_writing() {
        std::fs::write(&path, &observed)?;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let mut wrong = seen.faults(usual.unwrap_or(seen));
    if expected != observed {
        wrong.push(format!("the verdicts are not those of {}:", path.display()));
        let difference = changed_lines(&expected, &observed);
        wrong.extend(difference);
        wrong.push("`.ci/places --write` writes the tables anew: read the difference".to_string());
    }
    if wrong.is_empty() { Ok(Completion::Completed) } else { Err(wrong.join("\n").into()) }
}

/// The lines that only one of two texts has, in their order.
fn changed_lines(expected: &str, observed: &str) -> Vec<String> {
    nsconform_suite::snapshot::difference(expected, observed)
        .into_iter()
        .filter(|(sign, _)| *sign != ' ')
        .map(|(sign, line)| format!("{sign} {line}"))
        .collect()
}

/// A place under a filter that answers these system calls with this errno.
fn under_refusal(program: &Path, calls: &'static [i64], errno: i32) -> Result<Seen, Failed> {
    observe(&Place { name: "a refused call", tool: "", enter: Enter::Refuse(calls, errno) }, program)
}

/// Runs the cases in a place.
fn observe(place: &Place, program: &Path) -> Result<Seen, Failed> {
    let scratch = tempfile::tempdir()?;
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(scratch.path(), open.clone())?;
    let (root, own) = (scratch.path().join("root"), scratch.path().join("own"));
    for directory in [&root, &own] {
        std::fs::create_dir(directory)?;
        std::fs::set_permissions(directory, open.clone())?;
    }
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private"]);
    match &place.enter {
        Enter::Script(script) => {
            command.args(["sh", "-ec", script]);
        }
        Enter::UserScript(script) => {
            let user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "sh", "-ec"];
            command.args(user).arg(script);
        }
        Enter::Refuse(calls, errno) => {
            let rules = calls.iter().map(|call| (*call, Vec::new())).collect();
            command = filtered(program, filter(rules, *errno)?);
        }
        Enter::RefuseWith(call, argument, value) => {
            let condition =
                SeccompCondition::new(*argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, *value)?;
            let rules = [(*call, vec![SeccompRule::new(vec![condition])?])].into();
            command = filtered(program, filter(rules, libc::EPERM)?);
        }
        Enter::Docker => {
            std::fs::write(own.join("config.json"), docker::bundle(&root, &RUN).to_string())?;
            command.args(["sh", "-ec", docker::RUN_THE_BUNDLE]);
        }
    }
    let child = command
        .env("PROGRAM", program)
        .env("ROOT", &root)
        .env("SCRATCH", &own)
        .env("RUN", RUN.join(" "))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let group = nix::unistd::Pid::from_raw(child.id() as i32);
    let (ended, end) = std::sync::mpsc::channel();
    let waiter = std::thread::spawn(move || ended.send(child.wait_with_output()));
    let Ok(output) = end.recv_timeout(LONGEST) else {
        nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL)?;
        drop(waiter.join());
        return Err(format!("the run did not end within {} s", LONGEST.as_secs()).into());
    };
    let output = output?;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let seen = Seen::parse(&String::from_utf8_lossy(&output.stdout), output.status.code(), &errors)?;
    if seen.verdicts.is_empty() && seen.said.is_empty() {
        return Err(format!("the place cannot be entered: {}: {errors}", output.status).into());
    }
    Ok(seen)
}

/// The program under a filter.
fn filtered(program: &Path, filter: BpfProgram) -> Command {
    let mut command = Command::new(program);
    command.args(RUN);
    // SAFETY: between fork and exec the child makes two system calls and touches no heap.
    unsafe {
        command.pre_exec(move || seccompiler::apply_filter(&filter).map_err(std::io::Error::other));
    }
    command
}

/// A filter that refuses what these rules say and lets everything else pass.
fn filter(
    rules: std::collections::BTreeMap<i64, Vec<SeccompRule>>,
    errno: i32,
) -> Result<BpfProgram, Failed> {
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(errno as u32),
        std::env::consts::ARCH.try_into()?,
    )?;
    Ok(filter.try_into()?)
}
