//! The words of the catalogue for pages: each case with its approved trace and the meaning of its
//! calls, and the rules that have no case. How a page shows them lives in the crate of reports.

use nsconform_catalogue::missing::missing;
use nsconform_catalogue::{FAULTS, approved, catalogue, claims, untested};
use nsconform_lab::call;
use nsconform_lab::call::declaration::{Declaration, Mark};
use nsconform_report::event::Description;
use nsconform_report::html::{OpenRule, Textbook, TextbookCase, WithoutCase};
use nsconform_suite::case::Case;
use nsconform_suite::shown::ShownFault;
use nsconform_suite::snapshot::sha256;
use nsconform_sys::kind::Flags;
use std::collections::{BTreeSet, HashMap};
use std::sync::OnceLock;

/// The whole catalogue.
pub fn textbook() -> Textbook {
    let untestable = untested().map(|claim| OpenRule {
        id: claim.id.to_string(),
        claim: claim.claim.to_string(),
        sources: claim.sources.iter().map(ToString::to_string).collect(),
        why: WithoutCase::Untestable { why: claim.why.to_string(), part: claim.part.map(str::to_string) },
    });
    let not_written = missing().into_iter().map(|rule| OpenRule {
        id: rule.id,
        claim: rule.claim,
        sources: rule.sources,
        why: WithoutCase::NotWritten,
    });
    Textbook {
        cases: catalogue().iter().map(|case| textbook_case(case)).collect(),
        open: untestable.chain(not_written).collect(),
    }
}

/// One case of it.
pub fn textbook_case(case: &Case) -> TextbookCase {
    let trace = approved(case.id).unwrap_or_default();
    TextbookCase {
        id: case.id.to_string(),
        description: Description::of(case),
        starts_as: case.starts_as.describe().to_string(),
        needs: claims().needs(case).into_iter().map(|need| need.name.to_string()).collect(),
        deviation: case.deviation.map(str::to_string),
        wrong: case.wrong.to_string(),
        trace: trace.trim_end().lines().map(str::to_string).collect(),
        words: words(trace),
        fault: recorded_fault(case.id).filter(|fault| fault.approved == sha256(trace)),
    }
}

/// The recorded fault of a case, for whatever trace was approved then.
fn recorded_fault(id: &str) -> Option<ShownFault> {
    static BY_CASE: OnceLock<HashMap<String, ShownFault>> = OnceLock::new();
    let by_case = BY_CASE.get_or_init(|| {
        let faults = FAULTS.lines().filter_map(|line| serde_json::from_str::<ShownFault>(line).ok());
        faults.map(|fault| (fault.case.clone(), fault)).collect()
    });
    by_case.get(id).cloned()
}

/// The calls and flags of a trace with their meanings, each once.
fn words(trace: &str) -> Vec<(String, String)> {
    let mut met = BTreeSet::new();
    let declarations = trace.lines().filter_map(called).filter_map(declaration);
    let calls = declarations.filter(|declaration| met.insert(declaration.name)).map(|declaration| {
        let form = match declaration.template {
            Some(template) => template.replace("{}", "…"),
            None => format!("{}()", declaration.name),
        };
        (format!("{}{form}", declaration.mark.sign()), meaning(declaration))
    });
    let mut words: Vec<(String, String)> = calls.collect();
    words.extend(flags(trace).into_iter().map(|(name, meaning)| (name.to_string(), meaning.to_string())));
    words
}

/// The text of the call in a line of a trace, behind the name of the process.
pub fn called(line: &str) -> Option<&str> {
    let (_, call) = line.split_once("  ")?;
    Some(call.trim_start())
}

/// The declaration of a printed call.
pub fn declaration(call: &str) -> Option<&'static Declaration> {
    static BY_HEAD: OnceLock<HashMap<String, Vec<&'static Declaration>>> = OnceLock::new();
    let by_head = BY_HEAD.get_or_init(|| {
        let mut by_head: HashMap<String, Vec<&Declaration>> = HashMap::new();
        for declaration in call::declarations() {
            by_head.entry(declaration.head()).or_default().push(declaration);
        }
        by_head
    });
    let sign = if call.starts_with(['?', '!']) { 2 } else { 0 };
    let end = call.get(sign..)?.find(['(', ' ']).map_or(call.len(), |end| sign + end);
    by_head.get(&call[..end])?.iter().copied().find(|declaration| declaration.fits(call))
}

/// One or two sentences about a call: its meaning, and the files and calls behind one that is no single
/// call.
pub fn meaning(declaration: &Declaration) -> String {
    let meaning = declaration.meaning.trim();
    match declaration.mark {
        Mark::Call => meaning.to_string(),
        Mark::Observation { reads } => format!("{meaning} An observation; it reads {reads}."),
        Mark::Composite { makes } => format!("{meaning} Several calls in one; it makes {makes}."),
    }
}

/// The flags in a trace that create or share something, with their meanings.
pub fn flags(trace: &str) -> Vec<(&'static str, &'static str)> {
    let words: BTreeSet<&str> =
        trace.split(|letter: char| !letter.is_ascii_uppercase() && letter != '_').collect();
    Flags::EXPLAINED.iter().filter(|(name, _)| words.contains(name)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn each_call_of_each_approved_trace_is_found_by_its_head() {
        for case in catalogue() {
            for call in approved(case.id).unwrap_or_default().lines().filter_map(called) {
                let slowly = call::declarations().find(|declaration| declaration.fits(call));
                let found = declaration(call);
                assert_eq!(found.map(|found| found.name), slowly.map(|found| found.name), "{call}");
            }
        }
    }

    #[test]
    fn each_approved_trace_is_drawn_as_well_formed_xml() {
        for case in textbook().cases {
            let mut picture = Vec::new();
            nsconform_report::html::write_picture(&case, &mut picture).unwrap();
            let text = String::from_utf8(picture).unwrap();
            let mut reader = quick_xml::Reader::from_str(&text);
            loop {
                match reader.read_event() {
                    Ok(quick_xml::events::Event::Eof) => break,
                    Ok(_) => {}
                    Err(error) => panic!("{}: {error}: {text}", case.id),
                }
            }
        }
    }

    /// Real traces: a user namespace that is joined, peer groups in a chain, a map in another order.
    #[rstest]
    #[case("api.setns-pidfd-userns-first", &["Namespaces after step 6", "user 1: target, caller", "owned by user 1"])]
    #[case("mnt.tag-propagate-from", &["peer group 1", "/tmp/jail/a (step 14)", "slaves of group 2"])]
    #[case("mnt.change-type-foreign-needs-owner-cap", &["as observed first", "as observed last", "unbindable", "private"])]
    #[case("user.map-any-order", &["uid_map and gid_map of inner", "20–29", "1020–1029"])]
    #[case("user.map-overlap-einval", &["refused with EINVAL", "nothing is mapped"])]
    fn pictures_of_states_are_drawn_from_approved_traces(#[case] id: &str, #[case] expected: &[&str]) {
        let case = catalogue().iter().find(|case| case.id == id).unwrap();
        let mut picture = Vec::new();
        nsconform_report::html::write_picture(&textbook_case(case), &mut picture).unwrap();
        let picture = String::from_utf8(picture).unwrap();
        for words in expected {
            assert!(picture.contains(words), "{id} does not show {words}: {picture}");
        }
    }

    #[test]
    fn recorded_faults_are_of_the_traces_that_are_approved_now() {
        let faults: Vec<ShownFault> = FAULTS
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
            .collect();
        for fault in &faults {
            let id = &fault.case;
            let trace =
                approved(id).unwrap_or_else(|| panic!("{id} is no case: record again with .ci/faults"));
            assert_eq!(fault.approved, sha256(trace), "{id} has another trace: record again with .ci/faults");
            let lines: Vec<&str> = trace.lines().collect();
            let call = fault.fault.split(" without ").next().unwrap();
            assert!(lines[fault.call].contains(call), "{fault:?}");
            assert!(fault.call <= fault.line && lines[fault.line] != fault.observed, "{fault:?}");
        }
        // Most cases can be audited anywhere, and have a fault that shows.
        assert!(faults.len() * 5 > catalogue().len() * 4, "{} cases have one", faults.len());
    }

    #[test]
    fn the_textbook_has_every_rule() {
        let textbook = textbook();
        assert_eq!(textbook.cases.len(), catalogue().len());
        assert_eq!(textbook.open.len(), untested().count() + missing().len());
        assert!(textbook.cases.iter().all(|case| !case.trace.is_empty() && !case.words.is_empty()));
    }
}
