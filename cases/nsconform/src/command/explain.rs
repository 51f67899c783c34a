//! `nsconform explain`: one case for a reader who has never called unshare(2).

use super::{CommandResult, Failure, print, unknown};
use nsconform_catalogue::{approved, catalogue, claims, untested};
use nsconform_lab::call;
use nsconform_lab::call::declaration::Mark;
use nsconform_lab::fold::is_brace;
use nsconform_suite::case::{Case, Untested};
use nsconform_suite::verdict::ExitStatus;
use nsconform_sys::kind::Flags;
use std::collections::BTreeSet;
use std::io::{self, Write};

/// The command line of `explain`.
#[derive(clap::Args)]
pub struct ExplainArguments {
    /// The id of the case
    case: String,
}

/// Runs the command.
pub fn explain(arguments: &ExplainArguments) -> CommandResult {
    if let Some(case) = catalogue().iter().find(|case| case.id == arguments.case) {
        print(|to| write(to, case))?;
    } else if let Some(claim) = untested().find(|claim| claim.id == arguments.case) {
        print(|to| write_untested(to, claim))?;
    } else {
        let ids: Vec<&str> =
            catalogue().iter().map(|case| case.id).chain(untested().map(|claim| claim.id)).collect();
        return Err(Failure::usage(unknown(&arguments.case, &ids)));
    }
    Ok(ExitStatus::Success)
}

/// A claim that no case tests, or tests only in part.
fn write_untested(to: &mut dyn Write, claim: &Untested) -> io::Result<()> {
    let bold = anstyle::Style::new().bold();
    writeln!(to, "{bold}{}{bold:#}\n\n  {}\n", claim.id, claim.claim)?;
    for source in claim.sources {
        writeln!(to, "  documented in  {source}")?;
    }
    writeln!(to, "  not tested     {}", claim.why)?;
    match claim.part {
        Some(part) => writeln!(to, "  tested part    nsconform explain {part}"),
        None => Ok(()),
    }
}

fn write(to: &mut dyn Write, case: &Case) -> io::Result<()> {
    let bold = anstyle::Style::new().bold();
    writeln!(to, "{bold}{}{bold:#}\n\n  {}\n", case.id, case.claim)?;
    for source in case.sources {
        writeln!(to, "  documented in  {source}")?;
    }
    let since = if case.since.is_empty() { "as long as this kind of namespace" } else { case.since };
    writeln!(to, "  holds since    {since}")?;
    writeln!(to, "  starts as      {}", case.starts_as.describe())?;
    let needs: Vec<&str> = claims().needs(case).into_iter().map(|need| need.name).collect();
    writeln!(
        to,
        "  needs          {}",
        if needs.is_empty() { "nothing more".to_string() } else { needs.join(", ") }
    )?;
    if let Some(document) = case.deviation {
        writeln!(to, "  deviation      kernels do otherwise than the documentation says: {document}")?;
    }
    writeln!(to, "  a wrong kernel would show: {}\n", case.wrong)?;
    let Some(trace) = approved(case.id) else {
        return writeln!(to, "There is no approved trace yet.");
    };
    write_steps(to, trace)?;
    write_flags(to, trace)?;
    writeln!(to, "\nRun it: nsconform run --exact {}", case.id)
}

fn write_steps(to: &mut dyn Write, trace: &str) -> io::Result<()> {
    writeln!(
        to,
        "Step by step: who acts, what it asks of the kernel, and after = the answer that is expected\n\
         (-1 and a name: the kernel refuses; ?: the process has ended; [A], [B]: different namespaces).\n\
         A line without a sign is one call; ? before it: an observation; ! before it: a change by several calls\
         {}\n",
        if trace.lines().any(is_brace) {
            ".\n{ … } × N: the steps between the braces happen N times"
        } else {
            ""
        }
    )?;
    let dim = anstyle::Style::new().dimmed();
    let mut met = BTreeSet::new();
    let mut number = 0;
    for line in trace.lines() {
        if is_brace(line) {
            writeln!(to, "      {line}")?;
            continue;
        }
        number += 1;
        writeln!(to, "{number:4}  {line}")?;
        let Some(call) = called(line) else { continue };
        let Some(declaration) = call::declarations().find(|declaration| declaration.fits(call)) else {
            continue;
        };
        if met.insert(declaration.name) {
            writeln!(to, "      {dim}{}{}{dim:#}", declaration.meaning.trim(), means(declaration.mark))?;
        }
    }
    Ok(())
}

/// The text of the call in a line of a trace, behind the name of the process.
fn called(line: &str) -> Option<&str> {
    let (_, call) = line.split_once("  ")?;
    Some(call.trim_start())
}

/// The files and calls behind a line that is no single call.
fn means(mark: Mark) -> String {
    match mark {
        Mark::Call => String::new(),
        Mark::Observation { reads } => format!(" An observation; it reads {reads}."),
        Mark::Composite { makes } => format!(" Several calls in one; it makes {makes}."),
    }
}

fn write_flags(to: &mut dyn Write, trace: &str) -> io::Result<()> {
    let words: BTreeSet<&str> =
        trace.split(|letter: char| !letter.is_ascii_uppercase() && letter != '_').collect();
    let flags: Vec<(&str, &str)> =
        Flags::EXPLAINED.iter().filter(|(name, _)| words.contains(name)).copied().collect();
    if flags.is_empty() {
        return Ok(());
    }
    writeln!(to, "\nFlags:")?;
    flags.into_iter().try_for_each(|(name, meaning)| writeln!(to, "  {name:16} {meaning}"))
}
