//! Expected failures: cases that fail on certain kernels for a reason that somebody found out.
//!
//! They are data outside the cases: `fixtures/known/*.toml`, and files of users in the same form. A
//! case that fails and is listed is an expected failure; one that is listed and passes is an
//! unexpected pass, since the list is wrong then.

use nsconform_sys::machine::Machine;
use serde::Deserialize;

/// One file of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    known: Vec<Known>,
}

/// One expected failure.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The id of the case.
    pub case: String,
    /// The first kernel version with it.
    pub from: Version,
    /// The first later kernel version without it; none if it is still there.
    pub before: Option<Version>,
    /// On this architecture only (`uname -m`).
    pub architecture: Option<String>,
    /// Only when started as root, or only when not.
    pub root: Option<bool>,
    /// Why it fails there.
    pub reason: String,
    /// Where that was found out.
    pub reference: String,
}

/// A kernel version: the numbers at the start of `uname -r`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Version(Vec<u32>);

impl Version {
    /// Reads the numbers at the start of a release: `6.12.95+deb13-cloud` is 6.12.95.
    pub fn of_release(release: &str) -> Version {
        let end = release.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
        let numbers = release[..end.unwrap_or(release.len())].split('.');
        Version(numbers.map_while(|number| number.parse().ok()).collect())
    }

    /// The version of the running kernel. Debian's stable releases name an interface, as `6.1.0-56`; the
    /// point release stands in the version then: `#1 SMP Debian 6.1.192-2 (2026-11-16)`.
    pub fn of_machine(machine: &Machine) -> Version {
        let release = Version::of_release(&machine.kernel_release);
        let mut words = machine.kernel_version.split_whitespace().skip_while(|word| *word != "Debian");
        match words.nth(1).map(Version::of_release) {
            Some(built) if built.0.len() > 2 && release.0.starts_with(&built.0[..2]) => built,
            _ => release,
        }
    }

    /// Whether there are no numbers: the text was no release.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<String> for Version {
    type Error = String;

    fn try_from(text: String) -> Result<Version, String> {
        let numbers: Result<Vec<u32>, _> = text.split('.').map(str::parse).collect();
        match numbers {
            Ok(numbers) if numbers.len() >= 2 => Ok(Version(numbers)),
            _ => Err(format!("'{text}' is not a kernel version as 6.18 or 6.12.43")),
        }
    }
}

impl Known {
    /// Whether it is about this kernel, architecture and user.
    pub fn applies(&self, machine: &Machine) -> bool {
        let running = Version::of_machine(machine);
        self.from <= running
            && self.before.as_ref().is_none_or(|before| running < *before)
            && self.architecture.as_ref().is_none_or(|architecture| *architecture == machine.architecture)
            && self.root.is_none_or(|root| root == (machine.uid == 0))
    }
}

/// The expected failures in the text of one file.
///
/// # Errors
/// Where the text is wrong, with line and column.
pub fn read(text: &str) -> Result<Vec<Known>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    for known in &file.known {
        if known.reason.trim().is_empty() || known.reference.trim().is_empty() {
            return Err(format!("{}: reason and reference must not be empty", known.case));
        }
    }
    Ok(file.known)
}

/// The expected failures in the text of one file that apply to a machine.
///
/// # Errors
/// As [`read`].
pub fn applying(text: &str, machine: &Machine) -> Result<Vec<Known>, String> {
    Ok(read(text)?.into_iter().filter(|known| known.applies(machine)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn machine(release: &str) -> Machine {
        Machine {
            kernel_release: release.into(),
            kernel_version: String::new(),
            architecture: "x86_64".into(),
            processors: 1,
            uid: 0,
            capabilities: None,
            security_modules: None,
            sysctls: Default::default(),
            confinement: Default::default(),
        }
    }

    #[rstest]
    #[case::debian("6.12.95+deb13-cloud-amd64", &[6, 12, 95])]
    #[case::short("7.2-rc3", &[7, 2])]
    #[case::plain("5.10.0", &[5, 10, 0])]
    fn releases_start_with_numbers(#[case] release: &str, #[case] expected: &[u32]) {
        assert_eq!(Version::of_release(release), Version(expected.to_vec()));
    }

    #[rstest]
    #[case::debian("6.1.0-56-cloud-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)", &[6, 1, 192])]
    #[case::later_debian("6.12.95+deb13", "#1 SMP Debian 6.12.95-1 (2026-07-01)", &[6, 12, 95])]
    #[case::own_build("6.1.176", "#1 Sat Jul  4 15:38:16 UTC 2026", &[6, 1, 176])]
    #[case::of_another_kernel("6.18.44", "#1 SMP on Debian 6.1.192-2", &[6, 18, 44])]
    #[case::nothing_follows("6.18.44", "#1 SMP Debian", &[6, 18, 44])]
    fn the_point_release_of_debian_is_in_the_version(
        #[case] release: &str,
        #[case] version: &str,
        #[case] expected: &[u32],
    ) {
        let machine = Machine { kernel_version: version.into(), ..machine(release) };
        assert_eq!(Version::of_machine(&machine), Version(expected.to_vec()));
    }

    #[rstest]
    #[case::below("6.17.12", "", 0)]
    #[case::first("6.18.0", "", 1)]
    #[case::within("6.19.11+deb13", "", 1)]
    #[case::after("6.20.1", "", 0)]
    #[case::much_later("7.2.13", "", 0)]
    #[case::other_architecture("6.18.1", "architecture = 'aarch64'", 0)]
    #[case::same_architecture("6.18.1", "architecture = 'x86_64'", 1)]
    #[case::only_ordinary_users("6.18.1", "root = false", 0)]
    fn the_range_is_half_open(#[case] release: &str, #[case] more: &str, #[case] expected: usize) {
        let text =
            format!("[[known]]\ncase='a.b'\nfrom='6.18'\nbefore='6.20'\nreason='r'\nreference='x'\n{more}\n");
        assert_eq!(applying(&text, &machine(release)).unwrap().len(), expected);
    }

    #[rstest]
    #[case::no_reason("[[known]]\ncase='a'\nfrom='6.1'\nreference='x'", "missing field `reason`")]
    #[case::empty_reason("[[known]]\ncase='a'\nfrom='6.1'\nreason=' '\nreference='x'", "must not be empty")]
    #[case::bad_version("[[known]]\ncase='a'\nfrom='six'\nreason='r'\nreference='x'", "line 3")]
    #[case::unknown_field("[[known]]\ncase='a'\nfrom='6.1'\nreason='r'\nreference='x'\nuntil='7'", "line 6")]
    fn a_wrong_list_is_an_error(#[case] text: &str, #[case] expected: &str) {
        let error = applying(text, &machine("6.18.0")).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}
