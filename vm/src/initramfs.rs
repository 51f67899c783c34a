//! The initramfs of a guest: a cpio archive in the `newc` form (initramfs documentation of the
//! kernel, buffer-format), uncompressed, since unpacking costs an emulated guest more than reading.

use crate::guest;
use crate::kernels::modules::Module;
use crate::message::WorkOrder;
use cpio::newc;
use nsconform_sys::sandbox;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The contents of the archive.
pub struct Contents<'a> {
    /// The program, and where it lies in the guest.
    pub program: &'a InitProgram,
    /// Modules in the order in which they are loaded.
    pub modules: &'a [Module],
    /// The host's order.
    pub order: &'a WorkOrder,
}

/// The program that becomes the guest's `/init`, with its loader and libraries if it is dynamic.
#[derive(Clone, Debug)]
pub struct InitProgram {
    /// Where each file lies in the guest, and its content.
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl InitProgram {
    /// The running program.
    ///
    /// # Errors
    /// When one of its files cannot be read.
    pub fn running() -> io::Result<InitProgram> {
        let named = |path: &Path, error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        };
        // The file behind the link, not its name: somebody may have replaced the file since.
        let own = Path::new("/proc/self/exe");
        let mut program = std::fs::read(own).map_err(|error| named(own, error))?;
        strip(&mut program);
        let mut files = vec![(PathBuf::from(guest::INIT), program)];
        for library in sandbox::libraries() {
            let content = std::fs::read(&library).map_err(|error| named(&library, error))?;
            files.push((library, content));
        }
        Ok(InitProgram { files })
    }

    /// The same with further files.
    pub fn with(mut self, files: impl IntoIterator<Item = (PathBuf, Vec<u8>)>) -> InitProgram {
        for (path, content) in files {
            if !self.files.iter().any(|(there, _)| *there == path) {
                self.files.push((path, content));
            }
        }
        self
    }

    /// A program in one file.
    pub fn single(content: Vec<u8>) -> InitProgram {
        InitProgram { files: vec![(PathBuf::from(guest::INIT), content)] }
    }
}

/// Cuts off the parts that are not loaded of a little-endian 64-bit ELF file: symbols and debugging
/// information, which may be most of it. Other files are left as they are.
fn strip(file: &mut Vec<u8>) -> Option<()> {
    const HEADER: usize = 64;
    const PROGRAM_HEADER: usize = 56;
    let field = |file: &[u8], at: usize, size: usize| -> Option<usize> {
        let bytes = file.get(at..at.checked_add(size)?)?;
        Some(bytes.iter().rev().fold(0, |value, byte| value << 8 | usize::from(*byte)))
    };
    if !file.starts_with(b"\x7fELF\x02\x01") || field(file, 54, 2)? != PROGRAM_HEADER {
        return None;
    }
    let (table, count) = (field(file, 32, 8)?, field(file, 56, 2)?);
    let table_end = table.checked_add(count * PROGRAM_HEADER).filter(|end| *end <= file.len())?;
    let mut end = HEADER.max(table_end);
    for header in (table..table_end).step_by(PROGRAM_HEADER) {
        end = end.max(field(file, header + 8, 8)?.checked_add(field(file, header + 32, 8)?)?);
    }
    if end > file.len() {
        return None;
    }
    file.truncate(end);
    // There is no table of sections any more: e_shoff, and e_shentsize, e_shnum, e_shstrndx.
    file[40..48].fill(0);
    file[58..64].fill(0);
    Some(())
}

/// Directories of the guest, to be mounted on.
const DIRECTORIES: [&str; 8] = ["dev", "mnt", "new", "proc", "run", "sys", "tmp", "modules"];

/// Builds the archive.
///
/// # Errors
/// When a file is larger than the form can say (4 GiB), or the name of one is not UTF-8.
pub fn build(contents: &Contents) -> io::Result<Vec<u8>> {
    let mut archive = NewArchive::default();
    for directory in DIRECTORIES {
        archive.directory(Path::new(directory))?;
    }
    // The kernel opens it for PID 1 before anything is mounted; 5:1.
    archive.add(Path::new("dev/console"), libc::S_IFCHR | 0o600, (5, 1), &[])?;
    for (path, content) in &contents.program.files {
        archive.file(path, 0o755, content)?;
    }
    for (number, module) in contents.modules.iter().enumerate() {
        let path = Path::new("modules").join(format!("{number:03}-{}.ko", module.name));
        archive.file(&path, 0o644, &module.bytes)?;
    }
    let order = serde_json::to_vec(contents.order)?;
    archive.file(Path::new(guest::ORDER), 0o644, &order)?;
    newc::trailer(archive.bytes)
}

/// An archive that is being written.
#[derive(Default)]
struct NewArchive {
    bytes: Vec<u8>,
    entries: u32,
    directories: Vec<PathBuf>,
}

impl NewArchive {
    fn directory(&mut self, path: &Path) -> io::Result<()> {
        if path.as_os_str().is_empty() || path == Path::new("/") || self.directories.iter().any(|d| d == path)
        {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            self.directory(parent)?;
        }
        self.directories.push(path.to_path_buf());
        self.add(path, libc::S_IFDIR | 0o755, (0, 0), &[])
    }

    /// Adds a file and the directories above it.
    fn file(&mut self, path: &Path, mode: u32, content: &[u8]) -> io::Result<()> {
        let path = path.strip_prefix("/").unwrap_or(path);
        if let Some(parent) = path.parent() {
            self.directory(parent)?;
        }
        self.add(path, libc::S_IFREG | mode, (0, 0), content)
    }

    fn add(&mut self, path: &Path, mode: u32, device: (u32, u32), content: &[u8]) -> io::Result<()> {
        let refused = |why: &str| io::Error::other(format!("{} {why}", path.display()));
        let size = u32::try_from(content.len()).map_err(|_| refused("is larger than 4 GiB"))?;
        let name = path.to_str().ok_or_else(|| refused("has a name that is not UTF-8"))?;
        self.entries += 1;
        let entry =
            newc::Builder::new(name).ino(self.entries).mode(mode).rdev_major(device.0).rdev_minor(device.1);
        let mut writer = entry.write(&mut self.bytes, size);
        writer.write_all(content)?;
        writer.finish().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Privilege;
    use crate::testing::{CASES, foreign};
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use std::io::Read;

    struct Entry {
        name: String,
        mode: u32,
        device: (u32, u32),
        content: Vec<u8>,
    }

    fn read_back(mut bytes: &[u8]) -> Vec<Entry> {
        let mut entries = Vec::new();
        loop {
            let mut reader = newc::Reader::new(bytes).unwrap();
            if reader.entry().is_trailer() {
                assert!(reader.finish().unwrap().is_empty());
                return entries;
            }
            let mut content = Vec::new();
            reader.read_to_end(&mut content).unwrap();
            let found = reader.entry();
            let device = (found.rdev_major(), found.rdev_minor());
            entries.push(Entry { name: found.name().to_string(), mode: found.mode(), device, content });
            bytes = reader.finish().unwrap();
        }
    }

    fn order() -> WorkOrder {
        WorkOrder {
            cases: vec!["uts.a".into()],
            privileges: Privilege::ALL.to_vec(),
            rounds: 1,
            ..WorkOrder::nothing()
        }
    }

    #[test]
    fn an_archive_is_read_back_as_it_was_built() {
        let mut program = InitProgram::single(b"the program".to_vec());
        program.files.push((PathBuf::from("/lib/deep/er/libx.so"), b"12345".to_vec()));
        let modules = [
            Module { name: "first".into(), bytes: vec![1] },
            Module { name: "second".into(), bytes: vec![] },
        ];
        let order = order();
        let built = build(&Contents { program: &program, modules: &modules, order: &order }).unwrap();
        let entries = read_back(&built);
        let find = |name: &str| {
            entries.iter().find(|entry| entry.name == name).unwrap_or_else(|| panic!("{name} is not there"))
        };
        assert_eq!(find("init").content, b"the program");
        assert_eq!(find("init").mode, libc::S_IFREG | 0o755);
        assert_eq!(find("lib/deep/er/libx.so").content, b"12345");
        assert_eq!(find("dev/console").mode & libc::S_IFMT, libc::S_IFCHR);
        assert_eq!(find("dev/console").device, (5, 1));
        assert_eq!(find("modules/000-first.ko").content, [1]);
        assert_eq!(find("modules/001-second.ko").content, [0u8; 0]);
        let name = guest::ORDER.trim_start_matches('/');
        assert_eq!(serde_json::from_slice::<WorkOrder>(&find(name).content).unwrap(), order);
        // Each directory before what is in it, and once.
        for (place, entry) in entries.iter().enumerate() {
            assert_eq!(entries.iter().filter(|other| other.name == entry.name).count(), 1, "{}", entry.name);
            if let Some((parent, _)) = entry.name.rsplit_once('/') {
                let above = entries.iter().position(|other| other.name == parent).unwrap();
                assert!(above < place && entries[above].mode & libc::S_IFMT == libc::S_IFDIR);
            }
        }
    }

    #[test]
    fn a_stripped_program_still_runs() {
        let mut program = std::fs::read("/proc/self/exe").unwrap();
        let before = program.len();
        strip(&mut program).unwrap();
        assert!(program.len() < before);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("program");
        let bytes = directory.path().join("bytes");
        std::fs::write(&bytes, program).unwrap();
        // Another process writes the file that is executed: no fork beside this test can then keep
        // it open for writing.
        let install = ["-m", "755"];
        let mut command = std::process::Command::new("install");
        assert!(command.args(install).args([&bytes, &path]).status().unwrap().success());
        let status = std::process::Command::new(path).arg("--list").output().unwrap().status;
        assert!(status.success(), "{status}");
    }

    #[test]
    fn other_files_are_left_alone() {
        for file in [
            &b"#!/bin/sh\n"[..],
            b"",
            b"\x7fELF\x02\x01",
            &[b"\x7fELF\x02\x01".as_slice(), &[0xff; 100]].concat(),
        ] {
            let mut stripped = file.to_vec();
            let _ = strip(&mut stripped);
            assert_eq!(stripped, file);
        }
    }

    #[test]
    fn the_running_program_is_packed_with_its_loader() {
        let program = InitProgram::running().unwrap();
        let order = order();
        let entries =
            read_back(&build(&Contents { program: &program, modules: &[], order: &order }).unwrap());
        assert!(entries.iter().any(|entry| entry.name == "init" && entry.content.starts_with(b"\x7fELF")));
        for library in sandbox::libraries() {
            let name = library.to_string_lossy().trim_start_matches('/').to_string();
            assert!(entries.iter().any(|entry| entry.name == name), "{name} is not there");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(CASES))]

        #[test]
        fn any_files_are_read_back(
            files in btree_map("[a-z]{1,9}(/[a-zé ]{1,9}){0,3}", vec(any::<u8>(), 0..99), 0..9),
        ) {
            // No file where another one's directory is.
            let names: Vec<&String> = files.keys().collect();
            prop_assume!(!names.iter().any(|name| {
                DIRECTORIES.contains(&name.as_str())
                    || names.iter().any(|other| other.starts_with(&format!("{name}/")))
            }));
            let added = files.iter().map(|(name, content)| (Path::new("/").join(name), content.clone()));
            let program = InitProgram::single(b"program".to_vec()).with(added);
            let order = order();
            let built = build(&Contents { program: &program, modules: &[], order: &order }).unwrap();
            let entries = read_back(&built);
            for (name, content) in &files {
                let entry = entries.iter().find(|entry| entry.name == *name);
                prop_assert_eq!(entry.map(|entry| &entry.content), Some(content), "{}", name);
            }
        }

        #[test]
        fn a_foreign_program_is_cut_or_left_alone(bytes in foreign("program")) {
            let mut stripped = bytes.clone();
            let _ = strip(&mut stripped);
            prop_assert!(stripped.len() <= bytes.len());
        }
    }
}
