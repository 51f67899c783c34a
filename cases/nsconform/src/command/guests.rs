//! Guests that play scripts, by the names that a user gives to kernels. Booting and the dialogue live in
//! `nsconform_vm`.

use super::matrix::probed;
use super::{Failure, fetch_kernels};
use nsconform_vm::boot::{Cancel, MemoryFile};
use nsconform_vm::dialogue::Dialogue;
use nsconform_vm::fleet;
use nsconform_vm::initramfs::InitProgram;
use nsconform_vm::kernels::{self, Kernel, Kernels};
use nsconform_vm::message::WorkOrder;
use nsconform_vm::qemu::{self, Accelerator};
use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;

/// Whether a word means a kernel, and not the file of a trace.
pub fn is_kernel(word: &Path) -> bool {
    !word.exists() || Kernel::from_image(word, None).is_ok()
}

/// Boots the kernel that is meant: an image, or one of the list by its name. With `isolated` its guest
/// keeps scripts in a user namespace.
///
/// # Errors
/// When there is no such kernel, no QEMU, or the guest cannot play.
pub fn start(word: &Path, deadline_scale: f64, isolated: bool) -> Result<Dialogue, Failure> {
    let qemu = qemu::find().map_err(Failure::harness)?;
    let kernel = kernel(word)?;
    let program = InitProgram::running()
        .map_err(|error| Failure::harness(format!("the running program cannot be read: {error}")))?;
    let archive = fleet::initramfs(&kernel, &program, &WorkOrder::nothing()).map_err(Failure::harness)?;
    let archive =
        MemoryFile::new(&archive).map_err(|error| Failure::harness(format!("initramfs: {error}")))?;
    let cancel = Cancel::new().map_err(|error| Failure::harness(error.to_string()))?;
    // All guests of a command are executed in the same way: one of them shows which.
    static ACCELERATOR: OnceLock<Accelerator> = OnceLock::new();
    let accelerator = *ACCELERATOR.get_or_init(|| probed(&qemu, &kernel, &archive, &cancel));
    Dialogue::start(kernel, &program, qemu, accelerator, deadline_scale, isolated).map_err(Failure::harness)
}

fn kernel(word: &Path) -> Result<Kernel, Failure> {
    if word.exists() {
        return Kernel::from_image(word, None).map_err(Failure::usage);
    }
    let options = kernels::Options {
        mirror: None,
        offline: false,
        cache: kernels::default_directory().map_err(Failure::usage)?,
    };
    let entries = fetch_kernels::entries(None, &[word.display().to_string()])?;
    let found = Kernels::fetch(&entries, &options, &mut |line| {
        // A closed error output leaves nobody to tell.
        let _ = writeln!(anstream::stderr(), "nsconform: {line}");
    });
    let (entry, kernel) =
        found.into_iter().next().ok_or_else(|| Failure::harness("there is no kernel to boot"))?;
    kernel.map_err(|why| Failure::harness(format!("{}: {why}", entry.name)))
}
