//! QEMU: the command line of one guest, finding the program, and whether KVM works.
//!
//! The devices and options of an architecture are the business of `arch`; running the program and
//! watching it, of `boot`.

use crate::arch::{Emulator, NATIVE};
use crate::boot::{self, BootLimits, Cancel, Ending, MachineProgram};
use crate::guest;
use std::ffi::OsString;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use crate::arch::Accelerator;

/// One guest.
#[derive(Clone, Debug)]
pub struct Vm<'a> {
    /// The program.
    pub qemu: &'a Path,
    /// The part of the machine that executes its instructions.
    pub accelerator: Accelerator,
    /// The kernel, in either form that [`crate::kernels::Kernel`] has.
    pub kernel: &'a Path,
    /// The initramfs.
    pub initramfs: &'a Path,
    /// In MiB.
    pub memory: u32,
    /// The arguments of the guest's `/init`.
    pub arguments: &'a [&'a str],
    /// The ends of a socket, the host's and the guest's, if the guest hears orders.
    pub talks: Option<&'a (OwnedFd, OwnedFd)>,
}

/// The memory of a guest in MiB.
pub const MEMORY: u32 = 512;

impl MachineProgram for Vm<'_> {
    fn name(&self) -> String {
        "QEMU".to_string()
    }

    fn program(&self) -> &Path {
        self.qemu
    }

    fn arguments(&self, records: RawFd) -> Vec<OsString> {
        // A panic or an oops ends the guest at once, and -no-reboot then ends QEMU.
        let mut append = "panic=-1 oops=panic random.trust_cpu=on".to_string();
        for argument in NATIVE.kernel_arguments(self.accelerator) {
            append.push(' ');
            append.push_str(&argument);
        }
        for (number, argument) in self.arguments.iter().enumerate() {
            append.push_str(if number == 0 { " -- " } else { " " });
            append.push_str(argument);
        }
        let mut arguments: Vec<OsString> = Vec::new();
        let mut add = |option: &str, value: OsString| arguments.extend([option.into(), value]);
        for (option, value) in NATIVE.machine(self.accelerator) {
            add(option, value.into());
        }
        add("-m", self.memory.to_string().into());
        add("-smp", "1".into());
        let channels = match self.talks {
            Some(_) => NATIVE.talking_channels(records),
            None => NATIVE.channels(&format!("/dev/fd/{records}")),
        };
        for (option, value) in channels {
            add(option, value.into());
        }
        add("-kernel", self.kernel.into());
        add("-initrd", self.initramfs.into());
        add("-append", append.into());
        arguments.extend(["-nodefaults", "-no-user-config", "-no-reboot", "-nographic"].map(OsString::from));
        arguments
    }

    fn talks(&self) -> Option<(BorrowedFd<'_>, BorrowedFd<'_>)> {
        self.talks.map(|(ours, theirs)| (ours.as_fd(), theirs.as_fd()))
    }

    fn ended_by_guest(&self, exit_status: i32) -> bool {
        NATIVE.ended_by_guest(exit_status)
    }
}

/// Finds QEMU.
///
/// # Errors
/// When it is not installed: how to install it.
pub fn find() -> Result<PathBuf, String> {
    let Emulator { program, package } = NATIVE.emulator();
    boot::in_path(&[program]).ok_or_else(|| {
        format!("{program} is not installed; on Debian: apt-get install --no-install-recommends {package}")
    })
}

/// Whether KVM works, shown by a guest that reaches user space; otherwise why not.
///
/// # Errors
/// Says what happened instead.
pub fn probe_kvm(vm: &Vm, cancel: &Cancel) -> Result<(), String> {
    /// A guest under KVM shows its kernel's first lines at once, or will never show any. Under QEMU's
    /// own emulation, which is left otherwise, everything is right as well, so not much is lost.
    const QUIET: Duration = Duration::from_secs(2);
    const PATIENCE: Duration = Duration::from_secs(5);
    if let Err(error) = File::options().read(true).write(true).open("/dev/kvm") {
        return Err(format!("/dev/kvm: {error}"));
    }
    let vm = Vm { accelerator: Accelerator::Kvm, arguments: &[guest::PROBE], ..vm.clone() };
    let limits = BootLimits { quiet: QUIET, ..BootLimits::all(PATIENCE) };
    let booted = boot::boot(&vm, &limits, cancel, &mut |_| {});
    match booted.ending {
        Ending::Done => Ok(()),
        ending => Err(format!("/dev/kvm is there, but in a first boot {}", ending.describe())),
    }
}
