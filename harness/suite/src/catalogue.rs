//! The claims that a program has: cases, requirements and approved traces, as one value.
//!
//! The claims themselves live in the crate that makes the value.

use crate::case::Case;
use crate::requirement::{Basis, Requirement};
use nsconform_lab::job::{Body, Compiled};
use nsconform_lab::seal::Credentials;

/// Cases and all that a runner must know of them.
#[derive(Clone, Copy)]
pub struct Catalogue {
    /// The cases, in stable order.
    pub cases: &'static [&'static Case],
    /// Every requirement that a case may have.
    pub requirements: &'static [&'static Requirement],
    /// The foundations of the engine, in the order in which they are reported.
    pub bases: &'static [Basis],
    /// The requirements that follow from an approved trace and from the credentials of its case.
    pub implied: fn(trace: &str, credentials: Credentials) -> Vec<&'static Requirement>,
    /// The approved trace of the case with this id.
    pub approved: fn(&str) -> Option<&'static str>,
    /// How long the case with this id took when durations were last recorded, in milliseconds; none
    /// for a case that is newer.
    pub usual_duration: fn(&str) -> Option<u32>,
}

impl Catalogue {
    /// Everything that a case needs, each once: the requirements that its approved trace implies and
    /// those that it names.
    pub fn needs(&self, case: &Case) -> Vec<&'static Requirement> {
        let implied = (self.implied)((self.approved)(case.id).unwrap_or(""), case.starts_as);
        let mut all: Vec<&'static Requirement> = Vec::new();
        for need in implied.into_iter().chain(case.needs.iter().copied()) {
            if !all.iter().any(|known| known.name == need.name) {
                all.push(need);
            }
        }
        all
    }

    /// Puts cases, by their indexes, into the order in which a run begins them: those that take long
    /// first, so that the others fill their waits. Those of unknown duration come in the middle.
    pub(crate) fn longest_first(&self, cases: &mut [usize]) {
        let duration = |index: &usize| (self.usual_duration)(self.cases[*index].id);
        let mut known: Vec<u32> = cases.iter().filter_map(duration).collect();
        known.sort_unstable();
        let middle = known.get(known.len() / 2).copied().unwrap_or_default();
        cases.sort_by_key(|index| std::cmp::Reverse(duration(index).unwrap_or(middle)));
    }

    /// The compiled scripts: those of the cases, then the probes of the requirements.
    pub(crate) fn scripts(&self) -> Vec<Compiled> {
        let cases = self.cases.iter().map(|case| Compiled {
            starts_as: case.starts_as,
            cgroup: case.needs.iter().any(|need| need.cgroup),
            body: Body::Script(case.play),
        });
        let probes = self.requirements.iter().map(|need| Compiled {
            starts_as: Credentials::Root,
            cgroup: need.cgroup,
            body: Body::Probe(need.probe),
        });
        cases.chain(probes).collect()
    }
}
