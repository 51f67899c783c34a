//! Filling and reading the cache, against a made-up archive: no network, no apt.

use super::*;
use crate::arch::tests::{bzimage, elf_with_note};
use crate::compression::tests::gzip;
use std::cell::RefCell;
use std::rc::Rc;

/// An archive in memory: what it offers, the bytes of its packages, and what it was asked.
#[derive(Clone, Default)]
struct Made {
    offered: BTreeMap<String, Offered>,
    files: BTreeMap<String, Vec<u8>>,
    asked: Rc<RefCell<Vec<String>>>,
}

impl Archive for Made {
    fn offered(&mut self, suite: &str) -> Offered {
        self.asked.borrow_mut().push(suite.to_string());
        self.offered.get(suite).cloned().unwrap_or_else(|| Err(format!("the mirror does not offer {suite}")))
    }

    fn download(&mut self, package: &Package, into: &Path) -> Result<PathBuf, String> {
        self.asked.borrow_mut().push(package.name.clone());
        let bytes = self.files.get(&package.name).ok_or("Hash Sum mismatch")?;
        let path = into.join("x.deb");
        fs::write(&path, bytes).unwrap();
        Ok(path)
    }
}

impl Made {
    fn add(&mut self, suite: &str, name: &str, version: &str, depends: &[&str], files: &[(&str, &[u8])]) {
        let bytes = deb::tests::package(files, ".gz", gzip);
        let package = Package {
            name: name.to_string(),
            version: version.to_string(),
            size: bytes.len() as u64,
            sha256: deb::tests::sha256(&bytes),
            depends: depends.iter().map(ToString::to_string).collect(),
            suite: suite.to_string(),
        };
        self.files.insert(name.to_string(), bytes);
        let offered = self.offered.entry(suite.to_string()).or_insert_with(|| Ok((Vec::new(), Vec::new())));
        offered.as_mut().unwrap().0.push(package);
    }

    /// A kernel whose image and modules are in one package.
    fn add_whole(&mut self, suite: &str, release: &str, version: &str, image: &[u8]) {
        let files: [(&str, &[u8]); 2] = [
            (&format!("./boot/vmlinuz-{release}"), image),
            (&format!("./lib/modules/{release}/kernel/fs/x.ko"), b"module"),
        ];
        self.add(suite, &format!("linux-image-{release}"), version, &["kmod"], &files);
    }

    fn asked(&self) -> Vec<String> {
        self.asked.take()
    }
}

fn entry(name: &str, suite: &str) -> KernelEntry {
    KernelEntry {
        name: name.to_string(),
        suite: suite.to_string(),
        package: format!("linux-image-{name}.*"),
        why: "a test".to_string(),
        optional: false,
    }
}

fn image(release: &str) -> Vec<u8> {
    bzimage(release, &gzip(&elf_with_note(b"Xen\0", 18)))
}

struct Place {
    directory: tempfile::TempDir,
    said: Vec<String>,
}

impl Place {
    fn new() -> Place {
        Place { directory: tempfile::tempdir().unwrap(), said: Vec::new() }
    }

    fn run(
        &mut self,
        made: &Made,
        entries: &[KernelEntry],
        offline: bool,
        newest: bool,
    ) -> Vec<Result<Kernel, String>> {
        let options = Options { mirror: None, offline, cache: self.directory.path().to_path_buf() };
        let archive = || Ok(Box::new(made.clone()) as Box<dyn Archive>);
        let filler = Filler { options: &options, newest, archive: &archive };
        let said = &mut self.said;
        let results = filler.run(entries, &mut |line| said.push(line.to_string()));
        results.into_iter().map(|(_, result)| result).collect()
    }

    fn leftovers(&self) -> Vec<String> {
        let names = fs::read_dir(self.directory.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("unfinished-")).collect()
    }
}

#[test]
fn a_kernel_is_fetched_once_and_then_taken_from_the_cache() {
    let mut made = Made::default();
    made.add_whole("stable", "6.1.2-a", "6.1.2-1", &image("6.1.2-a"));
    let mut place = Place::new();
    let entries = [entry("6.1", "stable")];
    let fetched = place.run(&made, &entries, false, false).remove(0).unwrap();
    assert_eq!((fetched.name.as_str(), fetched.release.as_str()), ("6.1", "6.1.2-a"));
    assert_eq!(fs::read(&fetched.image).unwrap(), image("6.1.2-a"));
    assert_eq!(fs::read(fetched.vmlinux.as_ref().unwrap()).unwrap(), elf_with_note(b"Xen\0", 18));
    assert!(fetched.modules.as_ref().unwrap().join("kernel/fs/x.ko").exists());
    assert_eq!(made.asked(), ["stable", "linux-image-6.1.2-a"]);
    assert_eq!(place.leftovers(), [""; 0]);

    // Neither is the archive asked again, nor is there one at all.
    let options = Options { mirror: None, offline: false, cache: place.directory.path().to_path_buf() };
    let archive = || -> Result<Box<dyn Archive>, String> { panic!("the archive is not needed") };
    let filler = Filler { options: &options, newest: false, archive: &archive };
    assert_eq!(filler.run(&entries, &mut |_| ()).remove(0).1.unwrap(), fetched);
    let offline = Options { offline: true, ..options };
    let filler = Filler { options: &offline, newest: true, archive: &archive };
    assert_eq!(filler.run(&entries, &mut |_| ()).remove(0).1.unwrap(), fetched);
}

#[test]
fn image_and_modules_in_packages_of_their_own_are_found() {
    let mut made = Made::default();
    let depends = ["linux-binary-7.2.1-a", "linux-modules-7.2.1-a"];
    made.add("new", "linux-image-7.2.1-a", "7.2.1-1", &depends, &[]);
    let bytes = image("7.2.1-a");
    let binary: [(&str, &[u8]); 1] = [("./usr/lib/modules/7.2.1-a/vmlinuz", &bytes)];
    made.add("new", "linux-binary-7.2.1-a", "7.2.1-1", &[], &binary);
    let mut without = made.clone();
    without.asked = Rc::default();
    made.add(
        "new",
        "linux-modules-7.2.1-a",
        "7.2.1-1",
        &[],
        &[("./usr/lib/modules/7.2.1-a/kernel/x.ko", b"x")],
    );
    let mut place = Place::new();
    let kernel = place.run(&made, &[entry("7.2", "new")], false, false).remove(0).unwrap();
    assert!(kernel.modules.unwrap().join("kernel/x.ko").exists());
    assert!(kernel.image.ends_with("usr/lib/modules/7.2.1-a/vmlinuz"));
    assert_eq!(made.asked(), ["new", "linux-binary-7.2.1-a", "linux-modules-7.2.1-a"]);

    let mut place = Place::new();
    let kernel = place.run(&without, &[entry("7.2", "new")], false, false).remove(0).unwrap();
    assert_eq!(kernel.modules, None);
    assert!(place.said.iter().any(|line| line.contains("(linux-modules-7.2.1-a) are not offered")));
}

#[test]
fn one_kernel_that_cannot_be_had_does_not_stop_the_others() {
    let mut made = Made::default();
    for release in ["6.1.2-a", "6.2.3-a", "6.3.4-a", "6.4.5-a", "6.5.6-a", "6.6.7-a"] {
        made.add_whole("stable", release, "1", &image(release));
    }
    made.files.get_mut("linux-image-6.2.3-a").unwrap().truncate(100);
    let last = made.files.get_mut("linux-image-6.3.4-a").unwrap().last_mut().unwrap();
    *last ^= 1;
    made.files.remove("linux-image-6.4.5-a");
    made.add_whole("stable", "6.8.1-a", "1", b"no image");
    let entries = [
        entry("6.1", "gone"),
        entry("6.2", "stable"),
        entry("6.3", "stable"),
        entry("6.4", "stable"),
        entry("6.5", "stable"),
        entry("6.7", "stable"),
        entry("6.8", "stable"),
        entry("6.6", "stable"),
    ];
    let mut place = Place::new();
    let results = place.run(&made, &entries, false, false);
    let expected = [
        Some("does not offer gone"),
        Some("linux-image-6.2.3-a 1: the package is damaged: it has 100 bytes"),
        Some("the package is damaged: its SHA-256 is"),
        Some("Hash Sum mismatch"),
        None,
        Some("stable: linux-image-6.7.* is not offered; there are linux-image-6."),
        Some("is not a bzImage"),
        None,
    ];
    for (result, expected) in results.iter().zip(expected) {
        match (result, expected) {
            (Ok(_), None) => {}
            (Err(error), Some(expected)) if error.contains(expected) => {}
            _ => panic!("{result:?} instead of {expected:?}"),
        }
    }
    assert_eq!(place.leftovers(), [""; 0]);
}

#[test]
fn only_refreshing_looks_for_newer_kernels_and_falls_back_to_the_cache() {
    let mut made = Made::default();
    made.add_whole("stable", "6.1.2-a", "6.1.2-1", &image("6.1.2-a"));
    let entries = [entry("6.1", "stable")];
    let mut place = Place::new();
    place.run(&made, &entries, false, false).remove(0).unwrap();
    made.add_whole("stable", "6.1.10-a", "6.1.10-1", &image("6.1.10-a"));
    assert_eq!(place.run(&made, &entries, false, false).remove(0).unwrap().release, "6.1.2-a");
    assert_eq!(place.run(&made, &entries, false, true).remove(0).unwrap().release, "6.1.10-a");
    made.offered.insert("stable".to_string(), Err("nobody there".to_string()));
    assert_eq!(place.run(&made, &entries, false, true).remove(0).unwrap().release, "6.1.10-a");
    assert_eq!(place.said.last().unwrap(), "6.1: stays with 6.1.10-a: nobody there");
}

#[test]
fn offline_without_a_cached_kernel_is_an_error_that_says_what_to_do() {
    let mut place = Place::new();
    let made = Made::default();
    let error = place.run(&made, &[entry("6.1", "stable")], true, false).remove(0).unwrap_err();
    assert!(error.contains("nsconform fetch-kernels"), "{error}");
    assert_eq!(made.asked(), [""; 0]);
}

#[test]
fn a_changed_entry_or_a_file_that_is_gone_is_not_taken_from_the_cache() {
    let mut made = Made::default();
    made.add_whole("stable", "6.1.2-a", "6.1.2-1", &image("6.1.2-a"));
    let mut place = Place::new();
    let kernel = place.run(&made, &[entry("6.1", "stable")], false, false).remove(0).unwrap();
    let other = KernelEntry { package: "linux-image-6.1.3-a".to_string(), ..entry("6.1", "stable") };
    assert!(place.run(&made, &[other], true, false)[0].is_err());
    fs::remove_file(kernel.image).unwrap();
    assert!(place.run(&made, &[entry("6.1", "stable")], true, false)[0].is_err());
}

#[test]
fn what_is_left_unfinished_is_removed_and_two_writers_exclude_each_other() {
    let mut made = Made::default();
    made.add_whole("stable", "6.1.2-a", "6.1.2-1", &image("6.1.2-a"));
    let mut place = Place::new();
    let cache = Cache::at(place.directory.path());
    let lock = cache.lock().unwrap();
    let error = place.run(&made, &[entry("6.1", "stable")], false, false).remove(0).unwrap_err();
    assert!(error.contains("another nsconform"), "{error}");
    drop(lock);
    fs::create_dir_all(place.directory.path().join("unfinished-abc/tree")).unwrap();
    place.run(&made, &[entry("6.1", "stable")], false, false).remove(0).unwrap();
    assert_eq!(place.leftovers(), [""; 0]);
}

#[test]
fn a_kernel_without_pvh_entry_boots_from_its_image() {
    let mut made = Made::default();
    made.add_whole("stable", "6.1.2-a", "1", &bzimage("6.1.2-a", &gzip(&elf_with_note(b"GNU\0", 18))));
    made.add_whole("stable", "6.2.2-a", "1", &bzimage("6.2.2-a", b"BZh91AY"));
    let mut place = Place::new();
    let entries = [entry("6.1", "stable"), entry("6.2", "stable")];
    for result in place.run(&made, &entries, false, false) {
        assert_eq!(result.unwrap().vmlinux, None);
    }
    assert!(place.said.iter().any(|line| line.starts_with("6.2: boots from the compressed image: ")));
}

#[test]
fn a_kernel_of_ones_own_brings_its_release_and_its_modules() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bzImage");
    fs::write(&path, image("6.20.0-mine")).unwrap();
    let kernel = Kernel::from_image(&path, None).unwrap();
    assert_eq!((kernel.release.as_str(), &kernel.modules), ("6.20.0-mine", &None));
    let modules = directory.path().join("lib/modules/6.20.0-mine");
    fs::create_dir_all(modules.join("kernel")).unwrap();
    for named in [directory.path(), modules.as_path(), modules.parent().unwrap()] {
        let kernel = Kernel::from_image(&path, Some(named)).unwrap();
        assert_eq!(kernel.modules.unwrap(), modules);
    }
    let error = Kernel::from_image(&path, Some(Path::new("/dev"))).unwrap_err();
    assert!(error.contains("no modules of 6.20.0-mine"), "{error}");
    assert!(Kernel::from_image(&directory.path().join("none"), None).unwrap_err().contains("cannot be read"));
}
