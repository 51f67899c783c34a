//! `nsconform reduce`: the smallest script that keeps a difference between a kernel and a trace or other
//! kernels.
//!
//! The search lives in `nsconform_explore::reduce`, kernels that play in `nsconform_vm::dialogue`.

use super::output::{Output, unwritten};
use super::play::{expected_trace, read_script, sealed_runner};
use super::progress::ProgressLine;
use super::{CommandResult, Failure, guests, print};
use nsconform_explore::player::{Here, ScriptPlayer};
use nsconform_explore::reduce::{Against, Effort, Irreducible, Reduction, reduce as search};
use nsconform_explore::replay::{ReplayLine, read_trace};
use nsconform_lab::script::Script;
use nsconform_lab::seal::{Credentials, Isolation};
use nsconform_suite::runner::DEADLINE;
use nsconform_suite::snapshot;
use nsconform_suite::verdict::ExitStatus;
use nsconform_sys::machine::Machine;
use nsconform_sys::single_threaded::SingleThreaded;
use nsconform_vm::dialogue::Dialogue;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The exit statuses, for --help.
pub const EXIT_STATUSES: &str = "\
The script is played here, in a user namespace, since a part of it could do to the machine what the
whole does not; other kernels then do the same. With --on a kernel in a guest plays it, as root. Of what is left, each answer before the last line is the same on both sides,
and the last line is the difference: the same answers to the same kind of call as in the whole script.

A trace does not tell what its kernel would answer to a shorter script. So against a trace only those steps
go that cannot matter for the difference: what comes after it, questions, and files that it does not lead to.
Against other kernels, each of which boots once and plays every attempt, anything may go: steps, flags,
processes, parts of paths.

Exit status:
  0  the script is as short as it gets, or --replays was reached
  1  there is no difference
  2  wrong command line, script or trace
  3  the harness itself failed, or a kernel answers the same script differently from one play to the next
  4  this machine cannot play it: it grants no sealed namespaces, or not these credentials";

/// The command line of `reduce`.
#[derive(clap::Args)]
pub struct ReduceArguments {
    /// The script, or a trace (also a .snap file); `-` is standard input
    script: PathBuf,
    /// The other side of the difference: a trace of the same script (also a script with answers), or
    /// kernels by their names in the list (`nsconform matrix`) or by their images
    #[arg(long, value_name = "TRACE|KERNEL", required = true, value_delimiter = ',')]
    differs_from: Vec<PathBuf>,
    /// Play the script by this kernel in a guest, instead of here
    #[arg(long, value_name = "KERNEL")]
    on: Option<PathBuf>,
    /// Write the short script to this file as well
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The number from which the order of the attempts follows
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// The most plays of a script, those of all kernels counted
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    replays: u32,
    /// Multiply the deadline of each play
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = super::run::scale)]
    deadline_scale: f64,
}

/// Runs the command.
pub fn reduce(single: &SingleThreaded, arguments: &ReduceArguments) -> CommandResult {
    let script = read_script(&arguments.script)?;
    let trace = match arguments.differs_from.as_slice() {
        [file] if file.as_os_str() == "-" || !guests::is_kernel(file) => {
            Some(read_expected(&script, file, arguments)?)
        }
        _ => None,
    };
    let scale = arguments.deadline_scale;
    let isolated = arguments.on.is_none();
    if isolated && script.starts_as == Credentials::StartedAsRoot {
        let message = "the script starts as initial-root, and parts of it could reach this machine: play it \
                       in a guest with --on KERNEL"
            .to_string();
        return Err(Failure { status: ExitStatus::NothingTested, message });
    }
    // The fork server starts before any thread does.
    let mut runner = match arguments.on {
        Some(_) => None,
        // A part of a script may go on without the namespace that kept it from the machine.
        None => Some(sealed_runner(single, &script, scale, Isolation::Unprivileged)?),
    };
    let mut on = arguments.on.as_deref().map(|kernel| guests::start(kernel, scale, isolated)).transpose()?;
    let mut others: Vec<Dialogue> = match trace {
        Some(_) => Vec::new(),
        None => {
            let kernels = arguments.differs_from.iter();
            kernels.map(|kernel| guests::start(kernel, scale, isolated)).collect::<Result<_, _>>()?
        }
    };
    let deadline = DEADLINE.mul_f64(scale);
    let name = format!("Linux {}, here", Machine::look().kernel_release);
    let mut here = runner.as_mut().map(|runner| Here::new(runner, name, deadline));
    let subject: &mut dyn ScriptPlayer = match (&mut on, &mut here) {
        (Some(guest), _) => guest,
        (None, Some(here)) => here,
        (None, None) => return Err(Failure::harness("there is no kernel to play")),
    };
    let against = match trace {
        Some((name, lines)) => Against::Trace(name, lines),
        None => Against::Players(others.iter_mut().map(|guest| guest as &mut dyn ScriptPlayer).collect()),
    };
    let total = arguments.replays as usize;
    let effort = Effort { seed: arguments.seed, most_replays: total };
    let progress = ProgressLine::start(total, "replays");
    let subject_name = subject.name().to_string();
    let reduced = search(&script, subject, against, effort, &mut |replays, _| progress.reach(replays, total));
    progress.end();
    let reduced = match reduced {
        Ok(reduced) => reduced,
        Err(Irreducible::Same) => {
            print(|to| {
                writeln!(to, "There is no difference: {subject_name} answers the script in the same way.")
            })?;
            return Ok(ExitStatus::CaseFailed);
        }
        Err(Irreducible::Unstable(kernel, call)) => {
            return Err(Failure::harness(format!(
                "the script is not stable: {call} has not the same answer in two plays by {kernel}"
            )));
        }
        Err(Irreducible::Failed(why)) => return Err(Failure::harness(why)),
    };
    if let Some(path) = &arguments.output {
        let mut to = Output::open(Some(path), false)?;
        let written = write!(to, "{}", reduced.script).and_then(|()| to.flush());
        written.map_err(|error| unwritten(Some(path), &error))?;
    }
    print(|to| write_human(to, script.steps.len(), &reduced, &subject_name, arguments.seed))?;
    Ok(ExitStatus::Success)
}

/// The lines of a trace of the script, with the name of its file.
fn read_expected(
    script: &Script,
    file: &Path,
    arguments: &ReduceArguments,
) -> Result<(String, Vec<ReplayLine>), Failure> {
    let name = file.display().to_string();
    let lines = read_trace(script, &expected_trace(file)?).map_err(|why| {
        Failure::usage(format!("{name} is no trace of {}: {why}", arguments.script.display()))
    })?;
    Ok((name, lines))
}

fn write_human(
    to: &mut dyn Write,
    steps: usize,
    reduced: &Reduction,
    subject: &str,
    seed: u64,
) -> io::Result<()> {
    let bold = anstyle::Style::new().bold();
    let left = reduced.script.steps.len();
    writeln!(
        to,
        "{bold}{steps} steps are reduced to {left}{bold:#} in {} replays, seed {}{}\n",
        reduced.replays,
        seed,
        if reduced.cut_short { "; --replays ended it, there may be less to keep" } else { "" }
    )?;
    writeln!(to, "{}", reduced.script)?;
    for (name, trace) in &reduced.others {
        writeln!(to, "- {name}; + {subject}")?;
        for (sign, line) in snapshot::difference(&trace.join("\n"), &reduced.replay.trace.join("\n")) {
            writeln!(to, "{sign} {line}")?;
        }
    }
    Ok(())
}
