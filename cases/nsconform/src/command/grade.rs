//! `nsconform grade`: grades a program against the contract of an assignment, once or whenever the
//! program changes.
//!
//! A class of submissions is graded by `class`. Handouts and starters live in `course`; how results are written, in the
//! harness's `grade::report`.

use super::class;
use super::course::{embedded_rules, find};
use super::fetch_kernels::newest;
use super::matrix::{interruptible, probed};
use super::run::scale;
use super::{CommandResult, Failure, input, print, print_data, progress, width};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nsconform_course::Course;
use nsconform_grader::Program;
use nsconform_grader::assignment::Assignment;
use nsconform_grader::grader::{GradingRequest, grade as perform};
use nsconform_grader::grading::Grading;
use nsconform_grader::report::{Format, Report, ResultFile, add_option, repeat_command};
use nsconform_report::ExitStatus;
use nsconform_sys::single_threaded::SingleThreaded;
use nsconform_vm::boot::Ending;
use nsconform_vm::grading;
use nsconform_vm::kernels::{self, Kernel};
use nsconform_vm::message::Submission;
use nsconform_vm::qemu;
use std::ffi::OsString;
use std::io::Read;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

/// The exit statuses of `grade`.
pub const EXIT_STATUSES: &str = "\
Exit status:
  0  full marks (with --format exercism or classroom50: grading itself worked)
  1  points are missing
  2  wrong command line or input
  3  the grader itself failed, the machine was too busy, or a result could not be written
  4  this machine can perform none of the checks

With --all:
  0  every submission has a result, whatever it is
  2  wrong command line or input, or there is no submission
  3  a submission could not be graded, or a result not be written: the same command goes on there
  4  this machine can perform none of the checks

A submission runs as an unprivileged user in sealed namespaces, without network, with a read-only
view of the system's programs and 16 MiB of scratch space.";

/// The command line of `grade`.
#[derive(clap::Args)]
pub struct GradeArguments {
    /// The assignment: `nsconform course list` shows all
    #[arg(add = super::complete::assignments())]
    pub(super) assignment: String,
    /// The program to be graded: any executable file
    #[arg(required_unless_present = "all")]
    program: Option<PathBuf>,
    /// Repeat a grading: what nobody can know beforehand follows from this number
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// The form of the result: human, json, gradescope, classroom50, exercism or junit
    #[arg(long, default_value = "human")]
    pub(super) format: Format,
    /// Write the result to this file, after each check anew; people still get theirs
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Show the first N hints for each check that failed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) hints: usize,
    /// Take the rules from this file: `nsconform course rules` prints those to start from
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<PathBuf>,
    /// Show checks that students may not see as well
    #[arg(long)]
    pub(super) staff: bool,
    /// Grade in a throw-away guest (QEMU), for machines that forbid user namespaces: machine code
    /// and shell scripts only
    #[arg(long)]
    pub(super) vm: bool,
    /// The kernel of the guest [default: the newest of the list that can be had]
    #[arg(long, value_name = "PATH", requires = "vm")]
    pub(super) kernel: Option<PathBuf>,
    /// Multiply every deadline by this, for slow machines; a guest measures how slow it is
    #[arg(long, value_name = "X", value_parser = scale, conflicts_with = "vm")]
    pub(super) deadline_scale: Option<f64>,
    /// Grade again whenever the program changes, or Enter is pressed
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    pub(super) class: class::ClassArguments,
}

/// Runs the command.
pub fn grade(single: &SingleThreaded, arguments: &GradeArguments) -> CommandResult {
    if let Some(folder) = &arguments.class.all {
        return class::grade_all(single, arguments, folder);
    }
    let Some(path) = &arguments.program else {
        return Err(Failure::usage("name the program to be graded, or a folder with --all"));
    };
    let course = find(&arguments.assignment)?;
    let mut rules = rules(course, arguments.rules.as_deref())?;
    if let Some(factor) = arguments.deadline_scale {
        rules.assignment = rules.assignment.slowed(factor);
    }
    let assignment = &rules.assignment;
    let environment = |name: &str| std::env::var(name).ok();
    let report = Report::new(arguments.format, arguments.staff, arguments.hints, width(), &environment)
        .map_err(Failure::usage)?;
    let file = match &arguments.output {
        Some(path) => Some(ResultFile::new(path, arguments.format).map_err(Failure::usage)?),
        None => None,
    };
    let once = || {
        let program = Program::read(path).map_err(Failure::usage)?;
        let grading = |hear: &mut dyn FnMut(&Grading)| match arguments.vm {
            true => grade_in_guest(arguments, course, &rules, path, &program, hear),
            false => {
                let (seed, repeat) = seed_and_repeat(arguments, path);
                let request = GradingRequest {
                    name: course.name,
                    assignment,
                    scripts: course.checks,
                    program: &program,
                    path: path.to_str().unwrap_or(&program.name),
                    repeat: Some(&repeat),
                    seed,
                };
                Ok(perform(single, &request, hear))
            }
        };
        grade_once(arguments, assignment, path, &report, file.as_ref(), grading)
    };
    if arguments.watch { watch(path, once) } else { once() }
}

/// Rules, and the text that they were read from.
pub(super) struct Rules {
    pub(super) text: String,
    pub(super) assignment: Assignment,
}

/// The rules of an assignment: a teacher's, if there are some.
pub(super) fn rules(course: &Course, file: Option<&Path>) -> Result<Rules, Failure> {
    let Some(path) = file else {
        return Ok(Rules { text: course.rules.to_string(), assignment: embedded_rules(course)? });
    };
    let wrong = |why: &dyn std::fmt::Display| Failure::usage(format!("{}: {why}", path.display()));
    let text = input::text(path)?;
    let assignment = course.read(&text).map_err(|why| wrong(&why))?;
    Ok(Rules { text, assignment })
}

/// The seed, of as many bits as it can have so that nobody finds it out by trying, and the command that
/// repeats a grading with it.
fn seed_and_repeat(arguments: &GradeArguments, program: &Path) -> (u64, String) {
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    let mut options: Vec<OsString> = Vec::new();
    if let Some(rules) = &arguments.rules {
        add_option(&mut options, "--rules", rules.as_os_str());
    }
    if let Some(factor) = arguments.deadline_scale {
        add_option(&mut options, "--deadline-scale", factor.to_string().as_ref());
    }
    if arguments.vm {
        options.push("--vm".into());
    }
    if let Some(kernel) = &arguments.kernel {
        add_option(&mut options, "--kernel", kernel.as_os_str());
    }
    (seed, repeat_command(&arguments.assignment, program.as_os_str(), seed, &options))
}

/// Boots a guest and takes in what it says of the grading.
fn grade_in_guest(
    arguments: &GradeArguments,
    course: &Course,
    rules: &Rules,
    path: &Path,
    program: &Program,
    hear: &mut dyn FnMut(&Grading),
) -> Result<Grading, Failure> {
    let qemu = qemu::find().map_err(Failure::harness)?;
    let kernel = match &arguments.kernel {
        Some(path) => {
            input::open(path)?;
            Kernel::from_image(path, None).map_err(Failure::usage)?
        }
        None => {
            let cache = kernels::default_directory().map_err(Failure::usage)?;
            newest(&kernels::Options { mirror: None, offline: false, cache })?
        }
    };
    let (seed, repeat) = seed_and_repeat(arguments, path);
    let submission = Submission {
        assignment: course.name.to_string(),
        rules: rules.text.clone(),
        name: program.name.clone(),
        path: path.to_string_lossy().into_owned(),
        seed,
    };
    let cancel = interruptible()?;
    let archive = grading::initramfs(&kernel, &submission, &program.content).map_err(Failure::usage)?;
    let accelerator = probed(&qemu, &kernel, &archive, &cancel);
    let mut last = None;
    let mut take = |grading: &Grading| {
        let guest = Some(kernel.release.clone());
        let grading = Grading { guest, repeat: Some(repeat.clone()), ..grading.clone() };
        hear(&grading);
        last = Some(grading);
    };
    let boot = grading::grade(&kernel, &qemu, accelerator, &archive, &cancel, &mut take);
    let why = || format!("{} in QEMU: {}", kernel.release, boot.ending.describe());
    match last {
        Some(grading) if boot.ending == Ending::Done => Ok(grading),
        Some(grading) => Ok(Grading { broken: Some(why()), ..grading }),
        None => Err(Failure::harness(format!("{}\n{}", why(), boot.console.tail(12).join("\n")))),
    }
}

fn grade_once(
    arguments: &GradeArguments,
    assignment: &Assignment,
    path: &Path,
    report: &Report,
    file: Option<&ResultFile>,
    grade: impl FnOnce(&mut dyn FnMut(&Grading)) -> Result<Grading, Failure>,
) -> CommandResult {
    let progress = progress::bar(assignment.checks.len(), "grading {wide_bar} {pos} of {len} checks");
    let mut unwritten = None;
    let grading = grade(&mut |grading: &Grading| {
        progress.set_position(grading.checks.len() as u64);
        if let Some(Err(why)) = file.map(|file| file.write(report, grading)) {
            unwritten.get_or_insert(why);
        }
    })?;
    progress.finish_and_clear();
    match file {
        None if arguments.format == Format::Human => print(|to| report.show(&grading, to))?,
        None => print_data(|to| report.show(&grading, to))?,
        // People want to read something even if a program gets the file.
        Some(_) => {
            let people = Report::new(Format::Human, arguments.staff, arguments.hints, width(), &|_| None);
            let people = people.map_err(Failure::harness)?;
            print(|to| people.show(&grading, to))?;
        }
    }
    if let Some(why) = unwritten {
        return Err(Failure::harness(why));
    }
    if let Some(why) = &grading.broken {
        let program = path.display();
        let (status, remedy) = match grading.impossible {
            true => (ExitStatus::NothingTested, "`nsconform doctor` says what is missing here"),
            false => (ExitStatus::HarnessFailed, "grade it again when the machine has less to do"),
        };
        return Err(Failure {
            status,
            message: format!("nothing can be said of {program}: {why}; {remedy}"),
        });
    }
    Ok(report.format().exit_status(&grading))
}

/// How long a program must not change before it is graded, in milliseconds: a linker writes more
/// than once.
const QUIET: u16 = 150;

/// Grades now, and again whenever the program is written or a line is entered, until end of file
/// or an interrupt.
fn watch(program: &Path, once: impl Fn() -> CommandResult) -> CommandResult {
    let failed = |what: &str, error: &dyn std::fmt::Display| Failure::harness(format!("{what}: {error}"));
    let name = program.file_name().ok_or_else(|| Failure::usage("the program has no name"))?;
    let parent = program.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = parent.unwrap_or(Path::new("."));
    // The directory rather than the file: compilers put a new file in the place of the old one.
    let events = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)
        .map_err(|errno| failed("inotify_init", &errno))?;
    let changes = AddWatchFlags::IN_CLOSE_WRITE | AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_ATTRIB;
    events
        .add_watch(directory, changes)
        .map_err(|errno| failed(&format!("watching {}", directory.display()), &errno))?;
    loop {
        // A program that is being built, or was not built at all, is waited for.
        let last = once().unwrap_or_else(|failure| {
            anstream::eprintln!("nsconform: {}", failure.message);
            failure.status
        });
        anstream::eprintln!(
            "-- waiting for {} to change; Enter grades again, Ctrl-D ends",
            program.display()
        );
        if !changed(&events, name.to_os_string())? {
            return Ok(last);
        }
    }
}

/// Waits for a change of the file with this name, or a line on standard input; false at its end.
fn changed(events: &Inotify, name: OsString) -> Result<bool, Failure> {
    let failed = |errno: nix::errno::Errno| Failure::harness(format!("waiting for a change: {errno}"));
    let mut input = std::io::stdin().lock();
    let mut seen = false;
    loop {
        let mut polled = vec![PollFd::new(events.as_fd(), PollFlags::POLLIN)];
        if !seen {
            polled.push(PollFd::new(input.as_fd(), PollFlags::POLLIN));
        }
        let timeout = if seen { PollTimeout::from(QUIET) } else { PollTimeout::NONE };
        match poll(&mut polled, timeout) {
            Ok(0) => return Ok(true),
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(failed(errno)),
        }
        let entered = polled.get(1).and_then(PollFd::any).unwrap_or(false);
        match events.read_events() {
            Ok(events) => seen |= events.iter().any(|event| event.name.as_ref() == Some(&name)),
            Err(nix::errno::Errno::EAGAIN) => {}
            Err(errno) => return Err(failed(errno)),
        }
        if entered {
            let mut buffer = [0; 4096];
            let count = input.read(&mut buffer).map_err(|error| Failure::harness(error.to_string()))?;
            return Ok(count > 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use rstest::rstest;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: GradeArguments,
    }

    fn repeated(words: &[&str]) -> String {
        let line = Line::try_parse_from(["grade"].iter().chain(words)).unwrap();
        let program = line.arguments.program.clone().unwrap();
        let (seed, repeat) = seed_and_repeat(&line.arguments, &program);
        assert!(repeat.contains(&format!("--seed {seed}")), "{repeat}");
        repeat
    }

    /// A guest's grading is repeated in such a guest; what a shell would take apart is in quotes.
    #[rstest]
    #[case::guest(&["--vm"], "--vm")]
    #[case::kernel(&["--vm", "--kernel", "my kernels/bzImage"], "--vm --kernel 'my kernels/bzImage'")]
    #[case::dash(&["--vm", "--kernel=-bzImage"], "--vm --kernel=-bzImage")]
    #[case::rules(&["--rules", "it's.toml", "--vm"], r"--rules 'it'\''s.toml' --vm")]
    #[case::slower(&["--rules=-r", "--deadline-scale", "2.5"], "--rules=-r --deadline-scale 2.5")]
    fn the_line_that_repeats_a_grading_has_all_options(#[case] options: &[&str], #[case] expected: &str) {
        let words = [&["unshare", "my shell", "--seed", "7"], options].concat();
        let repeat = repeated(&words);
        assert_eq!(repeat, format!("nsconform grade unshare 'my shell' --seed 7 {expected}"));
    }
}
