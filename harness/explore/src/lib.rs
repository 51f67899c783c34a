//! Written scripts at work: they are replayed, reduced, typed at a prompt, and asked about.
//!
//! The notation and the playing of one script live in `nsconform_lab::script`; cases and verdicts in
//! `nsconform_suite`. Nothing here reads a command line or a file.
//!
//! | module | what lives there |
//! |---|---|
//! | `replay` | one play of a script, line by line, as it can be compared with another one |
//! | `player` | kernels that play scripts: the running one, and whatever else implements it |
//! | `cause` | the first difference of two replays, and whether another pair has the same |
//! | `reduce` | the smallest script that keeps a cause |
//! | `prediction` | a student's answer against the kernel's, and the score |
//! | `quiz` | questions about stored traces, and worksheets |
//! | `prompt` | the session of the lab, line by line |
//! | `explorer` | scripts that nobody wrote, and the questions by which one of them is a find |

pub mod cause;
pub mod explorer;
pub mod player;
pub mod prediction;
pub mod prompt;
pub mod quiz;
pub mod reduce;
pub mod replay;
