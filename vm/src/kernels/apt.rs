//! Asking apt for packages, in a state of its own: nothing of the machine's is changed, and nothing
//! that is installed has a say. Signatures are checked by apt, as always.

use super::packages::{self, Package};
use super::process;
use super::sources::Mirror;
use crate::arch::NATIVE;
use crate::compression;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// An index has about 10 MB, a package at most 50.
const UPDATE_DEADLINE: Duration = Duration::from_secs(5 * 60);
const DOWNLOAD_DEADLINE: Duration = Duration::from_secs(20 * 60);
const CONFIGURATION_DEADLINE: Duration = Duration::from_secs(30);

/// The most bytes of an index: ten times those of Debian's largest.
const LARGEST_INDEX: u64 = 512 << 20;

/// Settings of the machine's that are left out: they add indexes that nobody reads here.
const NOT_INHERITED: [&str; 5] = [
    "Acquire::IndexTargets",
    "Acquire::Languages",
    "Acquire::GzipIndexes",
    "Acquire::CompressionTypes",
    "Acquire::Changelogs",
];

/// How apt says that there is nobody at the other end.
const UNREACHABLE: [&str; 5] =
    ["Could not connect", "Could not resolve", "Temporary failure", "timed out", "Connection failed"];

/// Something that offers the packages of suites.
pub trait Archive {
    /// The kernel packages of a suite, and what was wrong with a part of it.
    ///
    /// # Errors
    /// When nothing of the suite can be had: what it is, and what to do.
    fn offered(&mut self, suite: &str) -> Result<(Vec<Package>, Vec<String>), String>;

    /// Downloads a package into an empty directory and gives the file.
    ///
    /// # Errors
    /// When it can't be had.
    fn download(&mut self, package: &Package, into: &Path) -> Result<PathBuf, String>;
}

/// A Debian mirror, by apt.
pub struct Apt {
    directory: PathBuf,
    mirror: Mirror,
    inherited: String,
    /// Why a mirror could not be reached: it is not tried again for the next suite.
    unreachable: Vec<(String, String)>,
}

impl Apt {
    /// Readies apt's state below a directory.
    ///
    /// # Errors
    /// When there is no apt.
    pub fn new(directory: PathBuf, mirror: Mirror) -> Result<Apt, String> {
        // How to reach the mirror (proxies, time limits, certificates) is the machine's business.
        let mut command = Command::new("apt-config");
        command.arg("dump").env("LC_ALL", "C");
        let dump = process::run(command, CONFIGURATION_DEADLINE).map_err(|error| {
            format!("{error}: kernels come through apt; without it, name your own with --kernel")
        })?;
        let inherited = dump
            .output
            .lines()
            .filter(|line| line.starts_with("Acquire::"))
            .filter(|line| !NOT_INHERITED.iter().any(|prefix| line.starts_with(prefix)))
            .map(|line| format!("{line}\n"))
            .collect();
        Ok(Apt { directory, mirror, inherited, unreachable: Vec::new() })
    }

    /// One suite of one mirror, with the state directory of that suite.
    fn update(&mut self, uri: &str, suite: &str) -> Result<Vec<Package>, String> {
        if let Some((_, why)) = self.unreachable.iter().find(|(unreachable, _)| unreachable == uri) {
            return Err(why.clone());
        }
        let mut done = self.update_with(uri, suite, &self.mirror.keyrings);
        if done.as_ref().is_err_and(|error| error.contains("NO_PUBKEY"))
            && !self.mirror.removed_keys.is_empty()
        {
            let keyrings = [&self.mirror.keyrings[..], &self.mirror.removed_keys[..]].concat();
            done = self.update_with(uri, suite, &keyrings);
        }
        if let Err(error) = done {
            let error = if UNREACHABLE.iter().any(|phrase| error.contains(phrase)) {
                let why = format!("{uri} cannot be reached: {error}");
                self.unreachable.push((uri.to_string(), why.clone()));
                why
            } else if error.contains("NO_PUBKEY") {
                format!("{uri} {suite}: {error}; a newer package debian-archive-keyring may hold the key")
            } else if error.contains("404") || error.contains("does not have a Release file") {
                format!("{uri} does not offer {suite}: name a mirror that does with --mirror ({error})")
            } else {
                format!("{uri} {suite}: {error}")
            };
            return Err(error);
        }
        self.indexes(suite)
    }

    fn update_with(&self, uri: &str, suite: &str, keyrings: &[PathBuf]) -> Result<(), String> {
        self.configure(uri, suite, keyrings)
            .map_err(|error| format!("{} cannot be written: {error}", self.directory.display()))?;
        let mut command = self.apt_get(suite);
        command.arg("update");
        finish(command, UPDATE_DEADLINE)
    }

    fn configure(&self, uri: &str, suite: &str, keyrings: &[PathBuf]) -> std::io::Result<()> {
        let state = self.directory.join(suite);
        let empty = state.join("empty");
        for directory in [&state.join("lists/partial"), &state.join("archives/partial"), &empty] {
            fs::create_dir_all(directory)?;
        }
        fs::write(state.join("status"), "")?;
        let keyrings: Vec<String> = keyrings.iter().map(|path| path.display().to_string()).collect();
        fs::write(
            state.join("debian.sources"),
            format!(
                "Types: deb\nURIs: {uri}\nSuites: {suite}\nComponents: main\nSigned-By: {}\n",
                keyrings.join(", ")
            ),
        )?;
        let state = state.display();
        let configuration = format!(
            "// Written anew each time.\n\
             Acquire::http::Timeout \"20\";\n\
             Acquire::https::Timeout \"20\";\n\
             Acquire::Retries \"1\";\n\
             {inherited}\
             Acquire::Languages \"none\";\n\
             Acquire::GzipIndexes \"false\";\n\
             // Whatever the machine allows itself: a kernel that is booted is a signed one.\n\
             Acquire::AllowInsecureRepositories \"false\";\n\
             Acquire::AllowWeakRepositories \"false\";\n\
             Acquire::AllowDowngradeToInsecureRepositories \"false\";\n\
             APT::Architecture \"{architecture}\";\n\
             APT::Architectures {{ \"{architecture}\"; }};\n\
             APT::Update::Error-Mode \"any\";\n\
             // The cache is the user's own: apt's user may not even get to it.\n\
             APT::Sandbox::User \"root\";\n\
             Dir::State \"{state}\";\n\
             Dir::State::status \"{state}/status\";\n\
             Dir::State::lists \"{state}/lists\";\n\
             Dir::Cache \"{state}\";\n\
             Dir::Cache::archives \"{state}/archives\";\n\
             // Of no use to anybody afterwards, and larger than all else.\n\
             Dir::Cache::pkgcache \"\";\n\
             Dir::Cache::srcpkgcache \"\";\n\
             Dir::Etc::main \"/dev/null\";\n\
             Dir::Etc::parts \"{state}/empty\";\n\
             Dir::Etc::sourcelist \"{state}/debian.sources\";\n\
             Dir::Etc::sourceparts \"{state}/empty\";\n\
             Dir::Etc::preferences \"/dev/null\";\n\
             Dir::Etc::preferencesparts \"{state}/empty\";\n\
             Dir::Etc::trusted \"/dev/null\";\n\
             Dir::Etc::trustedparts \"{state}/empty\";\n",
            inherited = self.inherited,
            architecture = NATIVE.debian(),
        );
        write_private(&self.directory.join(suite).join("apt.conf"), &configuration)
    }

    fn apt_get(&self, suite: &str) -> Command {
        let mut command = Command::new("apt-get");
        // APT_CONFIG is read before anything else, so that no hook of the machine is ever seen.
        command.env("APT_CONFIG", self.directory.join(suite).join("apt.conf")).env("LC_ALL", "C").arg("-q");
        command
    }

    fn indexes(&self, suite: &str) -> Result<Vec<Package>, String> {
        let lists = self.directory.join(suite).join("lists");
        let unreadable = |error| format!("{}: {error}", lists.display());
        let mut found = Vec::new();
        for entry in fs::read_dir(&lists).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.to_string_lossy().ends_with("_Packages") {
                let index = compression::read_file_within(&path, LARGEST_INDEX).map_err(unreadable)?;
                found.extend(packages::read(&String::from_utf8_lossy(&index), suite));
            }
        }
        Ok(found)
    }
}

impl Archive for Apt {
    fn offered(&mut self, suite: &str) -> Result<(Vec<Package>, Vec<String>), String> {
        let mut parts = vec![(self.mirror.uri.clone(), suite.to_string())];
        // Suites that are not made from a stable one, such as backports, have no security suite.
        if !suite.contains('-') {
            parts.push((self.mirror.security.clone(), format!("{suite}-security")));
        }
        let (mut found, mut wrong) = (Vec::new(), Vec::new());
        let mut any = false;
        for (uri, suite) in &parts {
            match self.update(uri, suite) {
                Ok(packages) => {
                    any = true;
                    found.extend(packages);
                }
                Err(error) => wrong.push(error),
            }
        }
        // The first is about the suite itself.
        if any { Ok((found, wrong)) } else { Err(wrong.swap_remove(0)) }
    }

    fn download(&mut self, package: &Package, into: &Path) -> Result<PathBuf, String> {
        let mut command = self.apt_get(&package.suite);
        command.current_dir(into).arg("download").arg(format!("{}={}", package.name, package.version));
        finish(command, DOWNLOAD_DEADLINE)?;
        let mut files = fs::read_dir(into).map_err(|error| format!("{}: {error}", into.display()))?;
        match files.next() {
            Some(Ok(file)) => Ok(file.path()),
            _ => Err(format!("apt downloaded nothing for {}", package.name)),
        }
    }
}

/// The inherited configuration may hold the password of a proxy.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

fn finish(command: Command, deadline: Duration) -> Result<(), String> {
    let finished = process::run(command, deadline)?;
    if finished.success { Ok(()) } else { Err(said(&finished.output)) }
}

/// The complaints of apt: its errors, each once, and its warnings about keys.
fn said(output: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in output.lines() {
        let complaint = line
            .strip_prefix("E: ")
            .or_else(|| line.strip_prefix("W: ").filter(|rest| rest.contains("NO_PUBKEY")))
            // This one only follows the reasons proper.
            .filter(|rest| !rest.starts_with("Some index files failed to download"));
        if let Some(complaint) = complaint.filter(|complaint| !lines.contains(complaint)) {
            lines.push(complaint);
        }
    }
    if lines.is_empty() {
        lines.extend(output.lines().rfind(|line| !line.trim().is_empty()));
    }
    if lines.is_empty() { "apt failed and did not say why".to_string() } else { lines.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::each_once(
        "Get:1 x\nE: one\nE: two\nE: one\nE: Some index files failed to download. They\n",
        "one; two"
    )]
    #[case::key(
        "W: GPG error: x NO_PUBKEY 1234\nW: old\nE: not signed\n",
        "GPG error: x NO_PUBKEY 1234; not signed"
    )]
    #[case::no_error("Reading\nsomething odd\n\n", "something odd")]
    #[case::nothing("", "apt failed and did not say why")]
    fn complaints_are_taken_out(#[case] output: &str, #[case] expected: &str) {
        assert_eq!(said(output), expected);
    }

    /// Apt itself, against a port where nobody listens: needs apt, but no network.
    #[test]
    fn a_mirror_that_cannot_be_reached_is_said_and_not_asked_again() {
        let directory = tempfile::tempdir().unwrap();
        let nobody = "http://127.0.0.1:1/debian";
        let Ok(mirror) = Mirror::find(Some(nobody)) else {
            eprintln!("not tested: no keys of Debian's archive here");
            return;
        };
        let Ok(mut apt) = Apt::new(directory.path().to_path_buf(), mirror) else {
            eprintln!("not tested: no apt here");
            return;
        };
        // A proxy of the machine would answer in its place.
        apt.inherited.clear();
        let error = apt.offered("trixie-backports").unwrap_err();
        assert!(error.starts_with("http://127.0.0.1:1/debian cannot be reached: "), "{error}");
        assert_eq!(apt.unreachable.len(), 1);
        assert_eq!(apt.offered("bookworm-backports").unwrap_err(), error);
        assert!(!directory.path().join("bookworm-backports").exists());
    }
}
