//! Where a result goes: standard output or a file, in whole lines, in letters that the terminal
//! can show.

use super::Failure;
use anstream::StripStream;
use nix::fcntl::{Flock, FlockArg};
use nsconform_suite::verdict::Status;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Where a result is written to.
pub struct Output {
    to: Target,
    /// Whether texts are reduced to ASCII.
    ascii: bool,
    /// Whether whoever reads standard output has gone away.
    unread: bool,
}

enum Target {
    Standard(Box<dyn Write>),
    /// A file, without colours; and what keeps others from writing to it, if it can be locked.
    File {
        to: StripStream<File>,
        _lock: Option<Flock<File>>,
    },
}

impl Output {
    /// Opens a file for the result; standard output if no file is named, or `-`. Texts for people
    /// are reduced to ASCII where the locale has nothing else.
    ///
    /// # Errors
    /// When the file cannot be written, or another process writes to it.
    pub fn open(path: Option<&Path>, for_people: bool) -> Result<Output, Failure> {
        refuse_too_large_files_in_words();
        let to = match path.filter(|path| path.as_os_str() != "-") {
            None => Target::Standard(Box::new(anstream::stdout())),
            Some(path) => open(path)?,
        };
        Ok(Output { to, ascii: for_people && !is_utf8(&|name| std::env::var(name).ok()), unread: false })
    }

    fn raw(&mut self) -> &mut dyn Write {
        match &mut self.to {
            Target::Standard(to) => to,
            Target::File { to, .. } => to,
        }
    }

    /// A reader that has gone away (`nsconform list | head`) is no error: there is nobody left to
    /// write for.
    fn forgiving<T>(&mut self, done: io::Result<T>, instead: T) -> io::Result<T> {
        let is_standard = matches!(self.to, Target::Standard(_));
        match done {
            Err(error) if is_standard && error.kind() == io::ErrorKind::BrokenPipe => {
                self.unread = true;
                Ok(instead)
            }
            done => done,
        }
    }
}

fn open(path: &Path) -> Result<Target, Failure> {
    let cannot =
        |why: &dyn std::fmt::Display| Failure::usage(format!("{} cannot be written: {why}", path.display()));
    // It is emptied only once it is ours.
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|error| cannot(&error))?;
    let to = StripStream::new(file.try_clone().map_err(|error| cannot(&error))?);
    if !file.metadata().map_err(|error| cannot(&error))?.is_file() {
        return Ok(Target::File { to, _lock: None });
    }
    let lock = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Some(lock),
        Err((_, nix::errno::Errno::EWOULDBLOCK)) => {
            return Err(cannot(&"another process writes to it: name another file"));
        }
        // A file system without locks.
        Err(_) => None,
    };
    to.as_inner().set_len(0).map_err(|error| cannot(&error))?;
    Ok(Target::File { to, _lock: lock })
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.unread {
            return Ok(bytes.len());
        }
        let done = match (self.ascii, std::str::from_utf8(bytes)) {
            (true, Ok(text)) => {
                let text = ascii(text);
                self.raw().write_all(text.as_bytes()).map(|()| bytes.len())
            }
            _ => self.raw().write(bytes),
        };
        self.forgiving(done, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.raw().flush();
        self.forgiving(done, ())
    }
}

/// A result that could not be written: the harness could not do its part.
pub fn unwritten(path: Option<&Path>, error: &io::Error) -> Failure {
    match path.filter(|path| path.as_os_str() != "-") {
        None => Failure::harness(format!("standard output cannot be written: {error}")),
        Some(path) => Failure::harness(format!(
            "{} cannot be written: {error}; what was written before is complete",
            path.display()
        )),
    }
}

/// Writes a text for people to standard output.
///
/// # Errors
/// When writing fails, as on a full disk.
pub fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    print_to(true, write)
}

/// Writes what programs read to standard output.
///
/// # Errors
/// When writing fails, as on a full disk.
pub fn print_data(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    print_to(false, write)
}

fn print_to(for_people: bool, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut text = Vec::new();
    let mut output = Output::open(None, for_people)?;
    write(&mut text)
        .and_then(|()| output.write_all(&text))
        .and_then(|()| output.flush())
        .map_err(|error| unwritten(None, &error))
}

/// Makes the kernel answer a write beyond RLIMIT_FSIZE with EFBIG, which can be told, instead of
/// ending us with SIGXFSZ. Nothing that runs cases is forked after this.
fn refuse_too_large_files_in_words() {
    use nix::sys::signal::{SigHandler, Signal, signal};
    // SAFETY: no handler is installed, so that nothing runs at a signal.
    let _ = unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) };
}

/// Whether the locale has letters beyond ASCII, by the variables of locale(7).
fn is_utf8(variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let chosen = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()))
        .unwrap_or_default()
        .to_ascii_lowercase();
    chosen.contains("utf-8") || chosen.contains("utf8")
}

/// The text with each sign of ours in ASCII.
fn ascii(text: &str) -> String {
    let signs = Status::ALL.map(|status| (status.sign(), status.ascii_sign()));
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            letter if letter.is_ascii() => plain.push(letter),
            '→' => plain.push_str("->"),
            '·' => plain.push('.'),
            '×' => plain.push('x'),
            '…' => plain.push_str("..."),
            '‘' | '’' => plain.push('\''),
            letter => {
                plain.push(signs.iter().find(|(sign, _)| *sign == letter).map_or('?', |(_, ascii)| *ascii))
            }
        }
    }
    plain
}

/// Writes beside the file and puts that in its place, so that it is never there by halves.
///
/// # Errors
/// Those of writing and renaming.
pub fn replace(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::nothing_set(&[], false)]
    #[case::language(&[("LANG", "de_DE.UTF-8")], true)]
    #[case::posix(&[("LANG", "C")], false)]
    #[case::all_wins(&[("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")], false)]
    #[case::empty_is_unset(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")], true)]
    fn the_locale_decides(#[case] variables: &[(&str, &str)], #[case] expected: bool) {
        let variable =
            |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| value.to_string());
        assert_eq!(is_utf8(&variable), expected);
    }

    #[test]
    fn signs_have_letters() {
        assert_eq!(ascii("✓ ✗ – → · ≈ a"), ". F - -> . ~ a");
    }

    #[test]
    fn a_second_writer_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let first = Output::open(Some(&path), false).unwrap();
        let second = Output::open(Some(&path), false).map(drop).unwrap_err();
        assert!(second.message.contains("another process writes to it"), "{}", second.message);
        drop(first);
        assert!(Output::open(Some(&path), false).is_ok());
    }
}
