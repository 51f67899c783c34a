//! The view of rules × kernels × privileges: its controls, and the data from which the script of the
//! page draws the rows that are asked for.

use super::grid::{Grid, GridCase, Pattern, grouped};
use super::pieces::tone;
use maud::{Markup, PreEscaped, html};
use nsconform_suite::verdict::Status;
use serde::Serialize;

/// The whole table, as data.
#[derive(Serialize)]
struct TableData<'r> {
    kernels: &'r [&'r str],
    privileges: &'r [String],
    statuses: Vec<StatusData>,
    /// The names of the patterns, in the order of their bits.
    patterns: Vec<&'static str>,
    groups: Vec<GroupData<'r>>,
}

/// How a status is shown.
#[derive(Serialize)]
struct StatusData {
    sign: char,
    word: &'static str,
    tone: &'static str,
}

/// A namespace.
#[derive(Serialize)]
struct GroupData<'r> {
    name: &'r str,
    sections: Vec<SectionData<'r>>,
}

/// A place in the documentation.
#[derive(Serialize)]
struct SectionData<'r> {
    name: &'r str,
    rows: Vec<RowData<'r>>,
}

/// Id, claim; for each privilege a letter for each kernel (`a` is the first status) and the bits of
/// the patterns.
#[derive(Serialize)]
struct RowData<'r>(&'r str, &'r str, Vec<String>, Vec<u8>);

/// The view without its rows.
pub(crate) fn view(grid: &Grid) -> Markup {
    let name = if grid.has_runs() { "Matrix" } else { "Rules" };
    html! {
        h2 tabindex="-1" { (name) }
        form #filter role="search" {
            label { "Search " input #search type="search" name="q" autocomplete="off" spellcheck="false"; }
            @if grid.has_runs() {
                label {
                    "Show "
                    select #pattern name="show" {
                        option value="" { "all rules" }
                        @for (name, words) in Pattern::ALL.map(Pattern::describe) {
                            option value=(name) { (words) }
                        }
                    }
                }
            }
            @if grid.privileges.len() > 1 {
                label {
                    "As "
                    select #privilege name="as" {
                        option value="" { "anyone" }
                        @for privilege in &grid.privileges { option value=(privilege) { (privilege) } }
                    }
                }
            }
        }
        p #found role="status" {}
        @if grid.has_runs() { (legend(grid)) }
        div #table {}
    }
}

/// The signs that occur.
fn legend(grid: &Grid) -> Markup {
    let occurs = |status: &Status| grid.cases.iter().any(|case| case.number(*status) > 0);
    html! {
        p.legend {
            @for status in Status::ALL.into_iter().filter(|status| *status != Status::Absent).filter(occurs) {
                span { (super::pieces::mark(status)) " " (status.word()) } " "
            }
        }
    }
}

/// The data, as the text of a script element that nothing in it can close.
pub(crate) fn data(grid: &Grid) -> Markup {
    let shown = grid.cases.iter().filter(|case| !grid.has_runs() || case.is_in_runs());
    let groups = grouped(shown, |case| case.group()).into_iter().map(|(name, cases)| GroupData {
        name,
        sections: grouped(cases, |case| case.section())
            .into_iter()
            .map(|(name, cases)| SectionData { name, rows: cases.into_iter().map(row).collect() })
            .collect(),
    });
    let table = TableData {
        kernels: &grid.kernels,
        privileges: &grid.privileges,
        statuses: Status::ALL
            .map(|status| StatusData { sign: status.sign(), word: status.word(), tone: tone(status) })
            .into(),
        patterns: Pattern::ALL.map(|pattern| pattern.describe().0).into(),
        groups: groups.collect(),
    };
    html! { script #data type="application/json" { (PreEscaped(inert(&table))) } }
}

fn row<'r>(case: &GridCase<'r>) -> RowData<'r> {
    let letters = |statuses: &Vec<Status>| statuses.iter().map(|status| letter(*status)).collect();
    RowData(
        case.id,
        case.claim(),
        case.statuses.iter().map(letters).collect(),
        case.statuses.iter().map(|statuses| Pattern::bits(statuses)).collect(),
    )
}

/// The letter of a status: `a` is the first.
fn letter(status: Status) -> char {
    let place = Status::ALL.iter().position(|other| *other == status).unwrap_or_default();
    char::from(b'a' + place as u8)
}

/// JSON in which no text can end the element around it or act as markup.
pub(crate) fn inert(data: &impl Serialize) -> String {
    // Structures of texts and numbers always become JSON.
    let json = serde_json::to_string(data).unwrap_or_default();
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => text.push_str(&format!("\\u{:04x}", letter as u32)),
            letter => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_element_and_all_of_it_is_read_back() {
        let hostile = "</script><!-- <b>&amp; \u{2028}\"'\\";
        let text = inert(&[hostile]);
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&text).unwrap(), [hostile]);
    }

    #[test]
    fn letters_are_places_in_the_list() {
        assert_eq!(letter(Status::ALL[0]), 'a');
        assert_eq!(letter(Status::Absent), 'k');
    }
}
