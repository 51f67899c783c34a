//! Running a program to its end, with a deadline, and keeping what it says.

use super::interrupt;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::{self, Read};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The most bytes of output that are kept; a program that writes more is read to its end all the same.
const LONGEST_OUTPUT: usize = 4 << 20;

/// How a program ended and what it said on standard output and standard error.
pub struct Finished {
    /// Whether it was successful.
    pub success: bool,
    /// Its output.
    pub output: String,
}

/// Runs a program. It stays in the process group of this one, so that an interrupt from the keyboard
/// ends both.
///
/// # Errors
/// When it can't be started, or has not ended when the time is up or an interrupt is held back: then
/// it is killed.
pub fn run(mut command: Command, deadline: Duration) -> Result<Finished, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let unable = |error: io::Error| format!("'{name}' cannot be run: {error}");
    let (reader, writer) = io::pipe().map_err(unable)?;
    command.stdin(Stdio::null()).stdout(writer.try_clone().map_err(unable)?).stderr(writer);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("'{name}' is not installed"),
        // execvp(3) also says so where a directory of PATH may not be searched.
        io::ErrorKind::PermissionDenied if !found_in_path(&name) => format!("'{name}' is not installed"),
        _ => unable(error),
    })?;
    // It holds the writing ends.
    drop(command);
    let ended = watch(&mut child, reader, Instant::now() + deadline);
    if !matches!(ended, Ok(Some(_))) {
        // It may have ended meanwhile: then there is nothing to kill.
        let _ = child.kill();
        let _ = child.wait();
    }
    match ended {
        Ok(Some((status, output))) => {
            let output = String::from_utf8_lossy(&output).into_owned();
            match status.signal() {
                Some(signal) => Err(format!("'{name}' was ended by signal {signal}")),
                None => Ok(Finished { success: status.success(), output }),
            }
        }
        Ok(None) if interrupt::pending() => Err("interrupted".to_string()),
        Ok(None) => Err(format!("'{name}' had not ended after {} s and was killed", deadline.as_secs())),
        Err(error) => Err(unable(error)),
    }
}

/// Whether the name is that of a file, in a directory of `PATH` where it has no `/`.
fn found_in_path(name: &str) -> bool {
    let directories = std::env::var_os("PATH").unwrap_or_default();
    name.contains('/') || std::env::split_paths(&directories).any(|directory| directory.join(name).exists())
}

fn watch(
    child: &mut Child,
    mut reader: io::PipeReader,
    deadline: Instant,
) -> io::Result<Option<(ExitStatus, Vec<u8>)>> {
    let process = pidfd(child)?;
    let interrupts = interrupt::descriptor()?;
    let mut output = Vec::new();
    let mut buffer = [0; 4096];
    let mut open = true;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // The program's end counts, not the end of its output: a helper of it may live on.
        let mut watched = vec![
            PollFd::new(process.as_fd(), PollFlags::POLLIN),
            PollFd::new(interrupts.as_fd(), PollFlags::POLLIN),
        ];
        if open {
            watched.push(PollFd::new(reader.as_fd(), PollFlags::POLLIN));
        }
        match poll(&mut watched, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)) {
            Err(nix::errno::Errno::EINTR) => continue,
            Err(error) => return Err(error.into()),
            Ok(0) if left.is_zero() => return Ok(None),
            Ok(_) => {}
        }
        let ready = |index: usize| watched.get(index).and_then(PollFd::any).unwrap_or(false);
        let (ended, interrupted, said) = (ready(0), ready(1), ready(2));
        if interrupted {
            return Ok(None);
        }
        if said {
            match reader.read(&mut buffer)? {
                0 => open = false,
                length => {
                    let length = length.min(LONGEST_OUTPUT - output.len());
                    output.extend_from_slice(&buffer[..length]);
                }
            }
        } else if ended {
            return Ok(Some((child.wait()?, output)));
        }
    }
}

fn pidfd(child: &Child) -> io::Result<OwnedFd> {
    // SAFETY: pidfd_open(2) takes two numbers and gives a descriptor that nobody else owns.
    unsafe {
        match libc::syscall(libc::SYS_pidfd_open, child.id(), 0) {
            -1 => Err(io::Error::last_os_error()),
            descriptor => Ok(OwnedFd::from_raw_fd(descriptor as i32)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_outputs_are_kept_in_order() {
        let finished = run(shell("echo one; echo two >&2; exit 3"), Duration::from_secs(10)).unwrap();
        assert_eq!((finished.success, finished.output.as_str()), (false, "one\ntwo\n"));
    }

    #[test]
    fn what_hangs_is_killed_and_reaped() {
        let started = Instant::now();
        let error = run(shell("exec sleep 60"), Duration::from_millis(50)).err().unwrap();
        assert!(error.contains("had not ended"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_helper_that_lives_on_holds_nothing_up() {
        let started = Instant::now();
        let finished = run(shell("sleep 20 & echo done"), Duration::from_secs(19)).unwrap();
        assert_eq!(finished.output, "done\n");
        assert!(started.elapsed() < Duration::from_secs(15));
    }

    #[test]
    fn an_interrupt_ends_it() {
        let started = Instant::now();
        let error = crate::kernels::interrupt::tests::interrupted(|| {
            run(shell("exec sleep 60"), Duration::from_secs(60)).err().unwrap()
        });
        assert_eq!(error, "interrupted");
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_missing_program_is_said() {
        let error = run(Command::new("no-such-program"), Duration::from_secs(1)).err().unwrap();
        assert!(error.contains("is not installed"), "{error}");
    }
}
