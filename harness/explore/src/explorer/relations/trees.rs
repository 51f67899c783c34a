//! Two views, compared: mount by mount where they are mount trees, as texts otherwise.

use super::{Asked, Law, Violation};

/// The two trees of an answer of `mount_trees`.
pub(super) fn halves(both: &str) -> Option<(&str, &str)> {
    let inner = both.strip_prefix("{first=")?.strip_suffix('}')?;
    inner.split_once(", second=")
}

/// A mount as an observation of trees prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct DrawnMount {
    /// Its own place and that of the mount it is on.
    place: String,
    /// The rest, by the names of the fields.
    fields: Vec<(&'static str, String)>,
}

/// The names of the fields behind the place, in their order.
const FIELDS: [&str; 4] = ["root", "options", "optional", "fstype"];

/// The mounts of a tree; none if the text is none.
fn mounts(tree: &str) -> Option<Vec<DrawnMount>> {
    let inner = tree.strip_prefix('[')?.strip_suffix(']')?;
    if inner.is_empty() {
        return Some(Vec::new());
    }
    inner.strip_prefix('{')?.strip_suffix('}')?.split("}, {").map(mount).collect()
}

fn mount(text: &str) -> Option<DrawnMount> {
    let (place, mut rest) = text.strip_prefix("at=")?.split_once(", root=")?;
    let mut fields = Vec::new();
    for (number, name) in FIELDS.iter().enumerate() {
        let value = match FIELDS.get(number + 1) {
            Some(next) => {
                let (value, behind) = rest.split_once(&format!(", {next}="))?;
                rest = behind;
                value
            }
            None => rest,
        };
        fields.push((*name, value.to_string()));
    }
    Some(DrawnMount { place: place.replace(", on=", " on "), fields })
}

/// The optional fields of a mount in a copy that is less privileged.
fn reduced_to_slave(optional: &str) -> String {
    let shared =
        optional.trim_matches(['[', ']']).split(", ").find_map(|field| field.strip_prefix("shared:"));
    shared.map_or(optional.to_string(), |group| format!("[master:{group}]"))
}

/// A text without its numbers and quoted texts: the kind of a difference.
fn kind_of(difference: &str) -> String {
    let mut kind = String::new();
    let (mut quoted, mut in_number) = (false, false);
    for letter in difference.chars() {
        match letter {
            '"' => {
                quoted = !quoted;
                if quoted {
                    kind.push('…');
                }
            }
            _ if quoted => {}
            letter if letter.is_ascii_digit() => {
                if !in_number {
                    kind.push('N');
                }
            }
            letter => kind.push(letter),
        }
        in_number = letter.is_ascii_digit();
    }
    kind
}

/// Compares two views.
pub(super) fn compare(left: &str, right: &str, law: Law) -> Asked {
    let (Some(mut expected), Some(mut found)) = (mounts(left), mounts(right)) else {
        let (left, right) = (left.trim_matches('"'), right.trim_matches('"'));
        if left == right {
            return Asked::Holds;
        }
        let difference = format!("{left} became {right}");
        return Asked::Broken(Violation { cause: kind_of(&difference), differences: vec![difference] });
    };
    if law == Law::SharedBecomesSlave {
        let optional = expected.iter_mut().flat_map(|mount| &mut mount.fields);
        optional
            .filter(|(name, _)| *name == "optional")
            .for_each(|(_, value)| *value = reduced_to_slave(value));
    }
    let mut differences: Vec<(String, String)> = Vec::new();
    for mount in &expected {
        let same_place = found.iter().position(|other| other.place == mount.place);
        let Some(other) = same_place.map(|at| found.remove(at)) else {
            differences.push(("a mount is missing".into(), format!("{}: the mount is missing", mount.place)));
            continue;
        };
        for ((name, before), (_, after)) in mount.fields.iter().zip(&other.fields) {
            if before != after {
                let difference = format!("{name} {before} became {after}");
                differences.push((kind_of(&difference), format!("{}: {difference}", mount.place)));
            }
        }
    }
    for mount in found {
        differences.push(("a mount too many".into(), format!("{}: a mount too many", mount.place)));
    }
    let Some((cause, _)) = differences.iter().min().cloned() else { return Asked::Holds };
    Asked::Broken(Violation { cause, differences: differences.into_iter().map(|(_, line)| line).collect() })
}

/// The difference of two drawings of mounts, by one or two trees each; none where they are the same or no
/// drawings.
pub(crate) fn drawings_differ(one: &str, other: &str) -> Option<Violation> {
    let pairs = match (halves(one), halves(other)) {
        (Some(one), Some(other)) => vec![(one.0, other.0), (one.1, other.1)],
        _ => vec![(one, other)],
    };
    pairs.into_iter().filter(|(one, other)| mounts(one).is_some() && mounts(other).is_some()).find_map(
        |(one, other)| match compare(one, other, Law::Same) {
            Asked::Broken(violation) => Some(violation),
            Asked::Holds | Asked::DoesNotApply => None,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn tree(optional: &str) -> String {
        let root = r#"{at="/", on=none, root="/", options=ro,relatime, optional=[], fstype=tmpfs}"#;
        format!(
            r#"[{root}, {{at="/tmp", on="/", root="/", options=rw, optional=[{optional}], fstype=tmpfs}}]"#
        )
    }

    #[rstest]
    #[case::same("shared:1", "shared:1", Law::Same, None)]
    #[case::lost("unbindable", "", Law::Same, Some("optional [unbindable] became []"))]
    #[case::a_slave("shared:1", "master:1", Law::SharedBecomesSlave, None)]
    #[case::a_slave_of_another(
        "shared:1",
        "master:2",
        Law::SharedBecomesSlave,
        Some("optional [master:N] became [master:N]")
    )]
    #[case::a_shared_slave("shared:1, master:2", "master:1", Law::SharedBecomesSlave, None)]
    #[case::a_peer(
        "shared:1",
        "shared:1",
        Law::SharedBecomesSlave,
        Some("optional [master:N] became [shared:N]")
    )]
    #[case::a_slave_stays("master:2", "master:2", Law::SharedBecomesSlave, None)]
    fn two_trees_are_compared(
        #[case] before: &str,
        #[case] after: &str,
        #[case] law: Law,
        #[case] cause: Option<&str>,
    ) {
        let found = match compare(&tree(before), &tree(after), law) {
            Asked::Broken(violation) => Some(violation.cause),
            _ => None,
        };
        assert_eq!(found.as_deref(), cause);
    }

    #[test]
    fn a_missing_mount_and_one_too_many_are_found() {
        let whole = tree("");
        let Asked::Broken(missing) = compare(&whole, "[]", Law::Same) else { panic!("nothing is missing") };
        assert_eq!(missing.differences.len(), 2);
        let Asked::Broken(more) = compare("[]", &whole, Law::Same) else { panic!("nothing is too much") };
        assert_eq!(more.cause, "a mount too many");
    }

    #[test]
    fn a_text_is_the_same_with_and_without_quotation_marks() {
        assert_eq!(compare("\"user:[A]\"", "user:[A]", Law::Same), Asked::Holds);
        assert!(matches!(compare("user:[A]", "user:[B]", Law::Same), Asked::Broken(_)));
    }
}
