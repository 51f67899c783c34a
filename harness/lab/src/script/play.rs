//! Playing a script: the director takes its steps one after another and gives symbols their values.
//!
//! A step that cannot be taken, since its process or a symbol in it does not exist, interrupts the
//! script, or is passed over where the run is conducted so.

use super::{Names, Script, Step, WrittenCall};
use crate::call::reading::Symbols;
use crate::call::{Ask, Call};
use crate::interrupt::{Interrupt, Play};
use crate::lab::naming::SEEN_BY;
use crate::lab::{Begun, Lab, Process};
use crate::outcome::{Outcome, Value};
use std::collections::{HashMap, HashSet};

/// Plays a script in a lab that has the credentials of the script. With `passes_over` steps that cannot
/// be taken are left out.
pub(crate) fn play(script: &Script, lab: &Lab, passes_over: bool) -> Play {
    let mut cast = Cast::new(lab);
    if !passes_over {
        return script.steps.iter().try_for_each(|step| cast.take(step));
    }
    let children: HashSet<&str> = script.steps.iter().filter_map(Step::child).collect();
    for (number, step) in script.steps.iter().enumerate() {
        // A process that the script creates elsewhere is not the director's to create.
        let missing = step.process().filter(|name| children.contains(name) && cast.find(name).is_none());
        let taken = match missing {
            Some(name) => Err(wrong(no_process(name))),
            None => cast.take(step),
        };
        match taken {
            Ok(()) => {}
            Err(why @ (Interrupt::Script(_) | Interrupt::Ended(_) | Interrupt::NoValue(_))) => {
                lab.pass_over(number, why.to_string())?;
            }
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

/// A process of the script.
pub(super) struct Member<'l> {
    pub(super) name: String,
    pub(super) process: Process<'l>,
    begun: Option<Begun<'l>>,
    /// Its PIDs from the sealed PID namespace downwards; empty if /proc did not tell.
    pids: Vec<i32>,
    /// How many PIDs its creator has there.
    depth_of_creator: usize,
}

/// The processes and numbers that the script has named so far.
pub(super) struct Cast<'l> {
    lab: &'l Lab<'l>,
    pub(super) members: Vec<Member<'l>>,
    numbers: HashMap<String, i64>,
    /// Whether the kernel refused the call of the last step.
    pub(super) refused: bool,
}

impl<'l> Cast<'l> {
    pub(super) fn new(lab: &'l Lab<'l>) -> Cast<'l> {
        Cast { lab, members: Vec::new(), numbers: HashMap::new(), refused: false }
    }

    pub(super) fn take(&mut self, step: &Step) -> Play {
        self.refused = false;
        match step {
            Step::Start { process, starts_as } => {
                let created = match starts_as {
                    Some(starts_as) => self.lab.process_as(*starts_as, process)?,
                    None => self.lab.process(process)?,
                };
                self.add(process, created, 1);
                Ok(())
            }
            Step::Note(note) => self.lab.note(note),
            Step::ShowPids => self.lab.show_pids(),
            Step::Ended { process } => self.existing(process)?.process.wait_for_end(),
            Step::Finish { process } => {
                let begun = self.existing_mut(process)?.begun.take();
                let begun = begun.ok_or_else(|| wrong(format!("{process} has no call to finish")))?;
                begun.finish().map(drop)
            }
            Step::Call { process, call, names, begun } => {
                if self.find(process).is_none() {
                    let created = self.lab.process(process)?;
                    self.add(process, created, 1);
                }
                self.call(process, call, names, *begun)
            }
        }
    }

    fn call(&mut self, process: &str, call: &WrittenCall, names: &Names, begun: bool) -> Play {
        if call.mounts("cgroup") {
            let why = "the hierarchies of cgroups version 1 are the machine's, and nothing seals them; \
                       mount cgroup2";
            return Err(wrong(format!("{call}: {why}")));
        }
        let caller = self.existing(process)?;
        let (actor, depth) = (caller.process, caller.pids.len());
        let mut call = self.resolved(call, depth)?;
        if let Names::Child(name) = names {
            call.name_child(name);
        }
        if begun {
            let begun = actor.begin().ask(call)?;
            begun.settled()?;
            self.existing_mut(process)?.begun = Some(begun);
            return Ok(());
        }
        let creates = call.creates().is_some();
        let outcome = actor.ask(call)?;
        self.refused = outcome.errno().is_some();
        if creates && outcome.is_ok() {
            let child = actor.newest();
            self.add(&child.name(), child, depth);
        }
        self.name(names, outcome);
        Ok(())
    }

    /// The call with values in the place of symbols, for a caller that has `depth` PIDs.
    fn resolved(&self, call: &WrittenCall, depth: usize) -> Result<Call, Interrupt> {
        let text = call.to_string();
        let read = Call::read(&text, 0, &Seen { cast: self, depth });
        read.map(|read| read.call).map_err(|error| wrong(format!("{text}: {}", error.message)))
    }

    fn name(&mut self, names: &Names, outcome: Outcome) {
        let Outcome::Returned(value) = outcome else { return };
        let mut name_number = |name: &String, value: Value| {
            if let Ok(number) = Outcome::Returned(value).number() {
                self.numbers.insert(name.clone(), number);
            }
        };
        match (names, value) {
            (Names::Number(name), value) => name_number(name, value),
            (Names::Numbers(names), Value::List(values)) => {
                names.iter().zip(values).for_each(|(name, value)| name_number(name, value));
            }
            _ => {}
        }
    }

    fn add(&mut self, name: &str, process: Process<'l>, depth_of_creator: usize) {
        let pids = pids(process.sealed_pid());
        self.members.push(Member { name: name.to_string(), process, begun: None, pids, depth_of_creator });
    }

    /// The member of this name; the last one if a script gave a name twice.
    fn find(&self, name: &str) -> Option<&Member<'l>> {
        self.members.iter().rev().find(|member| member.name == name)
    }

    fn existing(&self, name: &str) -> Result<&Member<'l>, Interrupt> {
        self.find(name).ok_or_else(|| wrong(no_process(name)))
    }

    fn existing_mut(&mut self, name: &str) -> Result<&mut Member<'l>, Interrupt> {
        let found = self.members.iter_mut().rev().find(|member| member.name == name);
        found.ok_or_else(|| wrong(no_process(name)))
    }
}

fn wrong(what: String) -> Interrupt {
    Interrupt::Script(what)
}

fn no_process(name: &str) -> String {
    format!("no earlier step has created a process <{name}>")
}

/// The PIDs of a process, from the sealed PID namespace downwards (`NSpid` of proc_pid_status(5)).
fn pids(sealed_pid: i32) -> Vec<i32> {
    let status = std::fs::read_to_string(format!("/proc/{sealed_pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("NSpid:")).unwrap_or_default();
    line.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

/// The symbols as a caller sees them that has `depth` PIDs: as many as PID namespaces lie between the
/// sealed one and its own, both counted.
struct Seen<'c, 'l> {
    cast: &'c Cast<'l>,
    depth: usize,
}

impl Symbols for Seen<'_, '_> {
    fn number(&self, name: &str) -> Result<i64, String> {
        let number = self.cast.numbers.get(name).copied();
        number.ok_or_else(|| format!("no earlier step has returned a number ${name}"))
    }

    fn pid(&self, name: &str) -> Result<i32, String> {
        let (name, seen_by_creator) =
            name.split_once(SEEN_BY).map_or((name, false), |(name, _)| (name, true));
        let member = self.cast.find(name).ok_or_else(|| no_process(name))?;
        if seen_by_creator
            || self.depth == member.depth_of_creator
            || self.depth == 0
            || member.pids.is_empty()
        {
            return Ok(member.process.pid());
        }
        let pid = member.pids.get(self.depth - 1).copied();
        pid.ok_or_else(|| format!("<{name}> has no PID in the PID namespace of the caller"))
    }

    fn exists(&self, name: &str) -> Result<(), String> {
        self.cast.find(name).map(drop).ok_or_else(|| no_process(name))
    }
}
