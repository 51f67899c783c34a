//! Predictions: whether a student's answer is the kernel's, and the score.

use std::fmt;

/// The word for a call that does not answer.
pub const BLOCKS: &str = "blocks";

/// Whether a prediction means the answer of a trace; none stands for a call that blocks. An error may be
/// given by its name alone, a text without quotes, and blanks do not count.
pub fn agrees(prediction: &str, answer: Option<&str>) -> bool {
    let prediction = prediction.trim();
    let prediction = prediction.strip_prefix('=').map_or(prediction, str::trim);
    let Some(answer) = answer else { return prediction.eq_ignore_ascii_case(BLOCKS) };
    let squeezed = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
    if squeezed(prediction) == squeezed(answer) {
        return true;
    }
    if let Some(error) = answer.strip_prefix("-1 ") {
        let name = error.split(' ').next().unwrap_or(error);
        let prediction = prediction.strip_prefix("-1").unwrap_or(prediction).trim();
        let given = prediction.split(' ').next().unwrap_or_default();
        return given.eq_ignore_ascii_case(name);
    }
    let text = answer.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let child = answer.strip_prefix('<').and_then(|name| name.strip_suffix('>'));
    [text, child].into_iter().flatten().any(|inner| !inner.is_empty() && inner == prediction)
}

/// How many predictions were right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PredictionScore {
    /// The right ones.
    pub right: usize,
    /// All of them.
    pub all: usize,
}

impl PredictionScore {
    /// Counts one more.
    pub fn count(&mut self, right: bool) {
        self.all += 1;
        self.right += usize::from(right);
    }
}

impl fmt::Display for PredictionScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PredictionScore { right, all } = self;
        match all {
            0 => f.write_str("nothing was predicted yet"),
            _ => write!(f, "{right} of {all} predictions are right ({} %)", right * 100 / all),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::number("0", Some("0"), true)]
    #[case::with_sign("= 0", Some("0"), true)]
    #[case::other_number("1", Some("0"), false)]
    #[case::error_name("EPERM", Some("-1 EPERM (Operation not permitted)"), true)]
    #[case::error_in_small("eperm", Some("-1 EPERM (Operation not permitted)"), true)]
    #[case::whole_error("-1 EPERM", Some("-1 EPERM (Operation not permitted)"), true)]
    #[case::other_error("EINVAL", Some("-1 EPERM (Operation not permitted)"), false)]
    #[case::just_an_error("-1", Some("-1 EPERM (Operation not permitted)"), false)]
    #[case::text("inside", Some("\"inside\""), true)]
    #[case::quoted("\"inside\"", Some("\"inside\""), true)]
    #[case::empty("", Some("\"\""), false)]
    #[case::child("inner", Some("<inner>"), true)]
    #[case::list("[shared:1,master:2]", Some("[shared:1, master:2]"), true)]
    #[case::blocks("blocks", None, true)]
    #[case::no_block("0", None, false)]
    #[case::ends("?", Some("?"), true)]
    fn a_prediction_is_judged(#[case] prediction: &str, #[case] answer: Option<&str>, #[case] right: bool) {
        assert_eq!(agrees(prediction, answer), right);
    }
}
