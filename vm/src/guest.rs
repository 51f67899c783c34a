//! The guest's side of a boot: the program as PID 1, before and after it runs cases.
//!
//! Running cases is the business of whoever knows them.

use crate::arch::NATIVE;
use crate::message::{Message, Privilege, WorkOrder};
use nix::mount::{MsFlags, mount};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::Instant;

/// Where the program lies in the guest.
pub const INIT: &str = "/init";
/// Where the host's order lies in the guest.
pub const ORDER: &str = "/nsconform.json";
/// The argument of a guest that says hello and nothing else.
pub const PROBE: &str = "probe";
/// The uid and gid of [`Privilege::User`].
pub const USER_ID: u32 = 65534;

/// Whether this process is PID 1 of a guest that [`crate::initramfs::build`] made.
pub fn is_guest() -> bool {
    // In sealed namespaces there are many with PID 1, but none with an order.
    std::process::id() == 1 && std::env::args().next().as_deref() == Some(INIT) && Path::new(ORDER).exists()
}

/// A guest that was set up.
pub struct Guest {
    /// The host's order; none if the host only asks whether the guest reaches user space.
    pub order: Option<WorkOrder>,
    /// Where messages go.
    pub port: File,
    /// How much slower than a usual machine this one is; at least 1.
    pub time_scale: f64,
}

/// Mounts the usual file systems, loads modules, says hello.
///
/// # Errors
/// Names the step that failed. A step that only some cases need is noted instead.
pub fn set_up() -> Result<Guest, String> {
    enter_root().map_err(|why| format!("changing the root: {why}"))?;
    let mut notes = mount_all();
    let mut port = open_port().map_err(|error| format!("{}: {error}", NATIVE.records()))?;
    let probe = std::env::args().nth(1).as_deref() == Some(PROBE);
    let order = if probe { None } else { Some(read_order()?) };
    if order.is_some() {
        load_modules(&mut notes);
        if let Err(errno) = set_loopback_up() {
            notes.push(format!("the loopback device cannot be set up: {errno}"));
        }
    }
    let (time_scale, fork_us) = calibrate().map_err(|errno| format!("fork: {errno}"))?;
    let release = nix::sys::utsname::uname()
        .map(|names| names.release().to_string_lossy().into_owned())
        .unwrap_or_default();
    let mut say =
        |message: Message| message.write(&mut port).map_err(|error| format!("{}: {error}", NATIVE.records()));
    say(Message::Hello { release, time_scale, fork_us })?;
    for text in notes {
        say(Message::Note { text })?;
    }
    Ok(Guest { order, port, time_scale })
}

fn read_order() -> Result<WorkOrder, String> {
    let text = std::fs::read(ORDER).map_err(|error| format!("{ORDER}: {error}"))?;
    serde_json::from_slice(&text).map_err(|error| format!("{ORDER}: {error}"))
}

/// Makes the file system of the initramfs the root in a mount of its own: pivot_root(2) refuses
/// the mount that the kernel starts with, and every machine has left that one behind.
fn enter_root() -> nix::Result<()> {
    let none = None::<&str>;
    mount(Some("/"), "/new", none, MsFlags::MS_BIND, none)?;
    nix::unistd::chdir("/new")?;
    mount(Some("."), "/", none, MsFlags::MS_MOVE, none)?;
    nix::unistd::chroot(".")?;
    nix::unistd::chdir("/")
}

/// Mounts the usual file systems; returns a note for each that could not be mounted.
fn mount_all() -> Vec<String> {
    let strict = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let plain = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    let all = [
        ("proc", "/proc", "proc", strict, None),
        ("sysfs", "/sys", "sysfs", strict, None),
        ("devtmpfs", "/dev", "devtmpfs", MsFlags::MS_NOSUID, Some("mode=755")),
        ("devpts", "/dev/pts", "devpts", MsFlags::MS_NOSUID, Some("mode=620,ptmxmode=666")),
        ("tmpfs", "/dev/shm", "tmpfs", plain, Some("mode=1777")),
        ("mqueue", "/dev/mqueue", "mqueue", strict, None),
        ("tmpfs", "/tmp", "tmpfs", plain, Some("mode=1777")),
        ("tmpfs", "/run", "tmpfs", plain, Some("mode=755")),
        ("cgroup2", "/sys/fs/cgroup", "cgroup2", strict, None),
    ];
    let mut notes = Vec::new();
    for (source, target, kind, flags, data) in all {
        // Those below /dev are not there yet; in sysfs no directory can be made.
        let _ = std::fs::create_dir(target);
        if let Err(errno) = mount(Some(source), target, Some(kind), flags, data) {
            notes.push(format!("{kind} cannot be mounted on {target}: {errno}"));
        }
    }
    notes
}

/// Opens the port as a plain channel of bytes: no echo, no line feeds turned into two bytes.
fn open_port() -> io::Result<File> {
    let port = File::options().read(true).write(true).open(NATIVE.records())?;
    // SAFETY: all-zero is a valid termios, which the calls fill and read; the descriptor is open.
    unsafe {
        let mut settings: libc::termios = std::mem::zeroed();
        if libc::tcgetattr(port.as_raw_fd(), &mut settings) == -1 {
            return Err(io::Error::last_os_error());
        }
        libc::cfmakeraw(&mut settings);
        // As cfsetspeed(3) does on Linux. The function itself is bound to a version of the C
        // library, which a static program does not have.
        settings.c_cflag = (settings.c_cflag & !libc::CBAUD) | libc::B115200;
        if libc::tcsetattr(port.as_raw_fd(), libc::TCSANOW, &settings) == -1 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(port)
}

/// Loads the modules of the initramfs in the order of their names.
fn load_modules(notes: &mut Vec<String>) {
    let mut paths: Vec<_> =
        std::fs::read_dir("/modules").into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let loaded = File::open(&path).and_then(|file| {
            // SAFETY: the descriptor is open and the parameters are a C string.
            match unsafe { libc::syscall(libc::SYS_finit_module, file.as_raw_fd(), c"".as_ptr(), 0) } {
                -1 => Err(io::Error::last_os_error()),
                _ => Ok(()),
            }
        });
        match loaded {
            Err(error) if error.raw_os_error() != Some(libc::EEXIST) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                notes.push(format!("the module {name} cannot be loaded: {error}"));
            }
            _ => {}
        }
    }
}

/// Has the root of the cgroups pass its controllers on, as service managers do: the limits of a
/// submission are kept by them. Cases are run without, as they find the machine.
///
/// # Errors
/// Those of the file: a controller may be missing.
pub fn pass_controllers_on() -> io::Result<()> {
    let write = |text: &str| std::fs::write("/sys/fs/cgroup/cgroup.subtree_control", text);
    ["+memory", "+pids", "+cpu"].into_iter().try_for_each(write)
}

fn set_loopback_up() -> nix::Result<()> {
    // SAFETY: all-zero is a valid ifreq; its name is shorter than its field.
    unsafe {
        let socket =
            nix::errno::Errno::result(libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0))?;
        let mut request: libc::ifreq = std::mem::zeroed();
        request.ifr_name[0] = b'l' as libc::c_char;
        request.ifr_name[1] = b'o' as libc::c_char;
        request.ifr_ifru.ifru_flags = libc::IFF_UP as libc::c_short;
        let done = nix::errno::Errno::result(libc::ioctl(socket, libc::SIOCSIFFLAGS, &request));
        libc::close(socket);
        done.map(drop)
    }
}

/// The duration of a fork with its end on a usual machine, in microseconds.
const USUAL_FORK_US: f64 = 110.0;

/// Measures a fork with its end, which is most of the duration of a case. Returns how much slower
/// than usual that is, at least 1, and the microseconds.
fn calibrate() -> nix::Result<(f64, f64)> {
    const FORKS: usize = 15;
    let mut times = [0.0; FORKS];
    for time in &mut times {
        let started = Instant::now();
        // SAFETY: there is one thread; the child ends at once.
        match unsafe { nix::unistd::fork() }? {
            // SAFETY: ends the child without running what the parent will run at its exit.
            nix::unistd::ForkResult::Child => unsafe { libc::_exit(0) },
            nix::unistd::ForkResult::Parent { child } => nix::sys::wait::waitpid(child, None)?,
        };
        *time = started.elapsed().as_secs_f64() * 1e6;
    }
    times.sort_by(f64::total_cmp);
    let median = times[FORKS / 2];
    Ok(((median / USUAL_FORK_US).max(1.0), median))
}

/// Gives the calling process the ids of a privilege. It must be a child that ends after its work.
///
/// # Errors
/// Those of the calls.
pub fn become_privilege(privilege: Privilege) -> nix::Result<()> {
    if privilege == Privilege::Root {
        return Ok(());
    }
    let (uid, gid) = (nix::unistd::Uid::from_raw(USER_ID), nix::unistd::Gid::from_raw(USER_ID));
    nix::unistd::setgroups(&[])?;
    nix::unistd::setresgid(gid, gid, gid)?;
    nix::unistd::setresuid(uid, uid, uid)?;
    // A process that changed its ids is not dumpable: its /proc files would belong to root.
    nix::sys::prctl::set_dumpable(true)
}

/// Ends the guest, once all that was written has left it.
pub fn power_off(port: &File) -> ! {
    // SAFETY: waits until the port has sent everything; the descriptor is open.
    unsafe { libc::tcdrain(port.as_raw_fd()) };
    NATIVE.end_machine();
    // SAFETY: asks the kernel to end the machine; nothing is left that could be harmed.
    unsafe {
        libc::reboot(libc::RB_POWER_OFF);
        libc::reboot(libc::RB_AUTOBOOT);
    }
    std::process::exit(1);
}

/// Writes to the console, which may be the last sign of this guest.
pub fn complain(what: &str) {
    // Nobody is left to be told that this failed.
    let _ = writeln!(io::stderr(), "nsconform: {what}");
}
