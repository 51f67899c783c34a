//! Where the machine gets its Debian packages from: reading apt's sources, in both of their formats.

use crate::compression;
use deb822_fast::borrowed::{self, BorrowedField, BorrowedParagraph};
use std::fs;
use std::path::{Path, PathBuf};

/// Names of suites that are Debian's own: others' repositories have names of their own, or these
/// with something added.
const SUITES: [&str; 10] =
    ["bullseye", "bookworm", "trixie", "forky", "duke", "sid", "oldstable", "stable", "testing", "unstable"];
/// The most bytes of a file of sources.
const LARGEST_FILE: u64 = 1 << 20;
const COMPONENT: &str = "main";
const KEYRINGS: &str = "/usr/share/keyrings";
/// The keyring of the package debian-archive-keyring, by its old and its new name.
const KEYRING_NAMES: [&str; 2] = ["debian-archive-keyring.gpg", "debian-archive-keyring.pgp"];
/// The keys of suites that the archive keyring no longer holds.
const REMOVED_KEYS: [&str; 2] = ["debian-archive-removed-keys.gpg", "debian-archive-removed-keys.pgp"];

/// One source of binary packages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AptSource {
    /// Where it is.
    pub uris: Vec<String>,
    /// Its suites.
    pub suites: Vec<String>,
    /// Which parts of that.
    pub components: Vec<String>,
    /// The files with the keys that it is signed with.
    pub signed_by: Vec<PathBuf>,
}

/// Where to get packages from, and whose signatures to accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// Where the suites are.
    pub uri: String,
    /// Where the security suites are.
    pub security: String,
    /// Files with the keys of the archive.
    pub keyrings: Vec<PathBuf>,
    /// Files with keys that are no longer in use: needed for suites that have been archived.
    pub removed_keys: Vec<PathBuf>,
}

impl Mirror {
    /// The mirror that apt is configured with, or another one.
    ///
    /// # Errors
    /// When there is none, or no keys to check it with.
    pub fn find(named: Option<&str>) -> Result<Mirror, String> {
        if let Some(named) = named.filter(|named| !named.contains(':') || named.contains(char::is_whitespace))
        {
            return Err(format!("'{named}' is no URL of a mirror: one starts with http:// or the like"));
        }
        let sources = read(Path::new("/etc/apt"));
        let mut mirror = choose(&sources, named)?;
        for (names, list) in [(KEYRING_NAMES, &mut mirror.keyrings), (REMOVED_KEYS, &mut mirror.removed_keys)]
        {
            let there = names.iter().map(|name| Path::new(KEYRINGS).join(name)).find(|path| path.exists());
            if let Some(path) = there.filter(|path| !list.contains(path)) {
                list.push(path);
            }
        }
        mirror.keyrings.retain(|path| path.exists());
        if mirror.keyrings.is_empty() {
            return Err(format!(
                "there are no keys in {KEYRINGS} to check Debian's signatures with: install the package \
                 debian-archive-keyring"
            ));
        }
        Ok(mirror)
    }
}

/// Of the machine's sources the one that is a mirror of Debian.
fn choose(sources: &[AptSource], named: Option<&str>) -> Result<Mirror, String> {
    let is_debian = |source: &&AptSource| {
        let known = |suite: &String| SUITES.contains(&suite.split(['-', '/']).next().unwrap_or_default());
        source.suites.iter().any(known) && source.components.iter().any(|one| one == COMPONENT)
    };
    let is_security = |source: &&AptSource| {
        source.suites.iter().all(|suite| suite.ends_with("-security") || suite.ends_with("/updates"))
    };
    // Others' repositories may use Debian's names: the archive's own keyring or path says more.
    let likeness = |source: &&AptSource| {
        let keyring = source.signed_by.iter().any(|path| path.to_string_lossy().contains("debian-archive"));
        let path = source.uris.iter().any(|uri| uri.trim_end_matches('/').ends_with("/debian"));
        u8::from(keyring) * 2 + u8::from(path)
    };
    let best = |security: bool| {
        let fitting = sources.iter().filter(is_debian).filter(|source| is_security(source) == security);
        // The first of the best: max_by_key gives the last.
        fitting.rev().max_by_key(likeness)
    };
    let uri = |source: &AptSource| source.uris.first().map(|uri| uri.trim_end_matches('/').to_string());
    let configured = best(false);
    let keyrings = configured.map(|source| source.signed_by.clone()).unwrap_or_default();
    let (mirror, security) = match named {
        Some(named) => (named.trim_end_matches('/').to_string(), None),
        None => match configured.and_then(uri) {
            Some(mirror) => (mirror, best(true).and_then(uri)),
            None => {
                return Err("apt is configured with no Debian mirror (in /etc/apt/sources.list and \
                            /etc/apt/sources.list.d): name one with --mirror URL"
                    .to_string());
            }
        },
    };
    // Mirrors have the security suites beside the others.
    let security = security.unwrap_or_else(|| format!("{mirror}-security"));
    Ok(Mirror { uri: mirror, security, keyrings, removed_keys: Vec::new() })
}

/// The sources of binary packages below apt's configuration directory. A file that can't be read
/// counts as not there: apt itself says what is wrong with it.
fn read(directory: &Path) -> Vec<AptSource> {
    let mut files = vec![directory.join("sources.list")];
    let mut more: Vec<PathBuf> = fs::read_dir(directory.join("sources.list.d"))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    more.sort();
    files.extend(more);
    let mut sources = Vec::new();
    for file in files {
        let Ok(text) = compression::read_file_within(&file, LARGEST_FILE) else { continue };
        let text = String::from_utf8_lossy(&text);
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("list") => sources.extend(text.lines().filter_map(one_line)),
            Some("sources") => sources.extend(stanzas(&text)),
            _ => {}
        }
    }
    for source in &mut sources {
        // An installation medium is no mirror.
        source.uris.retain(|uri| !uri.starts_with("cdrom:"));
    }
    sources.retain(|source| !source.uris.is_empty());
    sources
}

/// `deb [option=value …] URI SUITE COMPONENT…` (sources.list(5)).
pub(super) fn one_line(line: &str) -> Option<AptSource> {
    let line = line.split('#').next()?.trim();
    let mut rest = line.strip_prefix("deb").filter(|rest| rest.starts_with([' ', '\t', '[']))?.trim_start();
    let mut signed_by = Vec::new();
    if let Some(options) = rest.strip_prefix('[') {
        let (options, after) = options.split_once(']')?;
        for option in options.split_whitespace() {
            if let Some(value) = option.strip_prefix("signed-by=") {
                signed_by = paths(value);
            }
        }
        rest = after;
    }
    let mut words = rest.split_whitespace().map(str::to_string);
    Some(AptSource {
        uris: vec![words.next()?],
        suites: vec![words.next()?],
        components: words.collect(),
        signed_by,
    })
}

/// Paragraphs of fields (deb822(5)). A file that apt cannot read either gives none.
pub(super) fn stanzas(text: &str) -> Vec<AptSource> {
    borrowed::parse_borrowed(text).unwrap_or_default().iter().filter_map(stanza).collect()
}

fn stanza(paragraph: &BorrowedParagraph) -> Option<AptSource> {
    let value = |name: &str| paragraph.get_field(name).map(BorrowedField::join);
    let words = |name: &str| -> Vec<String> {
        value(name).unwrap_or_default().split_whitespace().map(str::to_string).collect()
    };
    let off = value("Enabled")
        .is_some_and(|value| ["no", "false", "0", "off", "without", "disable"].contains(&value.trim()));
    if off || !words("Types").iter().any(|kind| kind == "deb") {
        return None;
    }
    Some(AptSource {
        uris: words("URIs"),
        suites: words("Suites"),
        components: words("Components"),
        signed_by: value("Signed-By").map(|value| paths(&value)).unwrap_or_default(),
    })
}

/// The files of a Signed-By: fingerprints and keys themselves are left out, the archive's keyring
/// takes their place.
fn paths(value: &str) -> Vec<PathBuf> {
    value
        .split(|letter: char| letter == ',' || letter.is_whitespace())
        .filter(|word| word.starts_with('/') && Path::new(word).extension().is_some())
        .map(PathBuf::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn source(uri: &str, suites: &[&str], components: &[&str], keys: &[&str]) -> AptSource {
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        AptSource {
            uris: vec![uri.to_string()],
            suites: owned(suites),
            components: owned(components),
            signed_by: keys.iter().map(PathBuf::from).collect(),
        }
    }

    #[rstest]
    #[case::plain("deb http://a.test/debian trixie main contrib", Some(source("http://a.test/debian", &["trixie"], &["main", "contrib"], &[])))]
    #[case::options(
        "deb [ arch=amd64 signed-by=/k/a.gpg,/k/b.gpg ] http://a.test/debian/ trixie main # why",
        Some(source("http://a.test/debian/", &["trixie"], &["main"], &["/k/a.gpg", "/k/b.gpg"]))
    )]
    #[case::no_space("deb [trusted=yes]http://a.test/debian trixie main", Some(source("http://a.test/debian", &["trixie"], &["main"], &[])))]
    #[case::source_packages("deb-src http://a.test/debian trixie main", None)]
    #[case::comment("# deb http://a.test/debian trixie main", None)]
    #[case::flat("deb http://a.test/flat ./", Some(source("http://a.test/flat", &["./"], &[], &[])))]
    #[case::cut("deb [arch=amd64", None)]
    #[case::empty("", None)]
    fn one_line_sources(#[case] line: &str, #[case] expected: Option<AptSource>) {
        assert_eq!(one_line(line), expected);
    }

    #[rstest]
    #[case::usual(
        "Types: deb\n# a comment\nURIs: http://a.test/debian\nSuites: trixie trixie-updates\nComponents: main\nSigned-By: /k/a.gpg\n",
        vec![source("http://a.test/debian", &["trixie", "trixie-updates"], &["main"], &["/k/a.gpg"])]
    )]
    #[case::two(
        "Types: deb\nURIs: http://a.test/x\nSuites: s\n\n\nTypes: deb deb-src\nURIs: http://a.test/y\nSuites: s\n",
        vec![source("http://a.test/x", &["s"], &[], &[]), source("http://a.test/y", &["s"], &[], &[])]
    )]
    #[case::continued(
        "types: deb\nuris:\n http://a.test/x\nsuites: s\n t\nComponents: main\n",
        vec![source("http://a.test/x", &["s", "t"], &["main"], &[])]
    )]
    #[case::key_inside(
        "Types: deb\nURIs: http://a.test/x\nSuites: s\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n /abc\n -----END PGP PUBLIC KEY BLOCK-----\n",
        vec![source("http://a.test/x", &["s"], &[], &[])]
    )]
    #[case::off("Enabled: no\nTypes: deb\nURIs: http://a.test/x\nSuites: s\n", vec![])]
    #[case::source_packages("Types: deb-src\nURIs: http://a.test/x\nSuites: s\n", vec![])]
    fn deb822_sources(#[case] text: &str, #[case] expected: Vec<AptSource>) {
        assert_eq!(stanzas(text), expected);
    }

    #[test]
    fn both_formats_are_read_from_their_files() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
        fs::create_dir(directory.path().join("sources.list.d")).unwrap();
        write("sources.list", "deb cdrom:[Debian] trixie main\ndeb http://one.test/debian trixie main\n");
        write(
            "sources.list.d/b.sources",
            "Types: deb\nURIs: http://two.test/x\nSuites: trixie\nComponents: main\n",
        );
        write("sources.list.d/c.list.save", "deb http://three.test/debian trixie main\n");
        let uris: Vec<String> = read(directory.path()).into_iter().flat_map(|source| source.uris).collect();
        assert_eq!(uris, ["http://one.test/debian", "http://two.test/x"]);
        assert_eq!(read(Path::new("/nonexistent")), []);
    }

    #[test]
    fn a_mirror_that_is_no_url_is_said() {
        assert!(Mirror::find(Some("mirror.test/debian")).unwrap_err().contains("is no URL"));
    }

    #[rstest]
    #[case::usual(
        &[source("http://a.test/debian/", &["trixie", "trixie-updates"], &["main"], &[]),
          source("http://a.test/debian-security/", &["trixie-security"], &["main"], &[])],
        None, Ok(("http://a.test/debian", "http://a.test/debian-security"))
    )]
    #[case::security_elsewhere(
        &[source("http://s.test/security", &["trixie-security"], &["main"], &[]),
          source("http://a.test/debian", &["trixie"], &["main"], &[])],
        None, Ok(("http://a.test/debian", "http://s.test/security"))
    )]
    #[case::no_security(
        &[source("http://a.test/debian", &["stable"], &["main"], &[])],
        None, Ok(("http://a.test/debian", "http://a.test/debian-security"))
    )]
    #[case::others_use_debians_names(
        &[source("http://other.test/linux/debian", &["trixie"], &["stable"], &[]),
          source("http://other.test/prod", &["trixie"], &["main"], &[]),
          source("http://a.test/debian", &["trixie"], &["main"], &[]),
          source("http://b.test/debian", &["trixie"], &["main"], &[])],
        None, Ok(("http://a.test/debian", "http://a.test/debian-security"))
    )]
    #[case::the_keyring_says_most(
        &[source("http://other.test/debian", &["trixie"], &["main"], &["/k/other.gpg"]),
          source("mirror+file:/etc/apt/mirrors/debian.list", &["trixie"], &["main"], &["/k/debian-archive-keyring.gpg"])],
        None, Ok(("mirror+file:/etc/apt/mirrors/debian.list", "mirror+file:/etc/apt/mirrors/debian.list-security"))
    )]
    #[case::named(
        &[source("http://a.test/debian", &["trixie"], &["main"], &[]),
          source("http://a.test/debian-security/", &["trixie-security"], &["main"], &[])],
        Some("http://n.test/debian/"), Ok(("http://n.test/debian", "http://n.test/debian-security"))
    )]
    #[case::no_debian(&[source("http://a.test/ubuntu", &["noble"], &["main"], &[])], None, Err("--mirror"))]
    #[case::none(&[], None, Err("--mirror"))]
    fn the_debian_mirror_is_found(
        #[case] sources: &[AptSource],
        #[case] named: Option<&str>,
        #[case] expected: Result<(&str, &str), &str>,
    ) {
        match (choose(sources, named), expected) {
            (Ok(found), Ok(expected)) => {
                assert_eq!((found.uri.as_str(), found.security.as_str()), expected);
            }
            (Err(error), Err(expected)) => assert!(error.contains(expected), "{error}"),
            (found, _) => panic!("{found:?}"),
        }
    }
}
