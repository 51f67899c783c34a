//! Several guests at once: one boot per kernel, in which the guest runs all cases as each user; the
//! result of each guest, and the files that are kept of it.

use crate::boot::{self, Boot, BootLimits, Cancel, Ending, MachineProgram, MemoryFile};
use crate::initramfs::{self, Contents, InitProgram};
use crate::kernels::Kernel;
use crate::kernels::modules::Modules;
use crate::message::{Message, Privilege, WorkOrder};
use crate::qemu::{Accelerator, MEMORY, Vm};
use crate::uml::Uml;
use nsconform_report::event::RunEvent;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Modules that cases need where the kernel does not have them built in.
const MODULES: [&str; 8] = ["af_packet", "bridge", "dummy", "nf_tables", "overlay", "tun", "veth", "vsock"];

/// The guests to be booted, and how.
pub struct Plan<'a> {
    /// The kernels.
    pub kernels: &'a [Kernel],
    /// The program that becomes `/init`.
    pub program: &'a InitProgram,
    /// The order that every guest gets.
    pub order: &'a WorkOrder,
    /// The program that plays the guests' machines.
    pub player: Player<'a>,
    /// How many guests run side by side.
    pub jobs: usize,
    /// How long a guest may take.
    pub limits: BootLimits,
    /// Where run files, console and command line are kept.
    pub output: Option<&'a Path>,
}

/// The program that plays the machines of guests.
#[derive(Clone, Copy, Debug)]
pub enum Player<'a> {
    /// QEMU.
    Qemu {
        /// The program.
        program: &'a Path,
        /// The part of the machine that executes the guests' instructions.
        accelerator: Accelerator,
    },
    /// User-mode Linux: the kernel itself is the program.
    Uml,
}

/// An event while the guests run.
pub enum FleetEvent {
    /// A guest is started.
    Started {
        /// Index of the kernel.
        kernel: usize,
    },
    /// A guest has sent a message.
    Message {
        /// Index of the kernel.
        kernel: usize,
        /// The message.
        message: Box<Message>,
    },
    /// A guest has ended, in whatever way.
    Ended {
        /// Index of the kernel.
        kernel: usize,
        /// Its result.
        outcome: Box<GuestResult>,
    },
}

/// The result of one guest.
#[derive(Debug)]
pub struct GuestResult {
    /// How it ended; an error if there was no boot, with the reason.
    pub boot: Result<Boot, String>,
    /// `uname -r` as the guest says it; empty if it said nothing.
    pub release: String,
    /// The run file of each privilege.
    pub runs: BTreeMap<Privilege, Vec<RunEvent>>,
    /// Records of later rounds.
    pub rounds: Vec<(Privilege, u32, RunEvent)>,
    /// The notes of the guest.
    pub notes: Vec<String>,
    /// The size of the initramfs in bytes.
    pub initramfs: usize,
    /// The first file that could not be kept, with the reason.
    pub unwritten: Option<String>,
}

impl GuestResult {
    fn new() -> GuestResult {
        GuestResult {
            boot: Err(String::new()),
            release: String::new(),
            runs: BTreeMap::new(),
            rounds: Vec::new(),
            notes: Vec::new(),
            initramfs: 0,
            unwritten: None,
        }
    }

    /// Of these ids, those that a privilege has no record of.
    pub fn missing<'a>(&self, privilege: Privilege, ids: &'a [String]) -> Vec<&'a str> {
        let run = self.runs.get(&privilege).map_or(&[][..], Vec::as_slice);
        let recorded: std::collections::HashSet<&str> = run
            .iter()
            .filter_map(|line| match line {
                RunEvent::Case(result) => Some(result.id.as_str()),
                _ => None,
            })
            .collect();
        ids.iter().map(String::as_str).filter(|id| !recorded.contains(id)).collect()
    }

    /// Whether the guest has done its whole order.
    pub fn is_complete(&self) -> bool {
        self.boot.as_ref().is_ok_and(|boot| boot.ending == Ending::Done)
    }
}

/// How many guests fit the machine: one per processor, and in three quarters of the memory that is
/// to be had. One in any case.
pub fn fitting_jobs() -> usize {
    /// The memory that QEMU takes beside the guest's, in MiB.
    const OVERHEAD: u64 = 128;
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let available = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    });
    let by_memory =
        available.map_or(processors, |kib| (kib / 1024 * 3 / 4 / (u64::from(MEMORY) + OVERHEAD)) as usize);
    processors.min(by_memory).max(1)
}

/// The initramfs for a kernel.
///
/// # Errors
/// When its modules cannot be read.
pub fn initramfs(kernel: &Kernel, program: &InitProgram, order: &WorkOrder) -> Result<Vec<u8>, String> {
    let modules = match &kernel.modules {
        Some(tree) => Modules::open(tree)
            .map_err(|error| error.to_string())
            .and_then(|modules| modules.load_order(&MODULES))
            .map_err(|error| {
                format!("the modules of {} in {} cannot be read: {error}", kernel.name, tree.display())
            })?,
        None => Vec::new(),
    };
    initramfs::build(&Contents { program, modules: &modules, order })
        .map_err(|error| format!("the initramfs of {} cannot be built: {error}", kernel.name))
}

/// Boots all kernels and hands over each event. Returns when every guest has ended; after
/// `cancel` that is soon.
pub fn run(plan: &Plan, cancel: &Cancel, event: &mut dyn FnMut(FleetEvent)) {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..plan.jobs.clamp(1, plan.kernels.len().max(1)) {
            let (next, sender) = (&next, sender.clone());
            scope.spawn(move || {
                loop {
                    let kernel = next.fetch_add(1, Ordering::Relaxed);
                    if kernel >= plan.kernels.len() || cancel.is_cancelled() {
                        return;
                    }
                    // The receiver outlives the scope.
                    let _ = sender.send(FleetEvent::Started { kernel });
                    let outcome = Box::new(one(plan, kernel, cancel, &sender));
                    let _ = sender.send(FleetEvent::Ended { kernel, outcome });
                }
            });
        }
        drop(sender);
        for happened in receiver.iter() {
            event(happened);
        }
    });
}

/// Boots a kernel's uncompressed image, or the other if there is none or QEMU does not take it.
pub(crate) fn with_an_image(kernel: &Kernel, mut boot: impl FnMut(&Path) -> Boot) -> Boot {
    if let Some(uncompressed) = &kernel.vmlinux {
        let booted = boot(uncompressed);
        if !matches!(booted.ending, Ending::NotStarted(_)) {
            return booted;
        }
    }
    boot(&kernel.image)
}

fn one(plan: &Plan, index: usize, cancel: &Cancel, sender: &mpsc::Sender<FleetEvent>) -> GuestResult {
    let kernel = &plan.kernels[index];
    let mut outcome = GuestResult::new();
    let archive = match initramfs(kernel, plan.program, plan.order) {
        Ok(archive) => archive,
        Err(why) => {
            outcome.boot = Err(why);
            return outcome;
        }
    };
    outcome.initramfs = archive.len();
    let mut files = KeptFiles::new(plan.output, &kernel.name);
    // Kept files are used as they are, so that the kept command line boots the same guest again.
    let kept = files.write("initramfs", &archive);
    let memory = match &kept {
        Some(_) => None,
        None => match MemoryFile::new(&archive) {
            Ok(memory) => Some(memory),
            Err(error) => {
                outcome.boot = Err(format!("the initramfs of {}: {error}", kernel.name));
                return outcome;
            }
        },
    };
    drop(archive);
    let archive = kept.or_else(|| memory.as_ref().map(MemoryFile::path)).unwrap_or_default();
    // The kept command line shall work wherever it is started.
    let archive = absolute(&archive);
    let script = match plan.player {
        Player::Qemu { .. } => "qemu.sh",
        Player::Uml => "uml.sh",
    };
    let mut boot = |machine: &dyn MachineProgram| {
        files.write(script, boot::script(machine).as_bytes());
        let booted = boot::boot(machine, &plan.limits, cancel, &mut |message| {
            take(&mut outcome, &mut files, message);
            let _ = sender.send(FleetEvent::Message { kernel: index, message: Box::new(message.clone()) });
        });
        files.write("console.log", booted.console.bytes());
        booted
    };
    let booted = match plan.player {
        Player::Qemu { program: qemu, accelerator } => with_an_image(kernel, |image| {
            let image = absolute(image);
            let initramfs = &archive;
            boot(&Vm {
                qemu,
                accelerator,
                kernel: &image,
                initramfs,
                memory: MEMORY,
                arguments: &[],
                talks: None,
            })
        }),
        Player::Uml => boot(&Uml { program: &kernel.image, initramfs: &archive, memory: MEMORY }),
    };
    outcome.boot = Ok(booted);
    outcome.unwritten = files.failed;
    outcome
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

fn take(outcome: &mut GuestResult, files: &mut KeptFiles, message: &Message) {
    match message {
        Message::Hello { release, .. } => outcome.release.clone_from(release),
        Message::Note { text } => outcome.notes.push(text.clone()),
        Message::End { .. }
        | Message::Grading { .. }
        | Message::Listening
        | Message::Played { .. }
        | Message::Refused { .. } => {}
        Message::Line { privilege, round: 0, line } => {
            files.line(*privilege, line);
            outcome.runs.entry(*privilege).or_default().push((**line).clone());
        }
        Message::Line { privilege, round, line } => {
            outcome.rounds.push((*privilege, *round, (**line).clone()));
        }
    }
}

/// The files that are kept of a kernel: `NAME.root.jsonl`, `NAME.user.jsonl` (run files),
/// `NAME.console.log`, `NAME.qemu.sh` or `NAME.uml.sh`, `NAME.initramfs`.
struct KeptFiles {
    directory: Option<PathBuf>,
    name: String,
    runs: BTreeMap<Privilege, File>,
    failed: Option<String>,
}

impl KeptFiles {
    fn new(directory: Option<&Path>, name: &str) -> KeptFiles {
        let name = name.replace('/', "-");
        KeptFiles { directory: directory.map(Path::to_path_buf), name, runs: BTreeMap::new(), failed: None }
    }

    fn path(&self, ending: &str) -> Option<PathBuf> {
        self.directory.as_ref().map(|directory| directory.join(format!("{}.{ending}", self.name)))
    }

    /// Writes a file, if files are kept, and gives its path.
    fn write(&mut self, ending: &str, content: &[u8]) -> Option<PathBuf> {
        let path = self.path(ending)?;
        match std::fs::write(&path, content) {
            Ok(()) => Some(path),
            Err(error) => {
                self.fail(&path, &error);
                None
            }
        }
    }

    fn line(&mut self, privilege: Privilege, line: &RunEvent) {
        let Some(path) = self.path(&format!("{}.jsonl", privilege.word())) else { return };
        let written = match self.runs.entry(privilege) {
            std::collections::btree_map::Entry::Occupied(file) => line.write(file.into_mut()),
            std::collections::btree_map::Entry::Vacant(place) => {
                File::create(&path).and_then(|file| line.write(place.insert(file)))
            }
        };
        if let Err(error) = written {
            self.fail(&path, &error);
        }
    }

    fn fail(&mut self, path: &Path, error: &io::Error) {
        self.failed.get_or_insert_with(|| format!("{} cannot be written: {error}", path.display()));
    }
}

/// The answer to a bisection about a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The case passes: exit status 0.
    Good,
    /// The case fails: exit status 1.
    Bad,
    /// Neither can be said, for this reason: exit status 125.
    Untestable(String),
}

/// Judges the verdicts of a case (their words, as in run files) from all rounds and privileges.
pub fn judge<'a>(verdicts: impl IntoIterator<Item = &'a str>) -> Judgement {
    let (mut good, mut bad, mut other) = (0, 0, Vec::new());
    for verdict in verdicts {
        match verdict {
            "pass" | "unexpected-pass" => good += 1,
            "fail" | "known" => bad += 1,
            word => other.push(word),
        }
    }
    match (good, bad, other.first()) {
        (_, _, Some(word)) => Judgement::Untestable(format!("its verdict is {word}")),
        (0, 0, None) => Judgement::Untestable("there is no record of it".to_string()),
        (_, 0, None) => Judgement::Good,
        (0, _, None) => Judgement::Bad,
        (good, bad, None) => Judgement::Untestable(format!(
            "its verdict is unstable: it passed {good} times and failed {bad} times"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::always_passes(&["pass", "pass"], Judgement::Good)]
    #[case::listed_but_passes(&["unexpected-pass"], Judgement::Good)]
    #[case::always_fails(&["fail", "fail"], Judgement::Bad)]
    #[case::fails_for_a_listed_reason(&["known"], Judgement::Bad)]
    fn stable_verdicts_are_judged(#[case] verdicts: &[&str], #[case] expected: Judgement) {
        assert_eq!(judge(verdicts.iter().copied()), expected);
    }

    #[rstest]
    #[case::none(&[], "no record")]
    #[case::unstable(&["pass", "fail", "pass"], "passed 2 times and failed 1 times")]
    #[case::skipped(&["skip", "skip"], "skip")]
    #[case::an_error_among_passes(&["pass", "error"], "error")]
    #[case::a_timeout_among_failures(&["fail", "timeout"], "timeout")]
    fn the_rest_cannot_be_judged(#[case] verdicts: &[&str], #[case] reason: &str) {
        match judge(verdicts.iter().copied()) {
            Judgement::Untestable(why) => assert!(why.contains(reason), "{why}"),
            other => panic!("{other:?}"),
        }
    }
}
