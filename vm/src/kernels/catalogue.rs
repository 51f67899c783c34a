//! The list of kernels: its entries, and reading it. Finding the package of an entry is not done here.

use crate::compression;
use serde::Deserialize;
use std::path::Path;

/// The list that the program carries with it.
const BUILT_IN: &str = include_str!("../../kernels.toml");
const BUILT_IN_NAME: &str = "vm/kernels.toml";

/// One kernel of the list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KernelEntry {
    /// Its name in the matrix and for `--only`.
    pub name: String,
    /// The Debian suite that offers it.
    pub suite: String,
    /// Pattern for the name of its image package, with `=VERSION` to name one build.
    pub package: String,
    /// Why it is in the list.
    pub why: String,
    /// Whether it is booted only when somebody names it.
    #[serde(default)]
    pub optional: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KernelList {
    kernel: Vec<KernelEntry>,
}

/// The kernels of the built-in list that are booted unless others are named, oldest first.
///
/// # Errors
/// The first fault in the list, with line and column.
pub fn built_in() -> Result<Vec<KernelEntry>, String> {
    Ok(all_built_in()?.into_iter().filter(|entry| !entry.optional).collect())
}

/// All kernels of the built-in list.
///
/// # Errors
/// As [`built_in`].
pub fn all_built_in() -> Result<Vec<KernelEntry>, String> {
    read(BUILT_IN, BUILT_IN_NAME)
}

/// Of a list the kernels of some names, in the order of the list; without names those that are not
/// optional.
///
/// # Errors
/// When the list has no kernel of a name: the names that it has.
pub fn named(list: Vec<KernelEntry>, names: &[String]) -> Result<Vec<KernelEntry>, String> {
    if let Some(unknown) = names.iter().find(|name| !list.iter().any(|entry| entry.name == **name)) {
        let known: Vec<&str> = list.iter().map(|entry| entry.name.as_str()).collect();
        return Err(format!("no kernel '{unknown}' in the list; there are {}", known.join(", ")));
    }
    let wanted = |entry: &KernelEntry| match names {
        [] => !entry.optional,
        names => names.contains(&entry.name),
    };
    Ok(list.into_iter().filter(wanted).collect())
}

/// The most bytes of a list.
const LARGEST_LIST: u64 = 1 << 20;

/// Reads a list from its file.
///
/// # Errors
/// As [`read`], and when the file cannot be read.
pub fn read_file(path: &Path) -> Result<Vec<KernelEntry>, String> {
    let name = path.display().to_string();
    let bytes =
        compression::read_file_within(path, LARGEST_LIST).map_err(|error| format!("{name}: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|error| format!("{name}: {error}"))?;
    read(&text, &name)
}

/// Reads a list.
///
/// # Errors
/// The first fault in it, with the name of the file, line and column.
pub fn read(text: &str, file: &str) -> Result<Vec<KernelEntry>, String> {
    let entries = toml::from_str::<KernelList>(text).map_err(|error| format!("{file}: {error}"))?.kernel;
    for (index, entry) in entries.iter().enumerate() {
        // Name and suite become file names in the cache.
        let plain = |text: &str| {
            text.starts_with(|first: char| first.is_ascii_alphanumeric())
                && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.~_".contains(letter))
        };
        let name = &entry.name;
        if !plain(name) || !plain(&entry.suite) {
            return Err(format!(
                "{file}: kernel '{name}' of suite '{}': a name holds only letters, digits and + - . ~ _",
                entry.suite
            ));
        }
        if !entry.package.starts_with("linux-image-") {
            return Err(format!("{file}: kernel '{name}': the package must start with 'linux-image-'"));
        }
        if entry.why.trim().is_empty() {
            return Err(format!("{file}: kernel '{name}': why it is in the list must not be empty"));
        }
        if entries[..index].iter().any(|other| other.name == *name) {
            return Err(format!("{file}: kernel '{name}' is there twice"));
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn the_built_in_list_is_right() {
        let names: Vec<String> = built_in().unwrap().into_iter().map(|entry| entry.name).collect();
        let expected = ["5.10", "6.1", "6.12", "6.16", "6.17", "6.18", "6.19", "7.0", "7.1", "7.2", "7.3"];
        assert_eq!(names, expected);
        let optional: Vec<String> = all_built_in()
            .unwrap()
            .into_iter()
            .filter(|entry| entry.optional)
            .map(|entry| entry.name)
            .collect();
        assert_eq!(optional, ["6.1-generic", "6.12-generic", "6.12-rt", "7.3-generic", "7.3-rt"]);
    }

    #[test]
    fn optional_kernels_are_booted_only_by_name() {
        let list = all_built_in().unwrap();
        assert_eq!(named(list.clone(), &[]).unwrap(), built_in().unwrap());
        let two = ["6.12-rt".to_string(), "5.10".to_string()];
        let found: Vec<String> = named(list.clone(), &two).unwrap().into_iter().map(|e| e.name).collect();
        assert_eq!(found, ["5.10", "6.12-rt"]);
        let why = named(list, &["6.13".to_string()]).unwrap_err();
        assert!(why.contains("'6.13'") && why.contains("7.3-rt"), "{why}");
    }

    #[test]
    fn a_list_without_an_end_is_refused() {
        assert!(read_file(Path::new("/dev/zero")).unwrap_err().starts_with("/dev/zero: "));
    }

    #[rstest]
    #[case::syntax("[[kernel]]\nname = 6.1\n", "line 2, column 8")]
    #[case::field("[[kernel]]\nname='a'\nsuite='b'\nwhy='c'\nversion='1'\n", "line 5, column 1")]
    #[case::missing("[[kernel]]\nname='a'\nsuite='b'\nwhy='c'\n", "missing field `package`")]
    #[case::path("[[kernel]]\nname='../a'\nsuite='b'\npackage='linux-image-x'\nwhy='c'\n", "only letters")]
    #[case::why("[[kernel]]\nname='a'\nsuite='b'\npackage='linux-image-x'\nwhy=' '\n", "must not be empty")]
    #[case::other("[[kernel]]\nname='a'\nsuite='b'\npackage='bash'\nwhy='c'\n", "must start with")]
    fn a_wrong_list_is_an_error(#[case] text: &str, #[case] expected: &str) {
        let error = read(text, "list.toml").unwrap_err();
        assert!(error.starts_with("list.toml: ") && error.contains(expected), "{error}");
    }
}
