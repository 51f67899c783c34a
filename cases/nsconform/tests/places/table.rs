//! The verdicts in a place as a text that a person can read and that a difference shows in: the exit
//! status, then each reason for which cases were not tested as usual, with its remedy and the cases.
//!
//! A case that is new since the table was written takes no part, so that adding one changes nothing
//! here, unless it goes wrong.

use nsconform_suite::verdict::{SkipReason, Verdict};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A run as its records tell it: the verdict on each case.
pub struct Seen {
    /// The exit status; none if a signal ended it.
    pub status: Option<i32>,
    /// The lines of the program on its standard error output.
    pub said: Vec<String>,
    /// Whether it was started by uid 0 of its user namespace.
    pub by_root: bool,
    /// The verdicts, by the ids of the cases.
    pub verdicts: BTreeMap<String, Verdict>,
}

impl Seen {
    /// Takes a run from its lines.
    ///
    /// # Errors
    /// When a line is none of a run file.
    pub fn parse(records: &str, status: Option<i32>, errors: &str) -> Result<Seen, String> {
        let mut seen = Seen {
            status,
            said: errors.lines().filter(|line| line.starts_with("nsconform")).map(str::to_string).collect(),
            by_root: false,
            verdicts: BTreeMap::new(),
        };
        for line in records.lines() {
            let event: Value = serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
            match event["type"].as_str() {
                Some("run") => seen.by_root = event["machine"]["uid"] == 0,
                Some("case") => {
                    let id = event["id"].as_str().ok_or("a record without an id")?.to_string();
                    let verdict = serde_json::from_value(event).map_err(|error| format!("{id}: {error}"))?;
                    seen.verdicts.insert(id, verdict);
                }
                _ => {}
            }
        }
        Ok(seen)
    }

    /// Everything that no right kernel gives, whatever the table says: `root` is the run by root in
    /// no place at all.
    pub fn faults(&self, root: &Seen) -> Vec<String> {
        let mut faults = Vec::new();
        if self.verdicts.is_empty() && self.status == Some(0) {
            faults.push("a run without a record has the exit status of success".to_string());
        }
        for (id, verdict) in &self.verdicts {
            let wrong = matches!(
                verdict,
                Verdict::Fail | Verdict::NotJudged { .. } | Verdict::Error { .. } | Verdict::Timeout { .. }
            );
            if wrong && root.verdicts.get(id) != Some(verdict) {
                faults.push(format!("{id}: {}", heading(verdict)));
            }
        }
        let remedies: BTreeSet<&str> = self.verdicts.values().filter_map(Verdict::remedy).collect();
        for remedy in remedies {
            if self.by_root && remedy.contains("run as root") && !remedy.contains("outside") {
                faults.push(format!("root is told: {remedy}"));
            }
        }
        faults
    }

    /// The table: the cases in `known` whose verdict differs from that of `usual`.
    pub fn table(&self, usual: Option<&Seen>, known: &BTreeSet<String>) -> String {
        let mut text = match self.status {
            Some(status) => format!("exit status {status}\n"),
            None => "killed by a signal\n".to_string(),
        };
        for line in &self.said {
            text += &format!("{line}\n");
        }
        let mut groups: BTreeMap<(String, &str), BTreeSet<&str>> = BTreeMap::new();
        for id in known {
            let Some(verdict) = self.verdicts.get(id) else {
                groups.entry(("no record".to_string(), "")).or_default().insert(id);
                continue;
            };
            let same = match usual {
                Some(usual) => usual.verdicts.get(id) == Some(verdict),
                None => *verdict == Verdict::Pass,
            };
            if !same {
                let remedy = verdict.remedy().unwrap_or_default();
                groups.entry((heading(verdict), remedy)).or_default().insert(id);
            }
        }
        for ((heading, remedy), cases) in groups {
            text += &format!("\n{heading}\n");
            if !remedy.is_empty() {
                text += &format!("remedy: {remedy}\n");
            }
            text += &listed(&cases, known);
        }
        text
    }
}

/// A verdict in a line.
fn heading(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Skip { reason: reason @ SkipReason::Seal { .. } } => {
            format!("skip, all: {}", reason.missing())
        }
        Verdict::Skip { reason } => format!("skip: {}", reason.missing()),
        Verdict::Known { reason }
        | Verdict::UnexpectedPass { reason }
        | Verdict::NotJudged { reason }
        | Verdict::Error { reason }
        | Verdict::Timeout { reason } => format!("{}: {reason}", verdict.word()),
        Verdict::Pass | Verdict::Fail => verdict.word().to_string(),
    }
}

/// Cases, one a line. Where most of a namespace's are meant, the others are named instead.
fn listed(cases: &BTreeSet<&str>, known: &BTreeSet<String>) -> String {
    if cases.len() == known.len() {
        return "  every case\n".to_string();
    }
    let family = |id: &str| id.split('.').next().unwrap_or_default().to_string();
    let mut families: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for id in known {
        families.entry(family(id)).or_default().push(id);
    }
    let mut text = String::new();
    for (family, all) in families {
        let (meant, others): (Vec<&str>, Vec<&str>) = all.into_iter().partition(|id| cases.contains(id));
        if meant.len() <= others.len() {
            meant.iter().for_each(|id| text += &format!("  {id}\n"));
        } else if others.is_empty() {
            text += &format!("  {family}.*\n");
        } else {
            text += &format!("  {family}.* but\n");
            others.iter().for_each(|id| text += &format!("    {id}\n"));
        }
    }
    text
}
