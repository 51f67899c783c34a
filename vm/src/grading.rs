//! Grading in a guest: for machines that offer no sealed stage.
//!
//! Grading itself is the business of whoever knows the assignments.

use crate::boot::{self, Boot, BootLimits, Cancel, MemoryFile};
use crate::fleet;
use crate::initramfs::InitProgram;
use crate::kernels::Kernel;
use crate::message::{Message, SUBMISSION, Submission, WorkOrder};
use crate::qemu::{Accelerator, MEMORY, Vm};
use crate::tools;
use nsconform_grader::grading::Grading;
use std::path::{Path, PathBuf};

/// Boots a guest with the initramfs of a submission, grades that there, and hands over each state of
/// the grading. Returns how the guest ended.
pub fn grade(
    kernel: &Kernel,
    qemu: &Path,
    accelerator: Accelerator,
    initramfs: &MemoryFile,
    cancel: &Cancel,
    hear: &mut dyn FnMut(&Grading),
) -> Boot {
    fleet::with_an_image(kernel, |image| {
        let vm = Vm {
            qemu,
            accelerator,
            kernel: image,
            initramfs: &initramfs.path(),
            memory: MEMORY,
            arguments: &[],
            talks: None,
        };
        boot::boot(&vm, &BootLimits::default(), cancel, &mut |message| {
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
pub fn initramfs(kernel: &Kernel, submission: &Submission, content: &[u8]) -> Result<MemoryFile, String> {
    let mut files = tools::for_submission(content)?;
    files.insert(PathBuf::from(SUBMISSION), content.to_vec());
    let program =
        InitProgram::running().map_err(|error| format!("the running program cannot be read: {error}"))?;
    let order = WorkOrder { grade: Some(submission.clone()), ..WorkOrder::nothing() };
    let archive = fleet::initramfs(kernel, &program.with(files), &order)?;
    MemoryFile::new(&archive).map_err(|error| format!("the initramfs: {error}"))
}
