//! The watcher's place: a root directory with the system's programs, the submission and nothing
//! else of the machine's, as the stages of all checks start from.
//!
//! The namespaces of one check live in `stage`; who runs all this, in `grader`.

use super::observed::PROC;
use nix::mount::{MntFlags, MsFlags};
use nsconform_sys::sandbox::{self, mount, step};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// The directory that holds the submission.
const SUBMISSION: &str = "/submission";

/// What of the machine's file system a submission can see, read-only: its programs and libraries,
/// by the names of the common distributions.
const SYSTEM: [&str; 11] =
    ["bin", "sbin", "usr", "lib", "lib32", "lib64", "libx32", "etc", "opt", "nix", "gnu"];

const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// A submission, read once: what is graded cannot be changed meanwhile.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its file name.
    pub name: String,
    /// What the file holds.
    pub content: Vec<u8>,
}

/// The largest program that is taken, in bytes.
pub const LARGEST_PROGRAM: u64 = 64 << 20;

impl Program {
    /// Reads a submission.
    ///
    /// # Errors
    /// Says what is wrong with the path, and what to do.
    pub fn read(path: &Path) -> Result<Program, String> {
        let shown = path.display();
        let about = fs::metadata(path).map_err(|error| format!("{shown}: {error}"))?;
        if about.is_dir() {
            return Err(format!("{shown} is a directory: name the program in it"));
        }
        if !about.is_file() {
            return Err(format!("{shown} is not a regular file"));
        }
        if about.permissions().mode() & 0o111 == 0 {
            return Err(format!("{shown} is not executable: build it, or run chmod +x {shown}"));
        }
        if about.len() > LARGEST_PROGRAM {
            return Err(format!("{shown} has {} bytes; at most {LARGEST_PROGRAM} are taken", about.len()));
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.ok_or_else(|| format!("{shown} names no file"))?;
        let content = fs::read(path).map_err(|error| format!("{shown}: {error}"))?;
        Ok(Program { name, content })
    }

    /// Where the stage has it.
    pub fn path(&self) -> String {
        format!("{SUBMISSION}/{}", self.name)
    }
}

/// Builds the place in the calling process, PID 1 of namespaces of its own, and enters it.
///
/// # Errors
/// Says which call failed.
pub(super) fn enter(program: &Program) -> Result<(), String> {
    step("making / private", mount(None, "/", None, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None))?;
    let covered = sandbox::covered()?;
    let at = |path: &str| format!("{covered}{path}");
    let size = program.content.len() + (1 << 20);
    let options = format!("mode=755,size={size}");
    step("mounting a tmpfs", mount(Some("stage"), covered, Some("tmpfs"), MsFlags::empty(), Some(&options)))?;
    for directory in ["/dev", "/dev/pts", "/proc", "/tmp", "/grader", PROC, SUBMISSION] {
        made(&at(directory), fs::create_dir(at(directory)))?;
    }
    let strict = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    step("mounting procfs", mount(Some("proc"), &at(PROC), Some("proc"), strict, None))?;
    for name in SYSTEM {
        show_system(Path::new("/").join(name).as_path(), &at(&format!("/{name}")))?;
    }
    for name in DEVICES {
        let target = at(&format!("/dev/{name}"));
        made(&target, fs::write(&target, ""))?;
        let source = format!("/dev/{name}");
        step(&format!("binding {source}"), mount(Some(&source), &target, None, MsFlags::MS_BIND, None))?;
    }
    let terminals = Some("newinstance,ptmxmode=0666,mode=0620");
    let strict = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    step("mounting devpts", mount(Some("devpts"), &at("/dev/pts"), Some("devpts"), strict, terminals))?;
    for (link, target) in [("ptmx", "pts/ptmx"), ("fd", "/proc/self/fd")] {
        let link = at(&format!("/dev/{link}"));
        made(&link, symlink(target, &link))?;
    }
    let copy = at(&program.path());
    made(&copy, fs::write(&copy, &program.content))?;
    made(&copy, fs::set_permissions(&copy, fs::Permissions::from_mode(0o555)))?;
    sandbox::pivot_into(covered)?;
    let read_only = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
    step("making the root read-only", mount(None, "/", None, read_only, None))
}

fn made<T>(path: &str, result: std::io::Result<T>) -> Result<T, String> {
    result.map_err(|error| format!("creating {path}: {error}"))
}

/// Shows a directory of the machine's read-only, or a symbolic link as what it is.
fn show_system(source: &Path, target: &str) -> Result<(), String> {
    let Ok(about) = fs::symlink_metadata(source) else { return Ok(()) };
    if let Ok(link) = fs::read_link(source) {
        return made(target, symlink(link, target));
    }
    if !about.is_dir() {
        return Ok(());
    }
    made(target, fs::create_dir(target))?;
    let bind = MsFlags::MS_BIND | MsFlags::MS_REC;
    let shown = source.to_string_lossy();
    step(&format!("binding {shown}"), mount(Some(&shown), target, None, bind, None))?;
    make_read_only(target)
}

/// `struct mount_attr` of linux/mount.h.
#[repr(C)]
struct MountAttributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

/// Makes a mount and all below it read-only: mount_setattr(2), or for the topmost alone what
/// kernels before 5.12 have. Below it the permissions of files still keep a submission from
/// writing, as it has no id that owns any.
fn make_read_only(target: &str) -> Result<(), String> {
    /// `MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV`.
    const RESTRICTED: u64 = 1 | 2 | 4;
    let attributes = MountAttributes { set: RESTRICTED, clear: 0, propagation: 0, user_namespace: 0 };
    let path = std::ffi::CString::new(target).map_err(|error| error.to_string())?;
    // SAFETY: the path and the structure outlive the call, and its size is passed along.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            path.as_ptr(),
            libc::AT_RECURSIVE,
            &raw const attributes,
            size_of::<MountAttributes>(),
        )
    };
    if answer == 0 {
        return Ok(());
    }
    // Flags that a less privileged mount namespace has locked must be named again.
    let statistics =
        nix::sys::statvfs::statvfs(target).map_err(|errno| format!("statvfs {target}: {errno}"))?;
    let kept = MsFlags::from_bits_truncate(statistics.flags().bits());
    let flags = kept | MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
    step(&format!("making {target} read-only"), mount(None, target, None, flags, None))
}

/// Gives the calling process, which is in the PID namespace of a stage, its own copy of the place:
/// with that namespace's procfs, a scratch directory owned by this uid, and no way to the
/// watcher's procfs.
///
/// # Errors
/// Says which call failed.
pub(super) fn copy_for_stage(uid: u32) -> Result<(), String> {
    step("unshare(CLONE_NEWNS)", nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNS))?;
    let strict = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    step("mounting procfs", mount(Some("proc"), "/proc", Some("proc"), strict, None))?;
    step("detaching the watcher's procfs", nix::mount::umount2(PROC, MntFlags::MNT_DETACH))?;
    let options = format!("size=16m,nr_inodes=4096,mode=755,uid={uid},gid={uid}");
    let strict = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    step("mounting the scratch tmpfs", mount(Some("scratch"), "/tmp", Some("tmpfs"), strict, Some(&options)))
}
