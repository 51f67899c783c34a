//! `nsconform explain`: one case for a reader who has never called unshare(2), as text, as a page, as a
//! picture or as a script; or all of them as one page, the textbook.

use super::output::{Output, unwritten};
use super::textbook::{called, declaration, flags, meaning, textbook, textbook_case};
use super::{CommandResult, Failure, unknown, width};
use nsconform_catalogue::scripts::written;
use nsconform_catalogue::{approved, catalogue, claims, untested};
use nsconform_lab::fold::is_brace;
use nsconform_report::html;
use nsconform_report::style::write_field;
use nsconform_suite::case::{Case, Untested};
use nsconform_suite::verdict::ExitStatus;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;

/// The command line of `explain`.
#[derive(clap::Args)]
pub struct ExplainArguments {
    /// The id of the case
    #[arg(required_unless_present = "all", conflicts_with = "all", add = super::complete::claims())]
    case: Option<String>,
    /// Every case in one page: the textbook
    #[arg(long)]
    all: bool,
    /// The form of the explanation
    #[arg(long, value_enum, default_value_t)]
    format: ExplainFormat,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The forms of an explanation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum ExplainFormat {
    /// For people, on a terminal
    #[default]
    Human,
    /// A page for a browser
    Html,
    /// A picture for a slide or a handout
    Svg,
    /// A script for `nsconform play`, with the expected answers
    Script,
}

/// Runs the command.
pub fn explain(arguments: &ExplainArguments) -> CommandResult {
    let Some(id) = &arguments.case else {
        if arguments.format != ExplainFormat::Html {
            return Err(Failure::usage("the textbook is a page: add --format html"));
        }
        return write_to(arguments, &|to| html::write_textbook(&textbook(), to));
    };
    let case = catalogue().iter().copied().find(|case| case.id == id);
    let claim = untested().find(|claim| claim.id == id);
    match (case, claim, arguments.format) {
        (Some(case), _, ExplainFormat::Human) => write_to(arguments, &|to| write(to, case)),
        (Some(case), _, ExplainFormat::Html) => {
            write_to(arguments, &|to| html::write_case(&textbook_case(case), to))
        }
        (Some(case), _, ExplainFormat::Svg) => {
            write_to(arguments, &|to| html::write_picture(&textbook_case(case), to))
        }
        (Some(case), _, ExplainFormat::Script) => {
            let trace = approved(case.id)
                .ok_or_else(|| Failure::usage(format!("{id} has no approved trace yet, so no script")))?;
            let text = written(case, trace.lines());
            write_to(arguments, &|to| to.write_all(text.as_bytes()))
        }
        (None, Some(claim), ExplainFormat::Script) => Err(Failure::usage(format!(
            "{id} is not tested, so that there is no script: {}{}",
            claim.why,
            claim.part.map(|part| format!("; {part} tests a part of it")).unwrap_or_default()
        ))),
        (None, Some(claim), ExplainFormat::Human) => write_to(arguments, &|to| write_untested(to, claim)),
        (None, Some(_), _) => Err(Failure::usage(format!(
            "{id} is not tested, so that there is nothing to draw: `nsconform explain {id}` says why"
        ))),
        (None, None, _) => {
            let ids: Vec<&str> =
                catalogue().iter().map(|case| case.id).chain(untested().map(|claim| claim.id)).collect();
            Err(Failure::usage(unknown(id, &ids)))
        }
    }
}

/// Writes to the file that was named, or to standard output.
fn write_to(arguments: &ExplainArguments, write: &dyn Fn(&mut dyn Write) -> io::Result<()>) -> CommandResult {
    let path = arguments.output.as_deref();
    let mut to = Output::open(path, arguments.format == ExplainFormat::Human)?;
    let mut text = Vec::new();
    write(&mut text)
        .and_then(|()| to.write_all(&text))
        .and_then(|()| to.flush())
        .map_err(|error| unwritten(path, &error))?;
    Ok(ExitStatus::Success)
}

/// A claim that no case tests, or tests only in part.
fn write_untested(to: &mut dyn Write, claim: &Untested) -> io::Result<()> {
    let bold = anstyle::Style::new().bold();
    writeln!(to, "{bold}{}{bold:#}\n", claim.id)?;
    field(to, "  ", claim.claim)?;
    writeln!(to)?;
    for source in claim.sources {
        field(to, "  documented in  ", &source.to_string())?;
    }
    field(to, "  not tested     ", claim.why)?;
    match claim.part {
        Some(part) => writeln!(to, "  tested part    nsconform explain {part}"),
        None => Ok(()),
    }
}

fn write(to: &mut dyn Write, case: &Case) -> io::Result<()> {
    let bold = anstyle::Style::new().bold();
    writeln!(to, "{bold}{}{bold:#}\n", case.id)?;
    field(to, "  ", case.claim)?;
    writeln!(to)?;
    for source in case.sources {
        field(to, "  documented in  ", &source.to_string())?;
    }
    let since = if case.since.is_empty() { "as long as this kind of namespace" } else { case.since };
    writeln!(to, "  holds since    {since}")?;
    writeln!(to, "  starts as      {}", case.starts_as.describe())?;
    let needs: Vec<&str> = claims().needs(case).into_iter().map(|need| need.name).collect();
    let needs = if needs.is_empty() { "nothing more".to_string() } else { needs.join(", ") };
    field(to, "  needs          ", &needs)?;
    if let Some(document) = case.deviation {
        let text = format!("kernels do otherwise than the documentation says: {document}");
        field(to, "  deviation      ", &text)?;
    }
    field(to, "  a wrong kernel would show: ", case.wrong)?;
    writeln!(to)?;
    let Some(trace) = approved(case.id) else {
        return writeln!(to, "There is no approved trace yet.");
    };
    write_steps(to, trace)?;
    write_flags(to, trace)?;
    writeln!(to, "\nRun it: nsconform run --exact {}", case.id)
}

fn write_steps(to: &mut dyn Write, trace: &str) -> io::Result<()> {
    let lines = [
        "Step by step: who acts, what it asks of the kernel, and after = the answer that is expected",
        "(-1 and a name: the kernel refuses; ?: the process has ended; [A], [B]: different namespaces).",
        "A line without a sign is one call; ? before it: an observation; ! before it: a change by several calls",
    ];
    lines.into_iter().try_for_each(|line| field(to, "", line))?;
    if trace.lines().any(is_brace) {
        field(to, "", "{ … } × N: the steps between the braces happen N times")?;
    }
    writeln!(to)?;
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
        let Some(declaration) = declaration(call) else { continue };
        if met.insert(declaration.name) {
            field(to, "      ", &format!("{dim}{}{dim:#}", meaning(declaration)))?;
        }
    }
    Ok(())
}

fn write_flags(to: &mut dyn Write, trace: &str) -> io::Result<()> {
    let flags = flags(trace);
    if flags.is_empty() {
        return Ok(());
    }
    writeln!(to, "\nFlags:")?;
    flags.into_iter().try_for_each(|(name, meaning)| field(to, &format!("  {name:16} "), meaning))
}

/// A labelled text that goes on below its beginning where it is longer than the line.
fn field(to: &mut dyn Write, label: &str, text: &str) -> io::Result<()> {
    write_field(to, width().into(), label, text)
}
