//! The view of behaviours by the kernel that first shows them: measured where there are runs, and as
//! documented in the textbook.

use super::grid::{Grid, GridCase};
use super::overview::history;
use super::pieces::case_link;
use crate::run::version_order;
use crate::style::count;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// The view.
pub(crate) fn view(grid: &Grid) -> Markup {
    html! {
        h2 tabindex="-1" { "Editions" }
        @if grid.has_runs() { (measured(grid)) } @else { (documented(grid)) }
    }
}

/// The oldest kernel that shows each behaviour, as whomever.
fn measured(grid: &Grid) -> Markup {
    let mut by_kernel: BTreeMap<Option<usize>, Vec<&GridCase>> = BTreeMap::new();
    for case in grid.cases.iter().filter(|case| case.is_in_runs()) {
        by_kernel.entry(grid.first_shown(case)).or_default().push(case);
    }
    let never = by_kernel.remove(&None).unwrap_or_default();
    let gone: Vec<&GridCase> = grid.cases.iter().filter(|case| is_gone(case)).collect();
    html! {
        p {
            "The oldest kernel of these runs on which a case passes, as anyone. A kernel shows a behaviour later than its "
            "release if it was built without a feature, and earlier if the change was ported back."
        }
        @for (kernel, cases) in by_kernel.iter().filter_map(|(kernel, cases)| Some(((*kernel)?, cases))) {
            details open[kernel > 0] {
                summary { "Since " (grid.kernels[kernel]) @if kernel == 0 { " or before" } ": " (count(cases.len(), "behaviour")) }
                (case_list(grid, cases, true))
            }
        }
        @if !gone.is_empty() {
            details open {
                summary { "Not any more on the newest kernel that was tested: " (count(gone.len(), "behaviour")) }
                (case_list(grid, &gone, true))
            }
        }
        @if !never.is_empty() {
            details open {
                summary { "On none of these kernels: " (count(never.len(), "behaviour")) }
                (case_list(grid, &never, true))
            }
        }
    }
}

/// Whether some kernel shows the behaviour, and the newest one that was tested does not.
fn is_gone(case: &GridCase) -> bool {
    let newest_fails = |statuses: &Vec<_>| {
        let tested: Vec<bool> = statuses
            .iter()
            .filter(|status: &&nsconform_suite::verdict::Status| status.is_tested())
            .map(|status| status.is_good())
            .collect();
        tested.contains(&true) && tested.last() == Some(&false)
    };
    case.statuses.iter().any(newest_fails)
}

/// The release that the documentation names.
fn documented(grid: &Grid) -> Markup {
    let since =
        |case: &GridCase| case.description.map_or(String::new(), |description| description.since.clone());
    let mut by_release: BTreeMap<String, Vec<&GridCase>> = BTreeMap::new();
    grid.cases.iter().for_each(|case| by_release.entry(since(case)).or_default().push(case));
    let mut releases: Vec<(String, Vec<&GridCase>)> = by_release.into_iter().collect();
    releases.sort_by(|(a, _), (b, _)| (!a.is_empty()).cmp(&!b.is_empty()).then_with(|| version_order(a, b)));
    html! {
        p { "The release from which on a rule holds, as the documentation has it." }
        @for (release, cases) in &releases {
            details {
                summary {
                    @if release.is_empty() { "As long as the kind of namespace" } @else { "Since " (release) }
                    ": " (count(cases.len(), "rule"))
                }
                (case_list(grid, cases, false))
            }
        }
    }
}

fn case_list(grid: &Grid, cases: &[&GridCase], with_history: bool) -> Markup {
    html! {
        ul {
            @for case in cases {
                @let since = case.description.map_or("", |description| &description.since);
                li {
                    (case_link(case.id)) " " (case.claim())
                    @if with_history {
                        div.quiet {
                            @if !since.is_empty() { "documented since " (since) "; " }
                            (history(grid, case))
                        }
                    }
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
    fn behaviours_stand_by_the_first_kernel_that_shows_them() {
        let run = |release: &str, words: [&str; 4]| KernelRuns {
            name: release.into(),
            runs: vec![Cow::Owned(made_up(
                release,
                &[("a.old", words[0]), ("a.new", words[1]), ("a.gone", words[2]), ("a.never", words[3])],
            ))],
            miss: None,
        };
        let kernels = [
            run("6.1", ["pass", "skip", "pass", "fail"]),
            run("6.2", ["pass", "deviation", "known", "skip"]),
        ];
        let textbook = Textbook::default();
        let grid = Grid::new(&textbook, &kernels);
        let first: Vec<Option<usize>> = grid.cases.iter().map(|case| grid.first_shown(case)).collect();
        assert_eq!(first, [Some(0), Some(1), Some(0), None]);
        assert_eq!(grid.cases.iter().map(is_gone).collect::<Vec<_>>(), [false, false, true, false]);
        let shown = view(&grid).into_string();
        for words in [
            "Since 6.1 or before: 2 behaviours",
            "Since 6.2: 1 behaviour",
            "On none of these kernels: 1 behaviour",
        ] {
            assert!(shown.contains(words), "{words} in {shown}");
        }
    }
}
