//! The view of the documentation: manual page → section → rules, with those that have a case, those
//! that none can test, and those that nobody has written yet.

use super::grid::{Grid, GridCase};
use super::pieces::{case_link, mark, source_link};
use super::textbook::{OpenRule, Textbook, WithoutCase};
use maud::{Markup, html};
use nsconform_suite::verdict::Status;
use std::collections::BTreeMap;

/// The rules of one section.
#[derive(Default)]
struct SectionRules<'g, 'r> {
    cases: Vec<&'g GridCase<'r>>,
    untestable: Vec<&'g OpenRule>,
    not_written: Vec<&'g OpenRule>,
}

/// The numbers of a section or a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct RuleNumbers {
    cases: usize,
    failing: usize,
    untestable: usize,
    not_written: usize,
}

impl SectionRules<'_, '_> {
    fn numbers(&self) -> RuleNumbers {
        RuleNumbers {
            cases: self.cases.len(),
            failing: self.cases.iter().filter(|case| fails(case)).count(),
            untestable: self.untestable.len(),
            not_written: self.not_written.len(),
        }
    }
}

impl RuleNumbers {
    fn and(self, other: RuleNumbers) -> RuleNumbers {
        RuleNumbers {
            cases: self.cases + other.cases,
            failing: self.failing + other.failing,
            untestable: self.untestable + other.untestable,
            not_written: self.not_written + other.not_written,
        }
    }
}

/// Whether a case fails on some kernel, expected or not.
fn fails(case: &GridCase) -> bool {
    case.statuses.iter().flatten().any(|status| status.is_tested() && !status.is_good())
}

type Pages<'g, 'r> = BTreeMap<&'g str, BTreeMap<&'g str, SectionRules<'g, 'r>>>;

/// The rules by page and section. A rule that stands in two places is in both.
fn pages<'g, 'r>(grid: &'g Grid<'r>, textbook: &'g Textbook) -> Pages<'g, 'r> {
    let mut pages = Pages::new();
    let place = |source: &'g str| source.split_once(", ").unwrap_or((source, ""));
    for case in &grid.cases {
        for source in case.description.map(|description| &description.sources).into_iter().flatten() {
            let (page, section) = place(source);
            pages.entry(page).or_default().entry(section).or_default().cases.push(case);
        }
    }
    for rule in &textbook.open {
        for source in &rule.sources {
            let (page, section) = place(source);
            let rules = pages.entry(page).or_default().entry(section).or_default();
            match rule.why {
                WithoutCase::Untestable { .. } => rules.untestable.push(rule),
                WithoutCase::NotWritten => rules.not_written.push(rule),
            }
        }
    }
    pages
}

/// The view.
pub(crate) fn view(grid: &Grid, textbook: &Textbook) -> Markup {
    html! {
        h2 tabindex="-1" { "Coverage" }
        p {
            "The rules of each page of the documentation. A rule that stands in two places counts in both. "
            "Pages and sections with a hole say so in words: “not written” has no case yet, “untestable” cannot have one."
        }
        @for (page, sections) in pages(grid, textbook) {
            @let whole = sections.values().fold(RuleNumbers::default(), |sum, rules| sum.and(rules.numbers()));
            details.page {
                summary { (page) " " (numbers(whole, grid)) }
                p { (source_link(page)) }
                @for (section, rules) in &sections {
                    details.section open[sections.len() == 1] {
                        summary { @if section.is_empty() { "the page as a whole" } @else { (section) } " " (numbers(rules.numbers(), grid)) }
                        (rule_list(rules))
                    }
                }
            }
        }
    }
}

fn numbers(numbers: RuleNumbers, grid: &Grid) -> Markup {
    let RuleNumbers { cases, failing, untestable, not_written } = numbers;
    html! {
        span.quiet { (crate::style::count(cases, "case")) }
        @if failing > 0 && grid.has_runs() { " " span.tag { (failing) " fail on some kernel" } }
        @if untestable > 0 { " " span.tag { (untestable) " untestable" } }
        @if not_written > 0 { " " span.tag { (not_written) " not written" } }
    }
}

fn rule_list(rules: &SectionRules) -> Markup {
    html! {
        ul {
            @for case in &rules.cases {
                li {
                    @if fails(case) { (mark(Status::Known)) span.hidden { " fails on some kernel: " } " " }
                    (case_link(case.id)) " " (case.claim())
                }
            }
            @for rule in &rules.not_written {
                li { strong { "not written: " } code { (rule.id) } " " (rule.claim) }
            }
            @for rule in &rules.untestable {
                li {
                    strong { "untestable: " } code { (rule.id) } " " (rule.claim)
                    @if let WithoutCase::Untestable { why, part } = &rule.why {
                        div.quiet {
                            (why)
                            @if let Some(part) = part { " The part that can be tested: " (case_link(part)) }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::KernelRuns;
    use crate::testing::made_up;
    use std::borrow::Cow;

    #[test]
    fn each_rule_stands_in_its_section_and_holes_are_counted() {
        let run = made_up("6.1", &[("uts.a", "known"), ("uts.b", "pass")]);
        let rule = |id: &str, why: WithoutCase| OpenRule {
            id: id.into(),
            claim: "It is so.".into(),
            sources: vec!["page(7), SECTION".into(), "other(2)".into()],
            why,
        };
        let untestable =
            WithoutCase::Untestable { why: "It takes a second machine.".into(), part: Some("uts.a".into()) };
        let textbook = Textbook {
            cases: vec![],
            open: vec![rule("uts.c", untestable), rule("uts.d", WithoutCase::NotWritten)],
        };
        let kernels = [KernelRuns { name: "6.1".into(), runs: vec![Cow::Owned(run)], miss: None }];
        let grid = Grid::new(&textbook, &kernels);
        let pages = pages(&grid, &textbook);
        let numbers = |page: &str, section: &str| pages[page][section].numbers();
        assert_eq!(
            numbers("page(7)", "SECTION"),
            RuleNumbers { cases: 2, failing: 1, untestable: 1, not_written: 1 }
        );
        assert_eq!(
            numbers("other(2)", ""),
            RuleNumbers { cases: 0, failing: 0, untestable: 1, not_written: 1 }
        );
        let shown = view(&grid, &textbook).into_string();
        for words in ["not written: ", "It takes a second machine.", "1 fail on some kernel", "#case/uts.a"] {
            assert!(shown.contains(words), "{words} in {shown}");
        }
    }
}
