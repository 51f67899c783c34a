//! Several kernels side by side: a row per case, a column per kernel, a sign per verdict. Rows that
//! all kernels agree on are folded to one per namespace.
//!
//! Where the runs come from is not its business; comparing two of them in detail is that of
//! `diff`.

use crate::document::Runs;
use crate::event::CaseResult;
use crate::run::{RecordedRun, version_order};
use crate::style::{self, BOLD, YELLOW, count};
use comfy_table::{CellAlignment, ColumnConstraint, Table, Width, presets};
use nsconform_suite::verdict::Status;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// How wide the table may be.
const WIDTH: usize = 80;
/// The longest part of a name that is put over a column; longer names get a letter instead.
const HEAD_WIDTH: usize = 3;

/// A kernel and what ran on it.
#[derive(Clone, Debug)]
pub struct KernelRuns {
    /// Its name in the list of kernels, or the path of its image.
    pub name: String,
    /// Its runs, one for each privilege; none if there was none.
    pub runs: Vec<RecordedRun>,
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
pub fn kernels(runs: &Runs) -> Vec<KernelRuns> {
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
            Some(kernel) => kernel.runs.push(run.clone()),
            None => {
                let name = if is_taken(&kernels, name) { &run.path } else { name };
                kernels.push(KernelRuns { name: name.to_string(), runs: vec![run.clone()], miss: None });
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

    /// Writes it for people, at most 80 columns wide for eleven kernels.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write_human(&self, to: &mut dyn Write) -> io::Result<()> {
        let heads = self.heads();
        let lines = self.lines();
        let cell_width = heads.iter().flatten().map(|part| part.chars().count()).max().unwrap_or(1);
        let cells_width = self.columns.len() * (cell_width + 1);
        let longest = lines.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
        // However many kernels there are, a label keeps enough room to be read.
        let label_width = longest.min(WIDTH.saturating_sub(cells_width).max(WIDTH / 4)).max(1);
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(std::iter::once(String::new()).chain(heads.iter().map(|parts| parts.join("\n"))));
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
        let head_lines = heads.iter().map(Vec::len).max().unwrap_or(0);
        for (number, line) in table.lines().enumerate() {
            let line = line.trim_end();
            if number < head_lines {
                writeln!(to, "{line}")?;
            } else {
                writeln!(to, "{}", painted(line, label_width))?;
            }
        }
        self.write_notes(to)
    }

    /// The legend, the names that did not fit over their columns, and what is missing.
    fn write_notes(&self, to: &mut dyn Write) -> io::Result<()> {
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
                writeln!(to, "{style}{}{style:#}{everywhere}: {}", status.word(), ids.join(", "))?;
            }
        }
        for (index, column) in self.columns.iter().enumerate() {
            if short_head(&column.name).is_none() {
                writeln!(to, "{} = {}", letter(index), column.name)?;
            }
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
            writeln!(to, "{YELLOW}miss{YELLOW:#} {}: {what}{why}", column.name)?;
        }
        Ok(())
    }

    fn missing(&self, column: usize) -> usize {
        self.rows.iter().filter(|row| row.statuses[column] == Status::Miss).count()
    }

    /// The head of each column, part by part from top to bottom.
    fn heads(&self) -> Vec<Vec<String>> {
        let head = |(index, column): (usize, &Column)| {
            short_head(&column.name).unwrap_or_else(|| vec![letter(index)])
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

    /// Writes it for programs, as JSON lines: one of type `matrix` with the kernels, one of type
    /// `row` for each case with its verdicts in the order of the kernels.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write_json(&self, to: &mut dyn Write) -> io::Result<()> {
        let kernels = self.columns.iter().enumerate().map(|(index, column)| ExportedKernel {
            name: &column.name,
            ran: column.cases.is_some(),
            records: self.rows.len() - self.missing(index),
            missing: self.missing(index),
            why: column.miss.as_deref(),
        });
        let mut line = |line: &MatrixLine| writeln!(to, "{}", serde_json::to_string(line)?);
        line(&MatrixLine::Matrix { privilege: &self.privilege, kernels: kernels.collect() })?;
        self.rows.iter().try_for_each(|row| {
            line(&MatrixLine::Row {
                privilege: &self.privilege,
                group: row.group(),
                id: &row.id,
                differs: !row.agrees(),
                verdicts: &row.statuses,
            })
        })
    }
}

/// One line of the matrix for programs.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum MatrixLine<'m> {
    Matrix { privilege: &'m str, kernels: Vec<ExportedKernel<'m>> },
    Row { privilege: &'m str, group: &'m str, id: &'m str, differs: bool, verdicts: &'m [Status] },
}

/// A kernel as it is exported.
#[derive(Serialize)]
struct ExportedKernel<'m> {
    name: &'m str,
    ran: bool,
    records: usize,
    missing: usize,
    why: Option<&'m str>,
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

/// The parts of a version that are put one under another; none if the name is not short enough.
fn short_head(name: &str) -> Option<Vec<String>> {
    let parts: Vec<String> = name.split_inclusive('.').map(str::to_string).collect();
    let short = parts.iter().all(|part| part.chars().count() <= HEAD_WIDTH);
    (short && name.starts_with(|letter: char| letter.is_ascii_digit())).then_some(parts)
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

    const ELEVEN: [&str; 11] =
        ["7.3", "6.12", "5.10", "6.1", "6.16", "6.17", "6.18", "6.19", "7.0", "7.1", "7.2"];

    fn kernel(name: &str, cases: &[(&str, &str)]) -> KernelRuns {
        KernelRuns { name: name.into(), runs: vec![made_up(name, cases)], miss: None }
    }

    fn plain(matrix: &Matrix) -> String {
        crate::testing::plain(|to| matrix.write_human(to))
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
                                            5. 6. 6. 6. 6. 6. 6. 7. 7. 7. 7.
                                            10  1 12 16 17 18 19  0  1  2  3
uts     1 ✓ 1 ≈                              ✓  ✓  ✓  ✓  ✓  ✓  ✓  ✓  ✓  ✓  ✓
mnt     alike: 1 ✓ 1 –                       ✓  ✓  ✓  ✓  ✓  ✓  ✓  ✓  ✓  ✓  ✓
  mnt.medium-mounted-once-appears-elsewhere  ✓  ✓  ✓  ✓  ✓  f  f  ✓  ✓  ✓  ✓
time
  time.a                                     –  ✗  ✗  ✗  ✗  ✗  ✗  ✗  ✗  ✗  ✗

✓ pass  ≈ deviation  ✗ fail  f expected failure  – skip
";
        assert_eq!(text, expected);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[rstest]
    #[case::version("6.12", Some(&["6.", "12"][..]))]
    #[case::point_release("6.12.95", Some(&["6.", "12.", "95"][..]))]
    #[case::candidate("7.4-rc1", None)]
    #[case::path("arch/x86/boot/bzImage", None)]
    #[case::word("own", None)]
    fn versions_are_put_over_their_columns(#[case] name: &str, #[case] expected: Option<&[&str]>) {
        assert_eq!(short_head(name), expected.map(|parts| parts.iter().map(ToString::to_string).collect()));
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
        cut.runs[0].cut = Some("it holds 1 of 2 records".into());
        let text = plain(&Matrix::of_kernels(&[kernel("6.1", &cases), lost, cut])[0]);
        assert!(text.contains("uts     2 ✓  ✓  ?  ?\n"), "{text}");
        assert!(text.contains("? miss: no record"), "{text}");
        assert!(text.contains("miss 6.16: no run: the guest panicked: oops\n"), "{text}");
        assert!(text.contains("miss 7.0: 1 of 2 cases have no record: it holds 1 of 2 records\n"), "{text}");
    }

    #[test]
    fn privileges_have_a_table_each() {
        let mut both = kernel("6.1", &[("uts.a", "pass")]);
        let mut user = made_up("6.1", &[("uts.a", "skip")]);
        user.start.machine.uid = 65534;
        both.runs.insert(0, user);
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
        assert!(text.contains("\nB = build/bzImage\n"), "{text}");
    }

    #[test]
    fn a_failure_on_every_kernel_is_named_although_it_is_folded() {
        let cases = [("uts.a", "pass"), ("uts.b", "fail")];
        let text = plain(&Matrix::of_kernels(&[kernel("6.1", &cases), kernel("7.0", &cases)])[0]);
        assert!(text.contains("uts     1 ✓ 1 ✗  ✗  ✗\n"), "{text}");
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
