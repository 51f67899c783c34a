//! The catalogue of nsconform: every documented claim about namespaces that is tested, a module
//! per kind of namespace, and the approved trace of each.
//!
//! A module holds `CASES`, and `UNTESTED` where the documentation says something that cannot be
//! tested. How cases are run lives in the crate `nsconform-harness`.

pub mod api;
pub mod cgroup;
pub mod course;
pub mod ipc;
pub mod mnt;
pub mod needs;
pub mod net;
pub mod pid;
pub mod time;
pub mod user;
pub mod uts;

use nsconform_suite::case::{Case, Untested};
use nsconform_suite::catalogue::Catalogue;
use nsconform_suite::known::{self, Known};
use nsconform_suite::snapshot;
use nsconform_sys::machine::Machine;
use std::sync::OnceLock;

/// What a case needs in scope.
pub(crate) mod prelude {
    pub(crate) use crate::SEED;
    pub use crate::needs as need;
    pub use nsconform_suite::prelude::*;
}

/// The article with which the catalogue began: it says what each kind of namespace isolates.
pub(crate) const SEED: nsconform_suite::case::Source =
    nsconform_suite::case::text("LWN 531114, Namespaces in operation, part 1");

/// The cases of all modules, in the order of `list`.
const MODULES: &[&[Case]] = &[
    api::kinds::CASES,
    api::clone::CASES,
    api::unshare::CASES,
    api::setns::CASES,
    api::pidfd::CASES,
    api::proc_ns::CASES,
    api::ioctl::CASES,
    api::limits::CASES,
    api::lifetime::CASES,
    uts::CASES,
    ipc::CASES,
    pid::CASES,
    mnt::CASES,
    net::CASES,
    user::CASES,
    cgroup::CASES,
    time::CASES,
];

/// The claims of all modules that are not tested, or only in part.
const UNTESTED: &[&[Untested]] = &[
    api::UNTESTED,
    uts::UNTESTED,
    ipc::UNTESTED,
    pid::UNTESTED,
    mnt::UNTESTED,
    net::UNTESTED,
    user::UNTESTED,
    cgroup::UNTESTED,
    time::UNTESTED,
];

/// All cases, in stable order.
pub fn catalogue() -> &'static [&'static Case] {
    static CATALOGUE: OnceLock<Vec<&'static Case>> = OnceLock::new();
    CATALOGUE.get_or_init(|| MODULES.iter().copied().flatten().collect())
}

/// The catalogue as runners take it.
pub fn claims() -> Catalogue {
    Catalogue { cases: catalogue(), requirements: needs::ALL, implied: needs::implied, approved }
}

/// All claims that are not tested, or only in part.
pub fn untested() -> impl Iterator<Item = &'static Untested> {
    UNTESTED.iter().copied().flatten()
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

/// The approved trace of the case with this id.
pub fn approved(id: &str) -> Option<&'static str> {
    const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/snapshots.rs"));
    let index = FILES.binary_search_by_key(&id, |(name, _)| name).ok()?;
    snapshot::approved(FILES[index].1).ok()
}
