//! `nsconform matrix`: boots kernels side by side, runs the cases in each as root and as an
//! ordinary user, and shows where they differ.

use super::history::RunKeeper;
use super::input::{self, Expectations};
use super::output::{Output, unwritten};
use super::{CommandResult, Failure, LOOKUP, ReporterArguments, fetch_kernels, pattern, select};
use nsconform_catalogue::catalogue;
use nsconform_report::document::{Layout, LostKernel, Reporter};
use nsconform_report::event::{CaseResult, RunEvent};
use nsconform_report::run::RecordedRun;
use nsconform_suite::snapshot;
use nsconform_suite::verdict::{ExitStatus, Status};
use nsconform_vm::boot::{BootLimits, Cancel, Ending, MemoryFile};
use nsconform_vm::fleet::{self, FleetEvent, GuestResult, Judgement, Plan, Player};
use nsconform_vm::initramfs::InitProgram;
use nsconform_vm::kernels::{self, Kernel, Kernels};
use nsconform_vm::message::{Message, Privilege, WorkOrder};
use nsconform_vm::qemu::{self, Accelerator, MEMORY, Vm};
use nsconform_vm::uml;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// The command line of `matrix`.
#[derive(clap::Args)]
pub struct MatrixArguments {
    /// Kernel images that you built (arch/x86/boot/bzImage), instead of those of the list
    #[arg(long, value_name = "PATH", value_delimiter = ',')]
    kernel: Vec<PathBuf>,
    /// The modules of a kernel that you built: .../lib/modules/RELEASE
    #[arg(long, value_name = "DIR", requires = "kernel")]
    modules: Option<PathBuf>,
    /// Only the kernels of these names in the list
    #[arg(long, value_name = "NAME", value_delimiter = ',', conflicts_with = "kernel", add = super::complete::kernels())]
    only: Vec<String>,
    /// A list of kernels to use instead of the built-in one (vm/kernels.toml), in the same form
    #[arg(long, value_name = "FILE", conflicts_with = "kernel")]
    list: Option<PathBuf>,
    /// Only the newest kernel of the built-in list: of those in the cache, or else of those that can be fetched
    #[arg(long, conflicts_with_all = ["kernel", "only", "list"])]
    newest: bool,
    /// User-mode Linux (Debian package user-mode-linux) instead of QEMU: its kernel is a program
    #[arg(long, conflicts_with_all = ["kernel", "only", "list", "newest", "mirror", "offline", "accel"])]
    uml: bool,
    /// The Debian mirror for kernels that are not in the cache [default: the one that apt is configured with]
    #[arg(long, value_name = "URL", conflicts_with = "kernel")]
    mirror: Option<String>,
    /// Take only kernels that are in the cache
    #[arg(long, conflicts_with = "kernel")]
    offline: bool,
    /// How many kernels run side by side [default: what fits processors and memory]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
    /// Run only cases whose id holds this (`*` stands for anything)
    #[arg(long, value_name = "PATTERN", value_parser = pattern, add = super::complete::cases())]
    case: Vec<String>,
    /// Run as this only
    #[arg(long = "as", value_enum, value_name = "WHOM")]
    whom: Option<Whom>,
    /// Answer `git bisect run` about one case and one kernel: exit status 0 if it passes, 1 if it
    /// fails, 125 if that cannot be said
    #[arg(long, requires = "kernel", requires = "case", conflicts_with_all = ["output", "format", "store"])]
    bisect: bool,
    /// How many times each guest runs each case: verdict and trace must always be the same
    /// [default: 1; 5 with --bisect]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: Option<u32>,
    /// Multiply every deadline by this, in addition to what each guest measures
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = super::run::scale)]
    deadline_scale: f64,
    /// The executor of the guests' instructions
    #[arg(long, value_enum, default_value_t)]
    accel: Accel,
    /// Keep run files, consoles, initramfs and QEMU's command lines in this directory
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    report: ReporterArguments,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Whom {
    Root,
    User,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Accel {
    /// KVM where a first boot shows that it works, otherwise TCG
    #[default]
    Auto,
    /// KVM
    Kvm,
    /// QEMU's translator
    Tcg,
}

/// The exit status by which `git bisect run` passes over a commit.
pub const CANNOT_BE_TESTED: i32 = 125;
/// How many times `--bisect` runs its case.
const BISECT_ROUNDS: u32 = 5;
/// How many lines of a console are shown of a guest that was lost.
const TAIL: usize = 12;

/// Runs the command.
pub fn matrix(arguments: &MatrixArguments) -> CommandResult {
    let done = prepare(arguments).and_then(|(ids, kernels, missing)| boot(arguments, ids, &kernels, missing));
    if !arguments.bisect {
        return done;
    }
    // Whatever went wrong: 1 would call the commit bad, and 2 would as well.
    let message = match done {
        Ok(status @ (ExitStatus::Success | ExitStatus::CaseFailed)) => return Ok(status),
        Ok(_) => String::new(),
        Err(failure) => failure.message,
    };
    if !message.is_empty() {
        let _ = writeln!(anstream::stderr(), "nsconform: {message}");
    }
    std::process::exit(CANNOT_BE_TESTED)
}

/// The ids of the cases, the kernels, and how many kernels could not be had.
fn prepare(arguments: &MatrixArguments) -> Result<(Vec<String>, Vec<Kernel>, usize), Failure> {
    let all: Vec<&str> = catalogue().iter().map(|case| case.id).collect();
    let exact = arguments.bisect;
    let selected = select(&all, &arguments.case, &[], exact)?;
    let ids: Vec<String> = selected.into_iter().map(|index| all[index].to_string()).collect();
    if arguments.bisect && (ids.len() != 1 || arguments.kernel.len() != 1) {
        return Err(Failure::usage("--bisect takes one --kernel and the whole id of one --case"));
    }
    if arguments.uml {
        let kernel = uml::find().and_then(|program| Kernel::user_mode_linux(&program));
        return Ok((ids, vec![kernel.map_err(Failure::harness)?], 0));
    }
    if arguments.kernel.is_empty() {
        let (kernels, missing) = fetch(arguments)?;
        return Ok((ids, kernels, missing));
    }
    let kernels = arguments
        .kernel
        .iter()
        .map(|path| {
            input::open(path)?;
            Kernel::from_image(path, arguments.modules.as_deref()).map_err(Failure::usage)
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let names: std::collections::HashSet<&str> = kernels.iter().map(|kernel| kernel.name.as_str()).collect();
    if names.len() < kernels.len() {
        return Err(Failure::usage(
            "two of the kernels have the same release: give each one of its own (CONFIG_LOCALVERSION)",
        ));
    }
    Ok((ids, kernels, 0))
}

/// The kernels of the list, and how many of them could not be had, each of which is said.
fn fetch(arguments: &MatrixArguments) -> Result<(Vec<Kernel>, usize), Failure> {
    let options = kernels::Options {
        mirror: arguments.mirror.clone(),
        offline: arguments.offline,
        cache: kernels::default_directory().map_err(Failure::usage)?,
    };
    if arguments.newest {
        return Ok((vec![fetch_kernels::newest(&options)?], 0));
    }
    let entries = fetch_kernels::entries(arguments.list.as_deref(), &arguments.only)?;
    let say = |line: &str| {
        // A closed error output leaves nobody to tell.
        let _ = writeln!(anstream::stderr(), "nsconform: {line}");
    };
    let mut kernels = Vec::new();
    let results = Kernels::fetch(&entries, &options, &mut |line| say(line));
    let wanted = results.len();
    for (entry, result) in results {
        match result {
            Ok(kernel) => kernels.push(kernel),
            Err(why) => say(&format!("{}: {why}", entry.name)),
        }
    }
    if kernels.is_empty() {
        return Err(Failure::harness("there is no kernel to boot"));
    }
    let missing = wanted - kernels.len();
    Ok((kernels, missing))
}

fn boot(arguments: &MatrixArguments, ids: Vec<String>, kernels: &[Kernel], missing: usize) -> CommandResult {
    let started = Instant::now();
    let expectations = Expectations::read(&arguments.report.known)?;
    let keeper = RunKeeper::prepare(arguments.report.store.as_ref())?;
    let qemu = if arguments.uml { None } else { Some(qemu::find().map_err(Failure::harness)?) };
    if let Some(directory) = &arguments.output {
        std::fs::create_dir_all(directory)
            .map_err(|error| Failure::usage(format!("{} cannot be made: {error}", directory.display())))?;
    }
    let program = InitProgram::running()
        .map_err(|error| Failure::harness(format!("the running program cannot be read: {error}")))?;
    let privileges = match arguments.whom {
        None => Privilege::ALL.to_vec(),
        Some(Whom::Root) => vec![Privilege::Root],
        Some(Whom::User) => vec![Privilege::User],
    };
    let order = WorkOrder {
        cases: ids,
        privileges,
        rounds: arguments.rounds.unwrap_or(if arguments.bisect { BISECT_ROUNDS } else { 1 }),
        deadline_scale: arguments.deadline_scale,
        grade: None,
        dialogue: false,
        isolated: false,
    };
    let cancel = interruptible()?;
    let player = match &qemu {
        None => Player::Uml,
        Some(qemu) => Player::Qemu {
            program: qemu,
            accelerator: accelerator(arguments.accel, qemu, &kernels[0], &program, &order, &cancel)?,
        },
    };
    let plan = Plan {
        kernels,
        program: &program,
        order: &order,
        player,
        jobs: arguments.jobs.map_or_else(fleet::fitting_jobs, usize::from),
        limits: BootLimits::default(),
        output: arguments.output.as_deref(),
    };
    let mut outcomes: Vec<Option<Box<GuestResult>>> = kernels.iter().map(|_| None).collect();
    let mut progress = FleetProgress::new(&plan);
    fleet::run(&plan, &cancel, &mut |event| {
        progress.show(&event);
        if let FleetEvent::Ended { kernel, outcome } = event {
            outcomes[kernel] = Some(outcome);
        }
    });
    drop(progress);
    if cancel.is_cancelled() {
        return Err(Failure::harness("interrupted; every guest was ended"));
    }
    let outcomes: Vec<(&Kernel, Box<GuestResult>)> =
        kernels.iter().zip(outcomes).filter_map(|(kernel, outcome)| Some((kernel, outcome?))).collect();
    for (kernel, outcome) in &outcomes {
        explain(kernel, outcome, &order);
    }
    if let Some(why) = outcomes.iter().find_map(|(_, outcome)| outcome.unwritten.clone()) {
        return Err(Failure::harness(why));
    }
    if arguments.bisect {
        return Ok(bisect(&outcomes[0].1, &order));
    }
    let unstable: usize = outcomes.iter().map(|(kernel, outcome)| disagreements(kernel, outcome)).sum();
    let output = Output::open(None, arguments.report.is_for_people())?;
    let options = arguments.report.options(Layout::Matrix);
    let mut reporter = Reporter::new(arguments.report.format, &options, Box::new(output));
    let mut written = Ok(());
    for run in runs(&outcomes, &expectations)? {
        written = written.and_then(|()| reporter.run(run));
    }
    let boots = outcomes.iter().map(|(kernel, outcome)| boot_line(kernel, outcome)).collect();
    reporter.about(lost(&outcomes), boots, started.elapsed());
    let runs = written.and_then(|()| reporter.finish()).map_err(|error| unwritten(None, &error))?;
    keeper.keep(&runs, arguments.report.quiet)?;
    // Kernels that could not be had were not tested.
    let status = if missing > 0 { ExitStatus::HarnessFailed } else { runs.exit_status() };
    Ok(if unstable > 0 && status == ExitStatus::Success { ExitStatus::CaseFailed } else { status })
}

/// Ends the guests at a signal that would end us. Threads that are started later leave those
/// signals to the one that waits for them.
pub fn interruptible() -> Result<Arc<Cancel>, Failure> {
    use nix::sys::signal::{SigSet, Signal};
    let cancel = Cancel::new().map(Arc::new).map_err(|error| Failure::harness(error.to_string()))?;
    let signals: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect();
    signals
        .thread_block()
        .map_err(|errno| Failure::harness(format!("signals cannot be blocked: {errno}")))?;
    let theirs = cancel.clone();
    std::thread::spawn(move || {
        if signals.wait().is_ok() {
            theirs.cancel();
        }
    });
    Ok(cancel)
}

/// Chooses what executes the guests' instructions, and says so once if it is the slow way.
fn accelerator(
    wanted: Accel,
    qemu: &Path,
    kernel: &Kernel,
    program: &InitProgram,
    order: &WorkOrder,
    cancel: &Cancel,
) -> Result<Accelerator, Failure> {
    match wanted {
        Accel::Tcg => return Ok(Accelerator::Tcg),
        Accel::Kvm => return Ok(Accelerator::Kvm),
        Accel::Auto => {}
    }
    let archive = fleet::initramfs(kernel, program, order).map_err(Failure::harness)?;
    let archive =
        MemoryFile::new(&archive).map_err(|error| Failure::harness(format!("initramfs: {error}")))?;
    Ok(probed(qemu, kernel, &archive, cancel))
}

/// KVM if a guest reaches user space with it.
pub fn probed(qemu: &Path, kernel: &Kernel, archive: &MemoryFile, cancel: &Cancel) -> Accelerator {
    let vm = Vm {
        qemu,
        accelerator: Accelerator::Kvm,
        kernel: kernel.vmlinux.as_deref().unwrap_or(&kernel.image),
        initramfs: &archive.path(),
        memory: MEMORY,
        arguments: &[],
        talks: None,
    };
    match qemu::probe_kvm(&vm, cancel) {
        Ok(()) => Accelerator::Kvm,
        Err(why) => {
            let _ =
                writeln!(anstream::stderr(), "nsconform: guests are emulated (TCG), which is slow: {why}");
            Accelerator::Tcg
        }
    }
}

/// How far the guests are: on a terminal a line for each running guest, elsewhere one for each that
/// has ended.
struct FleetProgress {
    lines: indicatif::MultiProgress,
    bars: Vec<Option<indicatif::ProgressBar>>,
    names: Vec<String>,
    records: u64,
    /// How many kernels have ended.
    ended: usize,
}

impl FleetProgress {
    fn new(plan: &Plan) -> FleetProgress {
        let lines = indicatif::MultiProgress::new();
        if !std::io::stderr().is_terminal() {
            lines.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        FleetProgress {
            lines,
            bars: plan.kernels.iter().map(|_| None).collect(),
            ended: 0,
            names: plan.kernels.iter().map(|kernel| kernel.name.clone()).collect(),
            records: plan.order.cases.len() as u64
                * plan.order.privileges.len() as u64
                * u64::from(plan.order.rounds),
        }
    }

    fn show(&mut self, event: &FleetEvent) {
        match event {
            FleetEvent::Started { kernel } => {
                let bar = self.lines.add(indicatif::ProgressBar::new(self.records));
                if let Ok(style) = indicatif::ProgressStyle::with_template("{prefix} {pos}/{len} {wide_msg}")
                {
                    bar.set_style(style);
                }
                bar.set_prefix(self.names[*kernel].clone());
                bar.set_message("boots");
                self.bars[*kernel] = Some(bar);
            }
            FleetEvent::Message { kernel, message } => {
                let Some(bar) = &self.bars[*kernel] else { return };
                if let Message::Line { privilege, line, .. } = &**message
                    && let RunEvent::Case(result) = &**line
                {
                    bar.set_message(format!("{} as {}", result.id, privilege.word()));
                    bar.inc(1);
                }
            }
            FleetEvent::Ended { kernel, outcome } => {
                if let Some(bar) = self.bars[*kernel].take() {
                    bar.finish_and_clear();
                }
                self.ended += 1;
                if !std::io::stderr().is_terminal() {
                    let records: usize =
                        outcome.runs.values().map(|lines| lines.len().saturating_sub(2)).sum();
                    // A closed error output leaves nobody to tell.
                    let _ = writeln!(
                        std::io::stderr(),
                        "nsconform: {} of {}: {} has given {records} records",
                        self.ended,
                        self.names.len(),
                        self.names[*kernel]
                    );
                }
            }
        }
    }
}

/// Says on standard error what is not as it should be with a kernel, apart from its cases.
fn explain(kernel: &Kernel, outcome: &GuestResult, order: &WorkOrder) {
    let mut error = anstream::stderr();
    let mut say = |text: String| {
        let _ = writeln!(error, "nsconform: {}: {text}", kernel.name);
    };
    for note in &outcome.notes {
        say(note.clone());
    }
    let boot = match &outcome.boot {
        Ok(boot) => boot,
        Err(why) => return say(why.clone()),
    };
    if boot.ending == Ending::Done {
        for splat in boot.console.splats() {
            say(format!("the kernel complains: {splat}"));
        }
    } else {
        say(boot.ending.describe());
        for line in boot.console.tail(TAIL) {
            say(format!("console: {line}"));
        }
    }
    for privilege in &order.privileges {
        let missing = outcome.missing(*privilege, &order.cases);
        if !missing.is_empty() {
            say(format!(
                "{} of {} cases have no record as {}",
                missing.len(),
                order.cases.len(),
                privilege.word()
            ));
        }
    }
}

/// Compares the records of later rounds with those of the first, and says on standard error where
/// they differ. Gives how many do.
fn disagreements(kernel: &Kernel, outcome: &GuestResult) -> usize {
    let mut error = anstream::stderr();
    let mut unlike = 0;
    for (privilege, round, line) in &outcome.rounds {
        let RunEvent::Case(later) = line else { continue };
        let first = outcome.runs.get(privilege).into_iter().flatten().find_map(|line| match line {
            RunEvent::Case(result) if result.id == later.id => Some(result),
            _ => None,
        });
        let is_alike = |first: &CaseResult| first.verdict == later.verdict && first.has_trace_of(later);
        let Some(first) = first.filter(|first| !is_alike(first)) else { continue };
        unlike += 1;
        let _ = writeln!(
            error,
            "nsconform: {}: {} as {} is not stable: {} in the first round (-), {} in round {} (+)",
            kernel.name,
            later.id,
            privilege.word(),
            first.verdict.word(),
            later.verdict.word(),
            round + 1,
        );
        let lines = |result: &CaseResult| LOOKUP.restore(result.clone()).lines().join("\n");
        for (sign, line) in snapshot::difference(&lines(first), &lines(later)) {
            let _ = writeln!(error, "  {sign} {line}");
        }
    }
    if !outcome.rounds.is_empty() {
        let compared = outcome.rounds.len();
        let _ = writeln!(
            error,
            "nsconform: {}: {compared} records of later rounds, {unlike} unlike the first",
            kernel.name
        );
    }
    unlike
}

/// The runs of all guests, judged in the light of what the user expects.
fn runs(
    outcomes: &[(&Kernel, Box<GuestResult>)],
    expectations: &Expectations,
) -> Result<Vec<RecordedRun>, Failure> {
    let mut runs = Vec::new();
    for (kernel, outcome) in outcomes {
        for lines in outcome.runs.values() {
            let mut run = recorded(&kernel.name, lines)
                .map_err(|why| Failure::harness(format!("what a guest sent is no run: {why}")))?;
            expectations.apply(&mut run);
            runs.push(run);
        }
    }
    Ok(runs)
}

fn recorded(kernel: &str, lines: &[RunEvent]) -> Result<RecordedRun, String> {
    let mut text = Vec::new();
    lines.iter().try_for_each(|line| line.write(&mut text)).map_err(|error| error.to_string())?;
    RecordedRun::parse(kernel, &text, LOOKUP)
}

/// The kernels whose guests did not do all that they were told.
fn lost(outcomes: &[(&Kernel, Box<GuestResult>)]) -> Vec<LostKernel> {
    let why = |outcome: &GuestResult| match &outcome.boot {
        Ok(boot) if boot.ending == Ending::Done => None,
        Ok(boot) => Some(boot.ending.describe()),
        Err(why) => Some(why.clone()),
    };
    let lost = |(kernel, outcome): &(&Kernel, Box<GuestResult>)| {
        Some(LostKernel { name: kernel.name.clone(), why: why(outcome)? })
    };
    outcomes.iter().filter_map(lost).collect()
}

/// A boot, as programs read it.
fn boot_line(kernel: &Kernel, outcome: &GuestResult) -> serde_json::Value {
    let boot = outcome.boot.as_ref().ok();
    let milliseconds = |time: Option<std::time::Duration>| {
        time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    };
    serde_json::json!({
        "type": "boot",
        "kernel": kernel.name,
        "release": outcome.release,
        "complete": outcome.is_complete(),
        "initramfs_bytes": outcome.initramfs,
        "hello_ms": milliseconds(boot.and_then(|boot| boot.hello)),
        "last_ms": milliseconds(boot.and_then(|boot| boot.last)),
    })
}

/// Says what the rounds of the one case came to.
fn bisect(outcome: &GuestResult, order: &WorkOrder) -> ExitStatus {
    let judgement = if outcome.is_complete() {
        let first = outcome.runs.values().flatten();
        let verdicts =
            first.chain(outcome.rounds.iter().map(|(_, _, line)| line)).filter_map(|line| match line {
                // A case that cannot be run as one privilege says nothing against the other.
                RunEvent::Case(result) => Some(result.verdict.status(false)),
                _ => None,
            });
        let verdicts: Vec<Status> = verdicts.collect();
        let words = |wanted: &dyn Fn(Status) -> bool| -> Vec<&str> {
            verdicts.iter().filter(|status| wanted(**status)).map(|status| status.key()).collect()
        };
        let (tested, verdicts) = (words(&|status| status != Status::Skip), words(&|_| true));
        fleet::judge(if tested.is_empty() { verdicts } else { tested })
    } else {
        Judgement::Untestable("the guest did not do all".to_string())
    };
    let (status, what) = match judgement {
        Judgement::Good => (ExitStatus::Success, "passes".to_string()),
        Judgement::Bad => (ExitStatus::CaseFailed, "fails".to_string()),
        Judgement::Untestable(why) => (ExitStatus::HarnessFailed, format!("cannot be tested: {why}")),
    };
    let _ = writeln!(anstream::stderr(), "nsconform: {} {what} on {}", order.cases[0], outcome.release);
    status
}
