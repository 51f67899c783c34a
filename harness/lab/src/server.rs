//! The fork server: a small process that is forked before anything large is allocated or any
//! thread is started, and that forks a sealed director for each job. One more than may go at a time
//! is made, and held before its first call: what sealing takes is spent while another one goes.
//!
//! It keeps deadlines and reaps. Which jobs there are and what becomes of their traces is the
//! business of `runner`, at the other end of its socket; what cgroups jobs get is that of
//! `cgroup`. When the runner is gone, by whatever end, it ends everything it has started and then
//! itself.

use crate::conduct::Conduct;
use crate::interrupt::{Interrupt, Play};
use crate::journal::Journal;
use crate::lab::Lab;
use crate::script::{self, Script};
use crate::seal::{self, Containment, Ground, Mode, SealFailure};
use crate::trace::{End, Event};
use nsconform_sys::cgroup::{self, Cgroups, Place};
use nsconform_sys::single_threaded::SingleThreaded;
use nsconform_sys::{procfs, reap, wire};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// A script that is compiled in, as the server plays it.
#[derive(Clone, Copy)]
pub struct Compiled {
    /// The credentials that its processes start with.
    pub ground: Ground,
    /// Whether it gets a cgroup of its own.
    pub cgroup: bool,
    /// The steps.
    pub body: Body,
}

/// The steps of a compiled script.
#[derive(Clone, Copy)]
pub enum Body {
    /// It plays; its trace is what counts.
    Script(fn(&Lab) -> Play),
    /// It finds out whether something is met.
    Probe(fn(&Lab) -> Result<ProbeResult, Interrupt>),
}

/// The result of a probe: met, or why not.
pub type ProbeResult = Result<(), Unmet>;

/// Why a requirement is not met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unmet {
    /// The kernel has no such thing, or somebody refuses it: nothing is said against the kernel.
    Absent(String),
    /// The thing is there and answers otherwise than documented.
    Wrong(String),
}

impl<T: Into<String>> From<T> for Unmet {
    fn from(what: T) -> Unmet {
        Unmet::Absent(what.into())
    }
}

/// One thing to be done by one director.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The script that is played.
    pub script: JobScript,
    /// After this time the director and all its processes are killed.
    pub deadline: Duration,
    /// The conduct of the run.
    pub conduct: Conduct,
}

/// A script that the server plays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum JobScript {
    /// A compiled one, by its index.
    Compiled(u32),
    /// A written one.
    Written(Script),
}

impl JobScript {
    fn wants_cgroup(&self, scripts: &[Compiled]) -> bool {
        match self {
            JobScript::Compiled(index) => scripts[*index as usize].cgroup,
            JobScript::Written(script) => script.cgroup,
        }
    }

    fn is_probe(&self, scripts: &[Compiled]) -> bool {
        matches!(self, JobScript::Compiled(index) if matches!(scripts[*index as usize].body, Body::Probe(_)))
    }
}

/// How a director came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Finish {
    /// It ended by itself; the trace says how the script ended.
    Ended,
    /// It was killed at its deadline.
    TimedOut,
    /// It was to be killed at its deadline, and the kernel did not end it.
    NotEnded,
    /// It ended without finishing its trace.
    Died(String),
    /// It could not be started.
    NotStarted(String),
}

/// The server's report on one job.
#[derive(Debug, Serialize, Deserialize)]
pub struct JobReport {
    /// The id that the job was submitted with.
    pub id: u32,
    /// How its director came to its end.
    pub finish: Finish,
    /// The bytes of its journal; see [`crate::journal::decode`].
    pub journal: Vec<u8>,
    /// From the start of the director to the end of everything it started.
    pub duration: Duration,
}

impl JobReport {
    fn not_started(id: u32, why: String, duration: Duration) -> JobReport {
        JobReport { id, finish: Finish::NotStarted(why), journal: Vec::new(), duration }
    }
}

/// The first thing that the server says.
pub type Ready = Result<Mode, SealFailure>;

/// The runner's end of the server.
pub struct Server {
    socket: UnixStream,
    pid: nix::unistd::Pid,
}

impl Server {
    /// Forks the server.
    ///
    /// # Errors
    /// Those of socketpair(2) and fork(2).
    pub fn start(
        single: &SingleThreaded,
        scripts: &[Compiled],
        jobs: usize,
        containment: Containment,
    ) -> io::Result<Server> {
        let (ours, theirs) = UnixStream::pair()?;
        // SAFETY: this process has one thread, so the child's copy of the heap is consistent.
        match unsafe { nix::unistd::fork() }? {
            nix::unistd::ForkResult::Child => {
                drop(ours);
                // SAFETY: ends the child without running what the parent will run at its exit.
                unsafe { libc::_exit(i32::from(serve(theirs, single, scripts, jobs, containment).is_err())) }
            }
            nix::unistd::ForkResult::Parent { child } => Ok(Server { socket: ours, pid: child }),
        }
    }

    /// The PID of the server.
    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Hands a job over.
    ///
    /// # Errors
    /// When the server has ended.
    pub fn submit(&mut self, id: u32, job: &Job) -> io::Result<()> {
        send(&mut self.socket, &(id, job))
    }

    /// Waits for the next message, no longer than `patience`; none if the server has ended.
    ///
    /// # Errors
    /// When none comes in time, or it cannot be read or decoded.
    pub fn receive<T: DeserializeOwned>(&mut self, patience: Duration) -> io::Result<Option<T>> {
        if !reap::readable(self.socket.as_raw_fd(), patience) {
            let seconds = patience.as_secs();
            return Err(io::Error::other(format!("the fork server has said nothing for {seconds} s")));
        }
        // The socket holds a whole message, unless the server has stopped in the middle of one.
        self.socket.set_read_timeout(Some(MESSAGE_TIME))?;
        receive(&mut self.socket)
    }

    /// Ends the server by force, and with it all that it has started.
    pub fn kill(&mut self) {
        reap::kill_within(self.pid.as_raw(), END_TIME);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server ends when it sees the socket closed; waiting makes sure that nothing it
        // started outlives us.
        // An error means that it has ended already.
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
        if let Ok(None) = reap::within(self.pid.as_raw(), END_TIME) {
            self.kill();
        }
    }
}

fn send(socket: &mut UnixStream, message: &impl Serialize) -> io::Result<()> {
    let mut bytes = vec![0; 4];
    bytes = postcard::to_extend(message, bytes).map_err(io::Error::other)?;
    let length = (bytes.len() - 4) as u32;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    socket.write_all(&bytes)
}

fn receive<T: DeserializeOwned>(socket: &mut UnixStream) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match socket.read_exact(&mut length) {
        Err(error)
            if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) =>
        {
            return Ok(None);
        }
        other => other?,
    }
    let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
    socket.read_exact(&mut bytes)?;
    postcard::from_bytes(&bytes).map(Some).map_err(io::Error::other)
}

/// How long a director lives at most beyond its own time: it may be held until others have ended.
const LONGEST_LIFE: Duration = Duration::from_secs(3600);
/// How much longer than its time a director may take where it has to wait for a processor.
const LONGEST_WAIT: u32 = 20;
/// How long the rest of a message may take once it has begun.
const MESSAGE_TIME: Duration = Duration::from_secs(60);
/// How long the server may take to end.
const END_TIME: Duration = Duration::from_secs(30);
/// How many directors may be given up before the server starts no others.
const SPARE_SLOTS: usize = 15;

/// A director at work.
struct Slot {
    id: u32,
    pid: i32,
    /// How long it may take once it goes.
    time: Duration,
    started: Instant,
    /// None as long as it is held.
    deadline: Option<Instant>,
    /// By how much the deadline was put off, since its processes had to wait for a processor.
    granted: Duration,
    /// When it was killed, if it was.
    killed: Option<Instant>,
    /// How far the server has gone to end it.
    force: Force,
    /// Whether the job got a cgroup of its own.
    placed: bool,
}

/// How far the server has gone to end a director that is over its time; it takes these in turn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Force {
    /// Nothing, or SIGKILL to the director: the kernel ends everything else.
    Kill,
    /// SIGKILL to each process of its PID namespace, and SIGALRM to itself, for kernels on which
    /// SIGKILL does not end an init, or the end of an init not the rest.
    Each,
    /// It is given up: its slot is taken until it ends after all.
    GivenUp,
}

impl Slot {
    /// How long each means may take to end it.
    fn grace(&self) -> Duration {
        (self.time / 4).max(Duration::from_millis(500))
    }

    /// When something is due: its deadline, or the next means to end it.
    fn due(&self) -> Option<Instant> {
        match (self.killed, self.force) {
            (None, _) => self.deadline,
            (Some(killed), Force::Kill) => Some(killed + self.grace()),
            (Some(killed), Force::Each) => Some(killed + self.grace() * 3),
            (Some(_), Force::GivenUp) => None,
        }
    }

    /// Whether it goes, and is neither held nor given up.
    fn goes(&self) -> bool {
        self.deadline.is_some() && !self.is_given_up()
    }

    fn is_given_up(&self) -> bool {
        self.force == Force::GivenUp
    }
}

fn serve(
    mut control: UnixStream,
    single: &SingleThreaded,
    scripts: &[Compiled],
    jobs: usize,
    containment: Containment,
) -> io::Result<()> {
    std::panic::set_hook(Box::new(|_| {}));
    // For the one thing that a server may need to know of the machine: which processes a director
    // has left. Directors close it.
    let processes = std::fs::File::open("/proc").ok().map(OwnedFd::from);
    let null = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null").ok().map(OwnedFd::from);
    let ready: Ready = seal::prepare_template(containment)
        .and_then(|mode| quiet(null).map(|()| mode).map_err(|what| SealFailure { what }));
    send(&mut control, &ready)?;
    let Ok(mode) = ready else { return Ok(()) };
    // Above the numbers that scripts see, now that limits allow such numbers.
    let processes = processes.and_then(|proc| wire::raise(proc).ok());
    // Signals are unblocked while the place is prepared; nothing has been started before.
    let children = signal_descriptor()?;
    let pidfd = reap::pidfd(nix::unistd::getpid().as_raw());
    // poll(2) passes over a number of -1.
    let own = pidfd.as_ref().map_or(-1, AsRawFd::as_raw_fd);
    // One director more than go at a time is sealed, on another processor where there is one, and
    // held before its first call.
    let journals = Journal::several(jobs + 1 + SPARE_SLOTS)?;
    let mut slots: Vec<Option<Slot>> = journals.iter().map(|_| None).collect();
    // Made for the first job that needs a cgroup; most runs have none.
    let mut cgroups = None;
    let work = Work {
        single,
        scripts,
        mode,
        containment,
        jobs,
        children,
        processes,
        journals,
        own,
        processors: usable_processors(),
    };
    let ended = attend(&mut control, &work, &mut slots, &mut cgroups);
    end_all(&work, &mut slots);
    ended
}

/// The parts of a server that stay the same while it runs.
struct Work<'s> {
    single: &'s SingleThreaded,
    scripts: &'s [Compiled],
    mode: Mode,
    containment: Containment,
    /// How many directors go at a time.
    jobs: usize,
    /// Readable when a child has ended.
    children: RawFd,
    /// The root directory of a procfs that shows this process, if there is one.
    processes: Option<OwnedFd>,
    /// One for each slot.
    journals: Vec<Journal>,
    /// A pidfd of this process; -1 where there is none.
    own: RawFd,
    /// At least one.
    processors: Vec<u16>,
}

/// Starts directors and reports on them until the runner is gone.
fn attend(
    control: &mut UnixStream,
    work: &Work,
    slots: &mut [Option<Slot>],
    cgroups: &mut Option<Result<Cgroups, String>>,
) -> io::Result<()> {
    loop {
        let going = slots.iter().flatten().filter(|slot| !slot.is_given_up()).count();
        let free = match going <= work.jobs {
            true => slots.iter().position(Option::is_none),
            false => None,
        };
        // So many could not be ended that there is none left for another one.
        let exhausted = going == 0 && free.is_none();
        let mut polled = [
            libc::pollfd { fd: work.children, events: libc::POLLIN, revents: 0 },
            // With no slot free only the end of the runner is of interest.
            libc::pollfd {
                fd: control.as_raw_fd(),
                events: if free.is_some() || exhausted { libc::POLLIN } else { libc::POLLRDHUP },
                revents: 0,
            },
        ];
        // SAFETY: the array outlives the call.
        unsafe { libc::poll(polled.as_mut_ptr(), 2, until_next_deadline(slots)) };
        if polled[0].revents != 0 {
            drain(work.children);
            reap(control, work, slots, cgroups)?;
        }
        end_overdue(control, work, slots)?;
        if polled[1].revents != 0 {
            let received: Option<(u32, Job)> = match free {
                Some(_) => receive(control).unwrap_or(None),
                None if exhausted => receive(control).unwrap_or(None),
                None => None,
            };
            if let (None, Some((id, _))) = (free, &received) {
                let why = format!("{} directors could not be ended", slots.len());
                send(control, &JobReport::not_started(*id, why, Duration::ZERO))?;
                continue;
            }
            let (Some(slot), Some((id, job))) = (free, received) else {
                return Ok(());
            };
            let held = slots.iter().flatten().filter(|slot| slot.goes()).count() >= work.jobs;
            work.journals[slot].clear(held);
            let started = Instant::now();
            let place = job.script.wants_cgroup(work.scripts).then(|| {
                let start = || Cgroups::start(work.single, cgroup::mount_hierarchy);
                cgroups.get_or_insert_with(start).as_ref().map_err(String::clone)?.make(slot)
            });
            match start_director(work, &job, slot, place.as_ref()) {
                Ok(pid) => {
                    let time = job.deadline;
                    let deadline = (!held).then(|| started + time);
                    let placed = place.is_some();
                    let (killed, force) = (None, Force::Kill);
                    slots[slot] = Some(Slot {
                        id,
                        pid,
                        time,
                        granted: Duration::ZERO,
                        started,
                        deadline,
                        killed,
                        force,
                        placed,
                    });
                }
                Err(error) => {
                    let why = format!(
                        "clone of the sealed namespaces: {}",
                        crate::outcome::Errno::from(error).describe()
                    );
                    remove_place(cgroups, slot);
                    send(control, &JobReport::not_started(id, why, started.elapsed()))?;
                }
            }
        }
    }
}

fn remove_place(cgroups: &Option<Result<Cgroups, String>>, slot: usize) {
    if let Some(Ok(cgroups)) = cgroups {
        cgroups.remove(slot);
    }
}

/// A descriptor that is readable when a child has ended.
fn signal_descriptor() -> io::Result<RawFd> {
    let mut set = nix::sys::signal::SigSet::empty();
    set.add(nix::sys::signal::Signal::SIGCHLD);
    set.thread_block()?;
    // SAFETY: the set outlives the call.
    let fd = unsafe { libc::signalfd(-1, set.as_ref(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
    if fd == -1 { Err(io::Error::last_os_error()) } else { Ok(fd) }
}

fn drain(descriptor: RawFd) {
    let mut buffer = [0u8; 1024];
    // SAFETY: pointer and length describe the buffer; the descriptor does not block.
    while unsafe { libc::read(descriptor, buffer.as_mut_ptr().cast(), buffer.len()) } > 0 {}
}

/// Cases must not write to the terminal or the files of whoever started us. Where there is no
/// /dev/null the end of a pipe that nobody writes to takes its place: a number that is merely closed
/// would be given to the next descriptor of the engine.
fn quiet(null: Option<OwnedFd>) -> Result<(), String> {
    let null = match null {
        Some(null) => null,
        None => nix::unistd::pipe().map_err(|errno| format!("pipe: {errno}"))?.0,
    };
    // It must not have one of the numbers that it is copied to and closed with.
    let null = wire::raise(null).map_err(|error| format!("fcntl(F_DUPFD_CLOEXEC): {error}"))?;
    for standard in 0..=2 {
        // SAFETY: redirects the standard descriptors, which nothing here uses.
        if unsafe { libc::dup2(null.as_raw_fd(), standard) } == -1 {
            return Err(format!("dup2: {}", io::Error::last_os_error()));
        }
    }
    Ok(())
}

fn until_next_deadline(slots: &[Option<Slot>]) -> libc::c_int {
    let now = Instant::now();
    slots
        .iter()
        .flatten()
        .filter_map(Slot::due)
        .map(|due| due.saturating_duration_since(now).as_millis() as libc::c_int + 1)
        .min()
        .unwrap_or(-1)
}

/// Gives the turn of a director that has ended to one that is held, if there is one.
fn let_one_go(slots: &mut [Option<Slot>], journals: &[Journal]) {
    let held = |slot: &&mut Option<Slot>| slot.as_ref().is_some_and(|slot| slot.deadline.is_none());
    let mut both = slots.iter_mut().zip(journals);
    if let Some((Some(slot), journal)) = both.find(|(slot, _)| held(slot)) {
        slot.started = Instant::now();
        slot.deadline = Some(slot.started + slot.time);
        journal.let_go();
    }
}

/// Ends what is over its time, by one means after the other, and reports what cannot be ended.
fn end_overdue(control: &mut UnixStream, work: &Work, slots: &mut [Option<Slot>]) -> io::Result<()> {
    let now = Instant::now();
    for index in 0..slots.len() {
        let Some(slot) = &mut slots[index] else { continue };
        if slot.due().is_none_or(|due| due > now) {
            continue;
        }
        match (slot.killed, slot.force) {
            (None, _) => {
                // The time that others have had the processor is not the case's.
                let waited = waited(work, slot.pid).min(slot.time * LONGEST_WAIT);
                if waited > slot.granted {
                    slot.deadline = slot.deadline.map(|deadline| deadline + (waited - slot.granted));
                    slot.granted = waited;
                    if slot.due().is_some_and(|due| due > now) {
                        continue;
                    }
                }
                slot.killed = Some(now);
                signal(slot.pid, libc::SIGKILL);
            }
            (Some(_), Force::Kill) => {
                slot.force = Force::Each;
                end_each(work, slot.pid);
            }
            (Some(_), Force::Each) => {
                slot.force = Force::GivenUp;
                let journal = work.journals[index].bytes().to_vec();
                let (id, duration) = (slot.id, slot.started.elapsed());
                send(control, &JobReport { id, finish: Finish::NotEnded, journal, duration })?;
                let_one_go(slots, &work.journals);
            }
            (Some(_), Force::GivenUp) => {}
        }
    }
    Ok(())
}

/// How long the processes of a director have waited for a processor together. One of them acts at a
/// time.
fn waited(work: &Work, director: i32) -> Duration {
    let Some(processes) = &work.processes else { return Duration::ZERO };
    let mut all = procfs::members_below(processes.as_fd(), director);
    all.push(director);
    all.into_iter().filter_map(|pid| procfs::waited_for_processor(processes.as_fd(), pid)).sum()
}

/// Ends each process of a director, and the director by the handler of [`seal::end_at_alarm`].
fn end_each(work: &Work, director: i32) {
    if let Some(processes) = &work.processes {
        for member in procfs::members_below(processes.as_fd(), director) {
            signal(member, libc::SIGKILL);
        }
    }
    signal(director, libc::SIGALRM);
}

/// Signals a process that may have ended: of a director that is not reaped yet, or of its PID
/// namespace.
fn signal(pid: i32, signal: libc::c_int) {
    // SAFETY: takes numbers only.
    unsafe { libc::kill(pid, signal) };
}

fn reap(
    control: &mut UnixStream,
    work: &Work,
    slots: &mut [Option<Slot>],
    cgroups: &Option<Result<Cgroups, String>>,
) -> io::Result<()> {
    loop {
        let mut status = 0;
        // SAFETY: the status outlives the call.
        let pid = unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) };
        if pid <= 0 {
            return Ok(());
        }
        let found = slots.iter().position(|slot| slot.as_ref().is_some_and(|slot| slot.pid == pid));
        let Some(index) = found else { continue };
        let Some(slot) = slots[index].take() else { continue };
        if slot.is_given_up() {
            // It was reported when it was given up.
            continue;
        }
        let duration = slot.started.elapsed();
        if slot.deadline.is_some() {
            let_one_go(slots, &work.journals);
        }
        let finish = if slot.killed.is_some() {
            Finish::TimedOut
        } else if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0 {
            Finish::Ended
        } else if libc::WIFEXITED(status) {
            Finish::Died(format!("the director exited with status {}", libc::WEXITSTATUS(status)))
        } else {
            Finish::Died(format!("the director was killed by signal {}", libc::WTERMSIG(status)))
        };
        if slot.placed {
            remove_place(cgroups, index);
        }
        let report =
            JobReport { id: slot.id, finish, journal: work.journals[index].bytes().to_vec(), duration };
        send(control, &report)?;
    }
}

/// Ends every director, however far it has come; what cannot be ended is left.
fn end_all(work: &Work, slots: &mut [Option<Slot>]) {
    for slot in slots.iter().flatten() {
        signal(slot.pid, libc::SIGKILL);
    }
    let end = Instant::now() + END_TIME / 2;
    for slot in slots.iter_mut().flatten().filter(|slot| !slot.is_given_up()) {
        let left = end.saturating_duration_since(Instant::now());
        if let Ok(None) = reap::within(slot.pid, slot.grace().min(left)) {
            end_each(work, slot.pid);
            let left = end.saturating_duration_since(Instant::now());
            // It is the last means.
            let _ = reap::within(slot.pid, slot.grace().min(left));
        }
    }
}

fn start_director(
    work: &Work,
    job: &Job,
    slot: usize,
    place: Option<&Result<Place, String>>,
) -> io::Result<i32> {
    let flags = work.containment.of_director() | libc::SIGCHLD;
    // SAFETY: without CLONE_VM the child has a copy of everything, and this process has one
    // thread; no pointer is passed.
    match unsafe { libc::syscall(libc::SYS_clone, flags as libc::c_long, 0, 0, 0, 0) } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            let ends = seal::end_at_alarm(LONGEST_LIFE + job.deadline)
                .and_then(|()| seal::end_with_server(work.own));
            let journal = &work.journals[slot];
            let placed = place.map_or(Ok(()), |place| place.as_ref().map_err(String::clone)?.enter());
            let sealed = ends.and_then(|()| seal::complete_seal(work.containment));
            let end = match (sealed, placed) {
                (Ok(()), Ok(())) => {
                    // Of a case's processes one acts at a time: on one processor they wake each
                    // other several times faster. Disturbed runs go where they are sent.
                    let processor = match job.conduct.jitter {
                        Some(jitter) => jitter.processor,
                        None => Some(work.processors[slot % work.processors.len()]),
                    };
                    if let Some(processor) = processor {
                        keep_on(processor);
                    }
                    direct(work.scripts, work.mode, job, journal)
                }
                (Err(why), _) => End::Interrupted(Interrupt::Engine(format!("sealing: {why}"))),
                (_, Err(why)) if job.script.is_probe(work.scripts) => End::Unmet(Unmet::Absent(why)),
                (_, Err(why)) => End::Interrupted(Interrupt::Engine(format!("no cgroup: {why}"))),
            };
            let written = journal.append(&Event::End(end)).is_ok();
            // SAFETY: ends the director, and with it everything in its PID namespace.
            unsafe { libc::_exit(i32::from(!written)) }
        }
        pid => Ok(pid as i32),
    }
}

/// The processors that this process may use.
fn usable_processors() -> Vec<u16> {
    // SAFETY: all-zero is a valid cpu_set_t; CPU_ISSET checks its bounds.
    let usable: Vec<u16> = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &mut set);
        (0..libc::CPU_SETSIZE as u16).filter(|number| libc::CPU_ISSET(usize::from(*number), &set)).collect()
    };
    if usable.is_empty() { vec![0] } else { usable }
}

/// Keeps the calling process and those it will create on one processor. Where that is refused the
/// run is merely less disturbed.
fn keep_on(processor: u16) {
    // SAFETY: all-zero is a valid cpu_set_t; CPU_SET checks its bounds.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(usize::from(processor), &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set);
    }
}

/// Plays the job in a sealed director.
fn direct(scripts: &[Compiled], mode: Mode, job: &Job, journal: &Journal) -> End {
    let play = || {
        let lab = |ground| Lab::new(journal, ground, mode, job.conduct.clone());
        let played = match &job.script {
            JobScript::Written(script) => script::play(script, &lab(script.ground)).map(Ok),
            JobScript::Compiled(index) => {
                let script = &scripts[*index as usize];
                match script.body {
                    Body::Script(play) => play(&lab(script.ground)).map(Ok),
                    Body::Probe(probe) => probe(&lab(script.ground)),
                }
            }
        };
        match played {
            Ok(Ok(())) => End::Played,
            Ok(Err(why)) => End::Unmet(why),
            Err(interrupt) => End::Interrupted(interrupt),
        }
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(play)).unwrap_or_else(|payload| {
        let message = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        End::Panicked(message.to_string())
    })
}
