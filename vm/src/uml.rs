//! User-mode Linux: a kernel that is an ordinary program. It plays its own machine, without QEMU and
//! without emulation.

use crate::arch::NATIVE;
use crate::boot::{self, MachineProgram};
use std::ffi::OsString;
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};

/// The program's name in Debian's package, and as its build leaves it.
const NAMES: [&str; 2] = ["linux.uml", "linux"];

/// One guest.
#[derive(Clone, Debug)]
pub struct Uml<'a> {
    /// The program, which is the kernel.
    pub program: &'a Path,
    /// The initramfs.
    pub initramfs: &'a Path,
    /// In MiB.
    pub memory: u32,
}

impl MachineProgram for Uml<'_> {
    fn name(&self) -> String {
        "User-mode Linux".to_string()
    }

    fn program(&self) -> &Path {
        self.program
    }

    fn arguments(&self, records: RawFd) -> Vec<OsString> {
        let mut initrd = OsString::from("initrd=");
        initrd.push(self.initramfs);
        // Without panic=: a panic ends the program, and a reboot would start it again.
        let mut arguments = vec![format!("mem={}M", self.memory).into(), initrd, "oops=panic".into()];
        arguments.extend(NATIVE.user_mode_channels(records).into_iter().map(OsString::from));
        arguments
    }

    fn ended_by_guest(&self, exit_status: i32) -> bool {
        exit_status == 0
    }
}

/// Finds the program.
///
/// # Errors
/// When it is not installed: how to install it.
pub fn find() -> Result<PathBuf, String> {
    boot::in_path(&NAMES).ok_or_else(|| {
        format!(
            "{} is not installed; on Debian: apt-get install --no-install-recommends user-mode-linux",
            NAMES[0]
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_records_have_a_channel_of_their_own() {
        let uml = Uml { program: Path::new("/linux"), initramfs: Path::new("/i"), memory: 64 };
        let script = boot::script(&uml);
        assert!(script.starts_with("#!/bin/sh\nexec 9>records\nexec /linux mem=64M initrd=/i "), "{script}");
        assert!(script.contains("fd:9"), "{script}");
    }
}
