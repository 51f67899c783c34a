//! The kernels of the matrix: the list, getting them from a Debian mirror, and keeping them.
//!
//! | module | what lives there |
//! |---|---|
//! | `catalogue` | the list of kernels |
//! | `sources`, `apt` | where Debian's packages come from, and asking for them |
//! | `packages` | which package an entry of the list means |
//! | `deb` | taking packages apart |
//! | `modules` | modules, what each needs, their bytes |
//! | `cache` | where all of it is kept |
//! | `process`, `interrupt` | running programs with a deadline; being interrupted |
//! | `usable` | whether this machine has what all of it needs |
//!
//! Booting a kernel is not done here.

mod apt;
mod cache;
pub mod catalogue;
mod deb;
mod interrupt;
pub mod modules;
mod packages;
mod process;
mod sources;
pub mod usable;

use crate::arch::NATIVE;
use crate::compression::{self, LARGEST_KERNEL};
use apt::{Apt, Archive};
pub use cache::default_directory;
use cache::{Cache, CacheRecord, Lock};
pub use catalogue::KernelEntry;
use packages::{ModulesPlace, Package};
use sources::Mirror;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const MEGABYTE: u64 = 1_000_000;

/// A kernel that can be booted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// Its name in the matrix.
    pub name: String,
    /// The answer of `uname -r` in it.
    pub release: String,
    /// The image as its package or build has it.
    pub image: PathBuf,
    /// The same kernel in a form that QEMU starts faster, if it has one.
    pub vmlinux: Option<PathBuf>,
    /// The directory `lib/modules/RELEASE`, if the modules are to be had.
    pub modules: Option<PathBuf>,
}

/// How to get kernels.
#[derive(Clone, Debug)]
pub struct Options {
    /// The mirror, instead of the one that apt is configured with.
    pub mirror: Option<String>,
    /// Take only what is in the cache.
    pub offline: bool,
    /// The directory of the cache.
    pub cache: PathBuf,
}

impl Kernel {
    /// A kernel that somebody built. It is booted as it is: taking the uncompressed kernel out of it
    /// takes longer than a boot saves by it. Modules may lie in a directory `lib/modules/RELEASE`, or
    /// below one that holds such a directory, as `make modules_install` leaves it.
    ///
    /// # Errors
    /// When the image is none, or there are no modules in the directory.
    pub fn from_image(path: &Path, modules: Option<&Path>) -> Result<Kernel, String> {
        let in_file = |error: String| format!("{} {error}", path.display());
        let bytes = compression::read_file_within(path, LARGEST_KERNEL)
            .map_err(|error| in_file(format!("cannot be read: {error}")))?;
        let release = NATIVE.read_image(&bytes).map_err(in_file)?.release;
        let modules = modules.map(|directory| modules_below(directory, &release)).transpose()?;
        Ok(Kernel { name: release.clone(), release, image: path.to_path_buf(), vmlinux: None, modules })
    }

    /// User-mode Linux, with the modules of Debian's package if they are there.
    ///
    /// # Errors
    /// When the program does not say its release.
    pub fn user_mode_linux(program: &Path) -> Result<Kernel, String> {
        let mut command = std::process::Command::new(program);
        command.arg("--version");
        let said = process::run(command, UML_DEADLINE)?.output;
        let release = said.trim().to_string();
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "+-._~".contains(letter);
        if !release.starts_with(|first: char| first.is_ascii_digit()) || !release.chars().all(plain) {
            return Err(format!("'{} --version' said '{release}', which is no release", program.display()));
        }
        let modules = Some(Path::new(UML_MODULES).join(&release)).filter(|path| path.join("kernel").is_dir());
        Ok(Kernel { name: "uml".to_string(), release, image: program.to_path_buf(), vmlinux: None, modules })
    }
}

/// Where Debian's package has the modules of User-mode Linux, by release.
const UML_MODULES: &str = "/usr/lib/uml/modules";
/// The most time that User-mode Linux takes to say its release.
const UML_DEADLINE: Duration = Duration::from_secs(30);

fn modules_below(directory: &Path, release: &str) -> Result<PathBuf, String> {
    let nested = ["lib/modules", "usr/lib/modules", ""].map(|place| directory.join(place).join(release));
    let own = directory.to_path_buf();
    nested.into_iter().chain([own]).find(|place| place.join("kernel").is_dir()).ok_or_else(|| {
        format!(
            "{} holds no modules of {release}: name the directory that `make modules_install \
             INSTALL_MOD_PATH=…` filled",
            directory.display()
        )
    })
}

/// Getting the kernels of a list.
pub struct Kernels;

impl Kernels {
    /// Kernels that are in the cache as they are, the others from the mirror. One that can't be had
    /// doesn't keep the others from being tried. If all are in the cache, nothing else is looked at.
    pub fn fetch(
        entries: &[KernelEntry],
        options: &Options,
        progress: &mut dyn FnMut(&str),
    ) -> Vec<(KernelEntry, Result<Kernel, String>)> {
        Filler { options, newest: false, archive: &|| archive(options) }.run(entries, progress)
    }

    /// The newest kernels that the mirror has. One that can't be had is taken from the cache.
    pub fn refresh(
        entries: &[KernelEntry],
        options: &Options,
        progress: &mut dyn FnMut(&str),
    ) -> Vec<(KernelEntry, Result<Kernel, String>)> {
        Filler { options, newest: true, archive: &|| archive(options) }.run(entries, progress)
    }
}

fn archive(options: &Options) -> Result<Box<dyn Archive>, String> {
    let mirror = Mirror::find(options.mirror.as_deref())?;
    Ok(Box::new(Apt::new(Cache::at(&options.cache).apt(), mirror)?))
}

type Offered = Result<(Vec<Package>, Vec<String>), String>;

struct Filler<'a> {
    options: &'a Options,
    newest: bool,
    archive: &'a dyn Fn() -> Result<Box<dyn Archive>, String>,
}

/// Everything that writing to the cache needs.
struct Writing {
    lock: Lock,
    archive: Box<dyn Archive>,
    offered: BTreeMap<String, Offered>,
}

impl Filler<'_> {
    fn run(
        &self,
        entries: &[KernelEntry],
        progress: &mut dyn FnMut(&str),
    ) -> Vec<(KernelEntry, Result<Kernel, String>)> {
        let cache = Cache::at(&self.options.cache);
        // Dropped last: what is unfinished is gone by then.
        let mut hold = None;
        // Begun when the first kernel needs it.
        let mut writing: Option<Result<Writing, String>> = None;
        let mut results = Vec::new();
        for entry in entries {
            let cached = cache.kernel(entry);
            let result = match cached {
                Some(kernel) if self.options.offline || !self.newest => Ok(kernel),
                None if self.options.offline => Err(format!(
                    "it is not in the cache {}: run `nsconform fetch-kernels` once with a network",
                    self.options.cache.display()
                )),
                _ if hold.is_some() && interrupt::pending() => Err("interrupted".to_string()),
                cached => {
                    hold = hold.or_else(|| interrupt::Hold::begin().ok());
                    let writing = writing.get_or_insert_with(|| self.begin(&cache));
                    let fetched = match writing {
                        Ok(writing) => fetch(&cache, writing, entry, progress),
                        Err(error) => Err(error.clone()),
                    };
                    match (fetched, cached) {
                        (Err(error), Some(cached)) => {
                            progress(&format!("{}: stays with {}: {error}", entry.name, cached.release));
                            Ok(cached)
                        }
                        (fetched, _) => fetched,
                    }
                }
            };
            results.push((entry.clone(), result));
        }
        results
    }

    fn begin(&self, cache: &Cache) -> Result<Writing, String> {
        let lock = cache.lock()?;
        Ok(Writing { lock, archive: (self.archive)()?, offered: BTreeMap::new() })
    }
}

fn fetch(
    cache: &Cache,
    writing: &mut Writing,
    entry: &KernelEntry,
    progress: &mut dyn FnMut(&str),
) -> Result<Kernel, String> {
    let name = &entry.name;
    let Writing { lock, archive, offered } = writing;
    if !offered.contains_key(&entry.suite) {
        progress(&format!("{name}: looking at what {} offers", entry.suite));
        let found = archive.offered(&entry.suite);
        for wrong in found.iter().flat_map(|(_, wrong)| wrong) {
            progress(&format!("{name}: {wrong}"));
        }
        offered.insert(entry.suite.clone(), found);
    }
    let (offered, wrong) = offered[&entry.suite].as_ref().map_err(String::clone)?;
    let choice = packages::select(&entry.package, offered).map_err(|error| {
        // A part of the suite that could not be read may be the reason.
        let but = if wrong.is_empty() { String::new() } else { format!(" ({})", wrong.join("; ")) };
        format!("{}: {error}{but}", entry.suite)
    })?;
    let Package { name: found, version, .. } = &choice.image;
    let image_package = store(cache, lock, archive.as_mut(), &choice.image, name, progress)?;
    let tree = cache.full(&image_package);
    let image = cache::image_in(&tree).ok_or_else(|| format!("{found} {version} holds no kernel image"))?;
    let bytes = compression::read_file_within(&tree.join(&image), LARGEST_KERNEL)
        .map_err(|error| format!("{found}: {error}"))?;
    let release =
        NATIVE.read_image(&bytes).map_err(|error| format!("the image of {found} {version} {error}"))?.release;
    let modules = match &choice.modules {
        ModulesPlace::WithImage => cache::modules_in(&tree, &release).map(|path| image_package.join(path)),
        ModulesPlace::Package(package) => {
            let below = store(cache, lock, archive.as_mut(), package, name, progress)?;
            let inside = cache::modules_in(&cache.full(&below), &release);
            Some(below.join(inside.ok_or_else(|| format!("{} holds no modules of {release}", package.name))?))
        }
        ModulesPlace::NotOffered(missing) => {
            progress(&format!("{name}: its modules ({missing}) are not offered any more: it boots without"));
            None
        }
    };
    let vmlinux = image_package.join(VMLINUX);
    let record = CacheRecord {
        suite: entry.suite.clone(),
        package: entry.package.clone(),
        found: found.clone(),
        version: version.clone(),
        release,
        image: image_package.join(image),
        vmlinux: cache.full(&vmlinux).exists().then_some(vmlinux),
        modules,
    };
    cache.keep(lock, entry, &record)?;
    cache.kernel(entry).ok_or_else(|| "it vanished from the cache while it was being filled".to_string())
}

/// The uncompressed kernel beside what was unpacked.
const VMLINUX: &str = "vmlinux";

/// Downloads and unpacks a package, unless that was done before.
fn store(
    cache: &Cache,
    lock: &Lock,
    archive: &mut dyn Archive,
    package: &Package,
    name: &str,
    progress: &mut dyn FnMut(&str),
) -> Result<PathBuf, String> {
    let what = || format!("{} {}", package.name, package.version);
    let stored = cache.package(lock, &package.sha256, |download, tree| {
        progress(&format!("{name}: fetching {} ({} MB)", what(), package.size.div_ceil(MEGABYTE)));
        let file = archive.download(package, download)?;
        // Apt has checked this; its word is not all that stands between a bad disk and a kernel.
        deb::check(&file, package.size, &package.sha256)?;
        progress(&format!("{name}: unpacking"));
        deb::unpack(&file, tree)?;
        let Some(image) = cache::image_in(tree) else { return Ok(()) };
        let bytes = compression::read_file_within(&tree.join(image), LARGEST_KERNEL)
            .map_err(|error| error.to_string())?;
        match NATIVE.read_image(&bytes).and_then(|image| NATIVE.direct_image(&image)) {
            Ok(Some(kernel)) => {
                fs::write(tree.join(VMLINUX), kernel).map_err(|error| format!("the cache: {error}"))
            }
            Ok(None) => Ok(()),
            // It boots all the same, only more slowly.
            Err(error) => {
                progress(&format!("{name}: boots from the compressed image: {error}"));
                Ok(())
            }
        }
    });
    stored.map_err(|error| format!("{}: {error}", what()))
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
