//! Grading in a guest: for machines where no sealed stage can be had.
//!
//! What the guest does with the order is the business of whoever knows the assignments.

use crate::initramfs::Program;
use crate::kernels::Kernel;
use crate::matrix;
use crate::qemu::{self, Accelerator, Boot, Cancel, Ending, Limits, MEMORY, Memory, Vm};
use crate::record::{Message, Order, SUBMISSION, Submission};
use crate::tools;
use nsconform_harness::grade::grading::Grading;
use std::path::{Path, PathBuf};

/// Boots a guest that grades a submission, and hands over each state of the grading. Gives how the
/// guest ended.
///
/// # Errors
/// When the guest cannot be put together.
pub fn grade(
    kernel: &Kernel,
    qemu: &Path,
    accelerator: Accelerator,
    submission: &Submission,
    content: &[u8],
    cancel: &Cancel,
    hear: &mut dyn FnMut(&Grading),
) -> Result<Boot, String> {
    let (program, order) = parts(submission, content)?;
    let archive = matrix::initramfs(kernel, &program, &order)?;
    let memory = Memory::new(&archive).map_err(|error| format!("the initramfs: {error}"))?;
    let images = [kernel.vmlinux.as_deref(), Some(kernel.image.as_path())];
    let mut ended = None;
    for image in images.into_iter().flatten() {
        let vm = Vm {
            qemu,
            accelerator,
            kernel: image,
            initramfs: &memory.path(),
            memory: MEMORY,
            arguments: &[],
        };
        let boot = qemu::boot(&vm, &Limits::default(), cancel, &mut |message| {
            if let Message::Grading { grading } = message {
                hear(grading);
            }
        });
        // An uncompressed image that QEMU does not take is no reason to give up.
        let refused = matches!(boot.ending, Ending::NotStarted(_)) && image != kernel.image;
        ended = Some(boot);
        if !refused {
            break;
        }
    }
    ended.ok_or_else(|| format!("{} has no image", kernel.name))
}

/// The initramfs that such a guest has, for a probe of the accelerator.
///
/// # Errors
/// As [`grade`].
pub fn initramfs(kernel: &Kernel, submission: &Submission, content: &[u8]) -> Result<Vec<u8>, String> {
    let (program, order) = parts(submission, content)?;
    matrix::initramfs(kernel, &program, &order)
}

fn parts(submission: &Submission, content: &[u8]) -> Result<(Program, Order), String> {
    let mut files = tools::for_submission(content)?;
    files.insert(PathBuf::from(SUBMISSION), content.to_vec());
    let program =
        Program::running().map_err(|error| format!("the running program cannot be read: {error}"))?;
    let order = Order {
        cases: Vec::new(),
        privileges: Vec::new(),
        rounds: 0,
        deadline_scale: 1.0,
        grade: Some(submission.clone()),
    };
    Ok((program.with(files), order))
}
