//! Kernels that play scripts: the running one, through a runner, and whatever else implements the trait.

use crate::replay::Replay;
use nsconform_lab::conduct::Conduct;
use nsconform_lab::job::Job;
use nsconform_lab::script::Script;
use nsconform_suite::runner::Runner;
use std::time::Duration;

/// A kernel that plays scripts.
pub trait ScriptPlayer {
    /// The name of the kernel, for people.
    fn name(&self) -> &str;

    /// Plays a script in a sealed place of its own, passing over steps that cannot be taken.
    ///
    /// # Errors
    /// When the engine cannot do its part, or the kernel is lost.
    fn play(&mut self, script: &Script) -> Result<Replay, String>;
}

/// The running kernel.
pub struct Here<'r> {
    runner: &'r mut Runner,
    name: String,
    deadline: Duration,
}

impl Here<'_> {
    /// The running kernel, through a runner that has a sealed place. A script that does not end within
    /// `deadline` is cut off.
    pub fn new(runner: &mut Runner, name: String, deadline: Duration) -> Here<'_> {
        Here { runner, name, deadline }
    }
}

impl ScriptPlayer for Here<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn play(&mut self, script: &Script) -> Result<Replay, String> {
        let conduct = Conduct { passes_over: true, ..Conduct::default() };
        let job = Job { conduct, deadline: self.deadline, ..self.runner.written_job(script.clone()) };
        let mut played = None;
        self.runner.run_jobs(&[job], &mut |_, run| played = Some(Replay::of(script, &run)));
        let played = played.filter(|_| !self.runner.is_lost());
        played.ok_or_else(|| "the fork server has ended".to_string())
    }
}
