//! `nsconform doctor`: what this machine offers, in the words in which cases are skipped.

use super::{CommandResult, Failure, print};
use anstyle::{AnsiColor, Style};
use nsconform_catalogue::{catalogue, claims, requirements};
use nsconform_grader::grader;
use nsconform_lab::seal::{Credentials, Mode};
use nsconform_report::style::{count, write_field};
use nsconform_suite::case::Case;
use nsconform_suite::requirement::{Probed, Unmet};
use nsconform_suite::runner::{Runner, Setup};
use nsconform_suite::verdict::{ExitStatus, SkipReason, Verdict};
use nsconform_sys::machine::Machine;
use nsconform_sys::single_threaded::SingleThreaded;
use nsconform_vm::kernels::{Options, default_directory, usable};
use std::io::{self, Write};

const OFFERED: Style = AnsiColor::Green.on_default();
const MISSING: Style = AnsiColor::Yellow.on_default().bold();

/// Runs the command.
pub fn doctor(single: &SingleThreaded) -> CommandResult {
    let (obstacle, without_cgroup) = (grader::obstacle(single), grader::without_cgroup(single));
    let mut runner = Runner::start(single, claims(), Setup::default())
        .map_err(|error| Failure::harness(format!("the fork server cannot be started: {error}")))?;
    let mode = runner.mode().map_err(str::to_string);
    if mode.is_ok() {
        runner.probe(requirements().iter().copied());
    }
    let all: Vec<usize> = (0..catalogue().len()).collect();
    let (skipped, runnable) = runner.split_runnable(&all);
    let mut findings = findings(&mut runner, &mode);
    findings.extend(refused_calls(&skipped));
    drop(runner);
    print(|to| {
        let machine = Machine::look();
        writeln!(to, "{}\n", machine.headline())?;
        // Missing things come first, the dearest before the others: they are what a reader can do
        // something about.
        let (mut missing, offered): (Vec<&Fact>, Vec<&Fact>) =
            findings.iter().partition(|fact| fact.missing.is_some());
        missing.sort_by_key(|fact| std::cmp::Reverse(fact.cases));
        missing.into_iter().chain(offered).try_for_each(|fact| fact.write(to))?;
        writeln!(
            to,
            "\n{} of {} cases can be run here, {} would be skipped",
            runnable.len(),
            catalogue().len(),
            skipped.len()
        )?;
        write_grading(to, obstacle.as_deref(), without_cgroup.as_deref())?;
        write_matrix(to)?;
        write_machine(to, &machine)
    })?;
    Ok(if runnable.is_empty() { ExitStatus::NothingTested } else { ExitStatus::Success })
}

/// Something that cases need, and whether the machine has it.
struct Fact {
    name: String,
    /// How it is had, if that is worth a word.
    how: &'static str,
    missing: Option<SkipReason>,
    /// How many cases need it.
    cases: usize,
}

impl Fact {
    fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        match &self.missing {
            None => offered(to, &self.name, self.how),
            Some(reason) => {
                let cost = count(self.cases, "case");
                write_missing(to, &format!("{} (costs {cost})", reason.missing()), reason.remedy())
            }
        }
    }
}

/// Everything that cases need, in the order of the catalogue.
fn findings(runner: &mut Runner, mode: &Result<Mode, String>) -> Vec<Fact> {
    let all = catalogue().len();
    let as_root = catalogue().iter().filter(|case| case.starts_as == Credentials::StartedAsRoot).count();
    let (how, missing) = match mode {
        Ok(Mode::Privileged) => ("as root", None),
        Ok(Mode::UserNamespace) => ("inside a user namespace of our own", None),
        Err(what) => ("", Some(SkipReason::Seal { what: what.clone() })),
    };
    let mut facts = vec![Fact { name: "sealed namespaces".to_string(), how, missing, cases: all }];
    if *mode == Ok(Mode::UserNamespace) {
        let missing = Some(SkipReason::NotRoot);
        facts.push(Fact { name: "root".to_string(), how: "", missing, cases: as_root });
    }
    if mode.is_err() {
        return facts;
    }
    for need in requirements() {
        let lacking = |found: String, remedy: &str| {
            Some(SkipReason::Need { need: need.name.to_string(), found, remedy: remedy.to_string() })
        };
        let missing = match runner.finding(need) {
            Probed::Met => None,
            Probed::Late(why) => lacking(why, "try again when the machine is less busy"),
            Probed::Unmet(Unmet::Wrong(found)) => {
                lacking(found, "none: this kernel does otherwise than documented")
            }
            Probed::Unmet(Unmet::Absent(found)) => lacking(found, need.remedy),
        };
        let needs_it = |case: &&&Case| claims().needs(case).iter().any(|other| other.name == need.name);
        let cases = catalogue().iter().filter(needs_it).count();
        facts.push(Fact { name: need.name.to_string(), how: "", missing, cases });
    }
    facts
}

/// The calls that are refused even in a harmless form, by the cases that are skipped for them.
fn refused_calls(skipped: &[(usize, Verdict)]) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    for (_, verdict) in skipped {
        let Verdict::Skip { reason: reason @ SkipReason::Need { need, .. } } = verdict else { continue };
        if requirements().iter().any(|other| other.name == need) {
            continue;
        }
        match facts.iter_mut().find(|fact| fact.name == *need) {
            Some(fact) => fact.cases += 1,
            None => {
                let missing = Some(reason.clone());
                facts.push(Fact { name: need.clone(), how: "", missing, cases: 1 });
            }
        }
    }
    facts
}

fn write_machine(to: &mut dyn Write, machine: &Machine) -> io::Result<()> {
    let unknown = || "unknown".to_string();
    writeln!(to, "\nThe machine:")?;
    writeln!(to, "  version           {}", machine.kernel_version)?;
    writeln!(to, "  processors        {}", machine.processors)?;
    writeln!(to, "  capabilities      {}", machine.capabilities.clone().unwrap_or_else(unknown))?;
    writeln!(to, "  security modules  {}", machine.security_modules.clone().unwrap_or_else(unknown))?;
    for (name, value) in &machine.sysctls {
        writeln!(to, "  {name} = {value}")?;
    }
    Ok(())
}

/// Whether `nsconform grade` can build its stage.
fn write_grading(to: &mut dyn Write, obstacle: Option<&str>, without_cgroup: Option<&str>) -> io::Result<()> {
    writeln!(to, "\nFor grading coursework:")?;
    match obstacle {
        None => offered(to, "sealed stage", "")?,
        Some(what) => return lacking(to, "sealed stage", what, GRADING_REMEDY),
    }
    match without_cgroup {
        None => offered(to, "cgroup", "keeps the limits of a submission"),
        Some(what) => lacking(to, "cgroup", what, CGROUP_REMEDY),
    }
}

/// The needs of `nsconform matrix` and `nsconform fetch-kernels`.
fn write_matrix(to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "\nFor the kernel matrix:")?;
    let cache = match default_directory() {
        Ok(cache) => cache,
        Err(what) => return lacking(to, "kernel cache", &what, "set HOME"),
    };
    for finding in usable::look(&Options { mirror: None, offline: false, cache }) {
        match finding.result {
            Ok(how) => offered(to, finding.name, &how)?,
            Err(missing) => lacking(to, finding.name, &missing.what, &missing.remedy)?,
        }
    }
    Ok(())
}

/// It is no obstacle: each process has limits, and the grader adds up.
const CGROUP_REMEDY: &str = "its limits are kept for each process, and added up by the grader; to have the \
    kernel do that, grade in a delegated cgroup: `systemd-run --user --scope -p Delegate=yes nsconform \
    grade ...`";

const GRADING_REMEDY: &str = "allow user namespaces (sysctl user.max_user_namespaces, in a container its \
    seccomp profile and a /proc without masks), or grade in a guest: `nsconform grade --vm`";

fn offered(to: &mut dyn Write, what: &str, how: &str) -> io::Result<()> {
    let how = if how.is_empty() { String::new() } else { format!(" ({how})") };
    let label = format!("{OFFERED}ok      {OFFERED:#}  ");
    write_field(to, super::width().into(), &label, &format!("{what}{how}"))
}

fn lacking(to: &mut dyn Write, name: &str, what: &str, remedy: &str) -> io::Result<()> {
    write_missing(to, &format!("{name}: {what}"), remedy)
}

/// A missing thing, and how it is had.
fn write_missing(to: &mut dyn Write, what: &str, remedy: &str) -> io::Result<()> {
    let width = super::width().into();
    write_field(to, width, &format!("{MISSING}missing {MISSING:#}  "), what)?;
    write_field(to, width, "          remedy: ", remedy)
}
