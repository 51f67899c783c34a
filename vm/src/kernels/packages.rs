//! Package indexes: the packages that a suite offers, and the one of them that a pattern means.
//! Getting either is not done here.

use deb822_fast::borrowed;
use glob::Pattern;
use std::cmp::Ordering;

/// The packages of an index that matter here: the rest is passed over.
const KERNEL_PACKAGES: [&str; 3] = ["linux-image-", "linux-binary-", "linux-modules-"];
const IMAGE: &str = KERNEL_PACKAGES[0];
const BINARY: &str = KERNEL_PACKAGES[1];
const MODULES: &str = KERNEL_PACKAGES[2];

/// How many of the offered packages a message names.
const NAMED: usize = 8;

/// One package of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The size of the file in bytes.
    pub size: u64,
    /// The checksum of the file, in hexadecimal digits.
    pub sha256: String,
    /// The names of the packages that it depends on.
    pub depends: Vec<String>,
    /// The suite that offers it.
    pub suite: String,
}

/// The packages that make up one kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The package with the image.
    pub image: Package,
    /// Where the modules are.
    pub modules: ModulesPlace,
}

/// Where the modules of a kernel are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModulesPlace {
    /// In the package of the image.
    WithImage,
    /// In a package of their own.
    Package(Package),
    /// In a package of this name, which is not offered any more.
    NotOffered(String),
}

/// The kernel packages of the index of a suite.
pub fn read(index: &str, suite: &str) -> Vec<Package> {
    let mut packages = Vec::new();
    for stanza in index.split("\n\n") {
        let stanza = stanza.trim_start_matches('\n');
        let is_kernel = stanza
            .strip_prefix("Package: ")
            .is_some_and(|rest| KERNEL_PACKAGES.iter().any(|prefix| rest.starts_with(prefix)));
        if is_kernel {
            packages.extend(package(stanza, suite));
        }
    }
    packages
}

fn package(stanza: &str, suite: &str) -> Option<Package> {
    let paragraph = borrowed::parse_borrowed(stanza).ok()?.into_iter().next()?;
    let field = |name: &str| paragraph.get_single(name).map(str::trim);
    // Of alternatives, of which kernels have none, each is a dependency.
    let depends = field("Depends").unwrap_or_default().split([',', '|']);
    Some(Package {
        name: field("Package")?.to_string(),
        version: field("Version")?.to_string(),
        size: field("Size")?.parse().ok()?,
        sha256: field("SHA256")?.to_string(),
        depends: depends.filter_map(|one| one.split_whitespace().next()).map(str::to_string).collect(),
        suite: suite.to_string(),
    })
}

/// The newest kernel that a pattern means.
///
/// # Errors
/// When there is none: with what there is.
pub fn select(pattern: &str, offered: &[Package]) -> Result<Choice, String> {
    let (name, version) = pattern.split_once('=').unwrap_or((pattern, "*"));
    let read = |text: &str| Pattern::new(text).map_err(|error| format!("'{pattern}' is no pattern: {error}"));
    let (names, versions) = (read(name)?, read(version)?);
    let kernels = || offered.iter().filter(|package| is_kernel(package));
    let mut meant: Vec<&Package> = kernels()
        .filter(|package| names.matches(&package.name) && versions.matches(&package.version))
        .collect();
    meant.sort_by(|a, b| compare(&b.version, &a.version));
    let Some(newest) = meant.first() else {
        let tail = name.rsplit(['*', '?', ']']).next().unwrap_or_default();
        let mut others: Vec<&Package> =
            kernels().filter(|package| name == tail || package.name.ends_with(tail)).collect();
        others.sort_by(|a, b| compare(&b.version, &a.version));
        others.dedup_by(|a, b| a.name == b.name);
        let more = if others.len() > NAMED { ", …" } else { "" };
        let others: Vec<&str> = others.iter().take(NAMED).map(|package| package.name.as_str()).collect();
        return Err(if others.is_empty() {
            format!("{pattern} is not offered, nor any other such kernel")
        } else {
            format!("{pattern} is not offered; there are {}{more}", others.join(", "))
        });
    };
    // The newest is either whole, or empty and naming its two halves.
    let same = |name: &str| {
        offered.iter().find(|package| package.name == name && package.version == newest.version).cloned()
    };
    let half = |prefix: &str| newest.depends.iter().find(|name| name.starts_with(prefix));
    let Some(binary) = half(BINARY) else {
        return Ok(Choice { image: (*newest).clone(), modules: ModulesPlace::WithImage });
    };
    let image = same(binary).ok_or_else(|| {
        format!("{} {} is offered, but not the {binary} with its image", newest.name, newest.version)
    })?;
    let modules = match half(MODULES) {
        None => ModulesPlace::WithImage,
        Some(name) => {
            same(name).map_or_else(|| ModulesPlace::NotOffered(name.clone()), ModulesPlace::Package)
        }
    };
    Ok(Choice { image, modules })
}

/// Whether it is the package of one kernel: not of debugging symbols, not the unsigned twin, and not
/// a meta package, which only depends on the newest kernel.
fn is_kernel(package: &Package) -> bool {
    package.name.starts_with(IMAGE)
        && !package.name.ends_with("-dbg")
        && !package.name.ends_with("-unsigned")
        && !package.depends.iter().any(|name| name.starts_with(IMAGE))
}

/// Compares two versions as dpkg does (deb-version(7)).
pub fn compare(a: &str, b: &str) -> Ordering {
    let epoch = |version: &str| match version.split_once(':') {
        Some((epoch, _)) => epoch.parse().unwrap_or(0_u64),
        None => 0,
    };
    let split = |version: &str| -> (String, String) {
        let version = version.split_once(':').map_or(version, |(_, rest)| rest);
        let (upstream, revision) = version.rsplit_once('-').unwrap_or((version, ""));
        (upstream.to_string(), revision.to_string())
    };
    let ((upstream_a, revision_a), (upstream_b, revision_b)) = (split(a), split(b));
    epoch(a)
        .cmp(&epoch(b))
        .then_with(|| compare_part(upstream_a.as_bytes(), upstream_b.as_bytes()))
        .then_with(|| compare_part(revision_a.as_bytes(), revision_b.as_bytes()))
}

fn compare_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    // `~` sorts before the end, letters before everything else.
    fn weight(byte: Option<&u8>) -> i32 {
        match byte {
            Some(b'~') => -1,
            None => 0,
            Some(byte) if byte.is_ascii_digit() => 0,
            Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
            Some(byte) => i32::from(*byte) + 256,
        }
    }
    let is_text = |part: &[u8]| part.first().is_some_and(|byte| !byte.is_ascii_digit());
    while !a.is_empty() || !b.is_empty() {
        while is_text(a) || is_text(b) {
            let order = weight(a.first()).cmp(&weight(b.first()));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (a.get(1..).unwrap_or_default(), b.get(1..).unwrap_or_default());
        }
        let (number_a, number_b) = (number(&mut a), number(&mut b));
        let order = number_a.len().cmp(&number_b.len()).then_with(|| number_a.cmp(number_b));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Takes the digits at the start, without leading zeros.
fn number<'a>(part: &mut &'a [u8]) -> &'a [u8] {
    let end = part.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(part.len());
    let (digits, rest) = part.split_at(end);
    *part = rest;
    let zeros = digits.iter().take_while(|byte| **byte == b'0').count();
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const BULLSEYE: &str = include_str!("testdata/bullseye.Packages");
    const BOOKWORM: &str = include_str!("testdata/bookworm.Packages");
    const TRIXIE: &str = include_str!("testdata/trixie.Packages");
    const BACKPORTS: &str = include_str!("testdata/trixie-backports.Packages");

    #[rstest]
    #[case::bullseye(
        BULLSEYE,
        "linux-image-5.10.0-*-cloud-amd64",
        "linux-image-5.10.0-46-cloud-amd64",
        "with"
    )]
    #[case::bookworm(BOOKWORM, "linux-image-6.1.0-*-cloud-amd64", "linux-image-6.1.0-56-cloud-amd64", "with")]
    #[case::trixie(
        TRIXIE,
        "linux-image-6.12.*-cloud-amd64",
        "linux-image-6.12.118+deb13-cloud-amd64",
        "with"
    )]
    #[case::rebuild_is_newer(
        TRIXIE,
        "linux-image-6.12.115*-cloud-amd64",
        "linux-image-6.12.115+deb13.1-cloud-amd64",
        "with"
    )]
    #[case::meta_package_is_none(
        TRIXIE,
        "linux-image-*cloud-amd64",
        "linux-image-6.12.118+deb13-cloud-amd64",
        "with"
    )]
    #[case::numbers_not_letters(
        BACKPORTS,
        "linux-image-6.18.*-cloud-amd64",
        "linux-image-6.18.15+deb13-cloud-amd64",
        "with"
    )]
    #[case::exactly(
        BACKPORTS,
        "linux-image-6.18.5+deb13-cloud-amd64",
        "linux-image-6.18.5+deb13-cloud-amd64",
        "with"
    )]
    #[case::exactly_with_version(
        BACKPORTS,
        "linux-image-6.18.*=6.18.5-1~bpo13+1",
        "linux-image-6.18.5+deb13-cloud-amd64",
        "with"
    )]
    #[case::split_without_modules(
        BACKPORTS,
        "linux-image-6.19.*-cloud-amd64",
        "linux-binary-6.19.14+deb13-cloud-amd64",
        "not linux-modules-6.19.14+deb13-cloud-amd64"
    )]
    #[case::split(
        BACKPORTS,
        "linux-image-7.2.*-cloud-amd64",
        "linux-binary-7.2.12+deb13-cloud-amd64",
        "linux-modules-7.2.12+deb13-cloud-amd64"
    )]
    #[case::newest_of_all(
        BACKPORTS,
        "linux-image-*-cloud-amd64",
        "linux-binary-7.3.4+deb13-cloud-amd64",
        "linux-modules-7.3.4+deb13-cloud-amd64"
    )]
    fn the_newest_match_is_taken(
        #[case] index: &str,
        #[case] pattern: &str,
        #[case] image: &str,
        #[case] modules: &str,
    ) {
        let choice = select(pattern, &read(index, "trixie")).unwrap();
        let found = match choice.modules {
            ModulesPlace::WithImage => "with".to_string(),
            ModulesPlace::Package(package) => package.name,
            ModulesPlace::NotOffered(name) => format!("not {name}"),
        };
        assert_eq!((choice.image.name.as_str(), found.as_str()), (image, modules));
    }

    #[rstest]
    #[case::names_others(
        BACKPORTS,
        "linux-image-6.15.*-cloud-amd64",
        "there are linux-image-7.3.4+deb13-cloud-amd64"
    )]
    #[case::unsigned(BULLSEYE, "linux-image-5.10.0-46-cloud-amd64-unsigned", "is not offered")]
    #[case::meta(TRIXIE, "linux-image-cloud-amd64", "is not offered")]
    #[case::version(BACKPORTS, "linux-image-6.18.*-cloud-amd64=6.18.5-2", "is not offered; there are")]
    #[case::empty("", "linux-image-6.15.*", "nor any other")]
    #[case::no_pattern(TRIXIE, "linux-image-[", "is no pattern")]
    fn a_missing_kernel_is_reported_with_those_that_are_there(
        #[case] index: &str,
        #[case] pattern: &str,
        #[case] expected: &str,
    ) {
        let error = select(pattern, &read(index, "trixie")).unwrap_err();
        assert!(error.contains(pattern) && error.contains(expected), "{error}");
    }

    #[test]
    fn an_entry_is_read_whole() {
        let all = read(BULLSEYE, "bullseye");
        let package = all.iter().find(|package| package.name == "linux-image-5.10.0-46-cloud-amd64").unwrap();
        assert_eq!(package.version, "5.10.262-1");
        assert_eq!(package.size, 21_521_796);
        assert_eq!(package.sha256, "18d94781d1b3052e21967ac2262239e5f14fbf511d6c3e110629d7aa35340760");
        assert_eq!(package.depends, ["kmod", "linux-base", "initramfs-tools", "linux-initramfs-tool"]);
    }

    #[rstest]
    #[case("6.18.9-1", "6.18.15-1", Ordering::Less)]
    #[case("6.12.115-1", "6.12.115-1", Ordering::Equal)]
    #[case("7.3.4-1~bpo13+1", "7.3.4-1", Ordering::Less)]
    #[case("6.12.90-1~deb12u1", "6.12.90-1~deb12u2", Ordering::Less)]
    #[case("7.0~rc7-1", "7.0-1", Ordering::Less)]
    #[case("1.0a", "1.0+", Ordering::Less)]
    #[case("1.0", "1.0a", Ordering::Less)]
    #[case("1:1.0", "2.0", Ordering::Greater)]
    #[case("1.010", "1.10", Ordering::Equal)]
    #[case("6.1.176-1", "6.1.176-1+b1", Ordering::Less)]
    #[case("6.1-1", "6.1.0-1", Ordering::Less)]
    fn versions_compare_as_dpkg_says(#[case] a: &str, #[case] b: &str, #[case] expected: Ordering) {
        assert_eq!(compare(a, b), expected);
        assert_eq!(compare(b, a), expected.reverse());
    }
}
