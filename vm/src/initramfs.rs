//! The initramfs of a guest: a cpio archive in the `newc` form (initramfs documentation of the
//! kernel, buffer-format), uncompressed, since unpacking costs an emulated guest more than reading.

use crate::guest;
use crate::kernels::modules::Module;
use crate::message::WorkOrder;
use nsconform_sys::sandbox;
use std::io;
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

#[doc(hidden)]
pub use InitProgram as Program;

/// Cuts off the parts that are not loaded of a little-endian 64-bit ELF file: symbols and debugging
/// information, which may be most of it. Other files are left as they are.
fn strip(file: &mut Vec<u8>) -> Option<()> {
    const HEADER: usize = 64;
    const PROGRAM_HEADER: usize = 56;
    let field = |file: &[u8], at: usize, size: usize| -> Option<usize> {
        let bytes = file.get(at..at + size)?;
        Some(bytes.iter().rev().fold(0, |value, byte| value << 8 | usize::from(*byte)))
    };
    if !file.starts_with(b"\x7fELF\x02\x01") || field(file, 54, 2)? != PROGRAM_HEADER {
        return None;
    }
    let (table, count) = (field(file, 32, 8)?, field(file, 56, 2)?);
    let mut end = HEADER.max(table + count * PROGRAM_HEADER);
    for header in (0..count).map(|number| table + number * PROGRAM_HEADER) {
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
/// When a file is larger than the form can say (4 GiB).
pub fn build(contents: &Contents) -> io::Result<Vec<u8>> {
    let mut archive = Archive::default();
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
    archive.finish()
}

/// An archive that is being written.
#[derive(Default)]
struct Archive {
    bytes: Vec<u8>,
    entries: u32,
    directories: Vec<PathBuf>,
}

impl Archive {
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
        use std::os::unix::ffi::OsStrExt;
        let size = u32::try_from(content.len())
            .map_err(|_| io::Error::other(format!("{} is larger than 4 GiB", path.display())))?;
        let name = path.as_os_str().as_bytes();
        self.entries += 1;
        // ino, mode, uid, gid, nlink, mtime, size, device (major, minor), special device (major,
        // minor), length of the name with its zero, checksum.
        let fields =
            [self.entries, mode, 0, 0, 1, 0, size, 0, 0, device.0, device.1, name.len() as u32 + 1, 0];
        self.bytes.extend(b"070701");
        for field in fields {
            self.bytes.extend(format!("{field:08X}").bytes());
        }
        self.bytes.extend(name);
        self.bytes.push(0);
        self.align();
        self.bytes.extend(content);
        self.align();
        Ok(())
    }

    fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    fn finish(mut self) -> io::Result<Vec<u8>> {
        self.add(Path::new("TRAILER!!!"), 0, (0, 0), &[])?;
        Ok(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Privilege;

    struct Entry {
        name: String,
        mode: u32,
        device: (u32, u32),
        content: Vec<u8>,
    }

    /// Reads an archive as the kernel does.
    fn read_back(mut bytes: &[u8]) -> Vec<Entry> {
        let whole = bytes.len();
        let mut entries = Vec::new();
        loop {
            assert_eq!(&bytes[..6], b"070701");
            let field = |index: usize| {
                let at = 6 + index * 8;
                u32::from_str_radix(std::str::from_utf8(&bytes[at..at + 8]).unwrap(), 16).unwrap()
            };
            let (size, name_size) = (field(6) as usize, field(11) as usize);
            let (mode, device) = (field(1), (field(9), field(10)));
            let name = String::from_utf8(bytes[110..110 + name_size - 1].to_vec()).unwrap();
            assert_eq!(bytes[110 + name_size - 1], 0);
            let start = (110 + name_size).next_multiple_of(4);
            let content = bytes[start..start + size].to_vec();
            bytes = &bytes[(start + size).next_multiple_of(4)..];
            assert_eq!((whole - bytes.len()) % 4, 0);
            if name == "TRAILER!!!" {
                assert!(bytes.is_empty());
                return entries;
            }
            entries.push(Entry { name, mode, device, content });
        }
    }

    fn order() -> WorkOrder {
        WorkOrder {
            cases: vec!["uts.a".into()],
            privileges: Privilege::ALL.to_vec(),
            rounds: 1,
            deadline_scale: 1.0,
            grade: None,
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
}
