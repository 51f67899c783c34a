//! Looks at a stage: its processes, namespaces, mounts, names and ids, as the kernel shows them to the
//! watcher.
//!
//! A look at one process is in `observed`. No evidence is taken from a program that runs in a mount
//! namespace in which a submission has been: it may be the submission's own.

use super::abort::{CheckAbort, CheckResult};
use super::inside;
use super::observed::{self, Namespace, ObservedProcess, PROC};
use super::spaces::{ask_inside, join};
use super::stage::Stage;
use super::watcher::ids_of;
use nix::fcntl::OFlag;
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::{Gid, Pid, Uid};
use nsconform_sys::kind::Kind;
use nsconform_sys::mountinfo::{self, MountInfo};
use nsconform_sys::sandbox;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Write;
use std::os::fd::OwnedFd;
use std::path::Path;

impl Stage<'_> {
    /// Waits until a process of the stage runs exactly these words, and gives it. Where the first one is a
    /// program of the system's, it must be that one: a process can take any words and any name.
    ///
    /// # Errors
    /// When none does before a limit is reached, or before all processes of the stage have ended.
    pub fn process_running<S: AsRef<str>>(&self, words: &[S]) -> Result<ObservedProcess<'_>, CheckAbort> {
        let program = words.first().and_then(|word| observed::system_program(word.as_ref()));
        let matches = |pid: &i32| {
            let found = observed::command_line(*pid);
            found.is_some_and(|found| found.iter().map(String::as_str).eq(words.iter().map(AsRef::as_ref)))
                && (program.is_none() || observed::image(*pid) == program)
        };
        let shown: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        let what = format!("a process that runs {}", shown.join(" "));
        let pid = self.wait(&what, || match self.processes().into_iter().find(matches) {
            None => self.is_empty().then_some(None),
            found => Some(found),
        })?;
        let ended = || CheckAbort::mismatch(what, "all processes have ended");
        pid.map(|pid| ObservedProcess { stage: self, pid }).ok_or_else(ended)
    }

    /// The processes of the stage, as the watcher numbers them.
    pub(super) fn processes(&self) -> Vec<i32> {
        let mut pids = observed::processes();
        pids.retain(|pid| self.holds(*pid));
        pids
    }

    /// Whether there is no process on the stage. One that was created while a list was read may not be in
    /// that, if its PID was passed by then.
    fn is_empty(&self) -> bool {
        self.processes().is_empty() && self.processes().is_empty()
    }

    /// Whether this is a process of the stage, rather than the watcher or the stage's PID 1.
    pub(super) fn holds(&self, pid: i32) -> bool {
        pid != 1 && pid != self.init.as_raw()
    }

    /// All processes of the stage but its PID 1.
    pub fn all(&self) -> Vec<ObservedProcess<'_>> {
        self.processes().into_iter().map(|pid| ObservedProcess { stage: self, pid }).collect()
    }

    /// The process that is PID `pid` in the PID namespace of the stage.
    pub fn process(&self, pid: i32) -> Option<ObservedProcess<'_>> {
        self.all().into_iter().find(|seen| seen.pid().is_ok_and(|there| there == pid))
    }

    /// PID 1 of the stage: it adopts orphans and reaps them.
    pub fn init(&self) -> ObservedProcess<'_> {
        ObservedProcess { stage: self, pid: self.init.as_raw() }
    }

    /// The namespace of this kind that the stage is in: where a submission starts.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn namespace(&self, kind: Kind) -> Result<Namespace, CheckAbort> {
        let inode = self.spaces.inode(kind).map_err(CheckAbort::Engine)?;
        let namespace = Namespace { kind, inode };
        self.trace(format!("(the stage is in {namespace})"));
        Ok(namespace)
    }

    /// The kinds of which this process is in another namespace than the stage.
    ///
    /// # Errors
    /// When it is gone.
    pub fn kinds_left_by(&self, process: &ObservedProcess<'_>) -> Result<Vec<Kind>, CheckAbort> {
        let mut left = Vec::new();
        let mut shown = String::new();
        for kind in self.spaces.kinds() {
            let namespace = process.namespace_unseen(kind)?;
            if namespace.inode != self.spaces.inode(kind).map_err(CheckAbort::Engine)? {
                left.push(kind);
                let _ = write!(shown, " {namespace}");
            }
        }
        let pid = process.pid()?;
        let except = if left.is_empty() { " none" } else { &shown };
        self.trace(format!("readlink(\"/proc/{pid}/ns/*\"): as those of the stage, except{except}"));
        Ok(left)
    }

    /// The host name in the UTS namespace of the stage, as it is now.
    ///
    /// # Errors
    /// When the watcher cannot enter it.
    pub fn host_name_now(&self) -> Result<String, CheckAbort> {
        let name = self.ask_inside(&[Kind::Uts], own_host_name)?;
        self.trace(format!("(in the stage) uname().nodename = {name:?}"));
        Ok(name)
    }

    /// Gives the host name of the stage another value, as somebody else on the machine might.
    ///
    /// # Errors
    /// When the watcher cannot enter its UTS namespace.
    pub fn rename_host(&self, name: &str) -> CheckResult {
        self.asked(format!("(the watcher changes the host name to {name})"));
        self.ask_inside(&[Kind::Uts], || {
            sandbox::step("sethostname", nix::unistd::sethostname(name)).map(|()| String::new())
        })
        .map(drop)
    }

    /// The host name in the UTS namespace of a process.
    ///
    /// # Errors
    /// When it is gone.
    pub fn host_name_of(&self, process: &ObservedProcess<'_>) -> Result<String, CheckAbort> {
        let space = process.open_namespace(Kind::Uts)?;
        self.state.borrow_mut().clock.skip();
        let name = super::fork::ask_child(|| {
            join(Kind::Uts, &space)?;
            own_host_name()
        });
        let name = name.map_err(CheckAbort::Engine)?;
        let pid = process.pid()?;
        self.trace(format!("(in uts of {pid}) uname().nodename = {name:?}"));
        Ok(name)
    }

    /// The mounts of the mount namespace of the stage, as they are now.
    ///
    /// # Errors
    /// When the watcher cannot enter it.
    pub fn mounts_now(&self) -> Result<Vec<MountInfo>, CheckAbort> {
        let procfs =
            std::fs::File::open(observed::PROC).map_err(|error| CheckAbort::Engine(error.to_string()))?;
        let text = self.ask_inside(&[Kind::Mnt], move || inside::own_mounts(&procfs))?;
        let mounts = mountinfo::mounts(text.as_bytes());
        self.trace(format!("(in the stage) read(\"/proc/self/mountinfo\") = {} mounts", mounts.len()));
        Ok(mounts)
    }

    /// Makes a bind mount of the file of a process's namespace, on the stage and by a name that nobody
    /// could know: it can be opened by those as well who may not look at the process. Gives its path.
    ///
    /// # Errors
    /// When the process is gone, or the submission has put something in the place of the file.
    pub fn bind_mount(&self, process: &ObservedProcess<'_>, kind: Kind) -> Result<String, CheckAbort> {
        let (source, name) = (process.path(&format!("ns/{}", kind.link())), self.name());
        let bound = self.given.bind(&source, &name, &self.spaces);
        self.state.borrow_mut().clock.skip();
        let path = bound.map_err(|why| match self.has_run() {
            true => CheckAbort::mismatch("a bind mount can be made for the program", why),
            false => CheckAbort::Engine(why),
        })?;
        let pid = process.pid()?;
        self.trace(format!("(the watcher) a bind mount of /proc/{pid}/ns/{} on {path}", kind.link()));
        Ok(path)
    }

    /// The user and the group id that the submission has on the stage.
    pub fn own_ids(&self) -> [u32; 2] {
        ids_of(self.starts_as())
    }

    /// The user and the group id that the kernel shows of those without a map.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn overflow_ids(&self) -> Result<[u32; 2], CheckAbort> {
        let number = |name: &str| {
            let path = format!("{PROC}/sys/kernel/{name}");
            let text = std::fs::read_to_string(&path)
                .map_err(|error| CheckAbort::Engine(format!("{path}: {error}")))?;
            text.trim().parse().map_err(|_| CheckAbort::Engine(format!("{path}: {text:?}")))
        };
        Ok([number("overflowuid")?, number("overflowgid")?])
    }

    /// The id map of a process, `uid_map` or `gid_map`, with the ids outside as the stage has them;
    /// blanks are runs of one.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn id_map(&self, process: &ObservedProcess<'_>, file: &str) -> Result<String, CheckAbort> {
        let path = process.path(file);
        // proc_pid_uid_map(5): the ids outside are those of whoever opens the file.
        let text = self.ask_inside(&[Kind::User], || {
            std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
        });
        let text = text.map_err(|_| {
            CheckAbort::mismatch(
                "the process is still there to be looked at",
                format!("its {file} cannot be read"),
            )
        })?;
        let lines: Vec<String> =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let map = lines.join("\n");
        self.trace(format!("(in the stage) read(\"/proc/{}/{file}\") = {map:?}", process.pid()?));
        Ok(map)
    }

    /// Writes to files of a process in /proc as the user of the stage who has started the submission.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn write_files(&self, process: &ObservedProcess<'_>, texts: &[(&str, &str)]) -> CheckResult {
        let ([user, group], pid) = (self.own_ids(), process.pid()?);
        for (file, text) in texts {
            self.asked(format!("(a process of user {user}) echo '{text}' >/proc/{pid}/{file}"));
        }
        // The user cannot reach it by a path.
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let directory = nix::fcntl::open(&process.path(""), flags, Mode::empty())
            .map_err(|_| CheckAbort::mismatch("the process is there", "it has ended"))?;
        let written = self.ask_inside(&[Kind::User], || {
            let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(group));
            sandbox::step("setresgid", nix::unistd::setresgid(gid, gid, gid))?;
            sandbox::step("setresuid", nix::unistd::setresuid(uid, uid, uid))?;
            for (file, text) in texts {
                let flags = OFlag::O_WRONLY | OFlag::O_CLOEXEC;
                let opened = nix::fcntl::openat(&directory, *file, flags, Mode::empty());
                let opened = sandbox::step(&format!("opening {file}"), opened)?;
                let written = nix::unistd::write(&opened, text.as_bytes());
                sandbox::step(&format!("writing {file}"), written)?;
            }
            Ok(String::new())
        });
        match written {
            Ok(_) => Ok(()),
            Err(CheckAbort::Engine(why)) => {
                Err(CheckAbort::mismatch("the process is there, and its maps can be written", why))
            }
            Err(other) => Err(other),
        }
    }

    /// The PIDs that a procfs at this path of the stage shows, each with the PID namespace in which
    /// the process itself is.
    ///
    /// # Errors
    /// When there is none.
    pub fn procfs_at(&self, path: &str) -> Result<Vec<(i32, Namespace)>, CheckAbort> {
        let shown: Result<Vec<(i32, u64)>, String> =
            self.look_inside(|| inside::shown_by_procfs(Path::new(path)))?;
        let shown =
            shown.map_err(|why| CheckAbort::mismatch(format!("a procfs is mounted at {path}"), why))?;
        let shown: Vec<_> =
            shown.into_iter().map(|(pid, inode)| (pid, Namespace { kind: Kind::Pid, inode })).collect();
        let list: Vec<String> =
            shown.iter().map(|(pid, namespace)| format!("{pid} in {namespace}")).collect();
        self.trace(format!("(in the stage) the procfs at {path:?} shows {}", list.join(", ")));
        Ok(shown)
    }

    /// The names in the scratch directory of the stage, as they are now.
    ///
    /// # Errors
    /// When the watcher cannot read it.
    pub fn names_in_scratch(&self) -> Result<Vec<String>, CheckAbort> {
        let names = self.given.names_in_scratch().map_err(CheckAbort::Engine)?;
        self.trace(format!("(in the stage) in /tmp: {names:?}"));
        Ok(names)
    }

    /// Removes a directory in the scratch directory of the stage, which must be empty.
    ///
    /// # Errors
    /// When there is none.
    pub fn remove_from_scratch(&self, name: &str) -> CheckResult {
        self.asked(format!("(the watcher removes /tmp/{name})"));
        let removed = nix::unistd::unlinkat(&self.given.scratch, name, nix::unistd::UnlinkatFlags::RemoveDir);
        removed
            .map_err(|errno| CheckAbort::mismatch(format!("there is a directory /tmp/{name}"), errno.desc()))
    }

    /// Has a child of the watcher's look at something in the mount namespace of the stage.
    fn look_inside<T: Serialize + DeserializeOwned>(
        &self,
        question: impl FnOnce() -> Result<T, String>,
    ) -> Result<Result<T, String>, CheckAbort> {
        let answer = self.ask_inside(&[Kind::Mnt], || {
            serde_json::to_string(&question()).map_err(|error| error.to_string())
        })?;
        serde_json::from_str(&answer).map_err(|_| CheckAbort::Engine(answer))
    }

    /// Asks a helper that joins these namespaces of the stage. The time that it takes is the grader's.
    fn ask_inside(
        &self,
        kinds: &[Kind],
        question: impl FnOnce() -> Result<String, String>,
    ) -> Result<String, CheckAbort> {
        let answer = ask_inside(&self.spaces, kinds, question);
        self.state.borrow_mut().clock.skip();
        answer.map_err(CheckAbort::Engine)
    }

    /// Opens the file of a process's namespace, to be kept beyond its end.
    ///
    /// # Errors
    /// When it is gone.
    pub fn open_namespace(&self, process: &ObservedProcess<'_>, kind: Kind) -> Result<OwnedFd, CheckAbort> {
        process.open_namespace(kind)
    }

    /// Sends a signal to a process of the stage, as the watcher: from outside its PID namespace.
    ///
    /// # Errors
    /// When it is gone.
    pub fn kill(&self, process: &ObservedProcess<'_>, signal: Signal) -> CheckResult {
        let pid = process.pid()?;
        self.asked(format!("(the watcher sends {signal} to process {pid})"));
        nix::sys::signal::kill(Pid::from_raw(process.pid), signal)
            .map_err(|_| CheckAbort::mismatch("the process is still there", "it has ended"))
    }

    /// Waits until a process of the stage has ended and was waited for.
    ///
    /// # Errors
    /// When a limit is reached before.
    pub fn gone(&self, process: &ObservedProcess<'_>, what: &str) -> CheckResult {
        self.wait(&format!("the end of {what}"), || (!process.exists()).then_some(()))
    }
}

fn own_host_name() -> Result<String, String> {
    let names = nix::sys::utsname::uname().map_err(|errno| format!("uname: {errno}"))?;
    Ok(names.nodename().to_string_lossy().into_owned())
}
