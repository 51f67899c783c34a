//! Several kernels side by side: a row per case, a column per kernel, a sign per verdict. Rows that
//! all kernels agree on are folded to one per namespace.
//!
//! Where the runs come from is not its business; comparing two of them in detail is that of
//! `diff`.

mod json;

use crate::document::Runs;
use crate::event::CaseResult;
use crate::run::{RecordedRun, version_order};
use crate::style::{self, BOLD, YELLOW, count};
use comfy_table::{CellAlignment, ColumnConstraint, Table, Width, presets};
use nsconform_suite::verdict::Status;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// The longest name that is put over a column; a longer one gets a letter instead.
const LONGEST_HEAD: usize = 12;
/// The columns that the ids of cases get at least.
const LEAST_LABEL: usize = 44;
/// The head of the ids.
const LABEL_HEAD: &str = "case";

/// A kernel and what ran on it.
#[derive(Clone, Debug)]
pub struct KernelRuns<'r> {
    /// Its name in the list of kernels, or the path of its image.
    pub name: String,
    /// Its runs, one for each privilege; none if there was none.
    pub runs: Vec<Cow<'r, RecordedRun>>,
    /// Why runs or records are missing, if that is known.
    pub miss: Option<String>,
}

/// A column: the statuses of cases on one kernel.
#[derive(Clone, Debug)]
pub struct Column {
    /// The name of the kernel.
    pub name: String,
    /// By the id of the case: its place in the catalogue, and its status. None if there was no
    /// run at all.
    pub cases: Option<BTreeMap<String, (usize, Status)>>,
    /// Why records are missing, if that is known.
    pub miss: Option<String>,
}

/// A row: one case on every kernel.
#[derive(Clone, Debug)]
struct Row {
    id: String,
    /// In the order of the columns.
    statuses: Vec<Status>,
}

/// The kernels and cases of one privilege.
#[derive(Clone, Debug)]
pub struct Matrix {
    /// As whom the runs were started.
    privilege: String,
    columns: Vec<Column>,
    rows: Vec<Row>,
}

/// The signs in the order of the legend.
const LEGEND: [Status; 10] = [
    Status::Pass,
    Status::Deviation,
    Status::Fail,
    Status::Known,
    Status::UnexpectedPass,
    Status::NotJudged,
    Status::Skip,
    Status::Error,
    Status::Timeout,
    Status::Miss,
];

/// The runs by kernel, and the kernels that gave none.
pub fn kernels(runs: &Runs) -> Vec<KernelRuns<'_>> {
    let mut kernels: Vec<KernelRuns> = Vec::new();
    for run in &runs.runs {
        let is_free = |kernel: &KernelRuns, name: &str| {
            kernel.name == name
                && kernel.runs.iter().all(|other| other.start.machine.uid != run.start.machine.uid)
        };
        let is_taken = |kernels: &[KernelRuns], name: &str| kernels.iter().any(|kernel| kernel.name == name);
        // Two runs of one kernel and one user have a column each, named by their files.
        let name = run.kernel();
        match kernels.iter_mut().find(|kernel| is_free(kernel, name)) {
            Some(kernel) => kernel.runs.push(Cow::Borrowed(run)),
            None => {
                let name = if is_taken(&kernels, name) { &run.path } else { name };
                kernels.push(KernelRuns {
                    name: name.to_string(),
                    runs: vec![Cow::Borrowed(run)],
                    miss: None,
                });
            }
        }
    }
    for lost in &runs.lost {
        match kernels.iter_mut().find(|kernel| kernel.name == lost.name) {
            Some(kernel) => kernel.miss = Some(lost.why.clone()),
            None => kernels.push(KernelRuns {
                name: lost.name.clone(),
                runs: Vec::new(),
                miss: Some(lost.why.clone()),
            }),
        }
    }
    kernels
}

/// As whom anything ran, by uid: root first.
pub(crate) fn privileges(kernels: &[KernelRuns]) -> Vec<(u32, String)> {
    let mut privileges: Vec<(u32, String)> = kernels
        .iter()
        .flat_map(|kernel| &kernel.runs)
        .map(|run| (run.start.machine.uid, run.privilege()))
        .collect();
    privileges.sort();
    privileges.dedup();
    privileges
}

impl Row {
    /// Whether all kernels that have a record agree. Missing records are told apart: they say
    /// nothing about the kernel, and one guest that was lost must not unfold everything.
    fn agrees(&self) -> bool {
        let mut statuses = self.statuses.iter().filter(|status| **status != Status::Miss);
        let first = statuses.next();
        statuses.all(|status| Some(status) == first)
    }

    /// The status that the kernels with a record agree on.
    fn common(&self) -> Status {
        self.statuses.iter().copied().find(|status| *status != Status::Miss).unwrap_or(Status::Miss)
    }

    /// The namespace: the first segment of the id.
    fn group(&self) -> &str {
        self.id.split('.').next().unwrap_or(&self.id)
    }
}

impl Matrix {
    /// One matrix for each privilege that anything ran with, root first. A kernel without a run
    /// has a column in each of them.
    pub fn of_kernels(kernels: &[KernelRuns]) -> Vec<Matrix> {
        let mut privileges = privileges(kernels);
        if privileges.is_empty() && !kernels.is_empty() {
            privileges.push((0, "anyone".to_string()));
        }
        let column = |kernel: &KernelRuns, uid: u32| {
            let run = kernel.runs.iter().find(|run| run.start.machine.uid == uid);
            let cut = run.and_then(|run| run.cut.clone());
            Column {
                name: kernel.name.clone(),
                cases: run.map(|run| {
                    let status = |(id, entry): (&String, _)| (id.clone(), place_and_status(entry));
                    run.cases.iter().map(status).collect()
                }),
                miss: kernel.miss.clone().or(cut),
            }
        };
        privileges
            .into_iter()
            .map(|(uid, privilege)| {
                Matrix::new(&privilege, kernels.iter().map(|kernel| column(kernel, uid)).collect())
            })
            .collect()
    }

    /// Puts columns side by side, in the order of their versions.
    pub fn new(privilege: &str, mut columns: Vec<Column>) -> Matrix {
        columns.sort_by(|a, b| version_order(&a.name, &b.name));
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (id, (place, _)) in columns.iter().filter_map(|column| column.cases.as_ref()).flatten() {
            let known = places.entry(id).or_insert(*place);
            *known = (*known).min(*place);
        }
        let mut ids: Vec<(usize, &str)> = places.into_iter().map(|(id, place)| (place, id)).collect();
        ids.sort();
        let status = |column: &Column, id: &str| {
            column.cases.as_ref().and_then(|cases| cases.get(id)).map_or(Status::Miss, |(_, status)| *status)
        };
        let rows = ids
            .iter()
            .map(|(_, id)| Row {
                id: id.to_string(),
                statuses: columns.iter().map(|column| status(column, id)).collect(),
            })
            .collect();
        Matrix { privilege: privilege.to_string(), columns, rows }
    }

    /// The rows by namespace, in the order of the catalogue.
    fn groups(&self) -> Vec<(&str, Vec<&Row>)> {
        let mut groups: Vec<(&str, Vec<&Row>)> = Vec::new();
        for row in &self.rows {
            match groups.iter_mut().find(|(group, _)| *group == row.group()) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((row.group(), vec![row])),
            }
        }
        groups
    }

    /// Writes it for people, at most `width` columns wide where ids and kernels can be told apart in them.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write_human(&self, width: usize, to: &mut dyn Write) -> io::Result<()> {
        let heads = self.heads(width);
        let lines = self.lines();
        let cell_width = heads.iter().map(|head| head.chars().count()).max().unwrap_or(1);
        let cells_width = self.columns.len() * (cell_width + 1);
        let labels = lines.iter().map(|(label, _)| label.chars().count());
        let longest = labels.chain([LABEL_HEAD.len()]).max().unwrap_or(1);
        // However many kernels there are, a label keeps enough room to be read.
        let label_width = longest.min(width.saturating_sub(cells_width).max(LEAST_LABEL));
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(std::iter::once(LABEL_HEAD).chain(heads.iter().map(String::as_str)));
        for (label, statuses) in &lines {
            let glyphs = statuses.iter().map(|status| status.map_or(String::new(), |s| s.sign().to_string()));
            table.add_row(std::iter::once(label.clone()).chain(glyphs));
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            let (padding, width) = if index == 0 { (0, label_width) } else { (1, cell_width + 1) };
            column.set_padding((padding, 0));
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width as u16)));
            if index > 0 {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let differing = self.rows.iter().filter(|row| !row.agrees()).count();
        let several = match self.columns.len() {
            0 | 1 => String::new(),
            _ if differing == 1 => ", 1 differs between kernels".to_string(),
            _ => format!(", {differing} differ between kernels"),
        };
        writeln!(
            to,
            "{BOLD}as {}{BOLD:#}: {} on {}{several}",
            self.privilege,
            count(self.rows.len(), "case"),
            count(self.columns.len(), "kernel")
        )?;
        for (number, line) in table.lines().enumerate() {
            let line = line.trim_end();
            match number {
                0 => writeln!(to, "{BOLD}{line}{BOLD:#}")?,
                _ => writeln!(to, "{}", painted(line, label_width))?,
            }
        }
        self.write_notes(&heads, width, to)
    }

    /// The legend, the names that did not fit over their columns, and what is missing.
    fn write_notes(&self, heads: &[String], width: usize, to: &mut dyn Write) -> io::Result<()> {
        let used = |status: &Status| self.rows.iter().any(|row| row.statuses.contains(status));
        let legend: Vec<String> = LEGEND
            .iter()
            .filter(|status| used(status))
            .map(|status| {
                let (style, word) = (
                    style::of(*status),
                    if *status == Status::Miss { "miss: no record" } else { status.word() },
                );
                format!("{style}{}{style:#} {word}", status.sign())
            })
            .collect();
        writeln!(to, "\n{}", legend.join("  "))?;
        // A fold must not hide what has to be looked at.
        for status in [Status::Fail, Status::Error, Status::Timeout, Status::UnexpectedPass] {
            let everywhere = self.rows.iter().filter(|row| row.agrees() && row.common() == status);
            let ids: Vec<&str> = everywhere.map(|row| row.id.as_str()).collect();
            if !ids.is_empty() {
                let style = style::of(status);
                let everywhere = if self.columns.len() > 1 { " on every kernel" } else { "" };
                let label = style::paint(style, status.word());
                style::write_field(to, width, "", &format!("{label}{everywhere}: {}", ids.join(", ")))?;
            }
        }
        let lettered = self.columns.iter().zip(heads).filter(|(column, head)| column.name != **head);
        let explained: Vec<String> =
            lettered.map(|(column, letter)| format!("{letter}={}", column.name)).collect();
        if !explained.is_empty() {
            style::write_field(to, width, "", &explained.join(", "))?;
        }
        for (index, column) in self.columns.iter().enumerate() {
            let missing = self.missing(index);
            if missing == 0 && column.cases.is_some() {
                continue;
            }
            let what = match column.cases {
                None => "no run".to_string(),
                Some(_) => format!("{missing} of {} have no record", count(self.rows.len(), "case")),
            };
            let why = column.miss.as_deref().map_or(String::new(), |why| format!(": {why}"));
            let label = format!("{YELLOW}miss{YELLOW:#} ");
            style::write_field(to, width, &label, &format!("{}: {what}{why}", column.name))?;
        }
        Ok(())
    }

    fn missing(&self, column: usize) -> usize {
        self.rows.iter().filter(|row| row.statuses[column] == Status::Miss).count()
    }

    /// The head of each column: the whole name of its kernel, or a letter where that does not fit.
    fn heads(&self, width: usize) -> Vec<String> {
        let room = width.saturating_sub(LEAST_LABEL) / self.columns.len().max(1);
        let longest = room.saturating_sub(1).min(LONGEST_HEAD);
        let head = |(index, column): (usize, &Column)| match column.name.chars().count() > longest {
            true => letter(index),
            false => column.name.clone(),
        };
        self.columns.iter().enumerate().map(head).collect()
    }

    /// The rows as they are shown: for each namespace what its kernels agree on, then what they do
    /// not.
    fn lines(&self) -> Vec<(String, Vec<Option<Status>>)> {
        let mut lines = Vec::new();
        for (group, rows) in self.groups() {
            let (alike, differing): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.agrees());
            let counts: Vec<String> = LEGEND
                .iter()
                .map(|status| (status, alike.iter().filter(|row| row.common() == *status).count()))
                .filter(|(_, number)| *number > 0)
                .map(|(status, number)| format!("{number} {}", status.sign()))
                .collect();
            let (label, statuses) = match (alike.is_empty(), differing.is_empty()) {
                (true, _) => (group.to_string(), vec![None; self.columns.len()]),
                (false, all) => {
                    let alone = if all { "" } else { "alike: " };
                    let columns = 0..self.columns.len();
                    (
                        format!("{group:<7} {alone}{}", counts.join(" ")),
                        columns.map(|column| Some(folded(&alike, column))).collect(),
                    )
                }
            };
            lines.push((label, statuses));
            for row in differing {
                lines.push((format!("  {}", row.id), row.statuses.iter().copied().map(Some).collect()));
            }
        }
        lines
    }
}

fn place_and_status(result: &CaseResult) -> (usize, Status) {
    (result.index, result.status())
}

/// The sign of rows that agree for one kernel: a missing record, else the worst, else that it
/// is fine. Skips and deviations show only where there is nothing else; the label counts them.
fn folded(alike: &[&Row], column: usize) -> Status {
    const QUIET: [Status; 3] = [Status::Pass, Status::Deviation, Status::Skip];
    let mut worst: Vec<Status> =
        Status::ALL.into_iter().filter(|status| !QUIET.contains(status) && *status != Status::Miss).collect();
    worst.sort_by_key(|status| status.severity());
    let mut shown = std::iter::once(Status::Miss).chain(worst).chain(QUIET);
    let has = |status: &Status| alike.iter().any(|row| row.statuses[column] == *status);
    shown.find(has).unwrap_or(Status::Miss)
}

/// A letter for a column: A to Z, then AA, AB and so on.
fn letter(index: usize) -> String {
    const LETTERS: usize = 26;
    let one = char::from(b'A' + (index % LETTERS) as u8).to_string();
    if index < LETTERS { one } else { letter(index / LETTERS - 1) + &one }
}

/// A line of the table with its signs in their colours. They are put in after the table was laid
/// out, since its layout counts every character.
fn painted(line: &str, label_width: usize) -> String {
    line.chars()
        .enumerate()
        .map(|(at, letter)| {
            let status = LEGEND.iter().find(|status| status.sign() == letter);
            match status.filter(|_| at >= label_width) {
                Some(status) => {
                    let style = style::of(*status);
                    format!("{style}{letter}{style:#}")
                }
                None => letter.to_string(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::made_up;
    use rstest::rstest;

    /// Eleven kernels do not have their names in it.
    const NARROW: usize = 80;
    const ELEVEN: [&str; 11] =
        ["7.3", "6.12", "5.10", "6.1", "6.16", "6.17", "6.18", "6.19", "7.0", "7.1", "7.2"];

    fn kernel(name: &str, cases: &[(&str, &str)]) -> KernelRuns<'static> {
        KernelRuns { name: name.into(), runs: vec![Cow::Owned(made_up(name, cases))], miss: None }
    }

    fn plain(matrix: &Matrix) -> String {
        crate::testing::plain(|to| matrix.write_human(NARROW, to))
    }

    #[test]
    fn eleven_kernels_fit_and_only_differences_unfold() {
        let kernels: Vec<KernelRuns> = ELEVEN
            .iter()
            .map(|name| {
                let wrong = matches!(*name, "6.18" | "6.19");
                kernel(
                    name,
                    &[
                        ("uts.a", "pass"),
                        ("uts.b", "deviation"),
                        ("mnt.medium-mounted-once-appears-elsewhere", if wrong { "known" } else { "pass" }),
                        ("mnt.b", "pass"),
                        ("mnt.c", "skip"),
                        ("time.a", if *name == "5.10" { "skip" } else { "fail" }),
                    ],
                )
            })
            .collect();
        let matrices = Matrix::of_kernels(&kernels);
        assert_eq!(matrices.len(), 1);
        let text = plain(&matrices[0]);
        let expected = "\
as root: 6 cases on 11 kernels, 2 differ between kernels
case                                        A B C D E F G H I J K
uts     1 ✓ 1 ≈                             ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓
mnt     alike: 1 ✓ 1 –                      ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓ ✓
  mnt.medium-mounted-once-appears-elsewhere ✓ ✓ ✓ ✓ ✓ f f ✓ ✓ ✓ ✓
time
  time.a                                    – ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗ ✗

✓ pass  ≈ deviation  ✗ fail  f expected failure  – skip
A=5.10, B=6.1, C=6.12, D=6.16, E=6.17, F=6.18, G=6.19, H=7.0, I=7.1, J=7.2,
K=7.3
";
        assert_eq!(text, expected);
        let wide = crate::testing::plain(|to| matrices[0].write_human(110, to));
        let expected = "\
case                                        5.10  6.1 6.12 6.16 6.17 6.18 6.19  7.0  7.1  7.2  7.3
uts     1 ✓ 1 ≈                                ✓    ✓    ✓    ✓    ✓    ✓    ✓    ✓    ✓    ✓    ✓
";
        assert!(wide.contains(expected), "{wide}");
        assert!(text.lines().all(|line| line.chars().count() <= NARROW), "{text}");
    }

    #[rstest]
    #[case::room_for_all(110, &["5.10", "6.1", "7.4-rc1"], &["5.10", "6.1", "7.4-rc1"])]
    #[case::too_long_for_a_column(110, &["6.1", "arch/x86/boot/bzImage"], &["6.1", "B"])]
    #[case::no_room(40, &["5.10", "6.12"], &["A", "B"])]
    fn a_name_stands_whole_over_its_column_or_has_a_letter(
        #[case] width: usize,
        #[case] names: &[&str],
        #[case] expected: &[&str],
    ) {
        let kernels: Vec<KernelRuns> = names.iter().map(|name| kernel(name, &[("uts.a", "pass")])).collect();
        assert_eq!(Matrix::of_kernels(&kernels)[0].heads(width), expected);
    }

    #[rstest]
    #[case(0, "A")]
    #[case(25, "Z")]
    #[case(26, "AA")]
    #[case(27, "AB")]
    fn columns_have_letters(#[case] index: usize, #[case] expected: &str) {
        assert_eq!(letter(index), expected);
    }

    #[test]
    fn a_lost_kernel_is_a_column_of_misses_and_unfolds_nothing() {
        let lost =
            KernelRuns { name: "6.16".into(), runs: vec![], miss: Some("the guest panicked: oops".into()) };
        let cases = [("uts.a", "pass"), ("uts.b", "pass")];
        let mut cut = kernel("7.0", &cases[..1]);
        cut.runs[0].to_mut().cut = Some("it holds 1 of 2 records".into());
        let text = plain(&Matrix::of_kernels(&[kernel("6.1", &cases), lost, cut])[0]);
        assert!(text.contains("uts     2 ✓    ✓    ?    ?\n"), "{text}");
        assert!(text.contains("? miss: no record"), "{text}");
        assert!(text.contains("miss 6.16: no run: the guest panicked: oops\n"), "{text}");
        assert!(text.contains("miss 7.0: 1 of 2 cases have no record: it holds 1 of 2 records\n"), "{text}");
    }

    #[test]
    fn privileges_have_a_table_each() {
        let mut both = kernel("6.1", &[("uts.a", "pass")]);
        let mut user = made_up("6.1", &[("uts.a", "skip")]);
        user.start.machine.uid = 65534;
        both.runs.insert(0, Cow::Owned(user));
        let matrices = Matrix::of_kernels(&[both]);
        let first_lines: Vec<String> =
            matrices.iter().map(|matrix| plain(matrix).lines().next().unwrap_or("").to_string()).collect();
        assert_eq!(first_lines, ["as root: 1 case on 1 kernel", "as uid 65534: 1 case on 1 kernel"]);
    }

    #[test]
    fn nothing_ran_anywhere() {
        let lost = KernelRuns { name: "6.16".into(), runs: vec![], miss: Some("QEMU ended".into()) };
        let text = plain(&Matrix::of_kernels(&[lost])[0]);
        assert!(text.contains("miss 6.16: no run: QEMU ended"), "{text}");
        assert!(Matrix::of_kernels(&[]).is_empty());
    }

    #[test]
    fn long_names_are_explained_below() {
        let text = plain(
            &Matrix::of_kernels(&[kernel("build/bzImage", &[("uts.a", "pass")]), kernel("6.1", &[])])[0],
        );
        assert!(text.contains("\nB=build/bzImage\n"), "{text}");
    }

    #[test]
    fn a_failure_on_every_kernel_is_named_although_it_is_folded() {
        let cases = [("uts.a", "pass"), ("uts.b", "fail")];
        let text = plain(&Matrix::of_kernels(&[kernel("6.1", &cases), kernel("7.0", &cases)])[0]);
        assert!(text.contains("uts     1 ✓ 1 ✗   ✗   ✗\n"), "{text}");
        assert!(text.contains("\nfail on every kernel: uts.b\n"), "{text}");
    }

    #[test]
    fn runs_are_put_together_by_kernel() {
        let mut user = made_up("6.1", &[("uts.a", "pass")]);
        user.start.machine.uid = 1000;
        let again = RecordedRun { path: "again.json".into(), ..made_up("6.1", &[("uts.a", "fail")]) };
        let lost = crate::document::LostKernel { name: "7.0".into(), why: "it panicked".into() };
        let all = Runs {
            runs: vec![made_up("6.1", &[("uts.a", "pass")]), user, again],
            lost: vec![lost],
            ..Runs::default()
        };
        let found: Vec<(String, usize, bool)> = kernels(&all)
            .into_iter()
            .map(|kernel| (kernel.name, kernel.runs.len(), kernel.miss.is_some()))
            .collect();
        assert_eq!(
            found,
            [("6.1".into(), 2, false), ("again.json".into(), 1, false), ("7.0".into(), 0, true)]
        );
    }

    #[test]
    fn programs_get_the_verdicts_in_the_order_of_the_kernels() {
        let kernels = [kernel("7.0", &[("uts.a", "fail")]), kernel("6.1", &[("uts.a", "deviation")])];
        let mut written = Vec::new();
        Matrix::of_kernels(&kernels)[0].write_json(&mut written).unwrap();
        let lines: Vec<serde_json::Value> = String::from_utf8(written)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines[0]["kernels"][0]["name"], "6.1");
        assert_eq!(lines[1]["verdicts"], serde_json::json!(["deviation", "fail"]));
        assert_eq!(lines[1]["differs"], true);
        assert_eq!(lines[1]["group"], "uts");
    }
}
