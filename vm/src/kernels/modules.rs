//! The modules of one kernel: which there are, what each needs, and their bytes without compression.
//!
//! Debian's packages hold no `modules.dep` (it is made when they are installed): what a module needs
//! is read from the module itself.

use crate::compression::{self, LARGEST_KERNEL};
use elf::ElfBytes;
use elf::endian::AnyEndian;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The most bytes of the list of built-in modules.
const LARGEST_LIST: u64 = 16 << 20;

/// The modules below one `lib/modules/RELEASE`.
pub struct Modules {
    paths: BTreeMap<String, PathBuf>,
    built_in: BTreeSet<String>,
}

/// A module that can be given to init_module(2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Its name, with `_`.
    pub name: String,
    /// Its uncompressed bytes.
    pub bytes: Vec<u8>,
}

impl Modules {
    /// Looks at what is in a directory.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn open(directory: &Path) -> io::Result<Modules> {
        let mut paths = BTreeMap::new();
        let mut directories = vec![directory.to_path_buf()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(&directory)? {
                let entry = entry?;
                // Links (`build`, `source`) lead away from the modules.
                if entry.file_type()?.is_dir() {
                    directories.push(entry.path());
                } else if let Some(name) = module_name(&entry.path()) {
                    paths.insert(name, entry.path());
                }
            }
        }
        let built_in = match compression::read_file_within(&directory.join("modules.builtin"), LARGEST_LIST) {
            Ok(text) => String::from_utf8_lossy(&text)
                .lines()
                .filter_map(|line| module_name(Path::new(line)))
                .collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeSet::new(),
            Err(error) => return Err(error),
        };
        Ok(Modules { paths, built_in })
    }

    /// Whether a module is part of the kernel itself.
    pub fn is_built_in(&self, name: &str) -> bool {
        self.built_in.contains(&plain(name))
    }

    /// The file of a module.
    pub fn path(&self, name: &str) -> Option<&Path> {
        self.paths.get(&plain(name)).map(PathBuf::as_path)
    }

    /// The modules of these names and all that they need, in an order in which they can be loaded.
    /// The list leaves out modules that are built in or not there.
    ///
    /// # Errors
    /// When a module is damaged, or one that it needs is not there.
    pub fn load_order(&self, names: &[&str]) -> Result<Vec<Module>, String> {
        let mut ordered = Vec::new();
        let mut seen = BTreeSet::new();
        for name in names {
            if self.path(name).is_some() {
                self.add(&plain(name), &mut seen, &mut ordered)?;
            }
        }
        Ok(ordered)
    }

    fn add(&self, name: &str, seen: &mut BTreeSet<String>, ordered: &mut Vec<Module>) -> Result<(), String> {
        if !seen.insert(name.to_string()) || self.is_built_in(name) {
            return Ok(());
        }
        let path = self
            .path(name)
            .ok_or_else(|| format!("the module '{name}', which another needs, is not there"))?;
        let bytes = read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let needed = needs(&bytes).map_err(|error| format!("{}: no module: {error}", path.display()))?;
        for needed in needed {
            self.add(&needed, seen, ordered)?;
        }
        ordered.push(Module { name: name.to_string(), bytes });
        Ok(())
    }
}

/// The uncompressed bytes of a module.
///
/// # Errors
/// When it can't be read or is damaged.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let bytes = compression::read_file_within(path, LARGEST_KERNEL)?;
    if path.extension().is_some_and(|extension| extension == "ko") {
        Ok(bytes)
    } else {
        compression::decompress(&bytes, LARGEST_KERNEL)
    }
}

/// The names of the modules that a module says it needs.
pub(super) fn needs(module: &[u8]) -> Result<Vec<String>, elf::ParseError> {
    let file = ElfBytes::<AnyEndian>::minimal_parse(module)?;
    let Some(section) = file.section_header_by_name(".modinfo")? else { return Ok(Vec::new()) };
    let (info, _) = file.section_data(&section)?;
    let depends = info.split(|byte| *byte == 0).find_map(|field| field.strip_prefix(b"depends="));
    let depends = String::from_utf8_lossy(depends.unwrap_or_default()).into_owned();
    Ok(depends.split(',').filter(|name| !name.is_empty()).map(plain).collect())
}

/// The name of the module in a file `NAME.ko` or, compressed, `NAME.ko.xz`.
fn module_name(path: &Path) -> Option<String> {
    let file = path.file_name()?.to_str()?;
    let (name, suffix) = file.split_once(".ko")?;
    ["", ".xz", ".zst", ".gz"].contains(&suffix).then(|| plain(name))
}

/// Names of modules are the same with `-` and with `_`.
fn plain(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compression::tests::gzip;

    /// An ELF file with a `.modinfo` section.
    fn module(info: &str) -> Vec<u8> {
        let names = b"\0.modinfo\0.shstrtab\0";
        let mut file = b"\x7fELF\x02\x01\x01".to_vec();
        file.resize(16, 0);
        let information = 64;
        let strings = information + info.len();
        let sections = (strings + names.len()) as u64;
        file.extend(1_u16.to_le_bytes());
        file.extend(62_u16.to_le_bytes());
        file.extend(1_u32.to_le_bytes());
        for field in [0, 0, sections] {
            file.extend(field.to_le_bytes());
        }
        file.extend(0_u32.to_le_bytes());
        for field in [64_u16, 0, 0, 64, 3, 2] {
            file.extend(field.to_le_bytes());
        }
        file.extend(info.as_bytes());
        file.extend(names);
        for (name, kind, offset, size) in
            [(0_u32, 0_u32, 0, 0), (1, 1, information, info.len()), (10, 3, strings, names.len())]
        {
            file.extend(name.to_le_bytes());
            file.extend(kind.to_le_bytes());
            for field in [0, 0, offset as u64, size as u64] {
                file.extend(field.to_le_bytes());
            }
            file.extend([0; 8]);
            for field in [1_u64, 0] {
                file.extend(field.to_le_bytes());
            }
        }
        file
    }

    fn modules(files: &[(&str, Vec<u8>)]) -> (tempfile::TempDir, Modules) {
        let directory = tempfile::tempdir().unwrap();
        for (path, bytes) in files {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let modules = Modules::open(directory.path()).unwrap();
        (directory, modules)
    }

    #[test]
    fn what_a_module_needs_is_loaded_before_it() {
        let (_directory, modules) = modules(&[
            ("kernel/net/vx-lan.ko", module("license=GPL\0depends=udp_tunnel,ip6-tunnel\0name=vxlan\0")),
            ("kernel/net/udp_tunnel.ko.gz", gzip(&module("depends=ip6_tunnel,inside\0"))),
            ("kernel/net/ip6_tunnel.ko", module("depends=\0")),
            ("kernel/fs/other.ko", module("depends=\0")),
            ("modules.builtin", b"kernel/lib/inside.ko\n".to_vec()),
        ]);
        assert!(modules.is_built_in("inside") && !modules.is_built_in("vx_lan"));
        let order = modules.load_order(&["vx_lan", "ip6-tunnel", "inside", "nowhere"]).unwrap();
        let names: Vec<&str> = order.iter().map(|module| module.name.as_str()).collect();
        assert_eq!(names, ["ip6_tunnel", "udp_tunnel", "vx_lan"]);
        assert!(order.iter().all(|module| module.bytes.starts_with(b"\x7fELF")));
    }

    #[test]
    fn a_needed_module_that_is_not_there_is_an_error() {
        let (_directory, modules) = modules(&[("a.ko", module("depends=b\0"))]);
        assert!(modules.load_order(&["a"]).unwrap_err().contains("'b'"));
    }

    #[test]
    fn a_damaged_module_is_an_error() {
        let (_directory, modules) = modules(&[("a.ko", b"text".to_vec()), ("b.ko.xz", b"text".to_vec())]);
        assert!(modules.load_order(&["a"]).unwrap_err().contains("a.ko: no module"));
        assert!(modules.load_order(&["b"]).unwrap_err().contains("b.ko.xz: compressed neither"));
    }
}
