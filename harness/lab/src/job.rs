//! Jobs: the work that the fork server is given, and its report on it.
//!
//! A job is a script, compiled in, written, or chosen while it is played, with a deadline and a
//! conduct. The server that plays jobs lives in `server`; nothing here forks.

use crate::conduct::Conduct;
use crate::interrupt::{Interrupt, Play};
use crate::lab::Lab;
use crate::script::Script;
use crate::seal::Credentials;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A script that is compiled in, as the server plays it.
#[derive(Clone, Copy)]
pub struct Compiled {
    /// The credentials that its processes start with.
    pub starts_as: Credentials,
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
    /// It chooses steps while it plays, as an order says; see `script::compose`.
    Composer(fn(&Lab, &[u8]) -> Play),
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

/// The work of one director.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The script that is played.
    pub script: JobScript,
    /// After this time the server kills the director and all its processes.
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
    /// One that a compiled composer chooses.
    Composed {
        /// The index of the composer.
        index: u32,
        /// Its order, which only the composer reads.
        order: Vec<u8>,
    },
}

impl JobScript {
    pub(crate) fn wants_cgroup(&self, scripts: &[Compiled]) -> bool {
        match self {
            JobScript::Compiled(index) | JobScript::Composed { index, .. } => scripts[*index as usize].cgroup,
            JobScript::Written(script) => script.cgroup,
        }
    }

    /// Whether a written script mounts the hierarchy of cgroups: root's must not be the machine's.
    pub(crate) fn mounts_cgroups(&self) -> bool {
        matches!(self, JobScript::Written(script) if script.mounts("cgroup2"))
    }

    pub(crate) fn is_probe(&self, scripts: &[Compiled]) -> bool {
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
    /// The id with which the runner submitted the job.
    pub id: u32,
    /// How its director came to its end.
    pub finish: Finish,
    /// The bytes of its journal; see [`crate::journal::decode`].
    pub journal: Vec<u8>,
    /// From the start of the director to the end of everything it started.
    pub duration: Duration,
}

impl JobReport {
    pub(crate) fn not_started(id: u32, why: String, duration: Duration) -> JobReport {
        JobReport { id, finish: Finish::NotStarted(why), journal: Vec::new(), duration }
    }
}
