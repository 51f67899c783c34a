//! Taking a kernel package apart: checking that it is the right one, and unpacking the files that a
//! guest can use.

use crate::compression;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Component, Path};

/// The member of the archive that holds the files, without the suffix that says how it is compressed.
const DATA: &[u8] = b"data.tar";

/// Checks a package against what the index says of it.
///
/// # Errors
/// When it can't be read or is another one.
pub fn check(path: &Path, size: u64, sha256: &str) -> Result<(), String> {
    let unreadable = |error: io::Error| format!("{}: {error}", path.display());
    let mut file = File::open(path).map_err(unreadable)?;
    let found = file.metadata().map_err(unreadable)?.len();
    if found != size {
        return Err(format!("the package is damaged: it has {found} bytes instead of {size}"));
    }
    let mut digest = Sha256::new();
    io::copy(&mut file, &mut HashWriter(&mut digest)).map_err(unreadable)?;
    let found = hexadecimal(&digest.finalize());
    if found != sha256 {
        return Err(format!("the package is damaged: its SHA-256 is {found} instead of {sha256}"));
    }
    Ok(())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct HashWriter<'a>(&'a mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Unpacks kernel image and modules of a package into a directory, in the places that they have in
/// the package.
///
/// # Errors
/// When the package is damaged or the directory can't be written.
pub fn unpack(package: &Path, into: &Path) -> Result<(), String> {
    let unpacked = File::open(package).and_then(|file| unpack_from(BufReader::new(file), into));
    unpacked.map_err(|error| format!("the package cannot be unpacked: {error}"))
}

/// The start of an ar archive (deb(5)).
const AR_MAGIC: &[u8] = b"!<arch>\n";
/// The header of a member: name, date, owner, group, mode, size, and an end mark.
const MEMBER_HEADER: usize = 60;
const MEMBER_NAME: std::ops::Range<usize> = 0..16;
const MEMBER_SIZE: std::ops::Range<usize> = 48..58;
const MEMBER_END: &[u8] = b"`\n";

/// The most bytes that the files of a package have without compression: five times those of the
/// largest kernel package.
const LARGEST_PACKAGE: u64 = 2 << 30;

fn unpack_from(mut package: impl Read, into: &Path) -> io::Result<()> {
    let damaged = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_string());
    let mut magic = [0; AR_MAGIC.len()];
    package.read_exact(&mut magic)?;
    if magic != AR_MAGIC {
        return Err(damaged("it is no Debian package (ar archive)"));
    }
    let mut header = [0; MEMBER_HEADER];
    loop {
        match package.read_exact(&mut header) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(damaged("it holds no files (no member 'data.tar')"));
            }
            read => read?,
        }
        let size =
            std::str::from_utf8(&header[MEMBER_SIZE]).ok().and_then(|text| text.trim_end().parse().ok());
        let Some(size) = size.filter(|_| header.ends_with(MEMBER_END)) else {
            return Err(damaged("the header of a member is damaged"));
        };
        let name = header[MEMBER_NAME].trim_ascii_end();
        let Some(suffix) = name.strip_suffix(b"/").unwrap_or(name).strip_prefix(DATA) else {
            skip(&mut package, size)?;
            continue;
        };
        let member = package.take(size);
        return if suffix.is_empty() {
            unpack_tar(member, into)
        } else {
            unpack_tar(compression::reader(BufReader::new(member))?, into)
        };
    }
}

/// Passes over a member; members start at even places.
fn skip(package: &mut impl Read, size: u64) -> io::Result<()> {
    let padded = size.saturating_add(size % 2);
    io::copy(&mut package.take(padded), &mut io::sink()).map(drop)
}

fn unpack_tar(tar: impl Read, into: &Path) -> io::Result<()> {
    for entry in tar::Archive::new(tar.take(LARGEST_PACKAGE)).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        // unpack_in leaves out what would end up outside of the directory.
        if entry.header().entry_type().is_file() && is_of_use(&path) && !entry.unpack_in(into)? {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("'{}' leads out of it", path.display()),
            ));
        }
    }
    Ok(())
}

fn is_of_use(path: &Path) -> bool {
    let parts: Vec<&str> = path
        .components()
        .filter(|part| *part != Component::CurDir)
        .filter_map(|part| part.as_os_str().to_str())
        .collect();
    match parts.as_slice() {
        ["boot", name] => name.starts_with("vmlinuz-"),
        ["lib", "modules", _, ..] | ["usr", "lib", "modules", _, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::compression::tests::{gzip, zstd};
    use rstest::rstest;
    use std::fs;

    /// The SHA-256 of some bytes, in hexadecimal digits.
    pub(crate) fn sha256(bytes: &[u8]) -> String {
        hexadecimal(&Sha256::digest(bytes))
    }

    /// A package with some files, its data compressed by a function.
    pub(crate) fn package(files: &[(&str, &[u8])], suffix: &str, compress: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (path, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            // Written by hand: set_path refuses paths that lead out.
            header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
            header.set_cksum();
            tar.append(&header, *bytes).unwrap();
        }
        let data = compress(&tar.into_inner().unwrap());
        let mut archive = AR_MAGIC.to_vec();
        let mut add = |name: &str, bytes: &[u8]| {
            let size = bytes.len();
            archive.extend(format!("{name:16}{:12}{:6}{:6}{:8}{size:<10}`\n", 0, 0, 0, "100644").bytes());
            archive.extend(bytes);
            archive.resize(archive.len().next_multiple_of(2), b'\n');
        };
        add("debian-binary", b"2.0\n");
        add("control.tar.xz", b"not looked at");
        add(&format!("data.tar{suffix}"), &data);
        archive
    }

    const FILES: &[(&str, &[u8])] = &[
        ("./boot/vmlinuz-6.1.0-test", b"image"),
        ("./boot/config-6.1.0-test", b"config"),
        ("./lib/modules/6.1.0-test/kernel/fs/x.ko", b"module"),
        ("./usr/lib/modules/6.1.0-test/vmlinuz", b"image"),
        ("./usr/share/doc/changelog.gz", b"changes"),
    ];

    #[rstest]
    #[case::plain("", <[u8]>::to_vec)]
    #[case::gzip(".gz", gzip)]
    #[case::zstd(".zst", zstd)]
    fn only_image_and_modules_are_unpacked(#[case] suffix: &str, #[case] compress: fn(&[u8]) -> Vec<u8>) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("x.deb");
        fs::write(&file, package(FILES, suffix, compress)).unwrap();
        let into = directory.path().join("tree");
        fs::create_dir(&into).unwrap();
        unpack(&file, &into).unwrap();
        let read = |path: &str| fs::read(into.join(path)).ok();
        assert_eq!(read("boot/vmlinuz-6.1.0-test").as_deref(), Some(&b"image"[..]));
        assert_eq!(read("lib/modules/6.1.0-test/kernel/fs/x.ko").as_deref(), Some(&b"module"[..]));
        assert_eq!(read("usr/lib/modules/6.1.0-test/vmlinuz").as_deref(), Some(&b"image"[..]));
        assert!(!into.join("boot/config-6.1.0-test").exists() && !into.join("usr/share").exists());
    }

    #[rstest]
    #[case::nothing(b"".to_vec(), "cannot be unpacked")]
    #[case::no_archive(b"<html>not found</html>".to_vec(), "cannot be unpacked")]
    #[case::truncated(package(FILES, ".gz", gzip)[..300].to_vec(), "cannot be unpacked")]
    #[case::no_data(package(FILES, ".gz", gzip)[..150].to_vec(), "cannot be unpacked")]
    #[case::unknown(package(FILES, ".bz2", |_| b"BZh91AY".to_vec()), "compressed neither")]
    #[case::leads_out(package(&[("lib/modules/../../../x", b"")], "", <[u8]>::to_vec), "leads out")]
    fn a_damaged_package_is_an_error(#[case] bytes: Vec<u8>, #[case] expected: &str) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("x.deb");
        fs::write(&file, bytes).unwrap();
        let error = unpack(&file, directory.path()).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }

    #[rstest]
    #[case::right(5, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", None)]
    #[case::truncated(
        6,
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        Some("5 bytes instead of 6")
    )]
    #[case::other(5, "00", Some("SHA-256 is 2cf24d"))]
    fn size_and_checksum_are_checked(
        #[case] size: u64,
        #[case] sha256: &str,
        #[case] expected: Option<&str>,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("x.deb");
        fs::write(&file, "hello").unwrap();
        let found = check(&file, size, sha256);
        match expected {
            None => assert_eq!(found, Ok(())),
            Some(expected) => assert!(found.clone().unwrap_err().contains(expected), "{found:?}"),
        }
    }
}
