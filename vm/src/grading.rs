//! Grading in a guest: for machines where no sealed stage can be had.
//!
//! What the guest does with the order is the business of whoever knows the assignments.

use crate::initramfs::Program;
use crate::kernels::Kernel;
use crate::matrix;
use crate::qemu::{self, Accelerator, Boot, Cancel, Limits, MEMORY, Memory, Vm};
use crate::record::{Message, Order, SUBMISSION, Submission};
use crate::tools;
use nsconform_grader::grading::Grading;
use std::path::{Path, PathBuf};

/// Boots a guest with the initramfs of a submission, in which that is graded, and hands over each
/// state of the grading. Gives how the guest ended.
pub fn grade(
    kernel: &Kernel,
    qemu: &Path,
    accelerator: Accelerator,
    initramfs: &Memory,
    cancel: &Cancel,
    hear: &mut dyn FnMut(&Grading),
) -> Boot {
    matrix::with_an_image(kernel, |image| {
        let vm = Vm {
            qemu,
            accelerator,
            kernel: image,
            initramfs: &initramfs.path(),
            memory: MEMORY,
            arguments: &[],
        };
        qemu::boot(&vm, &Limits::default(), cancel, &mut |message| {
            if let Message::Grading { grading } = message {
                hear(grading);
            }
        })
    })
}

/// The initramfs of a guest that grades a submission.
///
/// # Errors
/// When a file that the submission needs, or the running program, cannot be read, or modules cannot.
pub fn initramfs(kernel: &Kernel, submission: &Submission, content: &[u8]) -> Result<Memory, String> {
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
    let archive = matrix::initramfs(kernel, &program.with(files), &order)?;
    Memory::new(&archive).map_err(|error| format!("the initramfs: {error}"))
}
