//! The vocabulary: every call that a script may ask of a process, as data.
//!
//! A call is declared once, in the file of its area: arguments, how it is performed and what it
//! means. The `calls!` macro makes from that the variant that goes over the wire, its printed
//! form, its line for `explain`, and the method that scripts use. Adding a call is one
//! declaration; adding an area is a file and a line in `areas!`.

pub mod argument;
pub mod cgroup;
pub mod device;
pub mod file;
pub mod identity;
pub mod ipc;
pub mod message;
pub mod mount;
pub mod namespace;
pub mod process;
pub mod socket;
pub mod time;
pub mod uts;

use crate::actor::Actor;
use crate::outcome::Outcome;
use serde::{Deserialize, Serialize};

/// Something that calls can be asked of: a process that answers at once, or one of which a call
/// is only begun.
pub trait Ask {
    /// What the script gets: the outcome, or a call still to be finished.
    type Answer;

    /// Asks for one call.
    fn ask(&self, call: Call) -> Self::Answer;
}

/// Whether a declaration carries the mark `asks`, and under which condition.
macro_rules! marked {
    () => {
        false
    };
    (asks) => {
        true
    };
    (asks $when:expr) => {
        $when
    };
}
pub(crate) use marked;

/// Declares the calls of one area. A call that leaves everything as it was is marked `asks`
/// between its arguments and its body, or `asks(condition)` where its arguments decide: only the
/// others are worth a lie (see `audit`). See also the module's documentation.
macro_rules! calls {
    (
        $(#[doc = $head:literal])*
        $Area:ident, $Calls:ident, $actor:ident:
        $(
            $(#[doc = $doc:literal])+
            $name:ident($($argument:ident: $type:ty),* $(,)?) $($asks:ident $(($when:expr))?)? $body:block
        )*
    ) => {
        $(#[doc = $head])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[allow(non_camel_case_types, missing_docs)]
        pub enum $Area {
            $($(#[doc = $doc])+ $name { $($argument: $type),* },)*
        }

        impl $Area {
            /// What each call of this area does, by name.
            pub const MEANINGS: &'static [(&'static str, &'static str)] =
                &[$((stringify!($name), concat!($($doc),+))),*];

            /// Asks the kernel, in the process that runs this.
            #[allow(unused_variables)]
            pub(crate) fn perform(self, $actor: &mut $crate::actor::Actor) -> $crate::outcome::Outcome {
                match self {
                    $(Self::$name { $($argument),* } => {
                        #[allow(clippy::redundant_closure_call)]
                        (move || -> $crate::outcome::Answer { $body })().into()
                    })*
                }
            }

            /// The name of the call.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => stringify!($name),)*
                }
            }

            /// Whether the call only asks, and leaves everything as it was.
            #[allow(unused_variables)]
            pub fn asks(&self) -> bool {
                match self {
                    $(Self::$name { $($argument),* } => $crate::call::marked!($($asks $($when)?)?),)*
                }
            }

            /// The arguments as they are printed.
            pub fn arguments(&self) -> Vec<String> {
                match self {
                    $(Self::$name { $($argument),* } =>
                        vec![$($crate::call::argument::Argument::show($argument)),*],)*
                }
            }
        }

        /// The script's side of this area: a method for each call.
        pub trait $Calls: $crate::call::Ask {
            $(
                $(#[doc = $doc])+
                fn $name(&self, $($argument: impl Into<$type>),*) -> Self::Answer {
                    self.ask($crate::call::Call::$Area($Area::$name { $($argument: $argument.into()),* }))
                }
            )*
        }

        impl<T: $crate::call::Ask> $Calls for T {}
    };
}
pub(crate) use calls;

/// Declares which areas there are.
macro_rules! areas {
    ($($module:ident::$Area:ident),* $(,)?) => {
        /// One thing asked of the kernel, as data.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[allow(missing_docs)]
        pub enum Call {
            $($Area($module::$Area),)*
        }

        impl Call {
            /// Asks the kernel, in the process that runs this.
            pub(crate) fn perform(self, actor: &mut Actor) -> Outcome {
                match self {
                    $(Call::$Area(call) => call.perform(actor),)*
                }
            }

            /// The name of the call, as in the trace.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Call::$Area(call) => call.name(),)*
                }
            }

            /// Whether the call only asks, and leaves everything as it was.
            pub fn asks(&self) -> bool {
                match self {
                    $(Call::$Area(call) => call.asks(),)*
                }
            }

            fn arguments(&self) -> Vec<String> {
                match self {
                    $(Call::$Area(call) => call.arguments(),)*
                }
            }
        }

        /// What the call of this name does, in one sentence.
        pub fn meaning(name: &str) -> Option<&'static str> {
            [$($module::$Area::MEANINGS),*]
                .concat()
                .into_iter()
                .find(|(call, _)| *call == name)
                .map(|(_, meaning)| meaning.trim())
        }
    };
}

areas!(
    cgroup::Cgroup,
    device::Device,
    file::File,
    identity::Identity,
    ipc::Ipc,
    message::Message,
    mount::Mount,
    namespace::Namespace,
    process::Process,
    socket::Socket,
    time::Time,
    uts::Uts,
);

impl Call {
    /// Whether the call is a signal of number 0, which only asks whether one could be sent.
    pub fn is_probe(&self) -> bool {
        matches!(
            self,
            Call::Process(
                process::Process::kill { signal: process::Signal(0), .. }
                    | process::Process::pidfd_send_signal { signal: process::Signal(0), .. }
            )
        )
    }

    /// The name that the script gives to the process which this call creates, if it creates one.
    pub fn creates(&self) -> Option<&str> {
        match self {
            Call::Process(process::Process::clone { child, .. } | process::Process::clone3 { child, .. }) => {
                Some(&child.0)
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown: Vec<String> =
            self.arguments().into_iter().filter(|argument| !argument.is_empty()).collect();
        write!(f, "{}({})", self.name(), shown.join(", "))
    }
}

impl Call {
    /// The flags of a call that creates or joins namespaces.
    pub fn flags(&self) -> Option<nsconform_sys::kind::Flags> {
        match self {
            Call::Process(process::Process::clone { flags, .. } | process::Process::clone3 { flags, .. })
            | Call::Namespace(namespace::Namespace::unshare { flags }) => Some(*flags),
            _ => None,
        }
    }

    /// Takes some of the flags away; see [`Call::flags`].
    pub fn drop_flags(&mut self, dropped: nsconform_sys::kind::Flags) {
        match self {
            Call::Process(process::Process::clone { flags, .. } | process::Process::clone3 { flags, .. })
            | Call::Namespace(namespace::Namespace::unshare { flags }) => flags.remove(dropped),
            _ => {}
        }
    }
}
