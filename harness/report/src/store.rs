//! The store of kept runs: a folder with a file for each run, named by the hash of its content.
//!
//! An entry is a run file in the short form, compressed with gzip. It is written beside its place and
//! then put there whole, and never changed afterwards: writers need not know of each other, a damaged
//! entry costs no other one, and the folder can be in git. Looking at kept runs side by side lives in
//! `history`.

use crate::run::{Lookup, RecordedRun};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use nix::fcntl::{Flock, FlockArg};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// The folder of the entries inside a store.
const FOLDER: &str = "runs";
/// The names of entries: `run-`, the SHA-256 of the uncompressed content in hexadecimal, and this.
const ENDING: &str = ".jsonl.gz";
/// How entries begin that are being written, or never were to the end.
const UNFINISHED: &str = ".new-";
/// The most bytes that an entry has without compression: thousands of times as many as a run of all cases.
const LARGEST_ENTRY: u64 = 1 << 30;

/// A store of runs.
pub struct Store {
    root: PathBuf,
}

/// A run of a store.
#[derive(Clone, Debug)]
pub struct StoredRun {
    /// The name of its entry without the ending.
    pub name: String,
    /// The run.
    pub run: RecordedRun,
}

/// An entry that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedEntry {
    /// Its file.
    pub path: PathBuf,
    /// The damage.
    pub why: String,
}

/// Everything in a store.
#[derive(Clone, Debug, Default)]
pub struct StoreContent {
    /// The runs, in the order of their names.
    pub runs: Vec<StoredRun>,
    /// The entries that were passed over.
    pub damaged: Vec<DamagedEntry>,
}

impl Store {
    /// The store in this folder, which need not be there yet.
    pub fn at(root: &Path) -> Store {
        Store { root: root.to_path_buf() }
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn folder(&self) -> PathBuf {
        self.root.join(FOLDER)
    }

    /// Makes the folder.
    ///
    /// # Errors
    /// Those of making it.
    pub fn make(&self) -> io::Result<()> {
        fs::create_dir_all(self.folder())
    }

    /// Keeps a run, and gives the name of its entry. A run that is there already is not kept twice.
    /// `approved` gives the approved trace of the case with an id.
    ///
    /// # Errors
    /// Those of making the folder and writing; then nothing that was there before has changed.
    pub fn keep(&self, run: &RecordedRun, approved: fn(&str) -> Option<&'static str>) -> io::Result<String> {
        let mut content = Vec::new();
        run.write_short(approved, &mut content)?;
        let name = format!("run-{}", hash(&content));
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(&content)?;
        let packed = packer.finish()?;
        let folder = self.folder();
        self.make()?;
        let beside = folder.join(unfinished_name());
        let written = write_locked(&beside, &packed)
            .and_then(|lock| fs::rename(&beside, folder.join(name.clone() + ENDING)).map(|()| lock));
        if let Err(error) = written {
            let _ = fs::remove_file(&beside);
            return Err(error);
        }
        // The name is on the disk too before anybody is told of it.
        File::open(&folder)?.sync_all()?;
        Ok(name)
    }

    /// Reads every entry. A store that is not there is empty. The words that the short form leaves to
    /// the catalogue come from `lookup`.
    ///
    /// # Errors
    /// When the folder is there and cannot be listed.
    pub fn read(&self, lookup: Lookup) -> io::Result<StoreContent> {
        let mut content = StoreContent::default();
        let entries = match fs::read_dir(self.folder()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(content),
            entries => entries?,
        };
        let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
        paths.sort();
        for path in paths {
            let file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if file_name.starts_with(UNFINISHED) {
                if path.extension().is_none() && was_left(&path) {
                    let why = "its writer ended before it was whole".to_string();
                    content.damaged.push(DamagedEntry { path, why });
                }
                continue;
            }
            // Whatever else lies there, as in a folder of git, is no entry.
            let Some(name) = file_name.strip_suffix(ENDING).filter(|name| name.starts_with("run-")) else {
                continue;
            };
            match read_entry(&path, name, lookup) {
                Ok(run) => content.runs.push(StoredRun { name: name.to_string(), run }),
                Err(why) => content.damaged.push(DamagedEntry { path, why }),
            }
        }
        Ok(content)
    }
}

/// The content of a file, without compression if it is compressed with gzip.
///
/// # Errors
/// When the compressed bytes are damaged, cut off, or stand for more than `most` bytes.
pub fn unpacked(bytes: Vec<u8>, most: u64) -> io::Result<Vec<u8>> {
    const GZIP: &[u8] = b"\x1f\x8b";
    if !bytes.starts_with(GZIP) {
        return Ok(bytes);
    }
    let mut content = Vec::new();
    GzDecoder::new(&bytes[..]).take(most + 1).read_to_end(&mut content)?;
    if content.len() as u64 > most {
        return Err(io::Error::other(format!("it is larger than {} MiB", most >> 20)));
    }
    Ok(content)
}

fn read_entry(path: &Path, name: &str, lookup: Lookup) -> Result<RecordedRun, String> {
    let mut packed = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST_ENTRY).read_to_end(&mut packed))
        .map_err(|error| format!("it cannot be read: {error}"))?;
    let content = unpacked(packed, LARGEST_ENTRY).map_err(|error| format!("it is damaged: {error}"))?;
    if format!("run-{}", hash(&content)) != name {
        return Err("it is damaged: its content does not have the hash that is its name".to_string());
    }
    RecordedRun::parse(&path.display().to_string(), &content, lookup)
}

fn hash(content: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(content))
}

/// A name that no other writer has.
fn unfinished_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("{UNFINISHED}{}-{number}-{}", std::process::id(), now.as_nanos())
}

/// Writes a file that is locked as long as its writer lives, and sees it onto the disk. It gets its name
/// only once it is locked, so that nobody takes it for one that was left.
fn write_locked(path: &Path, bytes: &[u8]) -> io::Result<Flock<File>> {
    let unlocked = path.with_extension("unlocked");
    let file = File::options().write(true).create_new(true).open(&unlocked)?;
    let mut lock = Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, errno)| io::Error::from(errno))?;
    fs::rename(unlocked, path)?;
    lock.write_all(bytes)?;
    lock.sync_all()?;
    Ok(lock)
}

/// Whether nobody writes to this file any more, and it is still there.
fn was_left(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    Flock::lock(file, FlockArg::LockSharedNonblock).is_ok() && path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::made_up;
    use rstest::rstest;

    const NOTHING_APPROVED: fn(&str) -> Option<&'static str> = |_| None;

    fn kept(folder: &Path, releases: &[&str]) -> Vec<PathBuf> {
        let store = Store::at(folder);
        let keep = |release: &&str| {
            let name = store.keep(&made_up(release, &[("uts.a", "pass")]), NOTHING_APPROVED).unwrap();
            folder.join(FOLDER).join(name + ENDING)
        };
        releases.iter().map(keep).collect()
    }

    fn releases(content: &StoreContent) -> Vec<&str> {
        let mut releases: Vec<&str> =
            content.runs.iter().map(|stored| stored.run.start.machine.kernel_release.as_str()).collect();
        releases.sort_unstable();
        releases
    }

    #[test]
    fn a_run_is_kept_once_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        assert!(store.read(Lookup::EMPTY).unwrap().runs.is_empty());
        let paths = kept(folder.path(), &["6.1", "7.0", "6.1"]);
        assert_eq!(paths[0], paths[2]);
        let content = store.read(Lookup::EMPTY).unwrap();
        assert_eq!((releases(&content), content.damaged.len()), (vec!["6.1", "7.0"], 0));
        assert_eq!(content.runs[0].run.cases["uts.a"].lines().len(), 2);
    }

    #[rstest]
    #[case::cut_off(&|bytes: &mut Vec<u8>| bytes.truncate(bytes.len() / 2), "damaged")]
    #[case::empty(&|bytes: &mut Vec<u8>| bytes.clear(), "the hash that is its name")]
    #[case::a_bit(&|bytes: &mut Vec<u8>| { let middle = bytes.len() / 2; bytes[middle] ^= 1 }, "damaged")]
    #[case::other_content(&|bytes: &mut Vec<u8>| *bytes = b"something else".to_vec(), "the hash that is its name")]
    fn damage_is_said_and_costs_no_other_entry(#[case] damage: &dyn Fn(&mut Vec<u8>), #[case] why: &str) {
        let folder = tempfile::tempdir().unwrap();
        let paths = kept(folder.path(), &["6.1", "6.12", "7.0"]);
        let mut bytes = fs::read(&paths[1]).unwrap();
        damage(&mut bytes);
        fs::write(&paths[1], bytes).unwrap();
        let content = Store::at(folder.path()).read(Lookup::EMPTY).unwrap();
        assert_eq!(releases(&content), ["6.1", "7.0"]);
        let [damaged] = content.damaged.as_slice() else { panic!("{:?}", content.damaged) };
        assert_eq!(damaged.path, paths[1]);
        assert!(damaged.why.contains(why), "{}", damaged.why);
        // Keeping the same run again mends it.
        kept(folder.path(), &["6.12"]);
        assert!(Store::at(folder.path()).read(Lookup::EMPTY).unwrap().damaged.is_empty());
    }

    #[test]
    fn an_entry_of_a_writer_that_ended_is_said_and_one_under_way_is_not() {
        let folder = tempfile::tempdir().unwrap();
        kept(folder.path(), &["6.1"]);
        let path = folder.path().join(FOLDER).join(format!("{UNFINISHED}1-0-0"));
        let lock = write_locked(&path, b"half").unwrap();
        let store = Store::at(folder.path());
        assert!(store.read(Lookup::EMPTY).unwrap().damaged.is_empty());
        drop(lock);
        let content = store.read(Lookup::EMPTY).unwrap();
        assert_eq!((content.runs.len(), content.damaged.len()), (1, 1));
        assert_eq!(content.damaged[0].path, path);
    }

    #[test]
    fn many_writers_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let wanted: Vec<String> =
            (0..8).flat_map(|one| (0..8).map(move |other| format!("{one}.{other}"))).collect();
        std::thread::scope(|scope| {
            for chunk in wanted.chunks(8) {
                scope.spawn(move || kept(path, &chunk.iter().map(String::as_str).collect::<Vec<_>>()));
            }
            // Readers meanwhile see whole entries only.
            scope.spawn(move || {
                for _ in 0..20 {
                    assert_eq!(Store::at(path).read(Lookup::EMPTY).unwrap().damaged, []);
                }
            });
        });
        let content = Store::at(path).read(Lookup::EMPTY).unwrap();
        assert_eq!(releases(&content), wanted.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(content.damaged, []);
    }

    #[test]
    fn a_few_bytes_that_stand_for_many_are_refused() {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(&[0; 5000]).unwrap();
        let packed = packer.finish().unwrap();
        assert!(unpacked(packed.clone(), 4000).unwrap_err().to_string().contains("larger than"));
        assert_eq!(unpacked(packed, 5000).unwrap().len(), 5000);
        assert_eq!(unpacked(b"plain".to_vec(), 1).unwrap(), b"plain");
    }
}
