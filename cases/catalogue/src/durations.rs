//! How long each case usually takes, by which a run decides what it begins first.
//!
//! `durations.txt` is generated: `cargo run --release -p nsconform-catalogue --example durations`
//! records it again, as root and on a quiet machine. Only the order of a run depends on it.

use std::collections::HashMap;
use std::sync::OnceLock;

/// One case a line: milliseconds, a space, the id.
const RECORDED: &str = include_str!("../durations.txt");

/// The recorded duration of the case with this id, in milliseconds.
pub(crate) fn usual_duration(id: &str) -> Option<u32> {
    static DURATIONS: OnceLock<HashMap<&str, u32>> = OnceLock::new();
    let durations = DURATIONS.get_or_init(|| lines().collect());
    durations.get(id).copied()
}

fn lines() -> impl Iterator<Item = (&'static str, u32)> {
    let parse = |line: &'static str| {
        let (milliseconds, id) = line.split_once(' ')?;
        Some((id, milliseconds.parse().ok()?))
    };
    RECORDED.lines().filter_map(parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_duration_of_a_case() {
        assert_eq!(lines().count(), RECORDED.lines().count());
        for (id, _) in lines() {
            assert!(crate::catalogue().iter().any(|case| case.id == id), "{id} is no case: record again");
        }
    }
}
