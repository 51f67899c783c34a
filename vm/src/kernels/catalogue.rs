//! The list of kernels: what an entry says, and reading it. What an entry leads to is found
//! elsewhere.

use serde::Deserialize;

/// The list that the program carries with it.
const BUILT_IN: &str = include_str!("../../kernels.toml");
const BUILT_IN_NAME: &str = "vm/kernels.toml";

/// One kernel of the list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KernelEntry {
    /// What the matrix and `--only` call it.
    pub name: String,
    /// The Debian suite that offers it.
    pub suite: String,
    /// Pattern for the name of its image package, with `=VERSION` to name one build.
    pub package: String,
    /// Why it is in the list.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KernelList {
    kernel: Vec<KernelEntry>,
}

/// The built-in list, oldest kernel first.
///
/// # Errors
/// What is wrong in it, with line and column.
pub fn built_in() -> Result<Vec<KernelEntry>, String> {
    read(BUILT_IN, BUILT_IN_NAME)
}

/// Reads a list.
///
/// # Errors
/// What is wrong in it, with the name of the file, line and column.
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
