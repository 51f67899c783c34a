//! `nsconform play`: plays a written script and prints its trace, or compares it with one.
//!
//! The notation and the playing live in the engine (`nsconform_lab::script`).

use super::{CommandResult, Failure, input, print};
use nsconform_catalogue::claims;
use nsconform_lab::interrupt::Interrupt;
use nsconform_lab::job::Finish;
use nsconform_lab::script::{Script, ScriptError};
use nsconform_lab::seal::{Credentials, Isolation, Mode};
use nsconform_lab::trace::End;
use nsconform_report::ExitStatus;
use nsconform_suite::runner::{DEADLINE, JobResult, Runner, Setup};
use nsconform_suite::snapshot;
use nsconform_sys::single_threaded::SingleThreaded;
use std::path::{Path, PathBuf};

/// The end of `nsconform play --help`.
pub const NOTATION: &str = "\
A script looks like a trace: a process, two spaces, and its call. The player ignores the text after
`=`, except for names: `= $fd` names the number that the call returns, `= <child>` the process that
it creates. Later calls may use both, and a process also in a path: \"/proc/<child>/ns/uts\".

  +++ starts as user +++                        credentials of all processes: root (if this line is
                                                not there), user, or initial-root
  +++ other starts as root +++                  creates a process with other credentials
  # a note
  outer  open(\"/proc/self/ns/uts\", O_RDONLY)    = $uts
  outer  clone(CLONE_NEWUSER|CLONE_NEWUTS)      = <inner>
  inner  setns($uts, CLONE_NEWUTS)
  outer  waitpid(<inner>, 0) <unfinished ...>
  inner  exit(0)
  outer  <... waitpid resumed>
  +++ inner has ended +++                       waits until it has
  +++ PIDs are shown +++                        new processes with their PIDs from here on

Exit status:
  0  the script was played to its end; with --expect: its trace is the expected one
  1  its trace is not the expected one
  2  wrong command line or script; a step that could not be taken
  3  the harness itself failed, or the script did not end before its deadline
  4  this machine cannot play it: it grants no sealed namespaces, or not these credentials";

/// The command line of `play`.
#[derive(clap::Args)]
pub struct PlayArguments {
    /// The script, or a trace (also a .snap file); `-` is standard input
    file: PathBuf,
    /// Compare the trace with the one in this file (a trace, a .snap file, or a script with answers),
    /// and show where they differ
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// Multiply the deadline of the script
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = super::run::scale)]
    deadline_scale: f64,
    #[command(flatten)]
    privilege: RootPrivilege,
}

/// How much of root's privilege a written script gets.
#[derive(clap::Args, Clone, Copy)]
pub struct RootPrivilege {
    /// Play the script as the machine's root, not as root of a user namespace of an ordinary user: it can
    /// change settings that no namespace separates
    #[arg(long)]
    privileged: bool,
}

impl RootPrivilege {
    /// How far a script is kept from the machine.
    ///
    /// # Errors
    /// When the script needs more than it gets.
    pub fn isolation(self, script: &Script) -> Result<Isolation, Failure> {
        let is_root = nix::unistd::geteuid().is_root();
        let needs = match script {
            _ if self.privileged => return Ok(Isolation::Usual),
            Script { starts_as: Credentials::StartedAsRoot, .. } if is_root => "starts as initial-root",
            Script { cgroup: true, .. } if is_root => "starts in a cgroup of its own",
            _ => return Ok(Isolation::Unprivileged),
        };
        let message = format!("the script {needs}: --privileged plays it as the machine's root");
        Err(Failure { status: ExitStatus::NothingTested, message })
    }
}

/// Plays the script.
pub fn play(single: &SingleThreaded, arguments: &PlayArguments) -> CommandResult {
    let script = read_script(&arguments.file)?;
    let expected = arguments.expect.as_deref().map(expected_trace).transpose()?;
    let isolation = arguments.privilege.isolation(&script)?;
    let mut runner = sealed_runner(single, &script, arguments.deadline_scale, isolation)?;
    let mut played = None;
    let job = runner.written_job(script);
    runner.run_jobs(&[job], &mut |_, run| played = Some(run));
    let run = played.ok_or_else(|| Failure::harness("the fork server has ended"))?;
    show(&run, expected.as_deref())?;
    let verdict = judge(&run, expected.as_deref(), arguments.deadline_scale);
    if isolation == Isolation::Unprivileged && matches!(verdict, Ok(ExitStatus::CaseFailed)) {
        let hint = "nsconform: the script was root of a user namespace with one id; for a trace of the machine's root \
                    play it as root with --privileged";
        anstream::eprintln!("{hint}");
    }
    verdict
}

/// A runner that can play this script.
///
/// # Errors
/// When there is no sealed place here, or not with the credentials of the script.
pub fn sealed_runner(
    single: &SingleThreaded,
    script: &Script,
    deadline_scale: f64,
    isolation: Isolation,
) -> Result<Runner, Failure> {
    let setup = Setup { jobs: 1, deadline_scale, isolation };
    let runner = Runner::start(single, claims(), setup)
        .map_err(|error| Failure::harness(format!("the fork server cannot be started: {error}")))?;
    let impossible = |message| Failure { status: ExitStatus::NothingTested, message };
    let mode = runner.mode().map_err(|why| {
        impossible(format!("sealed namespaces cannot be had here: {why}; `nsconform doctor` says more"))
    })?;
    if script.starts_as == Credentials::StartedAsRoot && mode != Mode::Privileged {
        return Err(impossible(
            "the script starts as initial-root: run nsconform as root, with --privileged".to_string(),
        ));
    }
    Ok(runner)
}

/// The trace in a text, which may be a .snap file.
fn text_of(text: &str) -> &str {
    snapshot::approved(text).unwrap_or(text)
}

/// The trace in a file, which may be a script that holds its answers: no trace has the lines of a
/// script that say how processes start and end.
///
/// # Errors
/// When it cannot be read.
pub fn expected_trace(file: &Path) -> Result<String, Failure> {
    let text = input::text(file)?;
    let lines = text_of(&text).lines().filter(|line| !line.starts_with("+++ "));
    Ok(lines.map(|line| format!("{line}\n")).collect())
}

/// Reads a script from a file that a user names.
///
/// # Errors
/// When it cannot be read or is no script: with line and column.
pub fn read_script(file: &Path) -> Result<Script, Failure> {
    let text = input::text(file)?;
    let script = text_of(&text);
    let header = text[..text.len() - script.len()].lines().count();
    script.parse().map_err(|ScriptError { line, error }| {
        let name = match file.as_os_str() == "-" {
            true => "standard input".into(),
            false => file.to_string_lossy(),
        };
        Failure::usage(format!("{name}:{}:{}: {}", line + header, error.column, error.message))
    })
}

/// Prints the trace, or where it differs from the expected one.
fn show(run: &JobResult, expected: Option<&str>) -> Result<(), Failure> {
    let observed = run.trace.text();
    print(|to| match expected {
        Some(expected) if snapshot::agrees(expected, &observed) => Ok(()),
        Some(expected) => snapshot::difference(expected, &observed)
            .into_iter()
            .try_for_each(|(sign, line)| writeln!(to, "{sign} {line}")),
        None => to.write_all(observed.as_bytes()),
    })
}

fn judge(run: &JobResult, expected: Option<&str>, scale: f64) -> CommandResult {
    match &run.finish {
        Finish::Ended => {}
        Finish::TimedOut => {
            let deadline = DEADLINE.mul_f64(scale).as_secs_f64();
            return Err(Failure::harness(format!(
                "the script did not end within {deadline:.1} s; --deadline-scale gives it more"
            )));
        }
        Finish::NotEnded => {
            return Err(Failure::harness(
                "the script was killed at its deadline and did not end".to_string(),
            ));
        }
        Finish::Died(why) | Finish::NotStarted(why) => return Err(Failure::harness(why.clone())),
    }
    match (run.trace.end(), expected) {
        (Some(End::Interrupted(Interrupt::Engine(why))), _) => Err(Failure::harness(why.clone())),
        (Some(End::Played), None) => Ok(ExitStatus::Success),
        (Some(End::Played | End::Interrupted(_)), Some(expected)) => {
            let agrees = snapshot::agrees(expected, &run.trace.text());
            Ok(if agrees { ExitStatus::Success } else { ExitStatus::CaseFailed })
        }
        (Some(End::Interrupted(why)), None) => Err(Failure::usage(why.to_string())),
        (end, _) => Err(Failure::harness(format!("the script ended in no known way: {end:?}"))),
    }
}
