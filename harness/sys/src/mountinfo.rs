//! The one reader of a table of mounts, as proc_pid_mountinfo(5) describes it.
//!
//! Callers say which table they read, and draw the conclusions.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// The caller's own table.
pub const OWN: &str = "/proc/self/mountinfo";

/// A mount: one line of the table. Paths and the source have their escapes undone; in the other texts,
/// which may hold names of files too, U+FFFD stands for bytes that are not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountInfo {
    /// Its own id.
    pub id: u64,
    /// The id of the mount that it is on.
    pub parent: u64,
    /// The device number of the file system, as `st_dev` has it.
    pub device: u64,
    /// The directory of the file system that it shows.
    pub root: PathBuf,
    /// Its mount point, as the reader of the table would name it.
    pub point: PathBuf,
    /// The options of the mount, with commas between them.
    pub options: String,
    /// The optional fields: `shared:N`, `master:N`, `propagate_from:N`, `unbindable`.
    pub propagation: Vec<String>,
    /// The type of the file system.
    pub filesystem: String,
    /// The source, which may be any text.
    pub source: OsString,
    /// The options of the file system, with commas between them.
    pub superblock: String,
}

impl MountInfo {
    /// Reads one line; none if it is not one.
    pub fn read(line: &[u8]) -> Option<MountInfo> {
        let mut words = line.split(|byte| *byte == b' ');
        let mut word = || words.next().map(unescaped);
        let text = |word: Option<Vec<u8>>| Some(String::from_utf8_lossy(&word?).into_owned());
        let path = |word: Option<Vec<u8>>| Some(PathBuf::from(OsString::from_vec(word?)));
        let (id, parent) = (text(word())?.parse().ok()?, text(word())?.parse().ok()?);
        let device = text(word())?;
        let (major, minor) = device.split_once(':')?;
        let device = libc::makedev(major.parse().ok()?, minor.parse().ok()?);
        let (root, point, options) = (path(word())?, path(word())?, text(word())?);
        let mut propagation = Vec::new();
        loop {
            match text(word())? {
                end if end == "-" => break,
                field => propagation.push(field),
            }
        }
        let (filesystem, source) = (text(word())?, OsString::from_vec(word()?));
        let superblock = text(word())?;
        Some(MountInfo {
            id,
            parent,
            device,
            root,
            point,
            options,
            propagation,
            filesystem,
            source,
            superblock,
        })
    }

    /// Whether what is mounted below this mount shows in its peers.
    pub fn is_shared(&self) -> bool {
        self.is_in("shared:")
    }

    /// Whether no mount comes into it from elsewhere, or goes from it to elsewhere.
    pub fn is_private(&self) -> bool {
        !self.is_shared() && !self.is_in("master:")
    }

    fn is_in(&self, group: &str) -> bool {
        self.propagation.iter().any(|field| field.starts_with(group))
    }
}

/// The mounts of a table, in its order; lines that are no mounts are left out.
pub fn mounts(table: &[u8]) -> Vec<MountInfo> {
    lines(table).filter_map(MountInfo::read).collect()
}

/// The mounts of a table, in its order, for those who must not miss one.
///
/// # Errors
/// Quotes the first line that is no mount.
pub fn all_mounts(table: &[u8]) -> Result<Vec<MountInfo>, String> {
    let unread = |line| format!("mountinfo has a line that is none: {}", String::from_utf8_lossy(line));
    lines(table).map(|line| MountInfo::read(line).ok_or_else(|| unread(line))).collect()
}

fn lines(table: &[u8]) -> impl Iterator<Item = &[u8]> {
    table.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

/// The mounts of the table in a file.
///
/// # Errors
/// When the file cannot be read.
pub fn mounts_of(file: impl AsRef<Path>) -> std::io::Result<Vec<MountInfo>> {
    Ok(mounts(&std::fs::read(file)?))
}

/// Undoes the escapes: a backslash and three octal digits.
fn unescaped(word: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(word.len());
    let mut rest = word;
    while let [first, after @ ..] = rest {
        if let (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) = (first, after) {
            plain.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
            rest = after;
        } else {
            plain.push(*first);
            rest = after;
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[test]
    fn a_line_is_read_with_its_escapes_undone() {
        let line = b"36 30 0:27 /x\\040y /a\\011b ro,nosuid shared:7 master:3 - tmpfs b\\134c rw,size=1k";
        let mount = MountInfo::read(line).unwrap();
        assert_eq!((mount.id, mount.parent, mount.device), (36, 30, 27));
        assert_eq!((mount.root.as_path(), mount.point.as_path()), (Path::new("/x y"), Path::new("/a\tb")));
        assert_eq!((mount.options.as_str(), mount.superblock.as_str()), ("ro,nosuid", "rw,size=1k"));
        assert_eq!((mount.filesystem.as_str(), mount.source.to_str()), ("tmpfs", Some("b\\c")));
        assert_eq!(mount.propagation, ["shared:7", "master:3"]);
        assert!(mount.is_shared() && !mount.is_private());
    }

    #[rstest]
    #[case::private("1 0 8:1 / / rw,relatime - ext4 /dev/sda1 rw", true)]
    #[case::shared("1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw", false)]
    #[case::slave("2 1 8:1 / /mnt rw master:7 - ext4 a rw", false)]
    #[case::only_called_so("1 0 8:1 / / rw - ext4 shared:1 rw", true)]
    fn a_private_mount_is_in_no_peer_group(#[case] line: &str, #[case] private: bool) {
        assert_eq!(MountInfo::read(line.as_bytes()).map(|mount| mount.is_private()), Some(private));
    }

    #[test]
    fn bytes_that_are_no_text_do_not_hide_a_mount() {
        let line = b"30 25 0:26 / /a\xff rw - fuse.\xfe none rw,lowerdir=/\xfd";
        let mount = MountInfo::read(line).unwrap();
        assert_eq!(mount.point.as_os_str().as_encoded_bytes(), b"/a\xff");
        assert_eq!(
            (mount.filesystem.as_str(), mount.superblock.as_str()),
            ("fuse.\u{fffd}", "rw,lowerdir=/\u{fffd}")
        );
    }

    #[test]
    fn an_empty_table_has_no_mount() {
        assert_eq!(MountInfo::read(b""), None);
        assert_eq!(mounts(b""), []);
        assert_eq!(all_mounts(b""), Ok(Vec::new()));
    }

    #[rstest]
    #[case::no_end_of_the_optional_fields("1 0 0:1 / / rw shared:1")]
    #[case::no_file_system("1 0 0:1 / / rw -")]
    #[case::no_number("one 0 0:1 / / rw - tmpfs none rw")]
    #[case::no_device("1 0 1 / / rw - tmpfs none rw")]
    fn a_line_that_is_none_is_left_out(#[case] line: &str) {
        assert_eq!(MountInfo::read(line.as_bytes()), None);
        assert_eq!(mounts(line.as_bytes()), []);
        assert!(all_mounts(line.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(table in prop::collection::vec(any::<u8>(), 0..200)) {
            mounts(&table);
        }
    }
}
