//! Programs of the host's that a guest gets: the few that assignments have a submission execute, and
//! the loader and libraries that machine code needs.
//!
//! The program that becomes `/init` is the business of `initramfs`.

use crate::arch::NATIVE;
use crate::compression;
use elf::ElfBytes;
use elf::endian::AnyEndian;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

/// The programs that the checks of the assignments have submissions execute, and those that show a
/// student most.
const NAMES: [&str; 20] = [
    "sh", "sleep", "cat", "echo", "env", "false", "grep", "head", "hostname", "id", "kill", "ls", "mkdir",
    "mount", "readlink", "stat", "touch", "true", "umount", "uname",
];

/// The most bytes of a program or a library.
const LARGEST_PROGRAM: u64 = 256 << 20;

/// Where programs are looked for.
const PROGRAMS: [&str; 4] = ["/bin", "/usr/bin", "/sbin", "/usr/sbin"];

const ELF_MAGIC: &[u8] = b"\x7fELF";

/// Shells that need nothing but libraries.
const SHELLS: [&str; 4] = ["sh", "dash", "bash", "busybox"];

/// Files of a guest: where each lies, and its content.
pub type FileTree = BTreeMap<PathBuf, Vec<u8>>;

/// The tools, and the files that they and this submission need to be started.
///
/// # Errors
/// When the submission is a script of an interpreter that needs more than a few files, or when a
/// library of it is not to be found.
pub fn for_submission(submission: &[u8]) -> Result<FileTree, String> {
    let mut files = FileTree::new();
    for name in NAMES {
        let found =
            PROGRAMS.iter().map(|directory| Path::new(directory).join(name)).find(|path| path.is_file());
        let Some(path) = found else { continue };
        let content = read(&path)?;
        add_libraries(&mut files, &content)?;
        files.insert(Path::new("/bin").join(name), content);
    }
    if !files.contains_key(Path::new("/bin/sh")) {
        return Err("there is no sh on this machine to give to the guest".to_string());
    }
    match interpreter_of(submission) {
        None => add_libraries(&mut files, submission)?,
        Some(path) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !SHELLS.contains(&name.as_str()) {
                return Err(format!(
                    "a guest gets machine code and shell scripts only, not what {} needs: grade it without --vm",
                    path.display()
                ));
            }
            let content = read(&path)?;
            add_libraries(&mut files, &content)?;
            files.insert(path, content);
        }
    }
    Ok(files)
}

/// The interpreter that the first line of a script names.
fn interpreter_of(submission: &[u8]) -> Option<PathBuf> {
    let line = submission.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line).into_owned();
    line.split_whitespace().next().map(PathBuf::from)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    compression::read_file_within(path, LARGEST_PROGRAM)
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// Adds the loader and the libraries that an ELF file names, and those that they name.
fn add_libraries(files: &mut FileTree, program: &[u8]) -> Result<(), String> {
    let Some((loader, needed)) = named_by(program) else { return Ok(()) };
    let mut wanted: Vec<PathBuf> = loader.into_iter().collect();
    for name in needed {
        wanted.push(library(&name).ok_or_else(|| format!("the library {name} is not to be found here"))?);
    }
    for path in wanted {
        if let Entry::Vacant(place) = files.entry(path) {
            let content = read(place.key())?;
            // A submission names its loader freely: no other file of the host gets into its guest.
            if !content.starts_with(ELF_MAGIC) {
                return Err(format!("{} is no loader or library", place.key().display()));
            }
            place.insert(content.clone());
            add_libraries(files, &content)?;
        }
    }
    Ok(())
}

/// The files that an ELF file names: its loader (PT_INTERP) and its libraries (DT_NEEDED).
fn named_by(file: &[u8]) -> Option<(Option<PathBuf>, Vec<String>)> {
    let elf = ElfBytes::<AnyEndian>::minimal_parse(file).ok()?;
    let segments = elf.segments()?;
    let loader = segments.iter().find(|segment| segment.p_type == elf::abi::PT_INTERP).and_then(|segment| {
        let text = elf.segment_data(&segment).ok()?;
        let text = text.split(|byte| *byte == 0).next()?;
        Some(PathBuf::from(String::from_utf8_lossy(text).into_owned()))
    });
    let mut needed = Vec::new();
    let sections = elf.find_common_data().ok()?;
    if let (Some(dynamic), Some(strings)) = (sections.dynamic, sections.dynsyms_strs) {
        for entry in dynamic.iter().filter(|entry| entry.d_tag == elf::abi::DT_NEEDED) {
            needed.push(strings.get(entry.d_val() as usize).ok()?.to_string());
        }
    }
    Some((loader, needed))
}

/// A library by its name, in the directories in which the loader looks without being told.
fn library(name: &str) -> Option<PathBuf> {
    let architecture = NATIVE.name();
    let directories = [
        format!("/lib/{architecture}-linux-gnu"),
        format!("/usr/lib/{architecture}-linux-gnu"),
        "/lib64".to_string(),
        "/usr/lib64".to_string(),
        "/lib".to_string(),
        "/usr/lib".to_string(),
    ];
    directories.iter().map(|directory| Path::new(directory).join(name)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CASES, foreign, peak};
    use proptest::prelude::*;

    #[test]
    fn a_script_of_a_shell_gets_the_shell_and_its_libraries() {
        let files = for_submission(b"#!/bin/sh -e\nexit 0\n").unwrap();
        assert!(files.contains_key(Path::new("/bin/sh")));
        assert!(files.contains_key(Path::new("/bin/sleep")));
        // A dynamic shell is there with its loader.
        if let Some((Some(loader), _)) = named_by(&files[Path::new("/bin/sh")]) {
            assert!(files.contains_key(&loader), "{}", loader.display());
        }
    }

    #[test]
    fn other_interpreters_are_refused() {
        let why = for_submission(b"#!/usr/bin/env python3\n").unwrap_err();
        assert!(why.contains("/usr/bin/env") && why.contains("without --vm"), "{why}");
    }

    #[test]
    fn no_file_of_the_host_is_taken_for_a_loader() {
        let mut program = std::fs::read("/bin/sh").unwrap();
        let (Some(loader), _) = named_by(&program).unwrap() else { return };
        let loader = loader.to_str().unwrap();
        let at = program.windows(loader.len()).position(|bytes| bytes == loader.as_bytes()).unwrap();
        let other = format!("/etc/passwd{:\0<1$}", "", loader.len() - "/etc/passwd".len());
        program[at..at + loader.len()].copy_from_slice(other.as_bytes());
        let why = for_submission(&program).unwrap_err();
        assert!(why.contains("/etc/passwd is no loader"), "{why}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(CASES))]

        #[test]
        fn foreign_programs_are_read_or_not(bytes in foreign("program")) {
            let (_, most) = peak(|| (named_by(&bytes), interpreter_of(&bytes)));
            prop_assert!(most < 1 << 20, "{most} bytes");
        }
    }
}
