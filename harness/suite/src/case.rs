//! A case: one documented claim and the script that tests it, as data that can be listed.

use crate::mutation::Accepted;
use crate::requirement::Requirement;
use nsconform_lab::interrupt::Play;
use nsconform_lab::lab::Lab;
use nsconform_lab::seal::Credentials;

/// Where a claim is documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The manual page (`uts_namespaces(7)`) or article (`LWN 531381`).
    pub page: &'static str,
    /// The section within it; empty where the page is short enough.
    pub section: &'static str,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.section {
            "" => f.write_str(self.page),
            section => write!(f, "{}, {section}", self.page),
        }
    }
}

/// A manual page and its section.
pub const fn man(page: &'static str, section: &'static str) -> Source {
    Source { page, section }
}

/// An article or another text without sections.
pub const fn text(page: &'static str) -> Source {
    Source { page, section: "" }
}

/// One claim and its test.
#[derive(Clone, Copy)]
pub struct Case {
    /// `<namespace>.<kebab-slug>`, never reused.
    pub id: &'static str,
    /// The claim in our own words.
    pub claim: &'static str,
    /// Where it is documented.
    pub sources: &'static [Source],
    /// The kernel version from which on the claim holds; empty if as old as the kind itself.
    pub since: &'static str,
    /// The credentials that the case must start with.
    pub starts_as: Credentials,
    /// The requirements that make it meaningful, apart from its credentials.
    pub needs: &'static [&'static Requirement],
    /// The words of the documentation where kernels are known to do otherwise. The snapshot then
    /// holds what kernels do.
    pub deviation: Option<&'static str>,
    /// The behaviour that a wrong kernel would show.
    pub wrong: &'static str,
    /// Mutants that the case misses, each with a reason; see `mutation`.
    pub accepted: &'static [Accepted],
    /// The script.
    pub play: fn(&Lab) -> Play,
}

/// The fields that a case need not name: `..CASE`.
pub const CASE: Case = Case {
    id: "",
    claim: "",
    sources: &[],
    since: "",
    starts_as: Credentials::Root,
    needs: &[],
    deviation: None,
    wrong: "",
    accepted: &[],
    play: |_| Ok(()),
};

impl Case {
    /// The part of the id before the first dot: the namespace, or `api`.
    pub fn group(&self) -> &'static str {
        self.id.split_once('.').map_or(self.id, |(group, _)| group)
    }
}

/// A documented claim that no case tests, or tests only in part.
#[derive(Clone, Copy, Debug)]
pub struct Untested {
    /// The id that the case would have.
    pub id: &'static str,
    /// The claim in our own words.
    pub claim: &'static str,
    /// Where it is documented.
    pub sources: &'static [Source],
    /// Why it cannot be tested (or not whole).
    pub why: &'static str,
    /// The case that tests the testable part, if there is one.
    pub part: Option<&'static str>,
}
