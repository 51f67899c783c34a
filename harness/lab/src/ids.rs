//! The ids of the template's user namespace: all that its creator may map, otherwise one.
//!
//! Whoever has CAP_SETUID, CAP_SETGID and (Linux 5.12, for the id 0) CAP_SETFCAP may map every id that
//! it has itself (user_namespaces(7)); the writer has to stay outside, so a helper writes. The steps of
//! the seal around it live in `seal`.

use crate::proof;
use nsconform_sys::capability::{Capabilities, find_capabilities};
use nsconform_sys::sandbox::{leave_namespaces, map_ids, step, write_file};
use nsconform_sys::{inherited, reap};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How long the helper waits for its question, and its creator for the answer.
const TIME: Duration = Duration::from_secs(10);

/// The user that root becomes who may not map its own id; each is tried.
const NOBODY: [u32; 3] = [65534, 1000, 1];

/// The ids that are mapped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ids {
    /// Every one that may be.
    AllThatMayBe,
    /// That of the caller.
    One,
    /// That of the caller, which does not stay the machine's root.
    NotRoot,
}

/// Puts the caller into a new user and a new mount namespace, where its id is that of root.
///
/// # Errors
/// Says which call failed.
pub(crate) fn enter_user_namespace(ids: Ids) -> Result<(), String> {
    let effective = find_capabilities().map_or(Capabilities::empty(), |sets| sets.effective);
    let may_map = Capabilities::CAP_SETUID | Capabilities::CAP_SETGID;
    let may_map_all = ids == Ids::AllThatMayBe && effective.contains(may_map | Capabilities::CAP_SETFCAP);
    let helper = if may_map_all { Helper::start() } else { None };
    let may_become_another = nix::unistd::geteuid().is_root() && effective.contains(may_map);
    if may_become_another && (ids == Ids::NotRoot || !effective.contains(Capabilities::CAP_SETFCAP)) {
        become_nobody()?;
    }
    let (uid, gid) = (nix::unistd::geteuid(), nix::unistd::getegid());
    // A new user namespace starts without securebits.
    let without_root = if inherited::root_gains_nothing() { ": root under SECBIT_NOROOT" } else { "" };
    leave_namespaces(libc::CLONE_NEWUSER | libc::CLONE_NEWNS).map_err(|errno| {
        let why = match proof::seems_a_chroot() {
            // Whatever it is asked for: the place has no part in that.
            _ if unsharing_is_refused() => ": unshare(2) is refused here",
            Some(true) => ": started in a chroot, where it is refused",
            Some(false) => "",
            None => ": started in a chroot, or in a container that refuses it",
        };
        format!("unshare(CLONE_NEWUSER|CLONE_NEWNS): {}{why}", errno.describe())
    })?;
    // Where the helper could do nothing the caller maps its own ids.
    if !helper.is_some_and(Helper::maps_all) {
        let mapped = map_ids(&format!("0 {uid} 1"), &format!("0 {gid} 1"));
        mapped.map_err(|why| format!("{why}{without_root}"))?;
    }
    Ok(())
}

/// Whether unshare(2) is refused even where it would change nothing.
fn unsharing_is_refused() -> bool {
    // SAFETY: takes a number only.
    unsafe { libc::unshare(0) == -1 }
}

/// Root without CAP_SETFCAP may not map the id 0, but an ordinary user its own. And the user 0 may change
/// settings of the machine in whatever user namespace it is: proc_sys(5) goes by the id.
fn become_nobody() -> Result<(), String> {
    let mut last = Ok(());
    for id in NOBODY {
        let (uid, gid) = (nix::unistd::Uid::from_raw(id), nix::unistd::Gid::from_raw(id));
        // Groups that stay are no harm: every file is out of reach soon.
        let _ = nix::unistd::setgroups(&[]);
        last = step("setresgid", nix::unistd::setresgid(gid, gid, gid))
            .and_then(|()| step("setresuid", nix::unistd::setresuid(uid, uid, uid)));
        if last.is_ok() {
            // Otherwise the files of maps would be root's.
            return step("prctl(PR_SET_DUMPABLE)", nix::sys::prctl::set_dumpable(true));
        }
    }
    last
}

/// A process that stays in the old user namespace and writes the maps of one that has left it.
struct Helper(UnixStream);

impl Helper {
    /// None where there is no process to be had, or nothing to be mapped but one id.
    fn start() -> Option<Helper> {
        let maps = ["uid_map", "gid_map"].map(|file| {
            let own = std::fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
            (file, to_themselves(&own))
        });
        if maps.iter().any(|(_, map)| map.is_none()) {
            return None;
        }
        let (ours, theirs) = UnixStream::pair().ok()?;
        // SAFETY: whoever seals has one thread, so the child's copy of the heap is consistent.
        match unsafe { libc::fork() } {
            -1 => None,
            0 => {
                drop(ours);
                let done = write_maps(&theirs, &maps);
                // SAFETY: ends the helper without running what its creator will run at its exit.
                unsafe { libc::_exit(i32::from(done.is_none())) }
            }
            _ => Some(Helper(ours)),
        }
    }

    /// Has the helper write the maps of the caller, and says whether it has.
    fn maps_all(self) -> bool {
        let asked = (&self.0).write_all(&std::process::id().to_ne_bytes()).is_ok();
        let answered = asked && reap::readable(self.0.as_raw_fd(), TIME);
        answered && (&self.0).read_exact(&mut [0]).is_ok()
    }
}

/// Waits for the number of the process that has left, writes its maps, and answers.
fn write_maps(creator: &UnixStream, maps: &[(&str, Option<String>)]) -> Option<()> {
    let mut number = [0; 4];
    if !reap::readable(creator.as_raw_fd(), TIME) {
        return None;
    }
    { creator }.read_exact(&mut number).ok()?;
    for (file, map) in maps {
        write_file(&format!("/proc/{}/{file}", u32::from_ne_bytes(number)), map.as_deref()?).ok()?;
    }
    { creator }.write_all(b"!").ok()
}

/// A map of every id of this map (user_namespaces(7)) to itself; none if that is one id or none.
fn to_themselves(map: &str) -> Option<String> {
    /// As many lines as a map of every kernel may have.
    const LINES: usize = 5;
    let mut ids = 0u64;
    let mut own = String::new();
    for line in map.lines().take(LINES) {
        let mut fields = line.split_whitespace();
        let (first, length) = (fields.next()?, fields.nth(1)?);
        ids += length.parse::<u64>().ok()?;
        own += &format!("{first} {first} {length}\n");
    }
    // Root of the new namespace is the id 0.
    (ids > 1 && own.starts_with("0 ")).then_some(own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::the_first("         0          0 4294967295\n", Some("0 0 4294967295\n"))]
    #[case::a_container("0 1000 1\n1 100000 65536\n", Some("0 0 1\n1 1 65536\n"))]
    #[case::one_id("0 1000 1\n", None)]
    #[case::without_root("1000 0 10\n", None)]
    #[case::no_procfs("", None)]
    fn every_id_is_mapped_to_itself(#[case] map: &str, #[case] expected: Option<&str>) {
        assert_eq!(to_themselves(map).as_deref(), expected);
    }
}
