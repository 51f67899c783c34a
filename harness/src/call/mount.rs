//! Mounts, their propagation and their records: mount(2), umount(2), pivot_root(2), chroot(2), proc_pid_mountinfo(5).

use super::calls;
use crate::outcome::Value;

calls! {
    /// Mounts, their propagation and their records: mount(2), umount(2), pivot_root(2), chroot(2), proc_pid_mountinfo(5).
    Mount, MountCalls, actor:

    /// Unmounts what is mounted last at a place.
    umount(target: super::argument::Text) {
        nix::mount::umount(target.c_string()?.as_c_str())?;
        Ok(Value::ZERO)
    }
}
