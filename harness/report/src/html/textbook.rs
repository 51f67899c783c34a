//! The words of the catalogue that a page shows beside results: each case with its approved trace, and
//! the rules that have no case. The catalogue itself is not known here; the program fills this in.

use crate::event::Description;
use nsconform_suite::shown::ShownFault;

/// The documented rules: those with a case, and those without.
#[derive(Clone, Debug, Default)]
pub struct Textbook {
    /// The cases, in the order of the catalogue.
    pub cases: Vec<TextbookCase>,
    /// The rules without a case, or without one for the whole of them.
    pub open: Vec<OpenRule>,
}

/// One case as a reader meets it.
#[derive(Clone, Debug)]
pub struct TextbookCase {
    /// Its id.
    pub id: String,
    /// Claim, sources, and the release from which on it holds.
    pub description: Description,
    /// As whom its processes start, in words.
    pub starts_as: String,
    /// The names of its requirements.
    pub needs: Vec<String>,
    /// The words of the documentation where kernels are known to do otherwise.
    pub deviation: Option<String>,
    /// The behaviour of a wrong kernel.
    pub wrong: String,
    /// The lines of the approved trace; empty where there is none yet.
    pub trace: Vec<String>,
    /// The calls and flags of the trace, each with its meaning, in the order in which they appear.
    pub words: Vec<(String, String)>,
    /// A fault that the case catches, recorded with this trace.
    pub fault: Option<ShownFault>,
}

/// A documented rule that is not tested, or not as a whole.
#[derive(Clone, Debug)]
pub struct OpenRule {
    /// The id that its case would have.
    pub id: String,
    /// The rule in our own words.
    pub claim: String,
    /// Where it is documented: pages, each with its section behind a comma.
    pub sources: Vec<String>,
    /// Why there is no case.
    pub why: WithoutCase,
}

/// Why a rule has no case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WithoutCase {
    /// None can test it, or only in part.
    Untestable {
        /// The reason.
        why: String,
        /// The id of the case that tests a part of it.
        part: Option<String>,
    },
    /// Nobody has written it yet.
    NotWritten,
}
