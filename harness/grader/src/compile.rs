//! Building a submission from its folder: the command runs sealed as a submission does, on a stage of
//! its own with the same limits, and sees a copy of the folder. Nothing of it remains but the program.
//!
//! How a folder is read is in `sources`; grading the program is the business of `grader`.

use super::abort::CheckAbort;
use super::assignment::SubmissionCredentials;
use super::attributes;
use super::cgroup::Cgroup;
use super::channel::{Voice, listen};
use super::fork;
use super::launch::Launch;
use super::place::{self, Program};
use super::run::{Run, Stream, Termination};
use super::sources::{SourceEntry, Sources, built_program};
use super::stage::{Stage, StageConfiguration};
use super::watcher::{Fork, HostSupport, UNPRIVILEGED, become_watcher, processes_of_submissions};
use nix::fcntl::{AtFlags, OFlag};
use nix::sys::stat::{Mode, fchmod, mkdirat};
use nix::unistd::{Gid, Uid, fchownat, symlinkat};
use nsconform_sys::single_threaded::SingleThreaded;
use serde::{Deserialize, Serialize};
use std::io::{Read, Seek, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

/// How long a build may take.
pub const LONGEST_BUILD: Duration = Duration::from_secs(60);
/// How many MiB of scratch space a build has.
pub const BUILD_SCRATCH: u32 = 128;
/// How many bytes of what the command prints are kept: the last ones.
const KEPT_WORDS: usize = 8 << 10;

/// The copy of the folder, in the scratch directory.
const COPY: &str = "folder";

/// One build to be done.
pub struct BuildRequest<'b> {
    /// The folder.
    pub sources: &'b Sources,
    /// The command, for sh(1), which runs in the folder.
    pub command: &'b str,
    /// The program that it makes: a path in the folder.
    pub program: &'b Path,
    /// How many times as long as usual it may take.
    pub scale: f64,
}

/// A build that has taken place.
#[derive(Debug)]
pub enum BuildOutcome {
    /// There is a program.
    Built(Program),
    /// There is none.
    NotBuilt {
        /// Why: what was to be seen of the command.
        why: String,
        /// The last that it printed.
        words: String,
    },
}

/// Why nothing can be said of a folder.
#[derive(Debug, Serialize, Deserialize)]
pub struct BuildObstacle {
    /// The reason.
    pub why: String,
    /// Whether it is that this machine can build, and grade, nothing at all.
    pub is_impossible: bool,
}

/// The watcher's messages.
#[derive(Serialize, Deserialize)]
enum BuildWord {
    Alive,
    /// The program is in the file.
    Built,
    NotBuilt {
        why: String,
        words: String,
    },
    Unknown(BuildObstacle),
}

/// Builds a program. The watcher is forked from the caller.
///
/// # Errors
/// When it is not the submission's fault that there is no program.
pub fn build(single: &SingleThreaded, request: &BuildRequest<'_>) -> Result<BuildOutcome, BuildObstacle> {
    let impossible = |why: String| BuildObstacle { why, is_impossible: true };
    let failed = |why: String| BuildObstacle { why, is_impossible: false };
    let cgroup = Cgroup::make(single).ok();
    let (hears, says) = std::io::pipe().map_err(|error| failed(format!("pipe: {error}")))?;
    let flags = nix::sys::memfd::MFdFlags::MFD_CLOEXEC;
    let program = nix::sys::memfd::memfd_create(c"program", flags)
        .map_err(|errno| failed(format!("memfd_create: {errno}")))?;
    let mut program = std::fs::File::from(program);
    let processes = [false, true].map(processes_of_submissions);
    let pid = match become_watcher().map_err(impossible)? {
        Fork::Caller(pid) => {
            drop(says);
            pid
        }
        Fork::Watcher(support) => {
            drop(hears);
            let processes = processes[usize::from(support.several)];
            let support = HostSupport { processes, cgroup: cgroup.as_ref(), ..support };
            let voice = Voice::new(says);
            voice.say(&watch(request, &support, &mut program, &voice));
            // SAFETY: ends the watcher; nothing of its parent's is run twice.
            unsafe { libc::_exit(0) }
        }
    };
    let mut last = None;
    let ended = listen(hears, |word| match word {
        BuildWord::Alive => {}
        other => last = Some(other),
    });
    // PID 1 of its namespace: everything else in it ends with it.
    let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
    fork::reap(pid);
    match last {
        Some(BuildWord::Built) => {
            let mut content = Vec::new();
            let read = program.rewind().and_then(|()| program.read_to_end(&mut content));
            read.map_err(|error| failed(format!("reading the program: {error}")))?;
            let name = request.program.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok(BuildOutcome::Built(Program { name, content }))
        }
        Some(BuildWord::NotBuilt { why, words }) => Ok(BuildOutcome::NotBuilt { why, words }),
        Some(BuildWord::Unknown(obstacle)) => Err(obstacle),
        _ => Err(failed(ended.err().unwrap_or("the watcher ended early".to_string()))),
    }
}

/// The life of the watcher.
fn watch(
    request: &BuildRequest<'_>,
    support: &HostSupport<'_>,
    program: &mut std::fs::File,
    voice: &Voice,
) -> BuildWord {
    let unknown = |why, is_impossible| BuildWord::Unknown(BuildObstacle { why, is_impossible });
    // There is no submission yet.
    let nothing = Program { name: "none".to_string(), content: Vec::new() };
    if let Err(why) = place::enter(&nothing).and_then(|()| attributes::new_session_keyring()) {
        return unknown(why, true);
    }
    let heartbeat = || voice.beat(&BuildWord::Alive);
    let configuration = StageConfiguration {
        program: &nothing,
        starts_as: SubmissionCredentials::User,
        several_ids: false,
        seed: 0,
        allowed: LONGEST_BUILD.mul_f64(request.scale),
        time_scale: request.scale.max(1.0),
        scratch: BUILD_SCRATCH,
        support,
        heartbeat: &heartbeat,
    };
    let stage = match Stage::set(configuration) {
        Ok(stage) => stage,
        Err(why) => return unknown(why.in_words(), false),
    };
    let owner = if support.several { UNPRIVILEGED } else { 0 };
    if let Err(why) = copy(request.sources, &stage.given.scratch, owner) {
        return unknown(why, false);
    }
    let launched = stage.launch(&Launch::command(request.command, &format!("/tmp/{COPY}")));
    let run = match launched {
        Ok(run) => run,
        Err(why) => return unknown(why.in_words(), false),
    };
    let not_built = |why: String| BuildWord::NotBuilt { why, words: words(&run) };
    match run.status() {
        Ok(Termination::Exited(0)) => {}
        Ok(status) => return not_built(format!("`{}` ends with {status}", request.command)),
        Err(CheckAbort::Stopped(stop)) => return not_built(format!("`{}`: {}", request.command, stop.what)),
        Err(CheckAbort::Mismatch(mismatch)) => return not_built(mismatch.observed),
        Err(why) => return unknown(why.in_words(), false),
    }
    if let Err(CheckAbort::Stopped(stop)) = stage.enforce_cgroup_limits() {
        return not_built(format!("`{}`: {}", request.command, stop.what));
    }
    match built_program(&stage.given.scratch, &Path::new(COPY).join(request.program)) {
        Err(why) => not_built(why.replace(&format!("{COPY}/"), "")),
        Ok(content) => match program.write_all(&content) {
            Ok(()) => BuildWord::Built,
            Err(error) => unknown(format!("keeping the program: {error}"), false),
        },
    }
}

/// The last that the command has printed, standard output first.
fn words(run: &Run<'_>) -> String {
    let printed = run.text(Stream::Output) + &run.text(Stream::Error);
    let from = printed.len().saturating_sub(KEPT_WORDS);
    let from = (from..=printed.len()).find(|at| printed.is_char_boundary(*at)).unwrap_or(0);
    printed[from..].to_string()
}

/// Copies a folder into the scratch directory, for this owner. Nobody else can do anything there yet.
fn copy(sources: &Sources, scratch: &OwnedFd, owner: u32) -> Result<(), String> {
    let mode = Mode::from_bits_truncate(0o755);
    let belongs = |path: &Path| {
        let (uid, gid) = (Some(Uid::from_raw(owner)), Some(Gid::from_raw(owner)));
        fchownat(scratch, path, uid, gid, AtFlags::AT_SYMLINK_NOFOLLOW)
    };
    let failed =
        |path: &Path, errno: nix::errno::Errno| format!("copying {}: {}", path.display(), errno.desc());
    let root = Path::new(COPY);
    mkdirat(scratch, root, mode).and_then(|()| belongs(root)).map_err(|errno| failed(root, errno))?;
    for (path, entry) in &sources.entries {
        let path = root.join(path);
        let made = match entry {
            SourceEntry::Directory => mkdirat(scratch, &path, mode),
            SourceEntry::Link(text) => symlinkat(text.as_os_str(), scratch, &path),
            SourceEntry::File { content, is_executable } => {
                let mode = Mode::from_bits_truncate(if *is_executable { 0o755 } else { 0o644 });
                write(scratch, &path, content, mode)
            }
        };
        made.and_then(|()| belongs(&path)).map_err(|errno| failed(&path, errno))?;
    }
    Ok(())
}

fn write(scratch: impl AsFd, path: &Path, content: &[u8], mode: Mode) -> nix::Result<()> {
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let file = nix::fcntl::openat(scratch, path, flags, mode)?;
    fchmod(&file, mode)?;
    let written = std::fs::File::from(file).write_all(content);
    written.map_err(|error| nix::errno::Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))
}
