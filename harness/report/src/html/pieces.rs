//! Pieces that several views of the page share.

use super::links::address;
use maud::{Markup, html};
use nsconform_suite::verdict::{Status, Tone};

/// The class of a status: its tone. Its sign says the same without colour.
pub(crate) fn tone(status: Status) -> &'static str {
    match status.tone() {
        Tone::Good => "good",
        Tone::Noted => "noted",
        Tone::Listed => "listed",
        Tone::Bad => "bad",
        Tone::Quiet => "silent",
        Tone::Lost => "lost",
    }
}

/// The sign of a status. Its word must stand beside it.
pub(crate) fn mark(status: Status) -> Markup {
    html! { span.mark.(tone(status)) aria-hidden="true" { (status.sign()) } }
}

/// A link to the page of a case.
pub(crate) fn case_link(id: &str) -> Markup {
    html! { a.id href={ "#case/" (id) } { (id) } }
}

/// A source, as a link where there is a page to go to.
pub(crate) fn source_link(source: &str) -> Markup {
    match address(source) {
        Some(address) => html! { a href=(address) rel="noreferrer" { (source) } },
        None => html! { (source) },
    }
}

/// Something wide, which scrolls in itself on a narrow screen.
pub(crate) fn scrolled(name: &str, content: Markup) -> Markup {
    html! { div.scrolled tabindex="0" role="region" aria-label=(name) { (content) } }
}
