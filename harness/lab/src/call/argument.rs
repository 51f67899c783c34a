//! Arguments of calls, and their printed form in the manner of strace(1).

pub use nsconform_sys::kind::flag_names;
use serde::{Deserialize, Serialize};
use std::ffi::CString;

/// A type that may stand among the arguments of a call.
pub trait Argument {
    /// The argument as strace(1) would print it; empty if it is not shown.
    fn show(&self) -> String;

    /// Puts PIDs in the place of the names of processes, if the argument is a text.
    fn resolve(&mut self, _pid: &dyn Fn(&str) -> Option<i32>) {}
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
    fn show(&self) -> String {
        quote(&self.0)
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

/// The most bytes of a string that are printed before `...`, far more than strace's 32: a trace is
/// also what is compared.
const SHOWN_BYTES: usize = 1024;

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

impl<T> Argument for Unshown<T> {
    fn show(&self) -> String {
        String::new()
    }
}

/// An optional pointer: `NULL` if absent.
impl<T: Argument> Argument for Option<T> {
    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "NULL".to_string(), Argument::show)
    }
}

impl<T: Argument> Argument for Vec<T> {
    fn show(&self) -> String {
        format!("[{}]", self.iter().map(Argument::show).collect::<Vec<_>>().join(", "))
    }
}

macro_rules! shown_as_numbers {
    ($($number:ty),*) => {
        $(impl Argument for $number {
            fn show(&self) -> String {
                self.to_string()
            }
        })*
    };
}
shown_as_numbers!(i32, u32, i64, u64, usize);

/// A C truth value: 1 or 0.
impl Argument for bool {
    fn show(&self) -> String {
        i32::from(*self).to_string()
    }
}

/// Declares an enumeration or set of constants that is printed by the names of its constants.
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
            fn show(&self) -> String {
                $(if *self == Self::$constant {
                    return stringify!($constant).to_string();
                })*
                self.0.to_string()
            }
        }
    };
}
pub(crate) use constants;

/// Declares a set of flags that is printed by the names of its bits.
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
            fn show(&self) -> String {
                $crate::call::argument::flag_names(self)
            }
        }
    };
}
pub(crate) use flags;
