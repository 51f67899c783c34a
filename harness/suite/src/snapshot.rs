//! Approved traces: the `.snap` files of insta, read without insta, and their comparison.

/// The approved text in the content of a `.snap` file: what follows the header between two lines
/// of three hyphens.
///
/// # Errors
/// When the file has no such header.
pub fn approved(file: &str) -> Result<&str, String> {
    let rest = file.strip_prefix("---\n").ok_or("the file does not start with a line of three hyphens")?;
    let (_, text) = rest.split_once("\n---\n").ok_or("the header is not ended by a line of three hyphens")?;
    Ok(text)
}

/// Whether an observed trace is the approved one, by insta's rule: blank ends do not count.
pub fn agrees(expected: &str, observed: &str) -> bool {
    expected.trim_end() == observed.trim_end()
}

/// The hash by which a kept run names a trace: SHA-256 of its text without blank ends, in
/// hexadecimal.
pub fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.trim_end()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How a trace differs from the approved one: common lines with two blanks before them, the
/// approved ones with `-` and the observed ones with `+`.
pub fn difference(expected: &str, observed: &str) -> Vec<(char, String)> {
    let difference = similar::TextDiff::from_lines(expected.trim_end(), observed.trim_end());
    difference
        .iter_all_changes()
        .map(|change| {
            let sign = match change.tag() {
                similar::ChangeTag::Equal => ' ',
                similar::ChangeTag::Delete => '-',
                similar::ChangeTag::Insert => '+',
            };
            (sign, change.value().trim_end_matches('\n').to_string())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("---\nsource: a\n---\nouter  getpid() = 2\n", Ok("outer  getpid() = 2\n"))]
    #[case::hyphens_inside("---\ns: a\n---\na\n---\nb\n", Ok("a\n---\nb\n"))]
    #[case::no_header("outer\n", Err("the file does not start with a line of three hyphens".into()))]
    #[case::open_header("---\ns: a\n", Err("the header is not ended by a line of three hyphens".into()))]
    fn the_text_follows_the_header(#[case] file: &str, #[case] expected: Result<&str, String>) {
        assert_eq!(approved(file), expected);
    }

    #[test]
    fn blank_ends_do_not_change_a_hash() {
        assert_eq!(sha256("a\nb\n\n"), sha256("a\nb"));
        assert_eq!(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[rstest]
    #[case::same("a\nb\n", "a\nb\n", true)]
    #[case::blank_end("a\nb\n\n", "a\nb", true)]
    #[case::other_errno("a = -1 EPERM\n", "a = -1 EINVAL\n", false)]
    #[case::cut("a\nb\n", "a\n", false)]
    #[case::indented("a\n", " a\n", false)]
    fn texts_agree_up_to_blank_ends(#[case] expected: &str, #[case] observed: &str, #[case] agree: bool) {
        assert_eq!(agrees(expected, observed), agree);
    }
}
