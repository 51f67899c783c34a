//! The `nsconform` program: reads the command line, hands over to a command, and turns what it
//! says into an exit status.
//!
//! The commands live in `command`; cases, coursework and engine in libraries of their own.

mod command;

use clap::{CommandFactory, Parser, Subcommand};
use command::{
    Failure, audit, complete, course, diff, doctor, explain, explore, fetch_kernels, grade, guest, history,
    lab, limits, list, man, matrix, play, print_data, quiz, reduce, report, run, shorten, verify,
};
use nsconform_suite::verdict::ExitStatus;
use nsconform_sys::single_threaded::SingleThreaded;
use std::process::ExitCode;

/// Checks what Linux documents about namespaces against what this kernel does.
///
/// Each documented rule is a case: processes are directed one call at a time in sealed namespaces,
/// and the kernel's answers are compared with an approved trace. Nothing of the machine is changed.
#[derive(Parser)]
#[command(name = "nsconform", version, after_help = EXIT_STATUSES)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
}

const EXIT_STATUSES: &str = "\
Exit status:
  0  all cases that were run passed
  1  a case failed, or rests on a rule that this kernel breaks
  2  wrong command line or input
  3  the harness itself failed: an error, a timeout, a result that could not be written
  4  nothing was tested: everything was skipped, or no case matched

`nsconform` alone is `nsconform run`.";

const FETCH_STATUSES: &str = "\
Exit status:
  0  all kernels are in the cache
  2  wrong command line or list
  3  some could not be had";

#[derive(Subcommand)]
enum Command {
    /// Run cases and show the result
    #[command(after_help = EXIT_STATUSES)]
    Run(run::RunArguments),
    /// Show stored runs in any format, and put the parts of a divided run together
    #[command(after_help = EXIT_STATUSES)]
    Report(report::ReportArguments),
    /// List the cases and what they claim
    List(list::ListArguments),
    /// Explain one case: its claim, where it is documented, and its trace step by step
    Explain(explain::ExplainArguments),
    /// Show that the cases can fail: lie to each of them and see whether it notices
    Audit(audit::AuditArguments),
    /// Show that verdicts are stable: run every case many times, disturbed in many ways
    #[command(after_help = verify::EXIT_STATUSES)]
    Verify(verify::VerifyArguments),
    /// Play a written script, or the trace of a case as one, and print its trace
    #[command(after_help = play::NOTATION)]
    Play(play::PlayArguments),
    /// Direct processes call by call at a prompt, in sealed namespaces
    #[command(after_help = lab::EXIT_STATUSES)]
    Lab(lab::LabArguments),
    /// Predict the answers of stored traces, at a prompt or on a worksheet
    #[command(after_help = quiz::EXIT_STATUSES)]
    Quiz(quiz::QuizArguments),
    /// Reduce a script to what keeps its difference from a trace or from other kernels
    #[command(after_help = reduce::EXIT_STATUSES)]
    Reduce(reduce::ReduceArguments),
    /// Compose and play scripts that nobody wrote, and reduce those that break a law or tell kernels apart
    #[command(after_help = explore::EXIT_STATUSES)]
    Explore(explore::ExploreArguments),
    /// Compare two runs: regressions, fixes, and what is no longer tested
    #[command(after_help = diff::EXIT_STATUSES)]
    Diff(diff::DiffArguments),
    /// Show what became of the cases over the runs that --store kept
    #[command(after_help = history::EXIT_STATUSES)]
    History(history::HistoryArguments),
    /// Fill the cache with the kernels that the matrix boots
    #[command(after_help = FETCH_STATUSES)]
    FetchKernels(fetch_kernels::FetchKernelsArguments),
    /// Boot kernels with QEMU, run the cases in each, and show where they differ
    Matrix(matrix::MatrixArguments),
    /// Coursework: list the assignments, begin one
    Course(course::CourseArguments),
    /// Grade a program against the contract of an assignment
    #[command(after_help = grade::EXIT_STATUSES)]
    Grade(grade::GradeArguments),
    /// Show what this machine offers, what is missing, and how to get it
    Doctor,
    /// Rewrite run files in the short form, in which kept runs name approved traces by their hash
    #[command(hide = true)]
    Shorten(shorten::ShortenArguments),
    /// Print the manual page, or write all manual pages into a directory
    Man(man::ManArguments),
    /// Print the script that completes commands, options, case ids, assignments and kernels in a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// A panic is a fault of the harness, and has the exit status of one: the standard library panics where
/// close(2) is refused, for example.
fn main() -> ExitCode {
    std::panic::catch_unwind(run_command).unwrap_or(ExitCode::from(ExitStatus::HarnessFailed as u8))
}

fn run_command() -> ExitCode {
    nsconform_lab::actor::continue_if_asked();
    let single = SingleThreaded::prove();
    if nsconform_vm::guest::is_guest() {
        guest::run(&single);
    }
    complete::answer_if_asked(CommandLine::command);
    let arguments = CommandLine::try_parse().unwrap_or_else(|error| {
        // `git bisect run` takes the exit status of a wrong command line for a bad commit.
        if error.use_stderr() && std::env::args_os().any(|argument| argument == "--bisect") {
            let _ = error.print();
            std::process::exit(matrix::CANNOT_BE_TESTED);
        }
        error.exit()
    });
    if let Err(failure) = limits::suffice() {
        return told(failure);
    }
    let fork = || single.as_ref().map_err(|why| Failure::harness(why.as_str()));
    let done = match arguments.command.unwrap_or_else(|| Command::Run(run::RunArguments::default())) {
        Command::Run(arguments) => fork().and_then(|single| run::run(single, &arguments)),
        Command::Report(arguments) => report::report(&arguments),
        Command::Shorten(arguments) => shorten::shorten(&arguments),
        Command::List(arguments) => list::list(&arguments),
        Command::Explain(arguments) => explain::explain(&arguments),
        Command::Audit(arguments) => fork().and_then(|single| audit::audit(single, &arguments)),
        Command::Verify(arguments) => fork().and_then(|single| verify::verify(single, &arguments)),
        Command::Play(arguments) => fork().and_then(|single| play::play(single, &arguments)),
        Command::Lab(arguments) => fork().and_then(|single| lab::lab(single, &arguments)),
        Command::Quiz(arguments) => quiz::quiz(&arguments),
        Command::Reduce(arguments) => fork().and_then(|single| reduce::reduce(single, &arguments)),
        Command::Explore(arguments) => fork().and_then(|single| explore::explore(single, &arguments)),
        Command::Diff(arguments) => diff::diff(&arguments),
        Command::History(arguments) => history::history(&arguments),
        Command::FetchKernels(arguments) => fetch_kernels::fetch_kernels(&arguments),
        Command::Matrix(arguments) => matrix::matrix(&arguments),
        Command::Course(arguments) => course::course_command(&arguments),
        Command::Grade(arguments) => fork().and_then(|single| grade::grade(single, &arguments)),
        Command::Doctor => fork().and_then(doctor::doctor),
        Command::Man(arguments) => man::man(CommandLine::command(), &arguments),
        Command::Completions { shell } => complete::registration(shell)
            .map_err(|error| Failure::usage(format!("{shell} cannot be completed for: {error}")))
            .and_then(|script| print_data(|to| to.write_all(&script)))
            .map(|()| ExitStatus::Success),
    };
    match done {
        Ok(status) => ExitCode::from(status as u8),
        Err(failure) => told(failure),
    }
}

/// Says why a command could not do what was asked.
fn told(Failure { status, message }: Failure) -> ExitCode {
    use std::io::Write;
    // A closed error output leaves nobody to tell.
    let _ = writeln!(anstream::stderr(), "nsconform: {message}");
    ExitCode::from(status as u8)
}
