//! Reading calls back from the trace's notation: the cursor that walks over the text of one call.
//!
//! Each type of argument reads itself, beside how it is printed (see `argument`). Lines and scripts
//! are read in `script`.

use super::argument::Argument;
use super::declaration::{Declaration, PLACE};
use std::fmt;

/// A text that is no call, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The column of the first character that does not fit, counted in characters from 1.
    pub column: usize,
    /// The complaint.
    pub message: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.message)
    }
}

/// Gives symbols their values while a call is read: `$fd1` stands for a number that an earlier step
/// returned, `<inner>` for a process.
pub trait Symbols {
    /// The number behind `$name`.
    ///
    /// # Errors
    /// Says why there is none.
    fn number(&self, name: &str) -> Result<i64, String>;

    /// The PID of the process `<name>`, as the caller of the call sees it.
    ///
    /// # Errors
    /// Says why there is none.
    fn pid(&self, name: &str) -> Result<i32, String>;

    /// Makes sure that there is a process `<name>`, of which a text names the directory in /proc. The
    /// director puts the number there when it sends the call.
    ///
    /// # Errors
    /// When there is no such process.
    fn exists(&self, name: &str) -> Result<(), String>;
}

/// Accepts every symbol: for reading a call that is not about to be made.
pub struct AnySymbols;

impl Symbols for AnySymbols {
    fn number(&self, _: &str) -> Result<i64, String> {
        Ok(0)
    }

    fn pid(&self, _: &str) -> Result<i32, String> {
        Ok(0)
    }

    fn exists(&self, _: &str) -> Result<(), String> {
        Ok(())
    }
}

/// The literal text between the arguments of a declaration.
enum Pieces {
    /// `name(argument, argument)`.
    Plain { first: bool },
    /// The pieces of a template that are left, the next one first.
    Template(std::str::Split<'static, &'static str>),
}

/// Reads the arguments of one call, from left to right.
pub struct Cursor<'t> {
    text: &'t str,
    /// The byte at which the rest begins.
    at: usize,
    symbols: &'t dyn Symbols,
    pieces: Pieces,
    /// The text of each argument that holds a symbol.
    symbolic: Vec<Option<&'t str>>,
    /// Whether the argument that is being read holds a symbol.
    met_symbol: bool,
}

impl<'t> Cursor<'t> {
    /// A cursor behind the first piece of `declaration` in `text`, which starts at byte `at`; none if
    /// the piece is not there.
    pub(crate) fn start(
        declaration: &Declaration,
        text: &'t str,
        at: usize,
        symbols: &'t dyn Symbols,
    ) -> Option<Cursor<'t>> {
        let rest = &text[at..];
        let (first, pieces) = match declaration.template {
            None => {
                let first = rest.strip_prefix(declaration.name)?.strip_prefix('(')?;
                (first, Pieces::Plain { first: true })
            }
            Some(template) => {
                let mut pieces = template.split(PLACE);
                (rest.strip_prefix(pieces.next()?)?, Pieces::Template(pieces))
            }
        };
        let at = text.len() - first.len();
        Some(Cursor { text, at, symbols, pieces, symbolic: Vec::new(), met_symbol: false })
    }

    /// Reads the next argument and the literal text around it.
    pub(crate) fn argument<T: Argument>(&mut self) -> Result<T, SyntaxError> {
        if let Pieces::Plain { first } = self.pieces {
            let separated = first || self.rest().trim_start().starts_with(',');
            if (!separated || self.rest().starts_with(')') || T::HIDDEN)
                && let Some(absent) = T::absent()
            {
                self.symbolic.push(None);
                return Ok(absent);
            }
            if !first {
                self.skip_spaces();
                self.expect(",")?;
                self.skip_spaces();
            }
            self.pieces = Pieces::Plain { first: false };
        } else if T::HIDDEN
            && let Some(absent) = T::absent()
        {
            self.symbolic.push(None);
            return Ok(absent);
        }
        let start = self.at;
        self.met_symbol = false;
        let argument = T::read(self)?;
        self.symbolic.push(self.met_symbol.then(|| &self.text[start..self.at]));
        if let Pieces::Template(pieces) = &mut self.pieces
            && let Some(piece) = pieces.next()
        {
            self.expect(piece)?;
        }
        Ok(argument)
    }

    /// Reads the end of the call; gives the byte behind it, and the text of each argument that holds
    /// a symbol.
    pub(crate) fn end(mut self) -> Result<(usize, Vec<Option<&'t str>>), SyntaxError> {
        if matches!(self.pieces, Pieces::Plain { .. }) {
            self.expect(")")?;
        }
        Ok((self.at, self.symbolic))
    }

    /// The text that is not read yet.
    pub(crate) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// An error at the place that is to be read next.
    pub(crate) fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError { column: column(self.text, self.at), message: message.into() }
    }

    /// Reads a literal text if it stands here.
    pub(crate) fn accept(&mut self, literal: &str) -> bool {
        let found = self.rest().starts_with(literal);
        if found {
            self.at += literal.len();
        }
        found
    }

    /// Reads a literal text.
    pub(crate) fn expect(&mut self, literal: &str) -> Result<(), SyntaxError> {
        if self.accept(literal) { Ok(()) } else { Err(self.error(format!("`{literal}` is expected"))) }
    }

    /// Reads characters as long as `accepted` says so; may be none.
    pub(crate) fn take_while(&mut self, accepted: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|character| !accepted(character)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Reads a name of a constant, flag or symbol; may be empty.
    pub(crate) fn word(&mut self) -> &'t str {
        self.take_while(|character| character.is_ascii_alphanumeric() || character == '_')
    }

    fn skip_spaces(&mut self) {
        self.take_while(|character| character == ' ');
    }

    /// Reads a number, in decimal, in octal after a 0, in hexadecimal after 0x, or behind a symbol.
    pub(crate) fn number<N: TryFrom<i64>>(&mut self) -> Result<N, SyntaxError> {
        let (start, before) = (self.at, self.error(""));
        let number = if self.accept("$") {
            self.met_symbol = true;
            let name = self.word();
            self.symbols.number(name).map_err(|message| SyntaxError { message, ..before.clone() })?
        } else {
            self.accept("-");
            let word = self.word();
            let text = &self.text[start..self.at];
            let (digits, radix) = match (word.strip_prefix("0x"), word.strip_prefix('0')) {
                (Some(digits), _) => (digits, 16),
                (None, Some(digits)) if !digits.is_empty() => (digits, 8),
                _ => (word, 10),
            };
            let number = i64::from_str_radix(digits, radix)
                .map_err(|_| SyntaxError { message: "a number is expected".into(), ..before.clone() })?;
            if text.starts_with('-') { -number } else { number }
        };
        N::try_from(number)
            .map_err(|_| SyntaxError { message: format!("{number} does not fit its argument"), ..before })
    }

    /// Reads a process, `<name>`, and gives its name and its PID as the caller sees it; none if no
    /// process stands here.
    pub(crate) fn process(&mut self) -> Result<Option<(String, i32)>, SyntaxError> {
        let before = self.error("");
        if !self.accept("<") {
            return Ok(None);
        }
        let name = self.take_while(|character| character != '>');
        self.expect(">")?;
        self.met_symbol = true;
        let pid = self.symbols.pid(name).map_err(|message| SyntaxError { message, ..before })?;
        Ok(Some((name.to_string(), pid)))
    }

    /// Reads one of these words; the error names the nearest.
    pub(crate) fn one_of(&mut self, words: &[&'static str]) -> Result<&'static str, SyntaxError> {
        let before = self.error("");
        let word = self.word();
        words.iter().find(|known| **known == word).copied().ok_or_else(|| SyntaxError {
            message: format!("`{word}` is not known here{}", nearest(word, words)),
            ..before
        })
    }

    /// Reads a quoted string, in which `/proc/<name>` is the directory of a process.
    pub(crate) fn quoted(&mut self) -> Result<Vec<u8>, SyntaxError> {
        if !self.accept("\"") {
            return Err(self.error("a quoted string is expected"));
        }
        let mut bytes = Vec::new();
        loop {
            bytes.extend_from_slice(
                self.take_while(|character| !matches!(character, '"' | '\\' | '<')).as_bytes(),
            );
            if self.accept("\"") {
                break;
            } else if self.accept("\\") {
                bytes.push(self.escaped()?);
            } else if self.rest().starts_with('<') {
                self.directory(&mut bytes)?;
            } else {
                return Err(self.error("the string is not closed"));
            }
        }
        if self.rest().starts_with("...") {
            return Err(self.error("the string is cut: only whole ones can be played"));
        }
        Ok(bytes)
    }

    /// Reads what follows a backslash.
    fn escaped(&mut self) -> Result<u8, SyntaxError> {
        let known = [("n", b'\n'), ("t", b'\t'), ("r", b'\r'), ("\"", b'"'), ("\\", b'\\')];
        if let Some((_, byte)) = known.into_iter().find(|(letter, _)| self.accept(letter)) {
            return Ok(byte);
        }
        let digits = self.rest().strip_prefix('x').and_then(|rest| rest.get(..2));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        self.at += if byte.is_some() { 3 } else { 0 };
        byte.ok_or_else(|| self.error("no escape of strace(1): \\n, \\t, \\r, \\\", \\\\ or \\xNN"))
    }

    /// Reads `<`, which begins the name of a process where it follows `/proc/`.
    fn directory(&mut self, bytes: &mut Vec<u8>) -> Result<(), SyntaxError> {
        let before = self.error("");
        self.expect("<")?;
        let name = self.rest().split_once('>').map(|(name, _)| name);
        match name {
            Some(name) if bytes == b"/proc/" => {
                self.at += name.len() + 1;
                self.met_symbol = true;
                self.symbols.exists(name).map_err(|message| SyntaxError { message, ..before })?;
                bytes.extend_from_slice(format!("<{name}>").as_bytes());
            }
            _ => bytes.push(b'<'),
        }
        Ok(())
    }

    /// Reads names of flags and numbers joined by `|`.
    pub(crate) fn flags<F>(&mut self) -> Result<F, SyntaxError>
    where
        F: bitflags::Flags,
        F::Bits: TryFrom<i64>,
    {
        let mut flags = F::empty();
        loop {
            if self.rest().starts_with(|character: char| character.is_ascii_digit() || character == '$') {
                flags.insert(F::from_bits_retain(self.number()?));
            } else {
                let name = self.one_of(&flag_words::<F>())?;
                flags.insert(F::from_name(name).unwrap_or_else(F::empty));
            }
            if !self.accept("|") {
                return Ok(flags);
            }
        }
    }
}

/// The names of all flags of a set.
pub fn flag_words<F: bitflags::Flags>() -> Vec<&'static str> {
    F::FLAGS.iter().map(bitflags::Flag::name).filter(|name| !name.is_empty()).collect()
}

/// The column of a byte, counted in characters from 1.
pub(crate) fn column(text: &str, at: usize) -> usize {
    text[..at].chars().count() + 1
}

/// Of some words the one that a mistyped word is most like, for a message; empty if there is none.
pub fn nearest(word: &str, words: &[&str]) -> String {
    let similarity = |known: &&str| strsim::jaro_winkler(word, known);
    words
        .iter()
        .map(|known| (similarity(known), known))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| format!("; nearest is `{known}`"))
        .unwrap_or_default()
}
