//! The watcher's place: a root directory with the system's programs, the submission and nothing
//! else of the machine's, as the stages of all checks start from.
//!
//! The namespaces of one check live in `stage`; who runs all this, in `grader`.

use super::given::open_tree;
use super::observed::PROC;
use nix::mount::{MntFlags, MsFlags};
use nsconform_sys::sandbox::{self, mount, step};
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// The directory that holds the submission.
const SUBMISSION: &str = "/submission";

/// The directory of files for a submission: read-only on the stage, see `given`.
pub(super) const GIVEN: &str = "/given";

/// The watcher's own directory, which nobody on a stage can look into.
const GRADER: &str = "/grader";

/// The directories of the machine that a submission can see, read-only: programs and libraries, by
/// the names of the common distributions.
const SYSTEM: [&str; 11] =
    ["bin", "sbin", "usr", "lib", "lib32", "lib64", "libx32", "etc", "opt", "nix", "gnu"];

const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// A submission, read once: what is graded cannot be changed meanwhile.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its file name.
    pub name: String,
    /// Its bytes.
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
    let size = program.content.len() + (1 << 20);
    let covered = sandbox::cover_with_new_root("stage", &format!("mode=755,size={size}"))?;
    let at = |path: &str| format!("{covered}{path}");
    for directory in ["/dev", "/dev/pts", "/proc", "/tmp", GIVEN, GRADER, PROC, SUBMISSION] {
        made(&at(directory), fs::create_dir(at(directory)))?;
    }
    made(&at(GRADER), fs::set_permissions(at(GRADER), fs::Permissions::from_mode(0o700)))?;
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
        // A device can be written to all the same; its mode and owner cannot be changed.
        restrict(&target, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)?;
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
    step("making the root read-only", mount(None, "/", None, read_only, None))?;
    protect_settings(PROC)
}

/// The directories and files of a procfs by which the kernel is told to do something.
const SETTINGS: [&str; 2] = ["sys", "sysrq-trigger"];

/// Makes the settings of the kernel in this procfs read-only.
fn protect_settings(procfs: &str) -> Result<(), String> {
    for name in SETTINGS {
        let path = format!("{procfs}/{name}");
        // A kernel may be built without it.
        if !Path::new(&path).exists() {
            continue;
        }
        step(&format!("binding {path}"), mount(Some(&path), &path, None, MsFlags::MS_BIND, None))?;
        restrict(&path, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)?;
    }
    Ok(())
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
    restrict(target, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
}

// linux/mount.h.
const MOUNT_ATTR_RDONLY: u64 = 1;
const MOUNT_ATTR_NOSUID: u64 = 2;
const MOUNT_ATTR_NODEV: u64 = 4;
const MOUNT_ATTR_NOEXEC: u64 = 8;

/// `struct mount_attr` of linux/mount.h.
#[repr(C)]
struct MountAttributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

/// Restricts a mount and all below it: mount_setattr(2), or for the topmost alone by mount(2), as
/// kernels before 5.12 have it. Below it the permissions of files still keep a submission from
/// writing, as it has no id that owns any.
fn restrict(target: &str, set: u64) -> Result<(), String> {
    let attributes = MountAttributes { set, clear: 0, propagation: 0, user_namespace: 0 };
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
    // The numbers of the three that are asked for are those of mount(2).
    let flags =
        kept | MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::from_bits_truncate(set as libc::c_ulong);
    step(&format!("restricting {target}"), mount(None, target, None, flags, None))
}

/// Gives the calling process, which is in the PID namespace of a stage, its own copy of the place:
/// with that namespace's procfs, a scratch directory of so many MiB owned by this uid, and no way to the
/// watcher's procfs. Gives the directory of files for the submission, which can be written to by
/// this descriptor alone.
///
/// # Errors
/// Says which call failed.
pub(super) fn copy_for_stage(uid: u32, scratch: u32) -> Result<OwnedFd, String> {
    step("unshare(CLONE_NEWNS)", nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNS))?;
    let strict = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let procfs = |path: &str| step("mounting procfs", mount(Some("proc"), path, Some("proc"), strict, None));
    procfs("/proc")?;
    step("detaching the watcher's procfs", nix::mount::umount2(PROC, MntFlags::MNT_DETACH))?;
    // In a user namespace procfs can be mounted only where one is visible as a whole: this one, which
    // nobody can reach, as the settings of the other are covered.
    procfs(PROC)?;
    protect_settings("/proc")?;
    let strict = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    let options = "size=1m,nr_inodes=4096,mode=755";
    step("mounting a tmpfs", mount(Some("given"), GIVEN, Some("tmpfs"), strict, Some(options)))?;
    let given = open_tree(Path::new(GIVEN), false)?;
    restrict(GIVEN, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)?;
    let options = format!("size={scratch}m,nr_inodes=4096,mode=755,uid={uid},gid={uid}");
    step(
        "mounting the scratch tmpfs",
        mount(Some("scratch"), "/tmp", Some("tmpfs"), strict, Some(&options)),
    )?;
    Ok(given)
}
