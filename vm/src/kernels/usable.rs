//! Whether this machine has what booting kernels needs: QEMU, KVM, apt, the cache. Whether a guest
//! really starts is shown by booting one, not here.

use super::cache::Cache;
use super::process;
use super::sources::Mirror;
use super::{Options, catalogue};
use crate::arch::{Emulator, NATIVE};
use std::fs::{self, OpenOptions};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The oldest QEMU that this was tried with.
const QEMU_NEEDED: (u32, u32) = (7, 2);
const KVM: &str = "/dev/kvm";
/// KVM_GET_API_VERSION: _IO(0xae, 0), which has been 12 since Linux 2.6.22.
const KVM_GET_API_VERSION: libc::c_ulong = 0xae00;
const KVM_API_VERSION: i32 = 12;
const DEADLINE: Duration = Duration::from_secs(20);

/// One thing that booting kernels needs.
pub struct Facility {
    /// The thing.
    pub name: &'static str,
    /// How it is there, or what is wrong.
    pub result: Result<String, Missing>,
}

/// A fault of such a thing, and its remedy.
pub struct Missing {
    /// The fault.
    pub what: String,
    /// The remedy.
    pub remedy: String,
}

/// Looks at all of it.
pub fn look(options: &Options) -> Vec<Facility> {
    vec![
        Facility { name: "QEMU", result: qemu() },
        Facility { name: "KVM", result: kvm(Path::new(KVM)) },
        Facility { name: "apt and a Debian mirror", result: apt(options) },
        Facility { name: "kernel cache", result: cache(options) },
    ]
}

fn qemu() -> Result<String, Missing> {
    let Emulator { program, package } = NATIVE.emulator();
    let missing = |what: String| Missing {
        what,
        remedy: format!(
            "apt-get install -y --no-install-recommends {package} ({}.{} or later), or the same of another \
             distribution",
            QEMU_NEEDED.0, QEMU_NEEDED.1
        ),
    };
    let mut command = Command::new(program);
    command.arg("--version");
    let said = process::run(command, DEADLINE).map_err(missing)?.output;
    let version = qemu_version(&said)
        .ok_or_else(|| missing(format!("'{program} --version' said '{}'", said.trim())))?;
    if version < QEMU_NEEDED {
        return Err(missing(format!("{program} is version {}.{}", version.0, version.1)));
    }
    Ok(format!("{program} {}.{}", version.0, version.1))
}

/// `QEMU emulator version 7.2.22 (Debian …)`
fn qemu_version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.split_once("version ")?.1.split(|letter: char| !letter.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn kvm(node: &Path) -> Result<String, Missing> {
    let missing = |what: String| Missing {
        what,
        remedy: "none needed: guests are emulated (TCG), only more slowly; for KVM: a processor with \
                 virtualization, the module kvm_intel or kvm_amd, and being in the group kvm"
            .to_string(),
    };
    let file = OpenOptions::new().read(true).write(true).open(node);
    let file = file.map_err(|error| missing(format!("{} cannot be opened: {error}", node.display())))?;
    // SAFETY: KVM_GET_API_VERSION takes no argument and changes nothing.
    let version = unsafe { libc::ioctl(file.as_raw_fd(), KVM_GET_API_VERSION, 0) };
    if version != KVM_API_VERSION {
        return Err(missing(format!("{} does not answer as KVM does", node.display())));
    }
    Ok(format!("{} answers; whether it runs a guest is tried by `nsconform matrix`", node.display()))
}

fn apt(options: &Options) -> Result<String, Missing> {
    let mut command = Command::new("apt-get");
    command.arg("--version");
    process::run(command, DEADLINE).map_err(|what| Missing {
        what,
        remedy: "name kernels of your own: `nsconform matrix --kernel PATH`".to_string(),
    })?;
    let mirror = Mirror::find(options.mirror.as_deref()).map_err(|what| Missing {
        what,
        remedy: "the message says it; kernels of your own need neither: `nsconform matrix --kernel PATH`"
            .to_string(),
    })?;
    Ok(mirror.uri)
}

fn cache(options: &Options) -> Result<String, Missing> {
    let place = &options.cache;
    let missing = |what: String, remedy: &str| Missing { what, remedy: remedy.to_string() };
    let entries = catalogue::built_in().map_err(|error| missing(error, "correct the list"))?;
    // The nearest directory that exists decides whether it can be made.
    let existing = place.ancestors().find(|directory| directory.exists()).unwrap_or(Path::new("/"));
    let writable = tempfile::tempfile_in(existing);
    if let Err(error) = writable {
        return Err(missing(
            format!("{} cannot be written: {error}", place.display()),
            "set XDG_CACHE_HOME to a directory that can be",
        ));
    }
    let cache = Cache::at(place);
    let cached = entries.iter().filter(|entry| cache.kernel(entry).is_some()).count();
    let size = size(&place.join("packages")) / super::MEGABYTE;
    let filled = format!("{}: {cached} of {} kernels, {size} MB", place.display(), entries.len());
    Ok(if cached < entries.len() { format!("{filled}; `nsconform fetch-kernels` fills it") } else { filled })
}

/// The bytes of all files below a directory; what can't be read counts as nothing.
fn size(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => size(&entry.path()),
            Ok(found) => found.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::debian("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright", Some((7, 2)))]
    #[case::plain("QEMU emulator version 10.0.2\n", Some((10, 0)))]
    #[case::other("something else", None)]
    fn the_version_is_read(#[case] said: &str, #[case] expected: Option<(u32, u32)>) {
        assert_eq!(qemu_version(said), expected);
    }

    #[test]
    fn a_node_that_is_not_kvm_is_not_taken_for_it() {
        assert!(
            kvm(Path::new("/nonexistent")).is_err_and(|missing| missing.what.contains("cannot be opened"))
        );
        assert!(kvm(Path::new("/dev/null")).is_err_and(|missing| missing.what.contains("does not answer")));
    }

    #[test]
    fn an_empty_cache_is_usable_and_says_how_to_fill_it() {
        let directory = tempfile::tempdir().unwrap();
        let cache = directory.path().join("not/yet");
        let options = Options { mirror: None, offline: true, cache };
        let found = super::cache(&options).map_err(|missing| missing.what).unwrap();
        assert!(found.contains("0 of 11 kernels, 0 MB; `nsconform fetch-kernels`"), "{found}");
    }

    #[test]
    fn a_cache_in_a_file_is_not_usable() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let options = Options { mirror: None, offline: true, cache: file.path().join("cache") };
        assert!(super::cache(&options).is_err_and(|missing| missing.remedy.contains("XDG_CACHE_HOME")));
    }
}
