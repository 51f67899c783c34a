//! Where a source can be read: the address of a manual page, an article or a document of the kernel.

/// The address of the page that a source names (`clone(2), CLONE_NEWUTS`); none for a source that is
/// no page of these collections.
pub(crate) fn address(source: &str) -> Option<String> {
    if let Some(article) = source.strip_prefix("LWN ") {
        let number: String = article.chars().take_while(char::is_ascii_digit).collect();
        return (!number.is_empty()).then(|| format!("https://lwn.net/Articles/{number}/"));
    }
    let page = source.split(", ").next().unwrap_or(source);
    let plain =
        |text: &str| text.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-./".contains(letter));
    if let Some(document) = page.strip_prefix("Documentation/").and_then(|page| page.strip_suffix(".rst")) {
        return plain(document).then(|| format!("https://docs.kernel.org/{document}.html"));
    }
    let (name, section) = page.strip_suffix(')')?.split_once('(')?;
    let number = section.chars().next().filter(char::is_ascii_digit)?;
    (plain(name) && plain(section) && !name.contains('/')).then(|| {
        format!("https://man7.org/linux/man-pages/man{}/{name}.{section}.html", folder(number, section))
    })
}

/// The folder of a section: that of constants has its own.
fn folder(number: char, section: &str) -> String {
    if section.ends_with("const") { section.to_string() } else { number.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("clone(2), CLONE_NEWUTS", Some("https://man7.org/linux/man-pages/man2/clone.2.html"))]
    #[case(
        "NS_GET_PARENT(2const)",
        Some("https://man7.org/linux/man-pages/man2const/NS_GET_PARENT.2const.html")
    )]
    #[case("LWN 532593, Namespaces in operation, part 5", Some("https://lwn.net/Articles/532593/"))]
    #[case(
        "Documentation/filesystems/sharedsubtree.rst, Quiz",
        Some("https://docs.kernel.org/filesystems/sharedsubtree.html")
    )]
    #[case("Linux source, kernel/sys.c: no manual page says it", None)]
    #[case("linux/nsfs.h", None)]
    #[case("x\"><script>(2)", None)]
    #[case("../../x(2)", None)]
    fn sources_have_addresses(#[case] source: &str, #[case] expected: Option<&str>) {
        assert_eq!(address(source).as_deref(), expected);
    }
}
