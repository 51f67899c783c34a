//! Putting the parts of a divided run together: `run --shard K/N` makes them.
//!
//! Parts belong together if the same nsconform made them on machines of one kind: the same kernel,
//! architecture, user and seal. A part that is missing is said, and its cases count as lost.

use crate::event::Shard;
use crate::run::RecordedRun;
use std::collections::{BTreeMap, BTreeSet};

/// Puts parts together; whole runs stay as they are. The order is that of the first part of each.
///
/// # Errors
/// When a part is there twice, or two parts have a record of the same case.
pub fn merge(runs: Vec<RecordedRun>) -> Result<Vec<RecordedRun>, String> {
    let mut merged: Vec<(RecordedRun, BTreeSet<usize>)> = Vec::new();
    let mut places: BTreeMap<_, usize> = BTreeMap::new();
    for run in runs {
        let Some(Shard { number, of }) = run.start.shard else {
            merged.push((run, BTreeSet::new()));
            continue;
        };
        let machine = &run.start.machine;
        let key = (
            machine.kernel_release.clone(),
            machine.kernel_version.clone(),
            machine.architecture.clone(),
            machine.uid,
            run.start.seal.clone(),
            run.start.nsconform.clone(),
            of,
        );
        match places.get(&key) {
            None => {
                places.insert(key, merged.len());
                merged.push((run, [number].into()));
            }
            Some(place) => {
                let (whole, numbers) = &mut merged[*place];
                if !numbers.insert(number) {
                    return Err(format!(
                        "{}: part {number} of {of} was read already, from {}: name each part once",
                        run.path, whole.path
                    ));
                }
                add(whole, run)?;
            }
        }
    }
    Ok(merged.into_iter().map(|(run, numbers)| closed(run, &numbers)).collect())
}

fn add(whole: &mut RecordedRun, part: RecordedRun) -> Result<(), String> {
    whole.start.selected += part.start.selected;
    whole.cut = match (whole.cut.take(), part.cut) {
        (None, None) => None,
        (Some(why), None) | (None, Some(why)) => Some(why),
        (Some(one), Some(other)) => Some(format!("{one}; {other}")),
    };
    whole.end = match (whole.end.take(), part.end) {
        // Parts run side by side: the longest is how long it took.
        (Some(mut one), Some(other)) => {
            one.count += other.count;
            one.duration_us = one.duration_us.max(other.duration_us);
            one.failed_fast |= other.failed_fast;
            Some(one)
        }
        _ => None,
    };
    for (id, result) in part.cases {
        if whole.cases.insert(id.clone(), result).is_some() {
            return Err(format!(
                "{}: {id} has a record in another part as well: the parts are not of one run",
                part.path
            ));
        }
    }
    whole.path = format!("{}, {}", whole.path, part.path);
    Ok(())
}

/// Says which parts are missing, and makes one run of what is there.
fn closed(mut run: RecordedRun, numbers: &BTreeSet<usize>) -> RecordedRun {
    let Some(Shard { of, .. }) = run.start.shard else { return run };
    let missing: Vec<String> = (1..=of)
        .filter(|number| !numbers.contains(number))
        .map(|number| format!("{number} of {of}"))
        .collect();
    if !missing.is_empty() {
        let why = match missing.as_slice() {
            [one] => format!("part {one} is missing"),
            several => format!("parts {} are missing", several.join(", ")),
        };
        run.cut = Some(run.cut.map_or(why.clone(), |other| format!("{why}; {other}")));
        // The parts have the same size, give or take one; nobody knows the names of the cases.
        let known = numbers.len().max(1);
        run.start.selected += run.start.selected.div_ceil(known) * missing.len();
        run.end = None;
    } else {
        run.start.shard = None;
    }
    if let Some(end) = &mut run.end {
        end.verdicts = run.cases.values().map(crate::event::CaseResult::status).collect();
    }
    run
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::made_up;
    use nsconform_suite::verdict::Status;
    use rstest::rstest;

    fn part(number: usize, cases: &[(&str, &str)]) -> RecordedRun {
        let mut run = made_up("6.1", cases);
        run.start.shard = Some(Shard { number, of: 3 });
        run
    }

    #[test]
    fn all_parts_make_a_whole_run() {
        let parts = vec![
            part(2, &[("a.b", "pass")]),
            part(1, &[("a.a", "fail")]),
            part(3, &[("a.c", "skip")]),
            made_up("7.0", &[("a.a", "pass")]),
        ];
        let runs = merge(parts).unwrap();
        assert_eq!(runs.len(), 2);
        assert_eq!((runs[0].cases.len(), runs[0].start.selected, runs[0].cut.as_deref()), (3, 3, None));
        assert_eq!(runs[0].counts().of(Status::Fail), 1);
        assert_eq!(runs[0].start.shard, None);
    }

    #[rstest]
    #[case::one(&[1, 3], "part 2 of 3 is missing", 1)]
    #[case::two(&[2], "parts 1 of 3, 3 of 3 are missing", 2)]
    fn missing_parts_are_said_and_their_cases_are_lost(
        #[case] there: &[usize],
        #[case] why: &str,
        #[case] lost: usize,
    ) {
        let ids = ["a.a", "a.b", "a.c"];
        let parts = there.iter().map(|number| part(*number, &[(ids[number - 1], "pass")])).collect();
        let runs = merge(parts).unwrap();
        assert_eq!(runs[0].cut.as_deref(), Some(why));
        assert_eq!(runs[0].counts().of(Status::Miss), lost);
    }

    #[rstest]
    #[case::the_same_part_twice(1, "a.b", "part 1 of 3 was read already")]
    #[case::parts_of_other_runs(2, "a.a", "a.a has a record in another part as well")]
    fn parts_that_do_not_fit_are_refused(#[case] number: usize, #[case] id: &str, #[case] message: &str) {
        let error = merge(vec![part(1, &[("a.a", "pass")]), part(number, &[(id, "pass")])]).unwrap_err();
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn parts_of_other_machines_are_not_mixed() {
        let mut user = part(2, &[("a.b", "pass")]);
        user.start.machine.uid = 1000;
        let runs = merge(vec![part(1, &[("a.a", "pass")]), user]).unwrap();
        assert_eq!(runs.len(), 2);
        assert!(runs.iter().all(|run| run.cut.is_some()));
    }
}
