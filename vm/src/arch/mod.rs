//! Everything about a guest that differs from one processor architecture to the next.
//!
//! The trait [`Architecture`] lists it, and each implementation has a file of its own here. Nothing
//! outside of this room names a port, a serial line, an image form or a Debian architecture.
//!
//! A guest executes the program that runs on the host, so its architecture is the one that this
//! program was built for: [`NATIVE`].

mod x86_64;

use std::fmt;
use std::os::fd::RawFd;

/// The architecture of this program, and so of every guest that it boots.
#[cfg(target_arch = "x86_64")]
pub const NATIVE: &dyn Architecture = &x86_64::X86_64;

#[cfg(not(target_arch = "x86_64"))]
compile_error!("guests of this architecture are not described: add a file to vm/src/arch");

/// The part of the machine that executes the guest's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accelerator {
    /// The processor itself, through Linux's KVM.
    Kvm,
    /// QEMU's translator.
    Tcg,
}

/// QEMU of an architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emulator {
    /// The file name of the program.
    pub program: &'static str,
    /// The Debian package that holds it.
    pub package: &'static str,
}

/// An option of QEMU with its value.
pub type QemuOption = (&'static str, String);

/// A kernel image in memory, read as far as its header says.
pub struct KernelImage<'a> {
    /// The answer of `uname -r` in a guest of this kernel.
    pub release: String,
    /// The kernel proper: compressed, or as the architecture's image form has it.
    pub payload: &'a [u8],
}

/// An architecture of guests: the machine that QEMU plays, its devices, its kernels.
///
/// Methods without a remark describe; the host calls them. The guest itself calls
/// [`Architecture::records`] and [`Architecture::end_machine`].
pub trait Architecture: Sync {
    /// Its name in `uname -m` and in the names of library directories.
    fn name(&self) -> &'static str;

    /// Its name in Debian's packages.
    fn debian(&self) -> &'static str;

    /// Its QEMU.
    fn emulator(&self) -> Emulator;

    /// The machine, its processor and its exit device, as options of QEMU.
    fn machine(&self, accelerator: Accelerator) -> Vec<QemuOption>;

    /// Arguments of the kernel that this machine needs: the console's device first of all.
    fn kernel_arguments(&self, accelerator: Accelerator) -> Vec<String>;

    /// Options of QEMU that connect the guest's console with QEMU's own input and output, and the
    /// device [`Architecture::records`] with a file.
    fn channels(&self, records: &str) -> Vec<QemuOption>;

    /// As [`Architecture::channels`], with an inherited connected socket in the place of the file: the
    /// guest hears what the host writes to it.
    fn talking_channels(&self, socket: RawFd) -> Vec<QemuOption>;

    /// Arguments of User-mode Linux that connect its console with standard output, and the device
    /// [`Architecture::records`] with an inherited descriptor.
    fn user_mode_channels(&self, records: RawFd) -> Vec<String>;

    /// The device through which a guest sends its messages.
    fn records(&self) -> &'static str;

    /// Ends the machine from inside, as PID 1 of a guest. Returns where that is not possible: the
    /// caller then asks the kernel.
    fn end_machine(&self);

    /// Whether QEMU's exit status says that the guest ended the machine itself. A panic, which the
    /// guest was told to follow by a reboot, may look the same: only the guest's last message tells
    /// them apart.
    fn ended_by_guest(&self, exit_status: i32) -> bool;

    /// Reads the header of a kernel image in the form in which packages and builds have it.
    ///
    /// # Errors
    /// When it is another file, or a truncated image: a phrase that follows the name of the file.
    fn read_image<'a>(&self, bytes: &'a [u8]) -> Result<KernelImage<'a>, String>;

    /// The kernel in a form that QEMU starts without the guest having to decompress it; none where
    /// this kernel has no such form.
    ///
    /// # Errors
    /// When the payload is damaged or compressed in an unknown way.
    fn direct_image(&self, image: &KernelImage) -> Result<Option<Vec<u8>>, String>;
}

impl fmt::Debug for dyn Architecture {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        to.write_str(self.name())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    pub(crate) use super::x86_64::tests::{bzimage, elf_with_note};
    use super::*;

    #[test]
    fn the_native_architecture_is_the_one_of_this_program() {
        assert_eq!(NATIVE.name(), std::env::consts::ARCH);
    }

    #[test]
    fn the_record_channel_is_connected_to_the_named_file() {
        let channels = NATIVE.channels("/dev/fd/123");
        assert!(channels.iter().any(|(_, value)| value.contains("/dev/fd/123")), "{channels:?}");
        let talking = NATIVE.talking_channels(123);
        assert!(talking.iter().any(|(_, value)| value.contains("fd=123")), "{talking:?}");
    }
}
