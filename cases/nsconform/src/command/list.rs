//! `nsconform list`: the cases and what they claim.

use super::{CommandResult, Failure, TextOrJson, pattern, print, print_data, select, width};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use nsconform_catalogue::coverage::{Coverage, RuleCounts, coverage};
use nsconform_catalogue::missing::{MissingRule, missing};
use nsconform_catalogue::{catalogue, claims, untested};
use nsconform_suite::case::{Case, Source, Untested};
use nsconform_suite::verdict::ExitStatus;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

/// The command line of `list`.
#[derive(clap::Args)]
pub struct ListArguments {
    /// List only cases whose id holds one of these (`*` stands for anything)
    #[arg(value_name = "PATTERN", value_parser = pattern, add = super::complete::claims())]
    patterns: Vec<String>,
    /// The form of the list
    #[arg(long, value_enum, default_value_t)]
    format: TextOrJson,
    /// List the documented claims that are not tested, or only in part, and why
    #[arg(long, group = "which")]
    untested: bool,
    /// List the documented rules that have no case yet
    #[arg(long, group = "which")]
    missing: bool,
    /// Count the rules of each manual page and section: with a case, untested, missing
    #[arg(long, group = "which")]
    coverage: bool,
}

/// A case as it is exported.
#[derive(Serialize)]
struct Exported<'c> {
    id: &'c str,
    claim: &'c str,
    sources: Vec<String>,
    since: &'c str,
    /// Files keep the older name.
    #[serde(rename = "ground")]
    starts_as: &'static str,
    needs: Vec<&'c str>,
    deviation: Option<&'c str>,
    wrong: &'c str,
}

/// An untested claim as it is exported.
#[derive(Serialize)]
struct ExportedUntested<'c> {
    id: &'c str,
    claim: &'c str,
    sources: Vec<String>,
    why: &'c str,
    part: Option<&'c str>,
}

fn shown(sources: &[Source]) -> Vec<String> {
    sources.iter().map(ToString::to_string).collect()
}

/// A rule without a case as it is exported.
#[derive(Serialize)]
struct ExportedMissing<'r> {
    id: &'r str,
    claim: &'r str,
    sources: &'r [String],
    since: &'r str,
}

/// A line of the coverage as it is exported.
#[derive(Serialize)]
struct ExportedCoverage<'c> {
    page: &'c str,
    section: &'c str,
    #[serde(flatten)]
    counts: RuleCounts,
}

/// Runs the command.
pub fn list(arguments: &ListArguments) -> CommandResult {
    let (untested, missing): (Vec<&Untested>, Vec<MissingRule>) = (untested().collect(), missing());
    let patterns = &arguments.patterns;
    let human = arguments.format == TextOrJson::Human;
    if arguments.coverage || arguments.missing {
        // A pattern may mean cases only: then no rule is missing there.
        let tested = catalogue().iter().map(|case| case.id).chain(untested.iter().map(|claim| claim.id));
        let ids: Vec<&str> = tested.chain(missing.iter().map(|rule| rule.id.as_str())).collect();
        let meant: BTreeSet<&str> =
            select(&ids, patterns, &[], false)?.into_iter().map(|index| ids[index]).collect();
        let missing: Vec<&MissingRule> =
            missing.iter().filter(|rule| meant.contains(rule.id.as_str())).collect();
        if arguments.missing {
            let write = if human { list_missing } else { export_missing };
            show(human, |to| write(to, &missing))?;
        } else {
            let cases = catalogue().iter().copied().filter(|case| meant.contains(case.id));
            let untested = untested.into_iter().filter(|claim| meant.contains(claim.id));
            let counted = coverage(cases, untested, missing);
            let write = if human { list_coverage } else { export_coverage };
            show(human, |to| write(to, &counted))?;
        }
    } else if arguments.untested {
        let ids: Vec<&str> = untested.iter().map(|claim| claim.id).collect();
        let selected = select(&ids, patterns, &[], false)?;
        let claims: Vec<&Untested> = selected.into_iter().map(|index| untested[index]).collect();
        let write = if human { list_untested } else { export_untested };
        show(human, |to| write(to, &claims))?;
    } else {
        let ids: Vec<&str> = catalogue().iter().map(|case| case.id).collect();
        let selected = select(&ids, patterns, &[], false)?;
        let cases: Vec<&Case> = selected.into_iter().map(|index| catalogue()[index]).collect();
        let write = if human { list_cases } else { export_cases };
        show(human, |to| write(to, &cases))?;
    }
    Ok(ExitStatus::Success)
}

/// Writes to standard output: what people read, or data.
fn show(human: bool, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<(), Failure> {
    if human { print(write) } else { print_data(write) }
}

fn export_cases(to: &mut dyn Write, cases: &[&Case]) -> std::io::Result<()> {
    cases.iter().try_for_each(|case| {
        let exported = Exported {
            id: case.id,
            claim: case.claim,
            sources: shown(case.sources),
            since: case.since,
            starts_as: case.starts_as.describe(),
            needs: claims().needs(case).into_iter().map(|need| need.name).collect(),
            deviation: case.deviation,
            wrong: case.wrong,
        };
        writeln!(to, "{}", serde_json::to_string(&exported)?)
    })
}

fn list_cases(to: &mut dyn Write, cases: &[&Case]) -> std::io::Result<()> {
    let mut table = two_columns();
    for case in cases {
        table.add_row([case.id, case.claim]);
    }
    writeln!(to, "{}\n", table.trim_fmt())?;
    let deviations = cases.iter().filter(|case| case.deviation.is_some()).count();
    writeln!(
        to,
        "{} claims are tested, {deviations} of them documented deviations; {} are recorded as untestable, \
         wholly or in part (--untested), {} have no case yet (--missing)",
        cases.len(),
        untested().count(),
        missing().len()
    )
}

fn export_untested(to: &mut dyn Write, claims: &[&Untested]) -> std::io::Result<()> {
    claims.iter().try_for_each(|claim| {
        let exported = ExportedUntested {
            id: claim.id,
            claim: claim.claim,
            sources: shown(claim.sources),
            why: claim.why,
            part: claim.part,
        };
        writeln!(to, "{}", serde_json::to_string(&exported)?)
    })
}

fn list_untested(to: &mut dyn Write, claims: &[&Untested]) -> std::io::Result<()> {
    for claim in claims {
        writeln!(to, "{}\n  claim       {}", claim.id, claim.claim)?;
        for source in claim.sources {
            writeln!(to, "  documented  {source}")?;
        }
        writeln!(to, "  untested    {}", claim.why)?;
        if let Some(part) = claim.part {
            writeln!(to, "  tested part {part}")?;
        }
        writeln!(to)?;
    }
    Ok(())
}

fn export_missing(to: &mut dyn Write, rules: &[&MissingRule]) -> std::io::Result<()> {
    rules.iter().try_for_each(|rule| {
        let MissingRule { id, claim, sources, since } = rule;
        writeln!(to, "{}", serde_json::to_string(&ExportedMissing { id, claim, sources, since })?)
    })
}

fn list_missing(to: &mut dyn Write, rules: &[&MissingRule]) -> std::io::Result<()> {
    for rule in rules {
        writeln!(to, "{}\n  claim       {}", rule.id, rule.claim)?;
        for source in &rule.sources {
            writeln!(to, "  documented  {source}")?;
        }
        if !rule.since.is_empty() {
            writeln!(to, "  since       Linux {}", rule.since)?;
        }
        writeln!(to)?;
    }
    match rules.len() {
        0 => writeln!(to, "every rule has a case, or a reason why it cannot have one (--untested)"),
        1 => writeln!(to, "1 rule has no case yet"),
        count => writeln!(to, "{count} rules have no case yet"),
    }
}

fn export_coverage(to: &mut dyn Write, coverage: &Coverage) -> std::io::Result<()> {
    coverage.iter().try_for_each(|((page, section), counts)| {
        writeln!(to, "{}", serde_json::to_string(&ExportedCoverage { page, section, counts: *counts })?)
    })
}

fn list_coverage(to: &mut dyn Write, coverage: &Coverage) -> std::io::Result<()> {
    let mut pages: BTreeMap<&str, Vec<(&str, RuleCounts)>> = BTreeMap::new();
    for ((page, section), counts) in coverage {
        pages.entry(page).or_default().push((section, *counts));
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width());
    table.set_header(["", "cases", "deviations", "untested", "missing"]);
    for column in 1..=4 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut row = |name: String, counts: RuleCounts| {
        let number = |count: usize| if count == 0 { "·".to_string() } else { count.to_string() };
        let RuleCounts { cases, deviations, untested, missing } = counts;
        table.add_row([name, number(cases), number(deviations), number(untested), number(missing)]);
    };
    for (page, sections) in pages {
        let whole = sections.iter().fold(RuleCounts::default(), |sum, (_, counts)| sum.and(*counts));
        row(page.to_string(), whole);
        for (section, counts) in sections.into_iter().filter(|(section, _)| !section.is_empty()) {
            row(format!("  {section}"), counts);
        }
    }
    writeln!(to, "{}\n\nA rule that stands in two places counts in both.", table.trim_fmt())
}

/// A table of two columns that fits the terminal, or a usual width where there is none.
fn two_columns() -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width());
    table
}
