//! The catalogue of nsconform: every documented claim about namespaces that is tested, a module
//! per kind of namespace with a file per topic, and the approved trace of each.
//!
//! A file holds `CASES`, and `UNTESTED` where the documentation says something that cannot be
//! tested. Their requirements are in `needs`. How cases are run lives in the engine, the assignments of the coursework in the crate
//! `nsconform-course`.

pub mod coverage;
mod durations;
pub mod facilities;
pub mod foundations;
pub mod implied;
pub mod missing;
pub mod mount_features;
pub mod needs;
pub mod pidfd_features;
mod place;
mod probes;
pub mod registry;
pub mod scripts;
mod steps;

use nsconform_suite::case::{Case, Source, Untested, text};
use nsconform_suite::catalogue::Catalogue;
use nsconform_suite::known::{self, Known};
use nsconform_suite::snapshot;
use nsconform_sys::machine::Machine;
pub(crate) use registry::topics;
use std::sync::OnceLock;

registry::namespaces! {
    api,
    uts,
    ipc,
    pid,
    mnt,
    net,
    user,
    cgroup,
    time,
}

/// The names that a file of cases has in scope.
pub(crate) mod prelude {
    pub(crate) use crate::SEED;
    pub use crate::needs as need;
    pub(crate) use crate::steps::{become_root, clone_mapped, connect, listen};
    pub use nsconform_suite::prelude::*;
}

/// The article with which the catalogue began: it says what each kind of namespace isolates.
pub(crate) const SEED: Source = text("LWN 531114, Namespaces in operation, part 1");

/// All cases, in stable order.
pub fn catalogue() -> &'static [&'static Case] {
    static CATALOGUE: OnceLock<Vec<&'static Case>> = OnceLock::new();
    let topics = || NAMESPACES.iter().flat_map(|namespace| namespace.topics);
    CATALOGUE.get_or_init(|| topics().flat_map(|topic| topic.cases).collect())
}

/// The requirements of all cases.
pub fn requirements() -> &'static [&'static needs::Requirement] {
    static REQUIREMENTS: OnceLock<Vec<&'static needs::Requirement>> = OnceLock::new();
    REQUIREMENTS.get_or_init(|| {
        [needs::ALL, facilities::ALL, mount_features::ALL, pidfd_features::ALL, place::ALL].concat()
    })
}

/// The catalogue as runners take it.
pub fn claims() -> Catalogue {
    Catalogue {
        cases: catalogue(),
        requirements: requirements(),
        bases: foundations::ALL,
        implied: implied::implied,
        approved,
        usual_duration: durations::usual_duration,
    }
}

/// All claims that are not tested, or only in part.
pub fn untested() -> impl Iterator<Item = &'static Untested> {
    NAMESPACES.iter().flat_map(|namespace| namespace.topics).flat_map(|topic| topic.untested)
}

/// The deviations that are known of a machine, from `fixtures/known`.
///
/// # Panics
/// When an embedded list is wrong, which a test rules out.
pub fn known(machine: &Machine) -> Vec<Known> {
    KNOWN
        .iter()
        .flat_map(|(file, text)| {
            known::applying(text, machine).unwrap_or_else(|error| panic!("fixtures/known/{file}: {error}"))
        })
        .collect()
}

const KNOWN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/known.rs"));

/// A fault that each case catches, for pages to show: lines of JSON, each a
/// `nsconform_suite::shown::ShownFault`. `.ci/faults` records them.
pub const FAULTS: &str = include_str!("../faults.jsonl");

/// The approved trace of the case with this id.
pub fn approved(id: &str) -> Option<&'static str> {
    const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/snapshots.rs"));
    let index = FILES.binary_search_by_key(&id, |(name, _)| name).ok()?;
    snapshot::approved(FILES[index].1).ok()
}
