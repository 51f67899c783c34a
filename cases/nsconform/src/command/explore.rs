//! `nsconform explore`: scripts that nobody wrote, played on the running kernel or on several ones, and those
//! that are a find, reduced.
//!
//! Composing, oracles and reduction live in `nsconform_explore`; kernels that play in `nsconform_vm::dialogue`.
//! Here are the command line, the kernels and the files.

use super::output::{Output, unwritten};
use super::play::read_script;
use super::progress::ProgressLine;
use super::{CommandResult, Failure, guests, print};
use nsconform_catalogue::{approved, catalogue, claims};
use nsconform_explore::explorer::area::Area;
use nsconform_explore::explorer::between;
use nsconform_explore::explorer::bulk::{Composed, ExploreSettings, ExploreTally, Explorer};
use nsconform_explore::explorer::find::{Find, Oracle};
use nsconform_explore::explorer::generator::COMPOSER;
use nsconform_explore::explorer::relations::RELATIONS;
use nsconform_lab::seal::Isolation;
use nsconform_suite::runner::{DEADLINE, Runner, Setup};
use nsconform_suite::verdict::ExitStatus;
use nsconform_sys::machine::Machine;
use nsconform_sys::single_threaded::SingleThreaded;
use nsconform_vm::dialogue::Dialogue;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The exit statuses, for --help.
pub const EXIT_STATUSES: &str = "\
Each script is composed in a sealed place: before a step nsconform looks at what is there, and chooses by
chance from that. Root becomes an ordinary user first, all scripts run in a user namespace of their own, and
they reach nothing of this machine.

With --self each script is replayed three times and must give the same trace (stability); after it the laws
of its area are asked, such as that a new mount namespace is a copy of its creator's (relations). With
--kernels the first kernel is the reference: a script that another one answers differently is a find. Each
find is reduced, and shown as soon as it is there. Finds of the same cause and form are counted as one.

Everything follows from --seed: the script of number N has the seed S+N, on the same kernel the same steps.

Exit status:
  0  nothing was found
  1  there are finds
  2  wrong command line or corpus
  3  the harness itself failed, in one script or at all, or a kernel was lost
  4  this machine cannot play: it grants no sealed namespaces";

/// The command line of `explore`.
#[derive(clap::Args)]
pub struct ExploreArguments {
    /// The areas, which take turns
    #[arg(long, value_name = "AREA", value_delimiter = ',', default_value = "mnt")]
    area: Vec<Area>,
    /// The number of scripts
    #[arg(long, value_name = "N", default_value_t = 200, conflicts_with = "time")]
    scripts: u64,
    /// Go on for so long instead, as in 90s or 10m
    #[arg(long, value_name = "T", value_parser = humantime::parse_duration)]
    time: Option<Duration>,
    /// The seed of the first script
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The number of steps that are tried for a script; refused ones stay one time in three
    #[arg(long, value_name = "N", default_value_t = 35, value_parser = clap::value_parser!(u16).range(1..=1000))]
    steps: u16,
    /// Explore the running kernel alone (also where nothing else is said)
    #[arg(long = "self", conflicts_with = "kernels")]
    own: bool,
    /// Compare kernels, in guests: names in the list (`nsconform matrix`) or images, at least two
    #[arg(long, value_name = "KERNEL", value_delimiter = ',')]
    kernels: Vec<PathBuf>,
    /// Play the scripts in this directory first
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// Write each find to this directory: NAME.script and NAME.txt
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// The most scripts that play side by side [default: three for each processor]
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// The most plays of one reduction
    #[arg(long, value_name = "N", default_value_t = 1000)]
    replays: usize,
    /// Multiply the deadline of each play
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = super::run::scale)]
    deadline_scale: f64,
}

/// So many scripts are composed and played together.
const BATCH: usize = 32;
/// The columns of a line of a trace in a report; the rest of a long answer stands in the differences.
const COLUMNS: usize = 118;
/// The most differences of a find that are shown.
const MOST_DIFFERENCES: usize = 4;
/// The cases that are named as nearest.
const NEAREST: usize = 3;

/// Runs the command.
pub fn explore(single: &SingleThreaded, arguments: &ExploreArguments) -> CommandResult {
    if arguments.kernels.len() == 1 {
        return Err(Failure::usage("--kernels takes at least two kernels: the first is the reference"));
    }
    let corpus = arguments.corpus.as_deref().map(read_corpus).transpose()?.unwrap_or_default();
    if let Some(folder) = &arguments.output {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::usage(format!("{}: {error}", folder.display())))?;
    }
    let scale = arguments.deadline_scale;
    let usual = Setup::default();
    let setup = Setup {
        jobs: arguments.jobs.map_or(usual.jobs, usize::from),
        deadline_scale: scale,
        isolation: Isolation::Unprivileged,
    };
    // The fork server starts before any thread does.
    let mut runner = Runner::start_with(single, claims(), setup, &[COMPOSER])
        .map_err(|error| Failure::harness(format!("the fork server cannot be started: {error}")))?;
    if let Err(why) = runner.mode() {
        let message = format!("sealed namespaces cannot be had here: {why}; `nsconform doctor` says more");
        return Err(Failure { status: ExitStatus::NothingTested, message });
    }
    let mut guests = booted(&arguments.kernels, scale)?;
    let settings = ExploreSettings {
        areas: arguments.area.clone(),
        seed: arguments.seed,
        steps: usize::from(arguments.steps),
        most_replays: arguments.replays,
        deadline: DEADLINE.mul_f64(scale),
        kernel: format!("Linux {}", Machine::look().kernel_release),
    };
    let mut explorer = Explorer::new(&mut runner, settings);
    let total = match arguments.time {
        Some(time) => time.as_secs() as usize,
        None => arguments.scripts as usize + corpus.len(),
    };
    let progress = ProgressLine::start(total, if arguments.time.is_some() { "seconds" } else { "scripts" });
    let mut shown =
        ShownFinds { progress: &progress, folder: arguments.output.as_deref(), number: 0, failure: None };
    let began = Instant::now();
    let mut next = 0;
    let kept = corpus.len();
    let mut batch = corpus;
    loop {
        if guests.is_empty() {
            explorer.examine(&batch, &mut |find| shown.show(find)).map_err(Failure::harness)?;
        } else {
            compare(&batch, &mut guests, arguments, &mut explorer, &mut shown)?;
        }
        if let Some(failure) = shown.failure.take() {
            return Err(failure);
        }
        let (spent, left) = (began.elapsed(), arguments.scripts.saturating_sub(next));
        progress
            .reach(if arguments.time.is_some() { spent.as_secs() as usize } else { next as usize }, total);
        if arguments.time.map_or(left == 0, |time| spent >= time) {
            break;
        }
        let count = arguments.time.map_or(left, |_| BATCH as u64).min(BATCH as u64);
        batch = explorer.compose(next, count as usize).map_err(Failure::harness)?;
        next += count;
    }
    progress.end();
    let Explorer { tally, finds, failure, .. } = explorer;
    print(|to| write!(to, "{}", summary(&tally, kept, &finds.0, began.elapsed())))?;
    if let Some(why) = failure {
        return Err(Failure::harness(format!(
            "{} scripts could not be judged; the first: {why}",
            tally.failed
        )));
    }
    Ok(if finds.0.is_empty() { ExitStatus::Success } else { ExitStatus::CaseFailed })
}

/// Boots kernels side by side.
fn booted(kernels: &[PathBuf], scale: f64) -> Result<Vec<Dialogue>, Failure> {
    std::thread::scope(|scope| {
        let starting: Vec<_> =
            kernels.iter().map(|kernel| scope.spawn(move || guests::start(kernel, scale, true))).collect();
        let started = starting.into_iter().map(|thread| {
            thread.join().unwrap_or_else(|_| Err(Failure::harness("a guest could not be started")))
        });
        started.collect()
    })
}

/// Plays scripts on all kernels.
fn compare(
    batch: &[Composed],
    guests: &mut [Dialogue],
    arguments: &ExploreArguments,
    explorer: &mut Explorer<'_>,
    shown: &mut ShownFinds<'_>,
) -> Result<(), Failure> {
    for composed in batch {
        let finds = &mut explorer.finds;
        let plays =
            between::compare(composed, guests, arguments.replays, finds, &mut |find| shown.show(find));
        explorer.tally.plays += plays.map_err(Failure::harness)?;
    }
    Ok(())
}

/// The scripts of a directory, in the order of their names.
fn read_corpus(folder: &Path) -> Result<Vec<Composed>, Failure> {
    let wrong = |error: std::io::Error| Failure::usage(format!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.extension().is_some_and(|extension| extension == "script") {
            files.push(path);
        }
    }
    files.sort();
    let read = |file: &PathBuf| {
        let relations = RELATIONS.iter().collect();
        Ok(Composed { area: Area::Mnt, seed: 0, script: read_script(file)?, relations })
    };
    files.iter().map(read).collect()
}

/// Shows finds as they come, and writes them to files.
struct ShownFinds<'p> {
    progress: &'p ProgressLine,
    folder: Option<&'p Path>,
    number: usize,
    failure: Option<Failure>,
}

impl ShownFinds<'_> {
    fn show(&mut self, find: &Find) {
        self.number += 1;
        let text = described(find, self.number);
        let done = self.progress.aside(|| print(|to| writeln!(to, "{text}"))).and_then(|()| {
            let Some(folder) = self.folder else { return Ok(()) };
            let name = format!("{:03}-{}", self.number, find.oracle.name());
            write_file(&folder.join(format!("{name}.script")), &find.script.to_string())?;
            write_file(&folder.join(format!("{name}.txt")), &text)
        });
        if let Err(failure) = done {
            self.failure.get_or_insert(failure);
        }
    }
}

fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    let mut to = Output::open(Some(path), false)?;
    to.write_all(text.as_bytes()).and_then(|()| to.flush()).map_err(|error| unwritten(Some(path), &error))
}

/// A find for people.
fn described(find: &Find, number: usize) -> String {
    let bold = anstyle::Style::new().bold();
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = match find.oracle {
        Oracle::Relation { name, law, source } => {
            writeln!(text, "{bold}find {number}: {name} does not hold{bold:#}\n  {law}\n  [{source}]")
        }
        Oracle::Stability => {
            writeln!(text, "{bold}find {number}: replays differ at {}{bold:#}", find.cause)
        }
        Oracle::Difference => {
            writeln!(text, "{bold}find {number}: kernels differ{bold:#}\n  {}", find.cause)
        }
    };
    for difference in find.differences.iter().take(MOST_DIFFERENCES) {
        let _ = writeln!(text, "  {}", cut(difference));
    }
    if find.differences.len() > MOST_DIFFERENCES {
        let _ = writeln!(text, "  and {} differences more", find.differences.len() - MOST_DIFFERENCES);
    }
    let _ = writeln!(
        text,
        "  area {}, seed {}: {} steps are reduced to {} in {} plays\n",
        find.area,
        find.seed,
        find.steps_before,
        find.script.steps.len(),
        find.replays
    );
    for (kernel, trace) in std::iter::once(&find.trace).chain(&find.other) {
        let _ = writeln!(text, "{kernel}:");
        for line in trace {
            let _ = writeln!(text, "  {}", cut(line));
        }
    }
    let nearest = nearest(find);
    if !nearest.is_empty() {
        let _ = writeln!(text, "nearest cases: {}", nearest.join(", "));
    }
    text
}

/// A line that fits a report.
fn cut(line: &str) -> String {
    match line.char_indices().nth(COLUMNS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_string(),
    }
}

/// The words of a text that name calls, flags and constants.
fn words(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    words.filter(|word| word.len() > 3 && !word.starts_with(|letter: char| letter.is_ascii_digit())).collect()
}

/// The cases whose approved traces have most words in common with a find, the nearest first.
fn nearest(find: &Find) -> Vec<String> {
    let script = find.script.to_string();
    let own = words(&script);
    let mut found: Vec<(usize, &str)> = catalogue()
        .iter()
        .filter_map(|case| {
            let trace = approved(case.id)?;
            let theirs = words(trace);
            let common = own.intersection(&theirs).count();
            // Per mille of the words of both.
            Some((1000 * common / (own.len() + theirs.len() - common).max(1), case.id))
        })
        .collect();
    found.sort_by_key(|(likeness, id)| (std::cmp::Reverse(*likeness), *id));
    found.into_iter().take(NEAREST).map(|(_, id)| id.to_string()).collect()
}

/// The end of an exploration.
fn summary(tally: &ExploreTally, kept: usize, finds: &[Find], spent: Duration) -> String {
    let ExploreTally { scripts, cut_off, calls, refused, played_calls, plays, asked, failed: _ } = tally;
    let seconds = spent.as_secs_f64();
    let accepted = (calls - refused) * 100 / (*calls).max(1);
    let mut text = String::new();
    // Writing to a String cannot fail.
    if kept > 0 {
        let _ = writeln!(text, "{kept} scripts of the corpus were played first");
    }
    let _ = writeln!(
        text,
        "{scripts} scripts of {} calls ({accepted} % of them accepted), {plays} plays of {played_calls} calls, \
         {asked} relations asked in {seconds:.1} s: {} {}",
        calls / (*scripts).max(1),
        finds.len(),
        if finds.len() == 1 { "find" } else { "finds" }
    );
    if *cut_off > 0 {
        let _ = writeln!(text, "{cut_off} scripts did not end before their deadline: they say nothing");
    }
    for (number, find) in finds.iter().enumerate() {
        let _ = writeln!(
            text,
            "  {} {}: in {} scripts: {}",
            number + 1,
            find.oracle.name(),
            find.seen,
            find.cause
        );
    }
    text
}
