//! The claims that a program has: cases, requirements and approved traces, as one value.
//!
//! The claims themselves live in the crate that makes the value.

use crate::case::Case;
use crate::requirement::{Basis, Requirement};
use nsconform_lab::job::{Body, Compiled};
use nsconform_lab::seal::Credentials;

/// A case that takes so many times as long as a usual one waits; it does not compute.
const LONG_WAIT: u32 = 8;

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

    /// Puts cases, by their indexes, into the order in which a run begins them: those that wait for
    /// the kernel (a network namespace to go, a timer) spread evenly over the run and the longest
    /// first, so that others use the processors meanwhile. A case of unknown duration counts as a
    /// usual one.
    pub(crate) fn overlap_waits(&self, cases: &mut [usize]) {
        let duration = |index: usize| (self.usual_duration)(self.cases[index].id);
        let mut known: Vec<u32> = cases.iter().filter_map(|index| duration(*index)).collect();
        known.sort_unstable();
        let usual = known.get(known.len() / 2).copied().unwrap_or_default().max(1);
        let duration = |index: usize| duration(index).unwrap_or(usual).max(1);
        cases.sort_by_key(|index| std::cmp::Reverse(duration(*index)));
        let waits = cases.partition_point(|index| duration(*index) >= usual * LONG_WAIT);
        let time = |part: &[usize]| part.iter().map(|index| u64::from(duration(*index))).sum::<u64>();
        // Each case has its place in its own part, as a share of the time of that part.
        let mut places: Vec<(u64, usize)> = Vec::with_capacity(cases.len());
        for part in [&cases[..waits], &cases[waits..]] {
            let (whole, mut begun) = (time(part).max(1), 0);
            for index in part {
                places.push((begun * u64::from(u32::MAX) / whole, *index));
                begun += u64::from(duration(*index));
            }
        }
        places.sort_by_key(|(place, _)| *place);
        for (slot, (_, index)) in cases.iter_mut().zip(places) {
            *slot = index;
        }
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
