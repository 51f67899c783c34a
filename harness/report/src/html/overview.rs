//! The first view: what was run where, the counts, and what a reader should look at first.

use super::grid::{Grid, GridCase, Pattern, grouped};
use super::pieces::{case_link, mark, scrolled};
use crate::document::Runs;
use crate::run::RecordedRun;
use crate::style::count;
use maud::{Markup, html};
use nsconform_suite::verdict::Status;
use std::collections::BTreeMap;

/// So many reasons of skips stand open; the rest is folded.
const REASONS_SHOWN: usize = 12;

/// The view of a page with runs.
pub(crate) fn of_runs(grid: &Grid, runs: &Runs) -> Markup {
    html! {
        h2 tabindex="-1" { "Overview" }
        p { (headline(grid, runs)) }
        (lost(grid, runs))
        (look_first(grid))
        h3 { "Runs" }
        (scrolled("Runs", counts(grid)))
        (skips(grid))
    }
}

/// The view of a page without runs: the rules by namespace.
pub(crate) fn of_rules(grid: &Grid) -> Markup {
    html! {
        h2 tabindex="-1" { "Overview" }
        p {
            "Each rule is a claim of the documentation with a script that shows it, call by call. "
            "Nothing was run for this page: it tells what is expected."
        }
        table {
            caption { "Rules by namespace" }
            thead { tr { th scope="col" { "namespace" } th.number scope="col" { "rules" } } }
            tbody {
                @for (group, cases) in grouped(&grid.cases, |case| case.group()) {
                    tr {
                        th scope="row" { a href={ "#matrix?q=" (group) "." } { (group) } }
                        td.number { (cases.len()) }
                    }
                }
            }
        }
    }
}

fn headline(grid: &Grid, runs: &Runs) -> String {
    let cases = grid.cases.iter().filter(|case| case.is_in_runs()).count();
    let tested: usize = runs.runs.iter().map(|run| run.counts().tested()).sum();
    let good: usize = runs.runs.iter().map(|run| run.counts().good()).sum();
    format!(
        "{} on {} as {}: {}, {tested} verdicts, {good} as expected.",
        count(cases, "case"),
        count(grid.kernels.len(), "kernel"),
        grid.privileges.join(" and "),
        count(runs.runs.len(), "run"),
    )
}

/// Kernels and runs of which something is missing.
fn lost(grid: &Grid, runs: &Runs) -> Markup {
    let lost: Vec<(&str, &str)> = grid
        .kernels
        .iter()
        .zip(&grid.misses)
        .filter_map(|(kernel, why)| Some((*kernel, (*why)?)))
        .chain(runs.runs.is_empty().then_some(("Nothing was run", "there is no record")))
        .collect();
    html! {
        @for (kernel, why) in lost {
            p.alarm { (mark(Status::Miss)) " " strong { (kernel) } ": " (why) }
        }
    }
}

/// A case that needs a look.
struct Suspect<'g, 'r> {
    case: &'g GridCase<'r>,
    /// The worst of its statuses.
    status: Status,
    /// Whether it is so on the newest kernel that was tested.
    is_now: bool,
    /// How many runs have that status.
    number: usize,
}

/// The cases that need a look: the worst first; of equal ones those that concern the newest kernel, then
/// those that concern most runs.
fn findings<'g, 'r>(grid: &'g Grid<'r>) -> Vec<Suspect<'g, 'r>> {
    let worst = |case: &GridCase| {
        let wanted = |status: &Status| {
            (status.is_alarming() && *status != Status::Miss)
                || matches!(status, Status::UnexpectedPass | Status::Known)
        };
        case.statuses.iter().flatten().copied().filter(wanted).min_by_key(|status| status.severity())
    };
    let mut found: Vec<Suspect> = grid
        .cases
        .iter()
        .filter_map(|case| {
            let status = worst(case)?;
            let newest =
                |statuses: &Vec<Status>| statuses.iter().rev().find(|status| status.is_tested()).copied();
            let is_now = case.statuses.iter().filter_map(newest).any(|last| last == status);
            Some(Suspect { case, status, is_now, number: case.number(status) })
        })
        .collect();
    found.sort_by_key(|finding| {
        (finding.status.severity(), !finding.is_now, std::cmp::Reverse(finding.number))
    });
    found
}

fn look_first(grid: &Grid) -> Markup {
    let (alarming, listed): (Vec<Suspect>, Vec<Suspect>) =
        findings(grid).into_iter().partition(|finding| finding.status != Status::Known);
    html! {
        h3 { "Look at this first" }
        @if alarming.is_empty() {
            p { "Nothing failed that is not expected to." }
        } @else {
            (finding_list(grid, &alarming))
        }
        @if !listed.is_empty() {
            h4 { "Expected failures" }
            p { (count(listed.len(), "case")) " " (if listed.len() == 1 { "fails" } else { "fail" })
                " on some kernel for a reason that is listed. Those that fail on the newest kernel come first." }
            (finding_list(grid, &listed))
        }
    }
}

fn finding_list(grid: &Grid, findings: &[Suspect]) -> Markup {
    html! {
        ol.findings {
            @for Suspect { case, status, is_now, .. } in findings {
                li {
                    (mark(*status)) " " (case_link(case.id)) " "
                    span.word { (status.word()) }
                    @if *is_now { " " span.tag { "on the newest kernel" } }
                    @if case.statuses.iter().any(|row| Pattern::OneAloneFails.is_in(row)) {
                        " " span.tag { "one kernel alone" }
                    }
                    div { (case.claim()) }
                    div.quiet { (history(grid, case)) }
                }
            }
        }
    }
}

/// The statuses of a case over the kernels; once where all privileges agree.
pub(crate) fn history(grid: &Grid, case: &GridCase) -> Markup {
    let alike = case.statuses.windows(2).all(|pair| pair[0] == pair[1]);
    let rows = grid.privileges.iter().zip(&case.statuses).take(if alike { 1 } else { usize::MAX });
    html! {
        @for (number, (privilege, statuses)) in rows.enumerate() {
            @if number > 0 { "; " }
            @if !alike { "as " (privilege) ": " }
            @for (number, span) in grid.spans(statuses).iter().enumerate() {
                @if number > 0 { ", " }
                (span.status.word()) " " (span.kernels())
            }
        }
    }
}

/// A row for each run, a column for each status that occurs.
fn counts(grid: &Grid) -> Markup {
    let runs: Vec<&RecordedRun> = (0..grid.kernels.len())
        .flat_map(|kernel| grid.runs.iter().filter_map(move |runs| runs[kernel]))
        .collect();
    let counted: Vec<_> = runs.iter().map(|run| (run, run.counts())).collect();
    let columns: Vec<Status> = Status::ALL
        .into_iter()
        .filter(|status| counted.iter().any(|(_, counts)| counts.of(*status) > 0))
        .collect();
    html! {
        table {
            caption { "Verdicts by run" }
            thead {
                tr {
                    th scope="col" { "kernel" }
                    th scope="col" { "started as" }
                    @for status in &columns { th.number scope="col" { (mark(*status)) " " (status.word()) } }
                    th.number scope="col" { "cases" }
                    th scope="col" { "release, architecture, seal, begin" }
                }
            }
            tbody {
                @for (run, counts) in &counted {
                    tr {
                        th scope="row" { (run.kernel()) }
                        td { (run.privilege()) }
                        @for status in &columns {
                            td.number { @if counts.of(*status) > 0 { (counts.of(*status)) } @else { "·" } }
                        }
                        td.number { (counts.total()) }
                        td.quiet {
                            (run.start.machine.kernel_release) ", " (run.start.machine.architecture) ", "
                            (run.start.seal)
                            @if let Some(started) = &run.start.started { ", " (started) }
                        }
                    }
                }
            }
        }
    }
}

/// Why cases were skipped, the most frequent reason first.
fn skips(grid: &Grid) -> Markup {
    let mut reasons: BTreeMap<(String, String), (usize, usize)> = BTreeMap::new();
    for case in &grid.cases {
        let results = case.results.iter().flatten().flatten();
        let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
        for result in results.filter(|result| result.status() == Status::Skip) {
            let reason = result.verdict.reason().unwrap_or_default();
            *seen.entry((reason, result.verdict.remedy().unwrap_or_default().to_string())).or_default() += 1;
        }
        for (reason, runs) in seen {
            let (verdicts, cases) = reasons.entry(reason).or_default();
            *verdicts += runs;
            *cases += 1;
        }
    }
    let mut sorted: Vec<_> = reasons.into_iter().collect();
    sorted.sort_by_key(|(_, (verdicts, _))| std::cmp::Reverse(*verdicts));
    if sorted.is_empty() {
        return html! {};
    }
    let (first, rest) = sorted.split_at(sorted.len().min(REASONS_SHOWN));
    html! {
        h3 { "Not tested, and how to change that" }
        (skip_list(first))
        @if !rest.is_empty() {
            details {
                summary { (count(rest.len(), "further reason")) }
                (skip_list(rest))
            }
        }
    }
}

/// Why cases were skipped and the remedy; the number of verdicts, and of cases.
type Reason = ((String, String), (usize, usize));

fn skip_list(reasons: &[Reason]) -> Markup {
    html! {
        ul {
            @for ((reason, remedy), (verdicts, cases)) in reasons {
                li {
                    (count(*cases, "case")) ", " (count(*verdicts, "verdict")) ": " (reason) ". "
                    span.quiet { "To test: " (remedy) "." }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::textbook::Textbook;
    use super::*;
    use crate::table::KernelRuns;
    use crate::testing::made_up;
    use std::borrow::Cow;

    #[test]
    fn the_worst_comes_first_then_the_newest_kernel_then_the_most_runs() {
        let run = |release: &str, cases: &[(&str, &str)]| KernelRuns {
            name: release.into(),
            runs: vec![Cow::Owned(made_up(release, cases))],
            miss: None,
        };
        let kernels = [
            run("6.1", &[("a.old", "fail"), ("a.known", "known"), ("a.new", "pass"), ("a.lost", "pass")]),
            run("6.2", &[("a.old", "pass"), ("a.known", "known"), ("a.new", "fail"), ("a.lost", "error")]),
        ];
        let textbook = Textbook::default();
        let grid = Grid::new(&textbook, &kernels);
        let found: Vec<&str> = findings(&grid).iter().map(|finding| finding.case.id).collect();
        assert_eq!(found, ["a.new", "a.old", "a.lost", "a.known"]);
    }
}
