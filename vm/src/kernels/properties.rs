//! Properties of the parsers of this room, for any bytes: packages, indexes, sources, lists, modules.

use super::{catalogue, deb, modules, packages, sources};
use crate::testing::{CASES, corpus, foreign, peak};
use proptest::prelude::*;
use std::cmp::Ordering;
use std::fs;
use std::path::Path;

const SMALL: usize = 8 << 20;

/// Unpacks a package in a directory of its own; returns whether that worked, and the names in the
/// directory above.
fn unpack(bytes: &[u8]) -> (Result<(), String>, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let (file, tree) = (directory.path().join("x.deb"), directory.path().join("tree"));
    fs::write(&file, bytes).unwrap();
    fs::create_dir(&tree).unwrap();
    let (result, most) = peak(|| deb::unpack(&file, &tree));
    assert!(most < SMALL, "{most} bytes");
    let mut names: Vec<String> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    (result, names)
}

#[test]
fn stored_packages_are_unpacked_within_bounds() {
    // One promises more bytes than there are, after the end of its files.
    const WHOLE: [&str; 7] =
        ["plain", "gzip", "xz", "long-name", "pax", "link-then-file", "size-larger-than-file"];
    for (name, bytes) in corpus("deb") {
        let (result, names) = unpack(&bytes);
        assert_eq!(names, ["tree", "x.deb"], "{name}");
        let whole = name.split('.').next().is_some_and(|name| WHOLE.contains(&name));
        assert_eq!(result.is_ok(), whole, "{name}: {result:?}");
    }
}

#[test]
fn stored_lists_are_read_or_refused() {
    for (name, bytes) in corpus("list") {
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(catalogue::read(&text, &name).is_ok(), name == "one.toml", "{name}");
    }
}

#[test]
fn stored_modules_name_those_that_they_need() {
    for (name, bytes) in corpus("module") {
        let needed = modules::needs(&bytes).unwrap();
        let expected = match name.as_str() {
            "needs-two.ko" => vec!["udp_tunnel", "ip6_tunnel"],
            "needs-itself.ko" => vec!["a"],
            _ => vec!["\u{fffd}\u{fffd}", "\u{fffd}"],
        };
        assert_eq!(needed, expected, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn a_foreign_package_writes_nothing_outside_of_its_directory(bytes in foreign("deb")) {
        let (_, names) = unpack(&bytes);
        prop_assert_eq!(names, ["tree", "x.deb"]);
    }

    #[test]
    fn a_foreign_index_gives_only_kernel_packages(bytes in foreign("index"), pattern in ".*") {
        let text = String::from_utf8_lossy(&bytes);
        let (found, most) = peak(|| packages::read(&text, "suite"));
        prop_assert!(most < SMALL, "{} bytes", most);
        prop_assert!(found.iter().all(|package| package.name.starts_with("linux-")));
        let _ = packages::select(&pattern, &found);
    }

    #[test]
    fn a_package_is_found_by_its_own_name(flavour in "[a-z0-9]{1,9}", version in "[0-9][0-9.+~-]{0,9}") {
        let name = format!("linux-image-{flavour}");
        let index = format!("Package: {name}\nVersion: {version}\nSize: 1\nSHA256: 00\n\n");
        let found = packages::read(&index, "suite");
        let choice = packages::select(&format!("{name}={version}"), &found).unwrap();
        prop_assert_eq!((choice.image.name, choice.image.version), (name, version));
    }

    #[test]
    fn foreign_sources_are_read_or_passed_over(bytes in foreign("sources")) {
        let text = String::from_utf8_lossy(&bytes);
        let (_, most) = peak(|| {
            (text.lines().filter_map(sources::one_line).count(), sources::stanzas(&text).len())
        });
        prop_assert!(most < SMALL, "{} bytes", most);
    }

    #[test]
    fn a_foreign_list_has_only_names_that_can_be_file_names(bytes in foreign("list")) {
        let text = String::from_utf8_lossy(&bytes);
        for entry in catalogue::read(&text, "list").unwrap_or_default() {
            let path = Path::new(&entry.name);
            prop_assert_eq!(path.components().count(), 1);
            prop_assert!(!entry.name.starts_with('.'));
        }
    }

    #[test]
    fn a_foreign_module_is_read_or_refused(bytes in foreign("module")) {
        let (_, most) = peak(|| modules::needs(&bytes));
        prop_assert!(most < SMALL, "{} bytes", most);
    }

    #[test]
    fn versions_are_in_one_order(
        a in "([0-9]:)?[0-9a-z.+~]{0,6}(-[0-9a-z.+~]{0,4})?",
        b in "([0-9]:)?[0-9a-z.+~]{0,6}(-[0-9a-z.+~]{0,4})?",
        c in ".{0,6}",
    ) {
        let compare = packages::compare;
        prop_assert_eq!(compare(&a, &a), Ordering::Equal);
        prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
        prop_assert_eq!(compare(&a, &c), compare(&c, &a).reverse());
        let mut three = [&a, &b, &c];
        three.sort_by(|a, b| compare(a, b));
        prop_assert_ne!(compare(three[0], three[2]), Ordering::Greater);
    }
}
