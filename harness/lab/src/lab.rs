//! The lab: the sealed place that one run of one script gets, as the script sees it.
//!
//! A script creates processes here and asks them for calls. The work behind that lives in
//! `director`; the place is sealed in `seal`.

use crate::call::argument::Unshown;
use crate::call::process::{ChildCgroup, Process as ProcessCall, Signal};
use crate::call::{Ask, Call};
use crate::conduct::Conduct;
use crate::director::Director;
use crate::interrupt::{Interrupt, Play};
use crate::journal::Journal;
use crate::outcome::Done;
use crate::seal::Credentials;
use crate::trace::Event;
use nsconform_sys::kind::Flags;

pub(crate) mod naming;

/// The sealed place of one run.
pub struct Lab<'j> {
    director: Director<'j>,
    starts_as: Credentials,
}

impl<'j> Lab<'j> {
    pub(crate) fn new(journal: &'j Journal, starts_as: Credentials, conduct: Conduct) -> Lab<'j> {
        Lab { director: Director::new(journal, conduct), starts_as }
    }

    /// Creates a process that starts with the credentials of the script.
    ///
    /// # Errors
    /// When the engine cannot fork or cannot give the process its credentials.
    pub fn process(&self, name: &str) -> Result<Process<'_>, Interrupt> {
        self.process_as(self.starts_as, name)
    }

    /// Creates a process that starts with other credentials than the script's.
    ///
    /// # Errors
    /// As [`Lab::process`].
    pub fn process_as(&self, credentials: Credentials, name: &str) -> Result<Process<'_>, Interrupt> {
        let number = self.director.create(credentials, name)?;
        Ok(Process { director: &self.director, number })
    }

    /// Writes an explanation of the steps that follow into the trace.
    ///
    /// # Errors
    /// When the trace is full.
    pub fn note(&self, note: &str) -> Play {
        self.director.record(&Event::Note(note.to_string()))
    }

    /// Writes down that a player passes over a step of its script.
    pub(crate) fn pass_over(&self, step: usize, why: String) -> Play {
        self.director.record(&Event::PassedOver { step: step as u32, why })
    }

    /// The place in the trace behind the last event, for [`Lab::forget_from`].
    pub(crate) fn place(&self) -> u32 {
        self.director.around().place()
    }

    /// Takes the events from a place on out of the trace.
    pub(crate) fn forget_from(&self, place: u32) {
        self.director.around().forget_from(place);
    }

    /// From now on the trace shows new processes with their PIDs: for scripts that are about the
    /// numbers.
    ///
    /// # Errors
    /// When the trace is full.
    pub fn show_pids(&self) -> Play {
        self.director.record(&Event::ShowPids)
    }
}

/// A process of the lab, as the script directs it.
#[derive(Clone, Copy)]
pub struct Process<'l> {
    director: &'l Director<'l>,
    number: usize,
}

impl Ask for Process<'_> {
    type Answer = Done;

    fn ask(&self, call: Call) -> Done {
        self.director.ask(self.number, call)
    }
}

impl<'l> Process<'l> {
    /// Creates a process by clone(2) that goes on as an actor under this name.
    ///
    /// # Errors
    /// Ends the script when the kernel refuses; use [`Process::try_clone`] where that is the claim.
    pub fn clone(&self, name: &str, flags: Flags) -> Result<Process<'l>, Interrupt> {
        self.try_clone(name, flags)?.value()?;
        Ok(self.newest())
    }

    /// As [`Process::clone`] without any flag: the child shares nothing, and all namespaces.
    ///
    /// # Errors
    /// As [`Process::clone`].
    pub fn fork(&self, name: &str) -> Result<Process<'l>, Interrupt> {
        self.clone(name, Flags::empty())
    }

    /// Asks for a process and gives the kernel's answer.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn try_clone(&self, name: &str, flags: Flags) -> Done {
        self.ask(Call::Process(ProcessCall::clone { child: Unshown(name.to_string()), flags }))
    }

    /// Creates a process by clone3(2), with SIGCHLD as its exit signal and, where `set_tid` is not
    /// empty, with chosen PIDs (innermost PID namespace first).
    ///
    /// # Errors
    /// As [`Process::clone`].
    pub fn clone3(&self, name: &str, flags: Flags, set_tid: &[i32]) -> Result<Process<'l>, Interrupt> {
        self.try_clone3(name, flags, set_tid)?.value()?;
        Ok(self.newest())
    }

    /// Asks for a process by clone3(2) and gives the kernel's answer.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn try_clone3(&self, name: &str, flags: Flags, set_tid: &[i32]) -> Done {
        let exit_signal = if flags.contains(Flags::CLONE_THREAD) { Signal(0) } else { Signal::SIGCHLD };
        self.ask_clone3(name, flags, exit_signal, set_tid, None)
    }

    /// Creates a process by clone3(2) whose end is told to its parent by this signal; 0: by none.
    ///
    /// # Errors
    /// As [`Process::clone`].
    pub fn clone3_signal(
        &self,
        name: &str,
        flags: Flags,
        exit_signal: Signal,
    ) -> Result<Process<'l>, Interrupt> {
        self.try_clone3_signal(name, flags, exit_signal)?.value()?;
        Ok(self.newest())
    }

    /// As [`Process::clone3_signal`], and gives the kernel's answer.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn try_clone3_signal(&self, name: &str, flags: Flags, exit_signal: Signal) -> Done {
        self.ask_clone3(name, flags, exit_signal, &[], None)
    }

    /// Creates a process by clone3(2) in the cgroup of this open directory (`CLONE_INTO_CGROUP`).
    ///
    /// # Errors
    /// As [`Process::clone`].
    pub fn clone3_into_cgroup(
        &self,
        name: &str,
        flags: Flags,
        cgroup: i32,
    ) -> Result<Process<'l>, Interrupt> {
        self.try_clone3_into_cgroup(name, flags, cgroup)?.value()?;
        Ok(self.newest())
    }

    /// As [`Process::clone3_into_cgroup`], and gives the kernel's answer.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn try_clone3_into_cgroup(&self, name: &str, flags: Flags, cgroup: i32) -> Done {
        self.ask_clone3(name, flags | Flags::CLONE_INTO_CGROUP, Signal::SIGCHLD, &[], Some(cgroup))
    }

    fn ask_clone3(
        &self,
        name: &str,
        flags: Flags,
        exit_signal: Signal,
        set_tid: &[i32],
        cgroup: Option<i32>,
    ) -> Done {
        self.ask(Call::Process(ProcessCall::clone3 {
            child: Unshown(name.to_string()),
            flags,
            exit_signal,
            set_tid: set_tid.to_vec(),
            cgroup: ChildCgroup(cgroup),
        }))
    }

    /// The process that was created last.
    pub(crate) fn newest(&self) -> Process<'l> {
        Process { director: self.director, number: self.director.newest() }
    }

    /// Begins a call that may block: others may act before [`Begun::finish`].
    pub fn begin(&self) -> Beginning<'l> {
        Beginning(*self)
    }

    /// Waits, without a step in the trace, until this process has ended.
    ///
    /// # Errors
    /// When it has not been told to end and answers instead.
    pub fn wait_for_end(&self) -> Play {
        self.director.wait_for_end(self.number)
    }
}

/// A process of which a call is about to be begun.
#[derive(Clone, Copy)]
pub struct Beginning<'l>(Process<'l>);

impl<'l> Ask for Beginning<'l> {
    type Answer = Result<Begun<'l>, Interrupt>;

    fn ask(&self, call: Call) -> Self::Answer {
        if call.creates().is_some() {
            return Err(Interrupt::Script(format!("{} cannot be begun", call.name())));
        }
        self.0.director.begin(self.0.number, call)?;
        Ok(Begun(self.0))
    }
}

/// A call that was begun.
pub struct Begun<'l>(Process<'l>);

impl Begun<'_> {
    /// Waits for the answer.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn finish(self) -> Done {
        self.0.director.finish(self.0.number)
    }

    /// Waits until the kernel has put the caller to sleep within the call, so that what others do
    /// next finds it blocked. Bounded by the deadline of the case.
    ///
    /// # Errors
    /// When the call has returned instead, and when /proc/PID/syscall (proc(5)) cannot be read.
    pub fn blocked(&self) -> Play {
        self.0.director.wait_until_blocked(self.0.number)
    }

    /// As [`Begun::blocked`], but content with a call that has returned instead.
    pub(crate) fn settled(&self) -> Play {
        match self.blocked() {
            Err(Interrupt::NotBlocked(_)) => Ok(()),
            other => other,
        }
    }
}
