//! A declaration of a call: its name, its meaning, whether it is a real call, an observation or a
//! composite, and how it is printed.
//!
//! The declarations themselves stand in the file of each area; the `calls!` macro collects them.
//! `argument` prints the arguments.

use super::argument::ArgumentKind;

/// Whether a declaration is one call that Linux has, or stands for several steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// One system call or library function. The trace prints its real name and arguments, as
    /// strace(1) does.
    Call,
    /// Reads state by several calls, or decodes what it reads, and changes nothing. The trace
    /// prints `?` before it.
    Observation {
        /// The files or calls that it reads.
        reads: &'static str,
    },
    /// Changes something by several calls. The trace prints `!` before it.
    Composite {
        /// The calls that it makes.
        makes: &'static str,
    },
}

impl Mark {
    /// The sign before the name in a trace: `? ` for an observation, `! ` for a composite,
    /// nothing for a real call.
    pub const fn sign(self) -> &'static str {
        match self {
            Mark::Call => "",
            Mark::Observation { .. } => "? ",
            Mark::Composite { .. } => "! ",
        }
    }
}

/// Stands for an argument in a template.
pub(crate) const PLACE: &str = "{}";

/// One call of the vocabulary.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// The name by which scripts ask for it.
    pub name: &'static str,
    /// One sentence that explains it.
    pub meaning: &'static str,
    /// Whether it is a real call.
    pub mark: Mark,
    /// The printed form without the sign, where it is not `name(argument, argument)`: each `{}`
    /// stands for an argument, in the order of the declaration.
    pub template: Option<&'static str>,
    /// Its arguments, in order.
    pub parameters: &'static [Parameter],
}

/// One argument in the declaration of a call.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// The kind of value that it takes.
    pub kind: ArgumentKind,
}

impl Declaration {
    /// The printed form with these printed arguments. Arguments that print as nothing are left
    /// out; in a template they keep their place, unless they are hidden.
    pub fn print(&self, arguments: &[String]) -> String {
        let has_place = |number: usize| {
            let parameter = self.parameters.get(number).filter(|_| self.template.is_some());
            parameter.is_some_and(|parameter| !matches!(parameter.kind, ArgumentKind::Hidden))
        };
        let shown = arguments.iter().enumerate();
        let mut shown = shown
            .filter(|(number, argument)| has_place(*number) || !argument.is_empty())
            .map(|(_, argument)| argument.as_str());
        let sign = self.mark.sign();
        let Some(template) = self.template else {
            return format!("{sign}{}({})", self.name, shown.collect::<Vec<_>>().join(", "));
        };
        let mut text = sign.to_string();
        for (number, piece) in template.split(PLACE).enumerate() {
            if number > 0 {
                text.push_str(shown.next().unwrap_or(PLACE));
            }
            text.push_str(piece);
        }
        text
    }

    /// The sign and the printed name, as they stand in `<... name resumed>`.
    pub fn head(&self) -> String {
        let template = self.template.unwrap_or(self.name);
        let name = template.split(['(', ' ']).next().unwrap_or(template);
        format!("{}{name}", self.mark.sign())
    }

    /// Whether a printed call, such as `ioctl(3, NS_GET_PARENT)`, has the form of this
    /// declaration.
    pub fn fits(&self, text: &str) -> bool {
        let Some(text) = text.strip_prefix(self.mark.sign()) else { return false };
        let Some(template) = self.template else {
            return text.strip_prefix(self.name).is_some_and(|rest| rest.starts_with('('));
        };
        let mut pieces = template.split(PLACE);
        let first = pieces.next().unwrap_or("");
        let Some(rest) = text.strip_prefix(first) else { return false };
        pieces.try_fold(rest, |rest, piece| rest.find(piece).map(|at| &rest[at + piece.len()..])).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const fn declaration(name: &'static str, mark: Mark, template: Option<&'static str>) -> Declaration {
        Declaration { name, meaning: "", mark, template, parameters: &[] }
    }

    const SETHOSTNAME: Declaration = declaration("sethostname", Mark::Call, None);
    const PARENT: Declaration = declaration("ioctl_parent", Mark::Call, Some("ioctl({}, NS_GET_PARENT)"));
    const CAT: Declaration = declaration("cat", Mark::Observation { reads: "the file" }, None);
    const ECHO: Declaration = declaration("echo", Mark::Composite { makes: "open(2)" }, Some("echo {} > {}"));

    #[rstest]
    #[case::real_name(SETHOSTNAME, &["\"a\""], "sethostname(\"a\")", "sethostname")]
    #[case::template(PARENT, &["3"], "ioctl(3, NS_GET_PARENT)", "ioctl")]
    #[case::observation(CAT, &["\"/f\""], "? cat(\"/f\")", "? cat")]
    #[case::composite(ECHO, &["\"a\"", "\"/f\""], "! echo \"a\" > \"/f\"", "! echo")]
    #[case::unshown(SETHOSTNAME, &["", "1", "2"], "sethostname(1, 2)", "sethostname")]
    fn a_declaration_prints_its_form(
        #[case] declaration: Declaration,
        #[case] arguments: &[&str],
        #[case] expected: &str,
        #[case] head: &str,
    ) {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        assert_eq!(declaration.print(&arguments), expected);
        assert_eq!(declaration.head(), head);
        for other in [SETHOSTNAME, PARENT, CAT, ECHO] {
            assert_eq!(other.fits(expected), other.name == declaration.name, "{}", other.name);
        }
    }
}
