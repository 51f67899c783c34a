//! A history as text for people and as lines for programs.

use super::{CaseTrack, History, LEAST_DELAY_US, Observation, SlowCase, VerdictTurn};
use crate::store::StoredRun;
use crate::style::{BOLD, count, paint, write_field};
use comfy_table::{CellAlignment, Table, presets};
use nsconform_suite::verdict::Status;
use serde::Serialize;
use std::io::{self, Write};

impl History<'_> {
    /// Writes the whole history for people: the runs, then the cases that turned, that are flaky, and that
    /// became slower. Lines may have `width` columns.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write_human(&self, width: usize, to: &mut dyn Write) -> io::Result<()> {
        let mut table = table(["kernel", "as", "begun", "passed", "failed", "skipped", "run"]);
        for stored in &self.runs {
            let counts = stored.run.counts();
            let failed = counts.of(Status::Fail) + counts.of(Status::Known);
            table.add_row([
                stored.run.start.machine.kernel_release.clone(),
                stored.run.privilege(),
                begun(stored).to_string(),
                format!("{} of {}", counts.good(), counts.total()),
                failed.to_string(),
                counts.of(Status::Skip).to_string(),
                short(stored).to_string(),
            ]);
        }
        for column in table.column_iter_mut().skip(3).take(3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(to, "{}\n", table.trim_fmt())?;
        let (mut bad, mut good, mut flaky, mut slower) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for track in &self.tracks {
            let told: Vec<String> = track.turns().iter().map(told_turn).collect();
            match track.turns().last() {
                Some(turn) if turn.to_bad => bad.push((track, told.join("; "))),
                Some(_) => good.push((track, told.join("; "))),
                None => {}
            }
            flaky.extend(track.flaky().map(|several| (track, told_flaky(&several))));
            slower.extend(self.slower(track).map(|slow| (track, told_slow(&slow))));
        }
        for (title, entries) in [
            ("TURNED BAD".to_string(), bad),
            ("TURNED GOOD".to_string(), good),
            ("FLAKY: runs of one build of a kernel disagree".to_string(), flaky),
            (self.slower_than(), slower),
        ] {
            write_section(&title, &entries, width, to)?;
        }
        writeln!(to, "{} of {}", count(self.runs.len(), "run"), count(self.ids().len(), "case"))
    }

    /// Writes the history of the cases that are left, each verdict by itself, for people.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write_cases_human(&self, width: usize, to: &mut dyn Write) -> io::Result<()> {
        for track in &self.tracks {
            writeln!(to, "{BOLD}{}{BOLD:#} as {}", track.id, track.privilege)?;
            let mut table = table(["  kernel", "begun", "verdict", "took", "run"]);
            for observation in &track.observations {
                table.add_row([
                    format!("  {}", observation.release()),
                    begun(observation.stored).to_string(),
                    observation.status.word().to_string(),
                    milliseconds(observation.duration_us),
                    short(observation.stored).to_string(),
                ]);
            }
            if let Some(column) = table.column_mut(3) {
                column.set_cell_alignment(CellAlignment::Right);
            }
            writeln!(to, "{}", table.trim_fmt())?;
            let turns = track.turns();
            for turn in &turns {
                write_field(to, width, "  ", &told_turn(turn))?;
            }
            if turns.is_empty() {
                let text = match track.newest_evidence() {
                    Some(false) => "good on every kernel that was tested",
                    Some(true) => "bad on every kernel that was tested",
                    None => "not tested on any kernel",
                };
                writeln!(to, "  {text}")?;
            }
            if let Some(several) = track.flaky() {
                write_field(to, width, "  flaky: ", &told_flaky(&several))?;
            }
            if let Some(slow) = self.slower(track) {
                write_field(to, width, "  slower: ", &told_slow(&slow))?;
            }
            writeln!(to)?;
        }
        Ok(())
    }

    /// Writes it for programs, as JSON lines: one of type `run` for each run, with `verdicts` one of type
    /// `verdict` for each verdict, then those of the types `turn`, `flaky` and `slower`, and at the end one
    /// of type `summary`.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write_json(&self, verdicts: bool, to: &mut dyn Write) -> io::Result<()> {
        let mut line = |line: &HistoryLine| writeln!(to, "{}", serde_json::to_string(line)?);
        for stored in &self.runs {
            line(&HistoryLine::Run {
                run: &stored.name,
                kernel_release: &stored.run.start.machine.kernel_release,
                kernel_version: &stored.run.start.machine.kernel_version,
                uid: stored.run.start.machine.uid,
                nsconform: &stored.run.start.nsconform,
                started: stored.run.start.started.as_deref(),
                records: stored.run.cases.len(),
                cut: stored.run.cut.as_deref(),
            })?;
        }
        let (mut turns, mut flaky, mut slower) = (0, 0, 0);
        for track in &self.tracks {
            let (id, privilege) = (track.id, track.privilege.as_str());
            if verdicts {
                for Observation { stored, status, duration_us } in &track.observations {
                    let (run, status, duration_us) = (stored.name.as_str(), *status, *duration_us);
                    line(&HistoryLine::Verdict { id, privilege, run, status, duration_us })?;
                }
            }
            for turn in track.turns() {
                turns += 1;
                let (last, first) = (&turn.last.stored.name, &turn.first.stored.name);
                line(&HistoryLine::Turn { id, privilege, to_bad: turn.to_bad, last, first })?;
            }
            if let Some(several) = track.flaky() {
                flaky += 1;
                let runs = several.iter().map(|one| (one.stored.name.as_str(), one.status)).collect();
                line(&HistoryLine::Flaky { id, privilege, runs })?;
            }
            if let Some(SlowCase { first, usual_us, times }) = self.slower(track) {
                slower += 1;
                let (run, duration_us) = (first.stored.name.as_str(), first.duration_us);
                line(&HistoryLine::Slower { id, privilege, run, duration_us, usual_us, times })?;
            }
        }
        let runs = self.runs.len();
        line(&HistoryLine::Summary { runs, turns, flaky, slower, slower_factor: self.factor })
    }

    fn slower_than(&self) -> String {
        format!(
            "SLOWER: from some run on more than {} times as long as before, and {} ms longer",
            self.factor,
            LEAST_DELAY_US / 1000
        )
    }
}

impl Observation<'_> {
    fn release(&self) -> &str {
        &self.stored.run.start.machine.kernel_release
    }

    /// The run in words: its kernel, its day, its name.
    fn place(&self) -> String {
        let begun = begun(self.stored);
        let day = begun.split(' ').next().unwrap_or_default();
        format!("{} ({day}, {})", self.release(), short(self.stored))
    }
}

impl CaseTrack<'_> {
    /// Whether the newest kernel that was tested is bad.
    fn newest_evidence(&self) -> Option<bool> {
        self.observations.iter().rev().find_map(|observation| super::is_bad(observation.status))
    }
}

/// One line of a history for programs.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum HistoryLine<'s> {
    Run {
        run: &'s str,
        kernel_release: &'s str,
        kernel_version: &'s str,
        uid: u32,
        nsconform: &'s str,
        started: Option<&'s str>,
        records: usize,
        cut: Option<&'s str>,
    },
    Verdict {
        id: &'s str,
        privilege: &'s str,
        run: &'s str,
        status: Status,
        duration_us: u64,
    },
    Turn {
        id: &'s str,
        privilege: &'s str,
        to_bad: bool,
        last: &'s str,
        first: &'s str,
    },
    Flaky {
        id: &'s str,
        privilege: &'s str,
        runs: Vec<(&'s str, Status)>,
    },
    Slower {
        id: &'s str,
        privilege: &'s str,
        run: &'s str,
        duration_us: u64,
        usual_us: u64,
        times: f64,
    },
    Summary {
        runs: usize,
        turns: usize,
        flaky: usize,
        slower: usize,
        slower_factor: f64,
    },
}

fn table<const N: usize>(heads: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(heads);
    table
}

fn write_section(
    title: &str,
    entries: &[(&CaseTrack, String)],
    width: usize,
    to: &mut dyn Write,
) -> io::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    writeln!(to, "{} ({})", paint(BOLD, title), entries.len())?;
    for (track, text) in entries {
        writeln!(to, "  {} as {}", track.id, track.privilege)?;
        write_field(to, width, "    ", text)?;
    }
    writeln!(to)
}

fn told_turn(turn: &VerdictTurn) -> String {
    match turn.to_bad {
        true => format!("last good {}, first bad {}", turn.last.place(), turn.first.place()),
        false => format!("last bad {}, first good {}", turn.last.place(), turn.first.place()),
    }
}

fn told_flaky(several: &[Observation]) -> String {
    let verdicts: Vec<String> = several
        .iter()
        .map(|observation| format!("{} in {}", observation.status.word(), short(observation.stored)))
        .collect();
    format!("on {}: {}", several[0].release(), verdicts.join(", "))
}

fn told_slow(slow: &SlowCase) -> String {
    let (took, usual) = (milliseconds(slow.first.duration_us), milliseconds(slow.usual_us));
    format!("{took} on {}, usually {usual}: {:.1} times as long", slow.first.place(), slow.times)
}

fn milliseconds(microseconds: u64) -> String {
    format!("{:.1} ms", microseconds as f64 / 1e3)
}

/// When the run began, to the minute, in UTC.
fn begun(stored: &StoredRun) -> String {
    let started = stored.run.start.started.as_deref().unwrap_or("at an unknown time");
    match started.get(..16) {
        Some(minute) if started.ends_with('Z') => minute.replace('T', " "),
        _ => started.to_string(),
    }
}

/// As much of the name of an entry as tells it from others.
fn short(stored: &StoredRun) -> &str {
    const SHORT: usize = "run-".len() + 8;
    stored.name.get(..SHORT).unwrap_or(&stored.name)
}
