//! How much of each page of the documentation has cases: counts by page and section.
//!
//! The rules themselves live in the topics and in `missing`.

use crate::missing::MissingRule;
use nsconform_suite::case::{Case, Untested};
use serde::Serialize;
use std::collections::BTreeMap;

/// The rules of one section, or of a page, by what became of them. A rule with two sources counts in
/// both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RuleCounts {
    /// Those with a case.
    pub cases: usize,
    /// Of those: the ones of which kernels are known to do otherwise.
    pub deviations: usize,
    /// Those that no case can test, or only in part.
    pub untested: usize,
    /// Those that have no case yet.
    pub missing: usize,
}

impl RuleCounts {
    /// The sum of both.
    pub fn and(self, other: RuleCounts) -> RuleCounts {
        RuleCounts {
            cases: self.cases + other.cases,
            deviations: self.deviations + other.deviations,
            untested: self.untested + other.untested,
            missing: self.missing + other.missing,
        }
    }
}

/// The counts of each section, by page and section; the section is empty where a page has none.
pub type Coverage = BTreeMap<(String, String), RuleCounts>;

/// RuleCounts these rules.
pub fn coverage<'r>(
    cases: impl IntoIterator<Item = &'r Case>,
    untested: impl IntoIterator<Item = &'r Untested>,
    missing: impl IntoIterator<Item = &'r MissingRule>,
) -> Coverage {
    let mut coverage = Coverage::new();
    let mut count = |source: String, change: fn(&mut RuleCounts)| {
        let (page, section) = source.split_once(", ").unwrap_or((&source, ""));
        change(coverage.entry((page.to_string(), section.to_string())).or_default());
    };
    for case in cases {
        for source in case.sources {
            count(source.to_string(), |counts| counts.cases += 1);
            if case.deviation.is_some() {
                count(source.to_string(), |counts| counts.deviations += 1);
            }
        }
    }
    for claim in untested {
        claim.sources.iter().for_each(|source| count(source.to_string(), |counts| counts.untested += 1));
    }
    for rule in missing {
        rule.sources.iter().for_each(|source| count(source.clone(), |counts| counts.missing += 1));
    }
    coverage
}

#[cfg(test)]
mod tests {
    use super::*;
    use nsconform_suite::case::{CASE, Source, man};

    #[test]
    fn each_source_counts_in_its_section() {
        const SOURCES: &[Source] = &[man("a(7)", "B, and more"), man("c(2)", "")];
        let case = Case { sources: SOURCES, deviation: Some("otherwise"), ..CASE };
        let rule = MissingRule {
            id: "mnt.x".into(),
            claim: "X.".into(),
            sources: vec!["a(7), B, and more".into()],
            since: String::new(),
        };
        let counted = coverage([&case], [], [&rule]);
        let section = |page: &str, name: &str| counted[&(page.to_string(), name.to_string())];
        assert_eq!(
            section("a(7)", "B, and more"),
            RuleCounts { cases: 1, deviations: 1, untested: 0, missing: 1 }
        );
        assert_eq!(section("c(2)", ""), RuleCounts { cases: 1, deviations: 1, ..RuleCounts::default() });
    }
}
