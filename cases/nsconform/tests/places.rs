//! The program in the places where people start it: chroots, containers, under filters, with
//! inherited attributes and limits. Each place is a trial; the verdicts that are expected there
//! are the file of its name in `places/`, so that a lost or a false verdict is a difference.
//!
//! The static program is meant, since most places hold nothing else: `.ci/places` builds it, says
//! where it is in `NSCONFORM_STATIC`, and installs the container engines. Without that variable
//! every trial is ignored, with the command that runs it.
//!
//! The expected verdicts are those of a machine like the one that runs CI (see `.ci/places`): they
//! change with its kernel, and with every case that is added.

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

/// A place and how the program gets there.
struct Place {
    name: &'static str,
    /// The program that must be installed, if any.
    tool: &'static str,
    enter: Enter,
}

enum Enter {
    /// A shell script that runs in a mount namespace of its own; `$PROGRAM` is the static program,
    /// `$ROOT` an empty directory, and `$RUN` the words that run the cases.
    Script(&'static str),
    /// As [`Enter::Script`], as an ordinary user.
    UserScript(&'static str),
    /// Under a filter that answers these system calls with this errno.
    Refuse(&'static [i64], i32),
}
use Enter::{Refuse, Script, UserScript};

const fn place(name: &'static str, tool: &'static str, enter: Enter) -> Place {
    Place { name, tool, enter }
}

/// Makes `$ROOT` a root directory with the program, /proc, /sys, /dev and /tmp.
macro_rules! in_root {
    ($rest:literal) => {
        concat!(
            "cp $PROGRAM $ROOT/nsconform; mkdir $ROOT/proc $ROOT/sys $ROOT/dev $ROOT/tmp; ",
            "mount -t proc proc $ROOT/proc; mount --rbind /sys $ROOT/sys; mount --rbind /dev $ROOT/dev; ",
            $rest
        )
    };
}

/// The words of podman that every container has.
macro_rules! podman {
    ($options:literal) => {
        concat!(
            "cp $PROGRAM $ROOT/nsconform; mkdir $ROOT/tmp; ",
            "exec podman --cgroup-manager=cgroupfs run --rm --network=none --cgroups=disabled ",
            $options,
            " --rootfs $ROOT /nsconform run --format json"
        )
    };
}

const PLACES: &[Place] = &[
    place("root", "", Script("exec $PROGRAM $RUN")),
    place("ordinary-user", "setpriv", UserScript("exec $PROGRAM $RUN")),
    place(
        "user-namespace-of-one-id",
        "unshare",
        UserScript("exec unshare --user --map-root-user $PROGRAM $RUN"),
    ),
    // chroots
    place("chroot", "", Script(in_root!("exec chroot $ROOT /nsconform $RUN"))),
    place(
        "chroot-at-a-mount-point",
        "",
        Script(concat!("mount -t tmpfs tmpfs $ROOT; ", in_root!("exec chroot $ROOT /nsconform $RUN"))),
    ),
    place("empty-root", "", Script("cp $PROGRAM $ROOT/nsconform; exec chroot $ROOT /nsconform $RUN")),
    place(
        "empty-root-of-a-user",
        "",
        Script("cp $PROGRAM $ROOT/nsconform; exec chroot --userspec=65534:65534 $ROOT /nsconform $RUN"),
    ),
    // containers
    place(
        "bubblewrap",
        "bwrap",
        UserScript(
            "exec bwrap --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp --unshare-all --bind $ROOT $ROOT --ro-bind $PROGRAM $ROOT/n $ROOT/n $RUN",
        ),
    ),
    place("podman", "podman", Script(podman!(""))),
    place("podman-unmasked", "podman", Script(podman!("--security-opt unmask=ALL"))),
    place("podman-privileged", "podman", Script(podman!("--privileged"))),
    place("podman-without-capabilities", "podman", Script(podman!("--cap-drop=all"))),
    place("podman-without-filter", "podman", Script(podman!("--security-opt seccomp=unconfined"))),
    place(
        "systemd-nspawn",
        "systemd-nspawn",
        Script(
            "cp $PROGRAM $ROOT/nsconform; mkdir $ROOT/usr; exec systemd-nspawn --quiet --register=no --keep-unit --pipe -D $ROOT /nsconform $RUN",
        ),
    ),
    // inherited attributes
    place("umask-077", "", Script("umask 077; exec $PROGRAM $RUN")),
    place("umask-027-of-a-user", "", UserScript("umask 027; exec $PROGRAM $RUN")),
    place("no-new-privileges", "setpriv", Script("exec setpriv --no-new-privs $PROGRAM $RUN")),
    place(
        "inheritable-and-ambient-capabilities",
        "setpriv",
        Script("exec setpriv --inh-caps=+all --ambient-caps=+sys_admin $PROGRAM $RUN"),
    ),
    place(
        "securebits",
        "setpriv",
        Script("exec setpriv --securebits=+noroot,+no_setuid_fixup $PROGRAM $RUN"),
    ),
    place("personality", "setarch", Script("exec setarch -R -3 $PROGRAM $RUN")),
    place("nice", "nice", Script("exec nice -n 19 $PROGRAM $RUN")),
    place("idle-scheduling", "chrt", Script("exec chrt --idle 0 $PROGRAM $RUN")),
    place("nohup", "nohup", Script("exec nohup $PROGRAM $RUN")),
    place("no-environment", "env", Script("exec env -i $PROGRAM $RUN")),
    place("closed-standard-input", "", Script("exec $PROGRAM $RUN <&-")),
    place("few-descriptors", "prlimit", Script("exec prlimit --nofile=256:256 $PROGRAM $RUN")),
    place("no-pending-signals", "prlimit", Script("exec prlimit --sigpending=0:0 $PROGRAM $RUN")),
    place("no-message-queues", "prlimit", Script("exec prlimit --msgqueue=0:0 $PROGRAM $RUN")),
    place("small-files", "prlimit", Script("exec prlimit --fsize=4096:4096 $PROGRAM $RUN")),
    place("small-stack", "prlimit", Script("exec prlimit --stack=262144:262144 $PROGRAM $RUN")),
    place("no-core-dumps", "prlimit", Script("exec prlimit --core=0:0 $PROGRAM $RUN")),
    // /proc and /sys
    place(
        "hidepid",
        "",
        Script(
            "mount -t proc -o hidepid=invisible proc /proc; exec setpriv --reuid 65534 --regid 65534 --clear-groups $PROGRAM $RUN",
        ),
    ),
    place(
        "masked-proc",
        "",
        Script(
            "mount -t tmpfs tmpfs /proc/sys/kernel; exec setpriv --reuid 65534 --regid 65534 --clear-groups $PROGRAM $RUN",
        ),
    ),
    place("read-only-sys", "", Script("mount -o remount,bind,ro /sys; exec $PROGRAM $RUN")),
    place("no-proc", "", Script("umount -l /proc; exec $PROGRAM $RUN")),
    place("read-only-root", "", Script("mount -o remount,bind,ro /; exec $PROGRAM $RUN")),
    // refused calls, as by the filters of containers
    place("refused-clone3", "", Refuse(&[libc::SYS_clone3], libc::ENOSYS)),
    place("refused-setns", "", Refuse(&[libc::SYS_setns], libc::EPERM)),
    place("refused-pidfd-open", "", Refuse(&[libc::SYS_pidfd_open], libc::EPERM)),
    place("absent-pidfd-open", "", Refuse(&[libc::SYS_pidfd_open], libc::ENOSYS)),
    place("refused-unshare", "", Refuse(&[libc::SYS_unshare], libc::EPERM)),
    place("refused-mount", "", Refuse(&[libc::SYS_mount], libc::EPERM)),
    place("refused-pivot-root", "", Refuse(&[libc::SYS_pivot_root], libc::EPERM)),
    place("refused-sethostname", "", Refuse(&[libc::SYS_sethostname], libc::EPERM)),
    place("refused-setdomainname", "", Refuse(&[libc::SYS_setdomainname], libc::EPERM)),
    place("refused-close-range", "", Refuse(&[libc::SYS_close_range], libc::EPERM)),
    place("absent-close-range", "", Refuse(&[libc::SYS_close_range], libc::ENOSYS)),
    place("refused-capset", "", Refuse(&[libc::SYS_capset], libc::EPERM)),
    place("refused-prctl", "", Refuse(&[libc::SYS_prctl], libc::EPERM)),
    place("refused-chroot", "", Refuse(&[libc::SYS_chroot], libc::EPERM)),
    place("refused-reboot", "", Refuse(&[libc::SYS_reboot], libc::EPERM)),
    place("refused-setgroups", "", Refuse(&[libc::SYS_setgroups], libc::EPERM)),
    place(
        "refused-keyctl",
        "",
        Refuse(&[libc::SYS_keyctl, libc::SYS_add_key, libc::SYS_request_key], libc::EPERM),
    ),
    place(
        "absent-mount-api",
        "",
        Refuse(
            &[
                libc::SYS_open_tree,
                libc::SYS_move_mount,
                libc::SYS_fsopen,
                libc::SYS_fsmount,
                libc::SYS_mount_setattr,
            ],
            libc::ENOSYS,
        ),
    ),
    place("refused-kcmp", "", Refuse(&[libc::SYS_kcmp], libc::EPERM)),
    place("refused-mq-open", "", Refuse(&[libc::SYS_mq_open], libc::EPERM)),
    place("refused-shmget", "", Refuse(&[libc::SYS_shmget, libc::SYS_semget, libc::SYS_msgget], libc::EPERM)),
    place("refused-ptrace", "", Refuse(&[libc::SYS_ptrace], libc::EPERM)),
];

/// A run that has not ended by then hangs: the longest takes a minute on a machine that does much
/// else.
const LONGEST: Duration = Duration::from_secs(300);

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let program = std::env::var_os("NSCONFORM_STATIC").map(PathBuf::from);
    // SAFETY: no thread exists yet.
    unsafe {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        std::env::set_var("INSTA_WORKSPACE_ROOT", workspace);
        std::env::set_var("INSTA_OUTPUT", "none");
    }
    let trials = PLACES
        .iter()
        .map(|place| {
            let program = program.clone();
            Trial::ignorable_test(place.name, move || try_out(place, program.as_deref()))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn try_out(place: &Place, program: Option<&Path>) -> Result<Completion, Failed> {
    let Some(program) = program else {
        return Ok(Completion::ignored_with("`.ci/places` runs it: NSCONFORM_STATIC names no program"));
    };
    if !nix::unistd::geteuid().is_root() {
        return Ok(Completion::ignored_with("only root can prepare the places"));
    }
    if !place.tool.is_empty() && !is_installed(place.tool) {
        return Ok(Completion::ignored_with(format!("{} is not installed", place.tool)));
    }
    let observed = observe(place, program)?;
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/places"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let same = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        settings.bind(|| insta::assert_snapshot!(place.name, observed))
    }));
    match same {
        Ok(()) => Ok(Completion::Completed),
        Err(_) => Err(format!(
            "the verdicts are not those of tests/places/{}.snap; observed:\n{observed}approve a change with `cargo insta review`",
            place.name
        )
        .into()),
    }
}

fn is_installed(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(tool).is_file())
}

/// The verdicts in a place: how many of each, every skip by its reason, and by name whatever is
/// neither passed nor skipped.
fn observe(place: &Place, program: &Path) -> Result<String, Failed> {
    let scratch = tempfile::tempdir()?;
    std::fs::set_permissions(scratch.path(), std::fs::Permissions::from_mode(0o755))?;
    let root = scratch.path().join("root");
    std::fs::create_dir(&root)?;
    std::fs::set_permissions(&root, std::fs::Permissions::from_mode(0o755))?;
    let records = scratch.path().join("records");
    let errors = scratch.path().join("errors");
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private"]);
    match &place.enter {
        Script(script) => {
            command.args(["sh", "-ec", script]);
        }
        UserScript(script) => {
            command.args([
                "setpriv",
                "--reuid",
                "65534",
                "--regid",
                "65534",
                "--clear-groups",
                "sh",
                "-ec",
                script,
            ]);
        }
        Refuse(calls, errno) => {
            let filter = refusing(calls, *errno)?;
            command = Command::new(program);
            command.args(["run", "--format", "json"]);
            // SAFETY: between fork and exec the child makes two system calls and touches no heap.
            unsafe {
                command.pre_exec(move || seccompiler::apply_filter(&filter).map_err(std::io::Error::other));
            }
        }
    }
    let mut child = command
        .env("PROGRAM", program)
        .env("ROOT", &root)
        .env("RUN", "run --format json")
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(&records)?)
        .stderr(std::fs::File::create(&errors)?)
        .process_group(0)
        .spawn()?;
    let group = nix::unistd::Pid::from_raw(child.id() as i32);
    let (ended, end) = std::sync::mpsc::channel();
    let waiter = std::thread::spawn(move || ended.send(child.wait()));
    let Ok(status) = end.recv_timeout(LONGEST) else {
        nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL)?;
        let _ = waiter.join();
        return Err(format!("the run did not end within {} s", LONGEST.as_secs()).into());
    };
    let status = status?;
    let said = std::fs::read_to_string(&errors)?;
    summary(&std::fs::read_to_string(&records)?, status.code(), &said)
}

/// A filter that refuses these calls and lets everything else pass.
fn refusing(calls: &[i64], errno: i32) -> Result<BpfProgram, Failed> {
    let rules = calls.iter().map(|call| (*call, Vec::new())).collect();
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(errno as u32),
        std::env::consts::ARCH.try_into()?,
    )?;
    Ok(filter.try_into()?)
}

fn summary(records: &str, status: Option<i32>, said: &str) -> Result<String, Failed> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut skips: BTreeMap<String, usize> = BTreeMap::new();
    let mut named: BTreeSet<String> = BTreeSet::new();
    for line in records.lines() {
        let line: Value = serde_json::from_str(line)?;
        if line["type"] != "case" {
            continue;
        }
        let verdict = line["verdict"].as_str().unwrap_or("?").to_string();
        match verdict.as_str() {
            "pass" => {}
            "skip" => *skips.entry(reason(&line["reason"])).or_default() += 1,
            _ => {
                named.insert(format!("{verdict} {}", line["id"].as_str().unwrap_or("?")));
            }
        }
        *counts.entry(verdict).or_default() += 1;
    }
    let mut text = match status {
        Some(status) => format!("exit status {status}\n"),
        None => "killed by a signal\n".to_string(),
    };
    for line in said.lines().filter(|line| line.starts_with("nsconform:")) {
        text += &format!("{line}\n");
    }
    for (verdict, count) in counts {
        text += &format!("{count} {verdict}\n");
    }
    for (reason, count) in skips {
        text += &format!("  {count} skipped: {reason}\n");
    }
    for line in named {
        text += &format!("  {line}\n");
    }
    Ok(text)
}

/// A reason of a skip in one line.
fn reason(reason: &Value) -> String {
    match reason["kind"].as_str() {
        Some("need") => format!("{}: {}", text(&reason["need"]), text(&reason["found"])),
        Some("seal") => format!("sealed namespaces: {}", text(&reason["what"])),
        Some(kind) => kind.to_string(),
        None => reason.to_string(),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}
