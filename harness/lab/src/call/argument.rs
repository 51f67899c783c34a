//! Arguments of calls: their printed form in the manner of strace(1), reading it back, and the kind
//! of value that each takes.

use super::reading::{Cursor, SyntaxError};
pub use nsconform_sys::kind::flag_names;
use serde::{Deserialize, Serialize};
use std::ffi::CString;

/// The kind of value that an argument takes, for programs that write scripts.
#[derive(Clone, Copy, Debug)]
pub enum ArgumentKind {
    /// An open descriptor of the caller.
    Descriptor,
    /// A process, as the caller numbers it.
    Process,
    /// A pathname.
    Pathname,
    /// Other bytes.
    Text,
    /// A number.
    Number,
    /// One of these constants.
    Constant(&'static [&'static str]),
    /// A set of flags, by the names of all of them.
    Flags(fn() -> Vec<&'static str>),
    /// The permission bits of a file.
    Mode,
    /// An address of a socket.
    SocketAddress,
    /// A structure, list or pointer that none of the others is.
    Structure,
    /// Nothing that a reader of the trace sees.
    Hidden,
}

/// A type that may stand among the arguments of a call.
pub trait Argument: Sized {
    /// The kind of value.
    const KIND: ArgumentKind;

    /// Whether the trace never shows it.
    const HIDDEN: bool = false;

    /// The argument as strace(1) would print it; empty if it is not shown.
    fn show(&self) -> String;

    /// Puts PIDs in the place of the names of processes, if the argument is a text.
    fn resolve(&mut self, _pid: &dyn Fn(&str) -> Option<i32>) {}

    /// Reads the argument as [`Argument::show`] prints it. Some types also take symbols.
    ///
    /// # Errors
    /// When the text at the cursor is no such argument.
    fn read(cursor: &mut Cursor<'_>) -> Result<Self, SyntaxError>;

    /// The argument that is printed as nothing, if there is one.
    fn absent() -> Option<Self> {
        None
    }
}

/// Bytes given to the kernel: a path, a name, the content of a write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text(pub Vec<u8>);

impl Text {
    /// The bytes with a terminating null, for calls that take a C string.
    ///
    /// # Errors
    /// EINVAL when the bytes hold a null themselves.
    pub fn c_string(&self) -> Result<CString, crate::outcome::Errno> {
        CString::new(self.0.clone()).map_err(|_| crate::outcome::Errno(libc::EINVAL))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text(text.as_bytes().to_vec())
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Text {
        Text(text.as_bytes().to_vec())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text(text.into_bytes())
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Text {
        Text(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Text {
        Text(bytes)
    }
}

impl Argument for Text {
    const KIND: ArgumentKind = ArgumentKind::Text;

    fn show(&self) -> String {
        quote(&self.0)
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Text, SyntaxError> {
        cursor.quoted().map(Text)
    }

    /// The first name in angle brackets counts, as in `/proc/<inner>/ns/uts`.
    fn resolve(&mut self, pid: &dyn Fn(&str) -> Option<i32>) {
        let Ok(text) = std::str::from_utf8(&self.0) else { return };
        let Some((before, named)) = text.split_once('<') else { return };
        let Some((name, after)) = named.split_once('>') else { return };
        if let Some(pid) = pid(name) {
            self.0 = format!("{before}{pid}{after}").into_bytes();
        }
    }
}

/// A pathname: a text of which the kind says that it leads to a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pathname {
    text: Text,
}

impl<T: Into<Text>> From<T> for Pathname {
    fn from(text: T) -> Pathname {
        Pathname { text: text.into() }
    }
}

impl std::ops::Deref for Pathname {
    type Target = Text;

    fn deref(&self) -> &Text {
        &self.text
    }
}

impl Argument for Pathname {
    const KIND: ArgumentKind = ArgumentKind::Pathname;

    fn show(&self) -> String {
        self.text.show()
    }

    fn resolve(&mut self, pid: &dyn Fn(&str) -> Option<i32>) {
        self.text.resolve(pid);
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Pathname, SyntaxError> {
        Text::read(cursor).map(|text| Pathname { text })
    }
}

/// An open descriptor of the caller, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptor(pub i32);

impl From<i32> for Descriptor {
    fn from(number: i32) -> Descriptor {
        Descriptor(number)
    }
}

impl Argument for Descriptor {
    const KIND: ArgumentKind = ArgumentKind::Descriptor;

    fn show(&self) -> String {
        self.0.to_string()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Descriptor, SyntaxError> {
        cursor.number().map(Descriptor)
    }
}

/// The most bytes of a string that are printed before `...`, far more than strace's 32: a trace is
/// also what is compared.
const SHOWN_BYTES: usize = 4096;

/// Quotes bytes as strace(1) does.
pub fn quote(bytes: &[u8]) -> String {
    let mut quoted = String::from("\"");
    for &byte in bytes.iter().take(SHOWN_BYTES) {
        match byte {
            b'"' => quoted.push_str("\\\""),
            b'\\' => quoted.push_str("\\\\"),
            b'\n' => quoted.push_str("\\n"),
            b'\t' => quoted.push_str("\\t"),
            b'\r' => quoted.push_str("\\r"),
            0x20..=0x7e => quoted.push(byte as char),
            other => quoted.push_str(&format!("\\x{other:02x}")),
        }
    }
    quoted.push('"');
    if bytes.len() > SHOWN_BYTES {
        quoted.push_str("...");
    }
    quoted
}

impl Argument for nsconform_sys::kind::Flags {
    const KIND: ArgumentKind = ArgumentKind::Flags(super::reading::flag_words::<Self>);

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, SyntaxError> {
        cursor.flags()
    }

    fn show(&self) -> String {
        flag_names(self)
    }
}

/// A PID as the caller writes it, with the name of the process where the script knows it. The
/// trace prints the name alone, since no page says which PID the next process gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pid {
    /// The number given to the kernel.
    pub number: i32,
    /// The script's name for the process.
    pub name: Option<String>,
}

impl From<i32> for Pid {
    fn from(number: i32) -> Pid {
        Pid { number, name: None }
    }
}

impl Argument for Pid {
    const KIND: ArgumentKind = ArgumentKind::Process;

    /// Reads `<name>`, a number, or a number with the name behind it; the number counts.
    fn read(cursor: &mut Cursor<'_>) -> Result<Pid, SyntaxError> {
        if let Some((name, number)) = cursor.process()? {
            return Ok(Pid { number, name: Some(name) });
        }
        let number = cursor.number()?;
        let name = if cursor.accept("<") {
            let name = cursor.take_while(|character| character != '>').to_string();
            cursor.expect(">")?;
            Some(name)
        } else {
            None
        };
        Ok(Pid { number, name })
    }

    fn show(&self) -> String {
        match &self.name {
            Some(name) => format!("<{name}>"),
            None => self.number.to_string(),
        }
    }
}

/// An argument that the engine needs and a reader of the trace does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unshown<T>(pub T);

impl<T: Default> Argument for Unshown<T> {
    const KIND: ArgumentKind = ArgumentKind::Hidden;
    const HIDDEN: bool = true;

    fn show(&self) -> String {
        String::new()
    }

    fn read(_: &mut Cursor<'_>) -> Result<Unshown<T>, SyntaxError> {
        Ok(Unshown(T::default()))
    }

    fn absent() -> Option<Unshown<T>> {
        Some(Unshown(T::default()))
    }
}

impl<T: Argument> Argument for Vec<T> {
    const KIND: ArgumentKind = ArgumentKind::Structure;

    fn show(&self) -> String {
        format!("[{}]", self.iter().map(Argument::show).collect::<Vec<_>>().join(", "))
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Vec<T>, SyntaxError> {
        let mut values = Vec::new();
        cursor.expect("[")?;
        while !cursor.accept("]") {
            if !values.is_empty() {
                cursor.expect(", ")?;
            }
            values.push(T::read(cursor)?);
        }
        Ok(values)
    }
}

macro_rules! shown_as_numbers {
    ($($number:ty),*) => {
        $(impl Argument for $number {
            const KIND: ArgumentKind = ArgumentKind::Number;

            fn show(&self) -> String {
                self.to_string()
            }

            fn read(cursor: &mut Cursor<'_>) -> Result<$number, SyntaxError> {
                cursor.number()
            }
        })*
    };
}
shown_as_numbers!(i32, u32, i64, u64, usize);

/// A C truth value: 1 or 0.
impl Argument for bool {
    const KIND: ArgumentKind = ArgumentKind::Constant(&["0", "1"]);

    fn show(&self) -> String {
        i32::from(*self).to_string()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<bool, SyntaxError> {
        Ok(cursor.one_of(&["0", "1"])? == "1")
    }
}

/// Declares constants, which are printed and read by their names; others by their number.
macro_rules! constants {
    ($(#[$meta:meta])* $name:ident : $bits:ty { $($constant:ident = $value:expr),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub struct $name(pub $bits);

        #[allow(missing_docs)]
        impl $name {
            $(pub const $constant: $name = $name($value);)*
        }

        impl $crate::call::argument::Argument for $name {
            const KIND: $crate::call::argument::ArgumentKind =
                $crate::call::argument::ArgumentKind::Constant(&[$(stringify!($constant)),*]);

            fn show(&self) -> String {
                $(if *self == Self::$constant {
                    return stringify!($constant).to_string();
                })*
                self.0.to_string()
            }

            fn read(
                cursor: &mut $crate::call::reading::Cursor<'_>,
            ) -> Result<$name, $crate::call::reading::SyntaxError> {
                if cursor.rest().starts_with(|first: char| !first.is_ascii_alphabetic() && first != '_') {
                    return cursor.number().map($name);
                }
                let constant = cursor.one_of(&[$(stringify!($constant)),*])?;
                $(if constant == stringify!($constant) {
                    return Ok(Self::$constant);
                })*
                unreachable!("each word is one of the constants")
            }
        }
    };
}
pub(crate) use constants;

/// Declares a set of flags, which is printed and read by the names of its bits.
macro_rules! flags {
    ($(#[$meta:meta])* $name:ident : $bits:ty { $($constant:ident = $value:expr),* $(,)? }) => {
        bitflags::bitflags! {
            $(#[$meta])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
            pub struct $name: $bits {
                $(#[allow(missing_docs)] const $constant = $value;)*
                const _ = !0;
            }
        }

        impl $crate::call::argument::Argument for $name {
            const KIND: $crate::call::argument::ArgumentKind =
                $crate::call::argument::ArgumentKind::Flags($crate::call::reading::flag_words::<$name>);

            fn show(&self) -> String {
                $crate::call::argument::flag_names(self)
            }

            fn read(
                cursor: &mut $crate::call::reading::Cursor<'_>,
            ) -> Result<$name, $crate::call::reading::SyntaxError> {
                cursor.flags()
            }
        }
    };
}
pub(crate) use flags;
