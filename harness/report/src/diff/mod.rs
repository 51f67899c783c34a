//! Two runs compared, for people and for programs; or two sets of runs, paired by name.
//!
//! `compare` decides which change is of which kind; here it is only shown. The form for programs
//! lives in `json`.

mod json;

use crate::compare::{Change, ChangeKind, Side};
use crate::run::RecordedRun;
use crate::style::{self, BOLD, GREEN, RED, YELLOW, count, of_sign, paint, write_field};
use anstyle::Style;
use comfy_table::{ContentArrangement, Table, presets};
use nsconform_suite::snapshot;
use nsconform_suite::verdict::Status;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Two runs and what happened from one to the other.
pub struct Pair<'r> {
    /// The name of the files, which tells the pair from others.
    pub name: String,
    /// The old run.
    pub old: &'r RecordedRun,
    /// The new run.
    pub new: &'r RecordedRun,
    /// The result of [`crate::compare::compare`].
    pub changes: Vec<Change<'r>>,
}

/// A run that the other side lacks.
pub struct Unpaired<'r> {
    /// The name of its file.
    pub name: String,
    /// Whether it is the old side that has it.
    pub in_old: bool,
    /// The run.
    pub run: &'r RecordedRun,
}

/// Everything that is shown of a comparison.
pub struct Comparison<'r> {
    /// The runs that both sides have.
    pub pairs: &'r [Pair<'r>],
    /// The runs that one side lacks.
    pub unpaired: &'r [Unpaired<'r>],
    /// Whether cases are shown in which nothing changed.
    pub all: bool,
    /// How wide a line may be.
    pub width: u16,
}

/// A change and the runs in which it happened alike.
struct AlikeChanges<'r> {
    change: &'r Change<'r>,
    names: Vec<&'r str>,
}

impl Comparison<'_> {
    /// Whether anything passed before and fails now, without being listed.
    pub fn has_regression(&self) -> bool {
        self.count(ChangeKind::Regression) > 0
    }

    fn changes(&self) -> impl Iterator<Item = &Change<'_>> {
        self.pairs.iter().flat_map(|pair| &pair.changes)
    }

    /// How many cases changed in this way.
    pub fn count(&self, kind: ChangeKind) -> usize {
        self.changes().filter(|change| change.kind == kind).count()
    }

    /// How many cases both sides tested.
    pub fn compared(&self) -> usize {
        self.changes().filter(|change| change.is_compared()).count()
    }

    /// How much evidence was lost: cases, and runs of which the new side has nothing.
    pub fn lost(&self) -> usize {
        self.count(ChangeKind::LostEvidence) + self.lost_runs()
    }

    /// Runs of which the new side has nothing.
    fn lost_runs(&self) -> usize {
        self.unpaired.iter().filter(|unpaired| unpaired.in_old).count()
    }

    /// Writes it for people.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write_human(&self, to: &mut dyn Write) -> io::Result<()> {
        self.write_header(to)?;
        let findings = self.findings();
        for kind in ChangeKind::ALL {
            let of_kind: Vec<&AlikeChanges> =
                findings.iter().filter(|finding| finding.change.kind == kind).collect();
            if !of_kind.is_empty() && (self.all || kind != ChangeKind::Same) {
                self.write_kind(to, kind, &of_kind)?;
            }
        }
        self.write_summary(to)
    }

    fn write_header(&self, to: &mut dyn Write) -> io::Result<()> {
        match self.pairs {
            [pair] if self.unpaired.is_empty() => {
                for (label, run) in [("old  ", pair.old), ("new  ", pair.new)] {
                    self.field(to, label, &run.path)?;
                    self.field(to, "     ", &described(run))?;
                }
                for line in remarks(pair) {
                    self.field(to, "     ", &line)?;
                }
            }
            pairs => {
                writeln!(to, "{} of runs, compared by the names of their files", count(pairs.len(), "pair"))?;
                for pair in pairs {
                    writeln!(to, "  {}  {}", paint(BOLD, &pair.name), described(pair.old))?;
                    writeln!(to, "    → {}", described(pair.new))?;
                    for line in remarks(pair) {
                        writeln!(to, "      {line}")?;
                    }
                }
            }
        }
        for Unpaired { name, in_old, run } in self.unpaired {
            let (style, meaning) = match in_old {
                true => (YELLOW.bold(), "only on the old side: what it tested is lost evidence"),
                false => (BOLD, "only on the new side: there is nothing to compare it with"),
            };
            writeln!(to, "  {}  {}\n      {meaning}", paint(style, name), described(run))?;
        }
        writeln!(to)
    }

    /// The changes, the same one in several runs put together.
    fn findings(&self) -> Vec<AlikeChanges<'_>> {
        let mut alike: BTreeMap<_, AlikeChanges> = BTreeMap::new();
        for pair in self.pairs {
            for change in &pair.changes {
                let details =
                    |side: &'_ Side| (side.status, shown_reason(change.kind, side).map(str::to_string));
                let traces = change.has_difference().then(|| (change.old.trace(), change.new.trace()));
                let severity = (change.new.status.severity(), change.index(), change.id);
                let key = (change.kind, severity, details(&change.old), details(&change.new), traces);
                alike
                    .entry(key)
                    .or_insert_with(|| AlikeChanges { change, names: Vec::new() })
                    .names
                    .push(&pair.name);
            }
        }
        alike.into_values().collect()
    }

    fn write_kind(&self, to: &mut dyn Write, kind: ChangeKind, findings: &[&AlikeChanges]) -> io::Result<()> {
        let (style, title, meaning) = heading(kind);
        let number = self.count(kind);
        writeln!(to, "{} ({number}): {meaning}", paint(style.bold(), title))?;
        let (told, listed): (Vec<&AlikeChanges>, Vec<&AlikeChanges>) =
            findings.iter().partition(|finding| finding.change.has_difference());
        for finding in told {
            self.write_told(to, finding)?;
        }
        // Cases without a story of their own are listed under what they have in common.
        let mut blocks: Vec<Vec<&AlikeChanges>> = Vec::new();
        for finding in listed {
            match blocks.iter_mut().find(|block| self.has_same_head(block[0], finding)) {
                Some(block) => block.push(finding),
                None => blocks.push(vec![finding]),
            }
        }
        for block in blocks {
            self.write_block(to, &block)?;
        }
        writeln!(to)
    }

    fn has_same_head(&self, a: &AlikeChanges, b: &AlikeChanges) -> bool {
        let kind = a.change.kind;
        let alike = |a: &Side, b: &Side| {
            a.status == b.status && shown_reason(kind, a) == shown_reason(kind, b) && a.remedy == b.remedy
        };
        alike(&a.change.old, &b.change.old) && alike(&a.change.new, &b.change.new) && a.names == b.names
    }

    /// One case and how its trace changed.
    fn write_told(&self, to: &mut dyn Write, finding: &AlikeChanges) -> io::Result<()> {
        let change = finding.change;
        writeln!(to, "  {}  {}", paint(BOLD, change.id), arrow(change))?;
        self.field(to, "    claim   ", change.claim())?;
        self.write_reasons(to, finding)?;
        let whole = matches!(change.kind, ChangeKind::Regression | ChangeKind::KnownRegression);
        write_difference(to, change, whole)
    }

    /// Cases that have their verdicts and reasons in common.
    fn write_block(&self, to: &mut dyn Write, block: &[&AlikeChanges]) -> io::Result<()> {
        writeln!(to, "  {}  {}", arrow(block[0].change), count(block.len(), "case"))?;
        self.write_reasons(to, block[0])?;
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(self.width.saturating_sub(3));
        for finding in block {
            table.add_row([finding.change.id, finding.change.claim()]);
        }
        table.trim_fmt().lines().try_for_each(|line| writeln!(to, "   {line}"))
    }

    fn write_reasons(&self, to: &mut dyn Write, finding: &AlikeChanges) -> io::Result<()> {
        let Change { old, new, kind, .. } = finding.change;
        let turned = matches!(kind, ChangeKind::Regression | ChangeKind::KnownRegression | ChangeKind::Fix);
        if turned && !finding.change.has_difference() {
            let same = "the same in both runs: not the kernel changed, but what is expected of it";
            self.field(to, "    trace   ", same)?;
        }
        match (shown_reason(*kind, old), shown_reason(*kind, new)) {
            (Some(old), Some(new)) if old == new => self.field(to, "    both    ", new)?,
            (was, is) => {
                was.into_iter().try_for_each(|reason| self.field(to, "    old     ", reason))?;
                is.into_iter().try_for_each(|reason| self.field(to, "    new     ", reason))?;
            }
        }
        if let Some(remedy) = new.remedy {
            self.field(to, "    remedy  ", remedy)?;
        }
        match (finding.names.len(), self.pairs.len()) {
            (_, 1) => Ok(()),
            (all, of) if all == of => writeln!(to, "    in      all {of} runs"),
            _ => self.field(to, "    in      ", &finding.names.join(", ")),
        }
    }

    /// A labelled text, which goes on below its beginning where it is longer than a line.
    fn field(&self, to: &mut dyn Write, label: &str, text: &str) -> io::Result<()> {
        write_field(to, self.width.into(), label, text)
    }

    fn write_summary(&self, to: &mut dyn Write) -> io::Result<()> {
        let lost = self.lost();
        let (style, word) = if self.has_regression() {
            (RED, "REGRESSION")
        } else if self.compared() == 0 {
            (YELLOW, "NOTHING COMPARED: no case was tested on both sides")
        } else if self.count(ChangeKind::Found) > 0 {
            (RED, "NO REGRESSION SEEN, FAILURES NOT TESTED BEFORE")
        } else if lost > 0 {
            (YELLOW, "NO REGRESSION SEEN, EVIDENCE LOST")
        } else if self.count(ChangeKind::KnownRegression) > 0 {
            (YELLOW, "NO REGRESSION THAT IS NOT KNOWN")
        } else {
            (GREEN, "NO REGRESSION")
        };
        let mut parts: Vec<String> = ChangeKind::ALL
            .into_iter()
            .filter(|kind| self.count(*kind) > 0)
            .map(|kind| format!("{} {}", self.count(kind), noun(kind, self.count(kind))))
            .collect();
        if self.lost_runs() > 0 {
            parts.push(count(self.lost_runs(), "lost run"));
        }
        let of = count(self.changes().count(), "case");
        writeln!(
            to,
            "{}: {} of {of} tested on both sides; {}",
            paint(style.bold(), word),
            self.compared(),
            parts.join(", ")
        )
    }
}

/// A run in one line.
fn described(run: &RecordedRun) -> String {
    let mut parts = vec![run.start.machine.headline()];
    parts.extend(run.start.started.as_ref().map(|started| format!("on {started}")));
    parts.push(format!("nsconform {}", run.start.nsconform));
    parts.push(count(run.cases.len(), "case"));
    parts.join(", ")
}

/// Why a side is as it is, where that bears on the change: what is documented of a deviation does
/// only if it is what changed.
fn shown_reason<'s>(kind: ChangeKind, side: &'s Side) -> Option<&'s str> {
    let bears = side.status != Status::Deviation || kind == ChangeKind::Listing;
    side.reason.as_deref().filter(|_| bears)
}

/// Remarks that a reader needs before the changes of a pair: runs that were cut off, and machines
/// that offer something else.
fn remarks(pair: &Pair) -> Vec<String> {
    let mut lines = Vec::new();
    for (side, run) in [("old", pair.old), ("new", pair.new)] {
        if let Some(why) = &run.cut {
            lines.push(paint(YELLOW.bold(), &format!("the {side} run was cut off: {why}")));
        }
    }
    let (old, new) = (&pair.old.start.machine, &pair.new.start.machine);
    let unknown = "unknown";
    let mut facts = vec![
        ("sealed as", pair.old.start.seal.as_str(), pair.new.start.seal.as_str()),
        (
            "capabilities",
            old.capabilities.as_deref().unwrap_or(unknown),
            new.capabilities.as_deref().unwrap_or(unknown),
        ),
        (
            "security modules",
            old.security_modules.as_deref().unwrap_or(unknown),
            new.security_modules.as_deref().unwrap_or(unknown),
        ),
    ];
    // Most limits follow the size of the memory: only whether a thing is allowed or there at all
    // is worth a remark.
    let absent = "absent";
    let names: std::collections::BTreeSet<&String> = old.sysctls.keys().chain(new.sysctls.keys()).collect();
    for name in names {
        let (was, is) = (old.sysctls.get(name), new.sysctls.get(name));
        let closed = |value: Option<&String>| value.is_some_and(|value| value == "0");
        if was.is_none() != is.is_none() || closed(was) != closed(is) {
            facts.push((
                name.as_str(),
                was.map_or(absent, String::as_str),
                is.map_or(absent, String::as_str),
            ));
        }
    }
    lines.extend(
        facts
            .into_iter()
            .filter(|(_, was, is)| was != is)
            .map(|(what, was, is)| format!("differs: {what} {was} → {is}")),
    );
    lines
}

/// The title of a kind of change and what it means.
fn heading(kind: ChangeKind) -> (Style, &'static str, &'static str) {
    match kind {
        ChangeKind::Regression => (RED, "REGRESSIONS", "passed before, fail now"),
        ChangeKind::Found => (RED, "FAILURES, NOT TESTED BEFORE", "whether they passed before is not known"),
        ChangeKind::KnownRegression => {
            (YELLOW, "KNOWN REGRESSIONS", "passed before, fail now for a reason that is listed")
        }
        ChangeKind::LostEvidence => {
            (YELLOW, "LOST EVIDENCE", "tested before, not tested now: neither fixed nor broken")
        }
        ChangeKind::Trace => (YELLOW, "CHANGED TRACES", "the same verdict, but the kernel answers otherwise"),
        ChangeKind::Listing => (
            YELLOW,
            "LISTED OTHERWISE",
            "pass or fail as before; what is listed or documented about them changed",
        ),
        ChangeKind::Vanished => (YELLOW, "VANISHED CASES", "no longer in the catalogue, or not selected"),
        ChangeKind::New => (Style::new(), "NEW CASES", "not in the catalogue before, or not selected"),
        ChangeKind::Untested => (Style::new(), "STILL NOT TESTED", "for another reason than before"),
        ChangeKind::Gained => (GREEN, "NEWLY TESTED", "not tested before"),
        ChangeKind::Fix => (GREEN, "FIXES", "failed before, pass now"),
        ChangeKind::Same => (Style::new(), "UNCHANGED", "the same verdict, trace and reason"),
    }
}

/// A kind of change as the summary names it.
fn noun(kind: ChangeKind, number: usize) -> &'static str {
    match (kind, number) {
        (ChangeKind::Regression, 1) => "regression",
        (ChangeKind::Regression, _) => "regressions",
        (ChangeKind::Found, 1) => "failure not tested before",
        (ChangeKind::Found, _) => "failures not tested before",
        (ChangeKind::KnownRegression, 1) => "known regression",
        (ChangeKind::KnownRegression, _) => "known regressions",
        (ChangeKind::LostEvidence, _) => "with lost evidence",
        (ChangeKind::Trace, 1) => "changed trace",
        (ChangeKind::Trace, _) => "changed traces",
        (ChangeKind::Listing, _) => "listed otherwise",
        (ChangeKind::Vanished, _) => "vanished",
        (ChangeKind::New, _) => "new",
        (ChangeKind::Untested, _) => "still not tested",
        (ChangeKind::Gained, _) => "newly tested",
        (ChangeKind::Fix, 1) => "fix",
        (ChangeKind::Fix, _) => "fixes",
        (ChangeKind::Same, _) => "unchanged",
    }
}

/// Both verdicts; one where there is nothing on the other side, or the same.
fn arrow(change: &Change) -> String {
    let shown = |status: Status| paint(style::of(status), status.word());
    match (change.old.status, change.new.status) {
        (Status::Absent, new) => shown(new),
        (old, Status::Absent) => format!("was {}", shown(old)),
        (old, new) if old == new => shown(new),
        (old, new) => format!("{} → {}", shown(old), shown(new)),
    }
}

/// How the trace of a case changed: as a whole, or only where it did and what is around.
fn write_difference(to: &mut dyn Write, change: &Change, whole: bool) -> io::Result<()> {
    const AROUND: usize = 3;
    let (old, new) = (change.old.trace().join("\n"), change.new.trace().join("\n"));
    let lines = snapshot::difference(&old, &new);
    let changed: Vec<usize> = (0..lines.len()).filter(|index| lines[*index].0 != ' ').collect();
    writeln!(to, "    trace   - old, + new; the first difference is marked with >")?;
    let mut hidden = false;
    for (index, (sign, line)) in lines.iter().enumerate() {
        if !whole && !changed.iter().any(|at| at.abs_diff(index) <= AROUND) {
            if !hidden {
                writeln!(to, "        ...")?;
            }
            hidden = true;
            continue;
        }
        hidden = false;
        let mark = if changed.first() == Some(&index) { '>' } else { ' ' };
        writeln!(to, "    {mark} {}", paint(of_sign(*sign), &format!("{sign} {line}")))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::compare;
    use crate::testing::made_up;
    use rstest::rstest;

    fn plain(pairs: &[Pair], unpaired: &[Unpaired], all: bool) -> String {
        let report = Comparison { pairs, unpaired, all, width: 100 };
        crate::testing::plain(|to| report.write_human(to))
    }

    fn pair<'r>(name: &str, old: &'r RecordedRun, new: &'r RecordedRun) -> Pair<'r> {
        Pair { name: name.into(), old, new, changes: compare(old, new) }
    }

    #[test]
    fn a_comparison_reads_as_a_story() {
        let old =
            made_up("6.17.1", &[("mnt.a", "pass"), ("mnt.b", "fail"), ("mnt.c", "pass"), ("mnt.d", "pass")]);
        let new =
            made_up("6.18.2", &[("mnt.a", "fail"), ("mnt.b", "pass"), ("mnt.c", "skip"), ("mnt.d", "pass")]);
        let text = plain(&[pair("x", &old, &new)], &[], false);
        let expected = "\
old  6.17.1
     Linux 6.17.1 x86_64, started as root, nsconform 0.1.0, 4 cases
new  6.18.2
     Linux 6.18.2 x86_64, started as root, nsconform 0.1.0, 4 cases

REGRESSIONS (1): passed before, fail now
  mnt.a  pass → fail
    claim   Claim of mnt.a.
    trace   - old, + new; the first difference is marked with >
        outer  getpid() = 2
    > - outer  mount() = 0
      + outer  mount() = -1 EPERM

LOST EVIDENCE (1): tested before, not tested now: neither fixed nor broken
  pass → skip  1 case
    new     needs root: started without the privilege to create namespaces
    remedy  run as root outside any container (sudo nsconform)
    mnt.c  Claim of mnt.c.

FIXES (1): failed before, pass now
  mnt.b  fail → pass
    claim   Claim of mnt.b.
    trace   - old, + new; the first difference is marked with >
        outer  getpid() = 2
    > - outer  mount() = -1 EPERM
      + outer  mount() = 0

REGRESSION: 3 of 4 cases tested on both sides; 1 regression, 1 with lost evidence, 1 fix, 1 unchanged
";
        assert_eq!(text, expected);
    }

    #[rstest]
    #[case::worse("pass", "fail", "REGRESSION: ")]
    #[case::worse_as_listed("pass", "known", "NO REGRESSION THAT IS NOT KNOWN: ")]
    #[case::the_same("pass", "pass", "NO REGRESSION: ")]
    #[case::lost("pass", "skip", "NOTHING COMPARED: ")]
    #[case::never_tested("skip", "skip", "NOTHING COMPARED: ")]
    fn the_last_line_sums_up(#[case] old: &str, #[case] new: &str, #[case] expected: &str) {
        let (old, new) = (made_up("6.1", &[("a.b", old)]), made_up("6.2", &[("a.b", new)]));
        let text = plain(&[pair("x", &old, &new)], &[], false);
        let last = text.lines().last().unwrap();
        assert!(last.starts_with(expected), "{last}");
    }

    #[test]
    fn a_failure_without_a_past_is_said_beside_what_was_compared() {
        let old = made_up("6.1", &[("a.b", "pass"), ("a.c", "skip")]);
        let new = made_up("6.2", &[("a.b", "pass"), ("a.c", "fail")]);
        let text = plain(&[pair("x", &old, &new)], &[], false);
        assert!(text.contains("\nNO REGRESSION SEEN, FAILURES NOT TESTED BEFORE: "), "{text}");
    }

    #[test]
    fn a_changed_expectation_is_told_from_a_changed_kernel() {
        let old = made_up("6.1", &[("a.b", "pass")]);
        let mut new = made_up("6.1", &[("a.b", "fail")]);
        new.cases.get_mut("a.b").unwrap().trace = old.cases["a.b"].trace.clone();
        let text = plain(&[pair("x", &old, &new)], &[], false);
        assert!(text.contains("trace   the same in both runs: not the kernel changed"), "{text}");
    }

    #[test]
    fn lost_evidence_is_said_beside_what_was_compared() {
        let old = made_up("6.1", &[("a.b", "pass"), ("a.c", "pass")]);
        let new = made_up("6.2", &[("a.b", "pass"), ("a.c", "error")]);
        let text = plain(&[pair("x", &old, &new)], &[], false);
        assert!(text.contains("\nNO REGRESSION SEEN, EVIDENCE LOST: 1 of 2 cases"), "{text}");
    }

    #[test]
    fn cases_with_the_same_reason_are_listed_together() {
        let old = made_up("6.1", &[("a.b", "deviation"), ("a.c", "deviation"), ("a.d", "deviation")]);
        let mut new = made_up("6.2", &[("a.b", "skip"), ("a.c", "skip"), ("a.d", "skip'")]);
        new.cases.get_mut("a.b").unwrap().deviation = None;
        let text = plain(&[pair("x", &old, &new)], &[], false);
        assert!(text.contains("deviation → skip  2 cases\n    new     needs root"), "{text}");
        assert!(
            text.contains("deviation → skip  1 case\n    new     needs x: none\n    remedy  get one\n"),
            "{text}"
        );
    }

    #[test]
    fn what_did_not_change_is_shown_only_if_asked_for() {
        let run = made_up("6.1", &[("a.b", "pass")]);
        assert!(!plain(&[pair("x", &run, &run)], &[], false).contains("a.b"));
        assert!(plain(&[pair("x", &run, &run)], &[], true).contains("a.b"));
    }

    #[test]
    fn the_same_change_in_several_runs_is_told_once() {
        let old = made_up("6.1", &[("a.b", "pass")]);
        let new = made_up("6.2", &[("a.b", "fail")]);
        let fine = made_up("6.2", &[("a.b", "pass")]);
        let text = plain(&[pair("x", &old, &new), pair("y", &old, &new), pair("z", &old, &fine)], &[], false);
        assert_eq!(text.matches("a.b  pass → fail").count(), 1, "{text}");
        assert!(text.contains("    in      x, y\n"), "{text}");
        assert!(text.contains("2 regressions"), "{text}");
    }

    #[test]
    fn a_run_without_a_partner_is_lost_evidence() {
        let run = made_up("6.1", &[("a.b", "pass")]);
        let unpaired = [Unpaired { name: "gone".into(), in_old: true, run: &run }];
        let text = plain(&[pair("x", &run, &run)], &unpaired, false);
        assert!(text.contains("only on the old side: what it tested is lost evidence"), "{text}");
        assert!(text.contains("EVIDENCE LOST") && text.contains("1 lost run"), "{text}");
    }

    #[test]
    fn what_explains_a_change_is_remarked() {
        let old = made_up("6.1", &[("a.b", "pass")]);
        let mut new = RecordedRun { cut: Some("it holds 0 of 1 records".into()), ..made_up("6.2", &[]) };
        new.start.seal = "none".into();
        new.start.machine.sysctls = [("user.max_net_namespaces".to_string(), "0".to_string())].into();
        let text = plain(&[pair("x", &old, &new)], &[], false);
        for expected in [
            "the new run was cut off: it holds 0 of 1 records",
            "differs: sealed as privileged → none",
            "differs: user.max_net_namespaces absent → 0",
            "pass → miss",
        ] {
            assert!(text.contains(expected), "{text}");
        }
    }

    #[test]
    fn programs_get_every_change_and_the_counts() {
        let old = made_up("6.1", &[("a.b", "pass"), ("a.c", "pass")]);
        let new = made_up("6.2", &[("a.b", "known"), ("a.c", "pass")]);
        let mut written = Vec::new();
        let pairs = [pair("x", &old, &new)];
        Comparison { pairs: &pairs, unpaired: &[], all: false, width: 80 }.write_json(&mut written).unwrap();
        let lines: Vec<serde_json::Value> = String::from_utf8(written)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let types: Vec<&str> = lines.iter().filter_map(|line| line["type"].as_str()).collect();
        assert_eq!(types, ["pair", "change", "summary"]);
        assert_eq!(lines[0]["old"]["kernel_release"], "6.1");
        assert_eq!(lines[1]["kind"], "known-regression");
        assert_eq!(lines[1]["new"]["reason"], "as listed");
        assert_eq!(lines[1]["old"]["trace"][1], "outer  mount() = 0");
        assert_eq!(lines[2]["counts"]["known-regression"], 1);
        assert_eq!(lines[2]["counts"]["same"], 1);
        assert_eq!(lines[2]["regression"], false);
    }
}
