//! The kernel cache: one directory for each unpacked package, named by the package's checksum, and
//! for each entry of the list a record of what it led to.
//!
//! Everything appears under its name at once or not at all; what an interrupted program left behind
//! is removed by the next one that writes.

use super::Kernel;
use super::catalogue::KernelEntry;
use crate::compression;
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

const TEMPORARY: &str = "unfinished-";
/// The most bytes of a record.
const LARGEST_RECORD: u64 = 1 << 20;

/// A cache directory, which need not exist yet.
pub struct Cache {
    root: PathBuf,
}

/// The right to write to a cache, until it is dropped.
pub struct Lock {
    _file: Flock<File>,
}

/// The kernel that an entry led to. Paths are below the cache directory.
#[derive(Debug, Serialize, Deserialize)]
pub struct CacheRecord {
    /// The suite and the package pattern of the entry: if they are others now, it is out of date.
    pub suite: String,
    /// See `suite`.
    pub package: String,
    /// The package with the image.
    pub found: String,
    /// Its version.
    pub version: String,
    /// The answer of `uname -r`.
    pub release: String,
    /// The image as the package has it.
    pub image: PathBuf,
    /// The same kernel in a form that QEMU starts faster.
    pub vmlinux: Option<PathBuf>,
    /// The modules.
    pub modules: Option<PathBuf>,
}

/// Where the cache is unless told otherwise: `$XDG_CACHE_HOME/nsconform` or `~/.cache/nsconform`.
///
/// # Errors
/// When neither variable says where.
pub fn default_directory() -> Result<PathBuf, String> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
    base.map(|base| base.join("nsconform"))
        .ok_or_else(|| "there is no place for the kernel cache: set HOME or XDG_CACHE_HOME".to_string())
}

impl Cache {
    /// The cache in a directory.
    pub fn at(root: &Path) -> Cache {
        Cache { root: root.to_path_buf() }
    }

    /// Where apt keeps its state.
    pub fn apt(&self) -> PathBuf {
        self.root.join("apt")
    }

    /// The kernel that an entry led to, if all of it is still there.
    pub fn kernel(&self, entry: &KernelEntry) -> Option<Kernel> {
        let text = compression::read_file_within(&self.record_path(entry), LARGEST_RECORD).ok()?;
        let record: CacheRecord = serde_json::from_slice(&text).ok()?;
        if record.suite != entry.suite || record.package != entry.package {
            return None;
        }
        let below = |path: &PathBuf| self.root.join(path);
        let kernel = Kernel {
            name: entry.name.clone(),
            release: record.release,
            image: below(&record.image),
            vmlinux: record.vmlinux.as_ref().map(below),
            modules: record.modules.as_ref().map(below),
        };
        let all = [Some(&kernel.image), kernel.vmlinux.as_ref(), kernel.modules.as_ref()];
        let complete = all.into_iter().flatten().all(|path| path.exists());
        complete.then_some(kernel)
    }

    /// Takes the right to write, and removes what an interrupted program left behind.
    ///
    /// # Errors
    /// When another program has it, or the directory can't be written.
    pub fn lock(&self) -> Result<Lock, String> {
        let root = self.root.display();
        let unable = |error: io::Error| format!("the kernel cache {root} cannot be written: {error}");
        fs::create_dir_all(self.root.join("packages")).map_err(unable)?;
        fs::create_dir_all(self.root.join("kernels")).map_err(unable)?;
        let file = File::create(self.root.join("lock")).map_err(unable)?;
        let file = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| match error {
            nix::errno::Errno::EWOULDBLOCK => {
                format!("another nsconform is filling the kernel cache {root}: start again when it is done")
            }
            error => unable(error.into()),
        })?;
        for entry in fs::read_dir(&self.root).map_err(unable)? {
            let entry = entry.map_err(unable)?;
            if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                fs::remove_dir_all(entry.path()).map_err(unable)?;
            }
        }
        Ok(Lock { _file: file })
    }

    /// The directory of the unpacked package with a checksum, below the cache directory. If it is not
    /// there, it is filled by a function in a temporary directory first.
    ///
    /// # Errors
    /// The function's, or that the directory can't be written.
    pub fn package(
        &self,
        _lock: &Lock,
        sha256: &str,
        fill: impl FnOnce(&Path, &Path) -> Result<(), String>,
    ) -> Result<PathBuf, String> {
        let unable =
            |error: io::Error| format!("the kernel cache {} cannot be written: {error}", self.root.display());
        let below = Path::new("packages").join(sha256);
        let place = self.root.join(&below);
        if !place.exists() {
            let temporary =
                tempfile::Builder::new().prefix(TEMPORARY).tempdir_in(&self.root).map_err(unable)?;
            let (download, tree) = (temporary.path().join("download"), temporary.path().join("tree"));
            fs::create_dir(&download).map_err(unable)?;
            fs::create_dir(&tree).map_err(unable)?;
            fill(&download, &tree)?;
            fs::rename(&tree, &place).map_err(unable)?;
        }
        Ok(below)
    }

    /// Keeps what an entry led to.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn keep(&self, _lock: &Lock, entry: &KernelEntry, record: &CacheRecord) -> Result<(), String> {
        let path = self.record_path(entry);
        let unable = |error: io::Error| format!("{} cannot be written: {error}", path.display());
        let text = serde_json::to_string_pretty(record).map_err(|error| unable(error.into()))?;
        let mut file = tempfile::NamedTempFile::new_in(self.root.join("kernels")).map_err(unable)?;
        io::Write::write_all(&mut file, text.as_bytes()).map_err(unable)?;
        file.persist(&path).map_err(|error| unable(error.error))?;
        Ok(())
    }

    /// A path below the cache directory, in full.
    pub fn full(&self, below: &Path) -> PathBuf {
        self.root.join(below)
    }

    fn record_path(&self, entry: &KernelEntry) -> PathBuf {
        self.root.join("kernels").join(format!("{}.json", entry.name))
    }
}

/// The kernel image of an unpacked package, below its directory.
pub fn image_in(tree: &Path) -> Option<PathBuf> {
    let in_boot = children(&tree.join("boot"))
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vmlinuz-")));
    let found = in_boot.or_else(|| {
        let releases =
            ["usr/lib/modules", "lib/modules"].into_iter().flat_map(|place| children(&tree.join(place)));
        releases.map(|release| release.join("vmlinuz")).find(|path| path.is_file())
    })?;
    found.strip_prefix(tree).ok().map(Path::to_path_buf)
}

/// The directory with the modules of a release in an unpacked package, below its directory.
pub fn modules_in(tree: &Path, release: &str) -> Option<PathBuf> {
    let places = ["lib/modules", "usr/lib/modules"].map(|place| Path::new(place).join(release));
    places.into_iter().find(|place| tree.join(place).join("kernel").is_dir())
}

fn children(directory: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(directory).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}
