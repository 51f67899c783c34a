//! Steps that the probes of several requirements take.
//!
//! The requirements live in `needs`.

use nsconform_lab::call::argument::flag_names;
use nsconform_suite::prelude::*;
use nsconform_suite::requirement::{ProbeResult, Unmet, succeeded};

/// Whether there may be as many namespaces side by side as would nest: 32 and some that others have.
pub(crate) fn has_room(lab: &Lab, flag: Flags) -> Result<ProbeResult, Interrupt> {
    let process = lab.process_as(Credentials::Root, "probe")?;
    for number in 1..=36 {
        let made = process.try_clone(&format!("neighbour{number}"), flag)?;
        if !made.is_ok() {
            return succeeded(&format!("clone({}), the {number}th", flag_names(&flag)), made);
        }
    }
    Ok(Ok(()))
}

/// Whether a process can become the user and the group with this id.
pub(crate) fn ids_can_be_taken(lab: &Lab, id: i32) -> Result<ProbeResult, Interrupt> {
    let process = lab.process_as(Credentials::Root, "probe")?;
    let changed = process.setresgid(id, id, id)?;
    if !changed.is_ok() {
        return succeeded(&format!("setresgid({id}, {id}, {id})"), changed);
    }
    succeeded(&format!("setresuid({id}, {id}, {id})"), process.setresuid(id, id, id)?)
}

/// Whether root can leave its namespace of this kind, and then is in another one.
pub(crate) fn can_unshare(lab: &Lab, kind: Kind) -> Result<ProbeResult, Interrupt> {
    let process = lab.process_as(Credentials::Root, "probe")?;
    let what = format!("unshare({})", flag_names(&kind.flag()));
    // A change of the caller itself shows at once, except for the kinds that only children enter.
    let moves = !matches!(kind, Kind::Pid | Kind::Time);
    let before = if moves { Some(process.readlink(kind.own_path())?) } else { None };
    let done = process.unshare(kind.flag())?;
    if !done.is_ok() && !process.unshare(Flags::empty())?.is_ok() {
        // unshare(2) itself is refused or absent, which says nothing of the namespaces.
        let made = process.try_clone("inner", kind.flag())?;
        return succeeded(&format!("clone({})", flag_names(&kind.flag())), made);
    }
    if let (Some(before @ Outcome::Returned(_)), true) = (before, done.is_ok())
        && process.readlink(kind.own_path())? == before
    {
        let path = kind.own_path();
        return Ok(Err(Unmet::Wrong(format!(
            "{what} gives 0, and {path} shows the same namespace as before"
        ))));
    }
    succeeded(&what, done)
}

/// Tries something in a new network namespace, which is made by clone(2) where unshare(2) is refused.
pub(crate) fn in_new_network(
    lab: &Lab,
    probe: impl Fn(Process) -> Result<ProbeResult, Interrupt>,
) -> Result<ProbeResult, Interrupt> {
    let process = lab.process_as(Credentials::Root, "probe")?;
    let left = process.unshare(NEWNET)?;
    if left.is_ok() {
        return probe(process);
    }
    if process.unshare(Flags::empty())?.is_ok() {
        return succeeded("unshare(CLONE_NEWNET)", left);
    }
    probe(process.clone("inner", NEWNET)?)
}
