//! The recorded runs in `fixtures/runs`: what each kernel of the list said of each case when they
//! were recorded. `vm/record.sh` records them anew.

use nsconform_report::compare::{Status, compare};
use nsconform_report::run_file::{RunFile, read_run};
use nsconform_vm::kernels::catalogue;
use nsconform_vm::message::Privilege;
use rstest::rstest;
use std::path::Path;

/// Statuses that need no further word: the case, the list of known deviations or the record itself has it.
const EXPLAINED: [Status; 4] = [Status::Pass, Status::Deviation, Status::Known, Status::Skip];

fn recorded(kernel: &str, privilege: Privilege) -> RunFile {
    let name = format!("{kernel}.{}.jsonl", privilege.word());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/runs").join(name);
    read_run(&path).unwrap_or_else(|why| panic!("{why}; vm/record.sh records it"))
}

#[test]
fn each_kernel_has_a_whole_run_of_each_privilege() {
    for entry in catalogue::built_in().unwrap() {
        let as_root = recorded(&entry.name, Privilege::Root).privilege();
        for privilege in Privilege::ALL {
            let run = recorded(&entry.name, privilege);
            assert_eq!(run.cut, None, "{}", run.path);
            assert_eq!(run.cases.len(), run.selected, "{}", run.path);
            let release = &run.machine.kernel_release;
            assert!(release.starts_with(&format!("{}.", entry.name)), "{}: {release}", run.path);
            assert_eq!(run.privilege() != as_root, privilege == Privilege::User, "{}", run.path);
        }
    }
}

#[test]
fn no_kernel_fails_without_explanation() {
    for entry in catalogue::built_in().unwrap() {
        for privilege in Privilege::ALL {
            let run = recorded(&entry.name, privilege);
            let unexplained: Vec<&String> = run
                .cases
                .iter()
                .filter(|(_, entry)| !EXPLAINED.contains(&Status::of(entry)))
                .map(|(id, _)| id)
                .collect();
            assert!(unexplained.is_empty(), "{}: {unexplained:?}", run.path);
        }
    }
}

/// The runs hold the known faults of single kernels: the case, and from where to where it is wrong.
#[rstest]
#[case("mnt.unbindable-copied-into-new-ns", "6.17", "7.1")]
fn known_deviations_are_recorded(#[case] id: &str, #[case] first: &str, #[case] last: &str) {
    let list = catalogue::built_in().unwrap();
    let place = |name: &str| list.iter().position(|entry| entry.name == name).unwrap();
    for (number, entry) in list.iter().enumerate() {
        let run = recorded(&entry.name, Privilege::Root);
        let is_known = Status::of(&run.cases[id]) == Status::Known;
        assert_eq!(is_known, (place(first)..=place(last)).contains(&number), "{id} on {}", entry.name);
    }
}

#[test]
fn the_same_run_compared_with_itself_shows_no_change() {
    let run = recorded("6.12", Privilege::User);
    assert!(compare(&run, &run).iter().all(|change| !change.has_difference()));
}
