//! The page of one case: the rule with its story, and the verdicts on it.

use super::grid::{Grid, GridCase};
use super::overview::history;
use super::picture::{picture, processes};
use super::pieces::{case_link, mark, scrolled, source_link, tone};
use super::states::state_section;
use super::story::Story;
use super::textbook::TextbookCase;
use crate::event::CaseResult;
use maud::{Markup, html};
use nsconform_suite::snapshot;
use nsconform_suite::verdict::Status;

/// The page of a case.
pub(crate) fn article(grid: &Grid, case: &GridCase) -> Markup {
    let trace = trace(case);
    html! {
        article {
            h2 tabindex="-1" { (case.id) }
            p.claim { (case.claim()) }
            (facts(grid, case))
            @if let Some(deviation) = deviation(case) {
                p.note { (mark(Status::Deviation)) " Kernels do otherwise than the documentation says: " (deviation) }
            }
            @if !trace.is_empty() {
                @let story = Story::read(trace);
                h3 { "Trace" }
                (scrolled("Picture of the trace", picture(&story).within_page(&format!("Trace of {}", case.id))))
                p.quiet {
                    "A lane is a process; a filled circle a call, a hollow one an observation, a square a change by "
                    "several calls; a dashed bar a call that waits; the bands beside a lane are its namespaces."
                }
                details { summary { "The processes in words" } (processes(&story)) }
                (text(trace))
                (words(case))
                (state_section(&story))
            }
            @if let Some(textbook) = case.textbook { (wrong_kernel(textbook)) }
            @if grid.has_runs() && case.is_in_runs() {
                (differences(grid, case))
                h3 { "Verdicts" }
                (scrolled("Verdicts", verdicts(grid, case)))
            }
            (neighbours(grid, case))
        }
    }
}

/// The way to the cases before and behind this one.
fn neighbours(grid: &Grid, case: &GridCase) -> Markup {
    let before = case.place.checked_sub(1).and_then(|place| grid.cases.get(place));
    let behind = grid.cases.get(case.place + 1);
    html! {
        @if before.is_some() || behind.is_some() {
            nav aria-label="Neighbours" {
                @if let Some(before) = before { span { "Previous: " (case_link(before.id)) } }
                @if let Some(behind) = behind { span { "Next: " (case_link(behind.id)) } }
            }
        }
    }
}

/// The approved trace; where the catalogue does not know it any more, one that a run was judged by.
fn trace<'c>(case: &'c GridCase) -> &'c [String] {
    let approved = case.textbook.map(|textbook| textbook.trace.as_slice()).unwrap_or_default();
    if !approved.is_empty() {
        return approved;
    }
    let results = || case.results.iter().flatten().flatten();
    results()
        .find(|result| result.status().is_good())
        .map(|result| result.lines())
        .or_else(|| results().find_map(|result| result.expected.as_deref()))
        .unwrap_or_default()
}

fn deviation<'c>(case: &'c GridCase) -> Option<&'c str> {
    let recorded = || case.results.iter().flatten().flatten().find_map(|result| result.deviation.as_deref());
    case.textbook.and_then(|textbook| textbook.deviation.as_deref()).or_else(recorded)
}

/// Sources, versions, requirements.
fn facts(grid: &Grid, case: &GridCase) -> Markup {
    let since = case.description.map_or("", |description| &description.since);
    html! {
        dl.facts {
            dt { "documented in" }
            dd {
                @for source in case.description.map(|description| &description.sources).into_iter().flatten() {
                    div { (source_link(source)) }
                }
            }
            dt { "holds since" }
            dd { @if since.is_empty() { "as long as this kind of namespace" } @else { "Linux " (since) } }
            @if grid.has_runs() && case.is_in_runs() {
                dt { "measured" }
                dd { (history(grid, case)) }
            }
            @if let Some(textbook) = case.textbook {
                dt { "starts as" }
                dd { (textbook.starts_as) }
                dt { "needs" }
                dd { @if textbook.needs.is_empty() { "nothing more" } @else { (textbook.needs.join(", ")) } }
            }
        }
    }
}

/// The answer of a wrong kernel: in words, and as the first difference that a recorded fault makes.
fn wrong_kernel(case: &TextbookCase) -> Markup {
    html! {
        h3 { "A wrong kernel" }
        p { "A wrong kernel would show: " (case.wrong) "." }
        @if let Some(fault) = &case.fault {
            @let (call, right) = (case.trace.get(fault.call), case.trace.get(fault.line));
            @let number = |place| steps_before(&case.trace, place) + 1;
            p {
                "Tried by an injected fault: " code { (fault.fault) }
                @if fault.fault.contains(" without ") { " was made so" } @else { " was answered without being made" }
                " in step " (number(fault.call)) ". The case catches it in step " (number(fault.line)) "."
            }
            (scrolled("A right and a wrong kernel", html! {
                table.difference.fault {
                    thead { tr { th scope="col" { span.hidden { "step" } } th scope="col" { "right kernel" } th scope="col" { "wrong kernel" } } }
                    tbody {
                        tr {
                            td { (number(fault.call)) }
                            td { @if let Some(line) = call { code { (line) } } }
                            td {
                                @if fault.fault.contains(" without ") { "made " code { (fault.fault) } }
                                @else { "answered so, but not made" }
                            }
                        }
                        tr.differs.first {
                            td { (number(fault.line)) }
                            td { @if let Some(line) = right { code { (line) } } }
                            td { code { (fault.observed) } }
                        }
                    }
                }
            }))
        }
    }
}

/// How many steps of a trace stand before a line; notes are none.
fn steps_before(trace: &[String], place: usize) -> usize {
    trace.iter().take(place).filter(|line| !line.starts_with('#') && line.contains("  ")).count()
}

/// The trace line by line.
fn text(trace: &[String]) -> Markup {
    html! {
        details {
            summary { "The trace as text" }
            ol.trace { @for line in trace { li { code { (line) } } } }
        }
    }
}

/// The calls and flags of the trace.
fn words(case: &GridCase) -> Markup {
    let words = case.textbook.map(|textbook| textbook.words.as_slice()).unwrap_or_default();
    html! {
        @if !words.is_empty() {
            details {
                summary { "The calls in it" }
                dl.words { @for (word, meaning) in words { dt { code { (word) } } dd { (meaning) } } }
            }
        }
    }
}

/// The place of a run among all, by which a link names it.
fn place(grid: &Grid, privilege: usize, kernel: usize) -> usize {
    privilege * grid.kernels.len() + kernel
}

/// Neighbouring kernels that came to the same verdict for the same reason.
struct VerdictRow<'r> {
    kernels: Vec<usize>,
    privilege: usize,
    status: Status,
    reason: Option<String>,
    remedy: Option<&'r str>,
}

fn verdict_rows<'r>(grid: &Grid<'r>, case: &GridCase<'r>) -> Vec<VerdictRow<'r>> {
    let mut rows: Vec<VerdictRow> = Vec::new();
    for (privilege, results) in case.results.iter().enumerate() {
        for (kernel, result) in results.iter().enumerate() {
            let status = case.statuses[privilege][kernel];
            let reason = result.and_then(|result| result.verdict.reason());
            let lost = grid.misses[kernel].filter(|_| status == Status::Miss).map(str::to_string);
            let reason = reason.or(lost);
            let remedy = result.and_then(|result| result.verdict.remedy());
            let same = |row: &&mut VerdictRow| {
                row.privilege == privilege && row.status == status && row.reason == reason
            };
            match rows.last_mut().filter(same) {
                Some(row) => row.kernels.push(kernel),
                None => rows.push(VerdictRow { kernels: vec![kernel], privilege, status, reason, remedy }),
            }
        }
    }
    rows
}

fn verdicts(grid: &Grid, case: &GridCase) -> Markup {
    html! {
        table.verdicts {
            thead { tr { th scope="col" { "as" } th scope="col" { "kernels" } th scope="col" { "verdict" } th scope="col" { "reason" } } }
            tbody {
                @for row in verdict_rows(grid, case) {
                    @let places: Vec<String> =
                        row.kernels.iter().map(|kernel| place(grid, row.privilege, *kernel).to_string()).collect();
                    tr data-runs=(places.join(" ")) {
                        th scope="row" { (grid.privileges[row.privilege]) }
                        td { @for kernel in &row.kernels { (grid.kernels[*kernel]) " " } }
                        td.(tone(row.status)) { (mark(row.status)) " " (row.status.word()) }
                        td {
                            @if let Some(reason) = &row.reason { (reason) }
                            @if let Some(remedy) = row.remedy { span.quiet { " To test: " (remedy) "." } }
                        }
                    }
                }
            }
        }
    }
}

/// The observed traces that are not the approved one, each once, with the runs that have it.
fn differences(grid: &Grid, case: &GridCase) -> Markup {
    let mut found: Vec<(&CaseResult, Vec<(usize, usize)>)> = Vec::new();
    for (privilege, results) in case.results.iter().enumerate() {
        for (kernel, result) in results.iter().enumerate() {
            let Some(result) = result.filter(|result| result.expected.is_some()) else { continue };
            let run = (privilege, kernel);
            let same = |other: &CaseResult| other.expected == result.expected && other.has_trace_of(result);
            match found.iter_mut().find(|(other, _)| same(other)) {
                Some((_, runs)) => runs.push(run),
                None => found.push((result, vec![run])),
            }
        }
    }
    html! {
        @for (result, runs) in found {
            h3 { "Expected and observed" }
            p {
                @for (privilege, name) in grid.privileges.iter().enumerate() {
                    @let kernels: Vec<&str> =
                        runs.iter().filter(|run| run.0 == privilege).map(|run| grid.kernels[run.1]).collect();
                    @if !kernels.is_empty() { "As " (name) " on " (kernels.join(", ")) ". " }
                }
            }
            (scrolled("Expected and observed", difference(result)))
        }
    }
}

/// A line of the approved trace beside the observed one; one that is missing is empty.
#[derive(Debug, PartialEq, Eq)]
struct LinePair {
    expected: Option<String>,
    observed: Option<String>,
}

/// The lines side by side. Where they differ, removed and added ones stand beside each other.
fn pairs(expected: &[String], observed: &[String]) -> Vec<LinePair> {
    let mut pairs: Vec<LinePair> = Vec::new();
    // The first pair that still has room for an added line.
    let mut open = 0;
    for (sign, line) in snapshot::difference(&expected.join("\n"), &observed.join("\n")) {
        match sign {
            '-' => pairs.push(LinePair { expected: Some(line), observed: None }),
            '+' => {
                match pairs.get_mut(open) {
                    Some(pair) => pair.observed = Some(line),
                    None => pairs.push(LinePair { expected: None, observed: Some(line) }),
                }
                open += 1;
            }
            _ => {
                pairs.push(LinePair { expected: Some(line.clone()), observed: Some(line) });
                open = pairs.len();
            }
        }
    }
    pairs
}

fn difference(result: &CaseResult) -> Markup {
    let pairs = pairs(result.expected.as_deref().unwrap_or_default(), result.lines());
    let first = pairs.iter().position(|pair| pair.expected != pair.observed);
    let cell = |line: &Option<String>| html! { @if let Some(line) = line { code { (line) } } };
    html! {
        table.difference {
            thead { tr { th scope="col" { span.hidden { "difference" } } th scope="col" { "expected" } th scope="col" { "observed" } } }
            tbody {
                @for (number, pair) in pairs.iter().enumerate() {
                    @let differs = pair.expected != pair.observed;
                    tr.differs[differs].first[first == Some(number)] {
                        td {
                            @if first == Some(number) { ">" span.hidden { " the first difference" } }
                            @else if differs { "≠" }
                        }
                        td { (cell(&pair.expected)) }
                        td { (cell(&pair.observed)) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::same("a b", "a b", "a|a b|b")]
    #[case::changed("a b c", "a x c", "a|a b|x c|c")]
    #[case::more_observed("a c", "a x y c", "a|a |x |y c|c")]
    #[case::more_expected("a x y c", "a z c", "a|a x|z y| c|c")]
    #[case::cut("a b", "a", "a|a b|")]
    #[case::nothing("a", "", "a|")]
    fn changed_lines_stand_beside_each_other(
        #[case] expected: &str,
        #[case] observed: &str,
        #[case] shown: &str,
    ) {
        let lines = |text: &str| text.split_whitespace().map(str::to_string).collect::<Vec<_>>();
        let found: Vec<String> = pairs(&lines(expected), &lines(observed))
            .into_iter()
            .map(|pair| {
                format!("{}|{}", pair.expected.unwrap_or_default(), pair.observed.unwrap_or_default())
            })
            .collect();
        assert_eq!(found.join(" "), shown);
    }
}
