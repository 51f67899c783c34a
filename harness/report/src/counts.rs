//! How many cases came to which status.

use nsconform_suite::verdict::{ExitStatus, Status};
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

/// How many cases came to which status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([usize; Status::ALL.len()]);

impl Counts {
    /// Counts one case.
    pub fn add(&mut self, status: Status) {
        self.0[status.severity()] += 1;
    }

    /// How many cases have this status.
    pub fn of(&self, status: Status) -> usize {
        self.0[status.severity()]
    }

    /// How many cases are counted.
    pub fn total(&self) -> usize {
        self.0.iter().sum()
    }

    /// How many cases say something about the kernel.
    pub fn tested(&self) -> usize {
        self.sum(Status::is_tested)
    }

    /// How many cases found the kernel doing what is expected.
    pub fn good(&self) -> usize {
        self.sum(Status::is_good)
    }

    /// How many cases have a status of this kind.
    pub fn sum(&self, wanted: impl Fn(Status) -> bool) -> usize {
        Status::ALL.into_iter().filter(|status| wanted(*status)).map(|status| self.of(status)).sum()
    }

    /// The exit status of a run with these counts: the worst of those of its cases.
    pub fn exit_status(&self) -> ExitStatus {
        // A broken foundation is a failure of the kernel; errors and timeouts may follow from it.
        if self.of(Status::NotJudged) > 0 {
            return ExitStatus::CaseFailed;
        }
        let counted = Status::ALL.into_iter().filter(|status| self.of(*status) > 0);
        ExitStatus::of_all(counted.map(Status::exit_status))
    }
}

impl FromIterator<Status> for Counts {
    fn from_iter<I: IntoIterator<Item = Status>>(statuses: I) -> Counts {
        let mut counts = Counts::default();
        statuses.into_iter().for_each(|status| counts.add(status));
        counts
    }
}

/// The fields of a run file, in the order in which statuses are shown.
fn fields() -> impl Iterator<Item = (Status, &'static str)> {
    Status::ALL.into_iter().filter_map(|status| Some((status, status.counted()?)))
}

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (status, field) in fields() {
            map.serialize_entry(field, &self.of(status))?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Counts, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Counts;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("numbers of cases by verdict")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Counts, A::Error> {
                let mut counts = Counts::default();
                while let Some((name, number)) = map.next_entry::<String, usize>()? {
                    let status = fields().find(|(_, field)| *field == name).map(|(status, _)| status);
                    let status =
                        status.ok_or_else(|| A::Error::custom(format!("unknown verdict '{name}'")))?;
                    counts.0[status.severity()] = number;
                }
                Ok(counts)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_written_and_read_by_their_fields() {
        let counts: Counts =
            [Status::Pass, Status::Pass, Status::UnexpectedPass, Status::NotJudged].into_iter().collect();
        let written = serde_json::to_string(&counts).unwrap();
        assert_eq!(
            written,
            r#"{"pass":2,"deviation":0,"unexpected":1,"fail":0,"known":0,"not-judged":1,"skip":0,"error":0,"timeout":0}"#
        );
        assert_eq!(serde_json::from_str::<Counts>(&written).unwrap(), counts);
    }

    #[test]
    fn files_from_before_a_verdict_was_there_are_read() {
        let counts: Counts = serde_json::from_str(r#"{"pass":3,"skip":1}"#).unwrap();
        assert_eq!((counts.of(Status::Pass), counts.total(), counts.tested()), (3, 4, 3));
        assert!(serde_json::from_str::<Counts>(r#"{"passed":3}"#).is_err());
    }
}
