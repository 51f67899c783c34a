//! `nsconform list`: the cases and what they claim.

use super::{CommandResult, TextOrJson, pattern, print, print_data, select, width};
use comfy_table::{ContentArrangement, Table, presets};
use nsconform_catalogue::{catalogue, claims, untested};

use nsconform_suite::case::{Case, Source, Untested};
use nsconform_suite::verdict::ExitStatus;
use serde::Serialize;
use std::io::Write;

/// The command line of `list`.
#[derive(clap::Args)]
pub struct ListArguments {
    /// List only cases whose id holds one of these (`*` stands for anything)
    #[arg(value_name = "PATTERN", value_parser = pattern)]
    patterns: Vec<String>,
    /// The form of the list
    #[arg(long, value_enum, default_value_t)]
    format: TextOrJson,
    /// List the documented claims that are not tested, or only in part, and why
    #[arg(long)]
    untested: bool,
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

/// Runs the command.
pub fn list(arguments: &ListArguments) -> CommandResult {
    if arguments.untested {
        let claims: Vec<&Untested> = untested().collect();
        let ids: Vec<&str> = claims.iter().map(|claim| claim.id).collect();
        let selected = select(&ids, &arguments.patterns, &[], false)?;
        let claims: Vec<&Untested> = selected.into_iter().map(|index| claims[index]).collect();
        match arguments.format {
            TextOrJson::Human => print(|to| list_untested(to, &claims))?,
            TextOrJson::Json => print_data(|to| export_untested(to, &claims))?,
        }
    } else {
        let ids: Vec<&str> = catalogue().iter().map(|case| case.id).collect();
        let selected = select(&ids, &arguments.patterns, &[], false)?;
        let cases: Vec<&Case> = selected.into_iter().map(|index| catalogue()[index]).collect();
        match arguments.format {
            TextOrJson::Human => print(|to| list_cases(to, &cases))?,
            TextOrJson::Json => print_data(|to| export_cases(to, &cases))?,
        }
    }
    Ok(ExitStatus::Success)
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
         wholly or in part (--untested)",
        cases.len(),
        untested().count()
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

/// A table of two columns that fits the terminal, or a usual width where there is none.
fn two_columns() -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width());
    table
}
