//! The vocabulary: every call that a script may ask of a process, as data.
//!
//! The file of its area declares each call once: its arguments, its meaning, whether it is a real
//! call, and the code that performs it. From that the `calls!` macro makes the variant that goes
//! over the wire, the printed form, the line for `explain`, and the method that scripts use. A new
//! call is one declaration; a new area is a file and a line in `areas!`.

pub mod argument;
pub mod cgroup;
pub mod declaration;
pub mod device;
pub mod file;
pub mod fscontext;
pub mod handle;
pub mod identity;
pub mod ipc;
pub mod keys;
pub mod limit;
pub mod lock;
pub mod message;
pub mod mount;
pub mod mqueue;
pub mod namespace;
pub mod netfilter;
pub mod netlink;
pub mod pidfd;
pub mod process;
pub mod reading;
mod rtnetlink;
pub mod socket;
pub mod statmount;
pub mod terminal;
pub mod time;
pub mod tun;
pub mod uts;
pub mod watch;
pub mod xattr;

use crate::actor::Actor;
use crate::outcome::Outcome;
use declaration::Declaration;
use reading::{Cursor, Symbols, SyntaxError, column, nearest};
use serde::{Deserialize, Serialize};

/// Something that calls can be asked of: a process that answers at once, or one of which a call
/// is only begun.
pub trait Ask {
    /// The outcome, or a call still to be finished.
    type Answer;

    /// Asks for one call.
    fn ask(&self, call: Call) -> Self::Answer;
}

/// Whether a call leaves everything as it was, by the mark of its declaration.
macro_rules! leaves_all {
    () => {
        false
    };
    (asks) => {
        true
    };
    (asks ($when:expr)) => {
        $when
    };
    (observes $reads:literal) => {
        true
    };
    (composes $makes:literal) => {
        false
    };
}
pub(crate) use leaves_all;

/// The [`Mark`](declaration::Mark) that a declaration carries.
macro_rules! mark {
    (observes $reads:literal) => {
        $crate::call::declaration::Mark::Observation { reads: $reads }
    };
    (composes $makes:literal) => {
        $crate::call::declaration::Mark::Composite { makes: $makes }
    };
    ($($asks:ident $(($when:expr))?)?) => {
        $crate::call::declaration::Mark::Call
    };
}
pub(crate) use mark;

/// The printed form of a declaration, where it has one of its own.
macro_rules! template {
    () => {
        None
    };
    ($template:literal) => {
        Some($template)
    };
}
pub(crate) use template;

/// Declares the calls of one area. Between its arguments and its body a call may carry
/// - `=> "ioctl({}, NS_GET_PARENT)"`: its printed form, where its name is not the real one; each
///   `{}` stands for an argument, in order;
/// - one mark: `observes "the file"` for an observation, with what it reads; `composes "open(2) and
///   write(2)"` for a change made by several calls; `asks` for a real call that leaves everything as
///   it was, `asks(condition)` where its arguments decide.
///
/// Only calls that change something are worth a lie (see `audit`). See also the module's
/// documentation.
macro_rules! calls {
    (
        $(#[doc = $head:literal])*
        $Area:ident, $Calls:ident, $actor:ident:
        $(
            $(#[doc = $doc:literal])+
            $name:ident($($argument:ident: $type:ty),* $(,)?)
            $(=> $template:literal)?
            $($mark:ident $(($when:expr))? $($means:literal)?)?
            $body:block
        )*
    ) => {
        $(#[doc = $head])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[allow(non_camel_case_types, missing_docs)]
        pub enum $Area {
            $($(#[doc = $doc])+ $name { $($argument: $type),* },)*
        }

        impl $Area {
            /// The declarations of this area, in their order.
            pub const DECLARATIONS: &'static [$crate::call::declaration::Declaration] = &[
                $($crate::call::declaration::Declaration {
                    name: stringify!($name),
                    meaning: concat!($($doc),+),
                    mark: $crate::call::mark!($($mark $(($when))? $($means)?)?),
                    template: $crate::call::template!($($template)?),
                    parameters: &[$($crate::call::declaration::Parameter {
                        name: stringify!($argument),
                        kind: <$type as $crate::call::argument::Argument>::KIND,
                    }),*],
                }),*
            ];

            /// Reads the arguments of the call that the declaration of this name declares; none if it
            /// is of another area.
            #[allow(unused_variables)]
            pub(crate) fn read(
                name: &str,
                cursor: &mut $crate::call::reading::Cursor<'_>,
            ) -> Result<Option<Self>, $crate::call::reading::SyntaxError> {
                match name {
                    $(stringify!($name) => Ok(Some(Self::$name { $($argument: cursor.argument()?),* })),)*
                    _ => Ok(None),
                }
            }

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

            /// The name of the call in its declaration.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => stringify!($name),)*
                }
            }

            /// Whether the call only asks, and leaves everything as it was.
            #[allow(unused_variables)]
            pub fn asks(&self) -> bool {
                match self {
                    $(Self::$name { $($argument),* } =>
                        $crate::call::leaves_all!($($mark $(($when))? $($means)?)?),)*
                }
            }

            /// Puts PIDs in the place of the names of processes in texts.
            #[allow(unused_variables)]
            pub(crate) fn resolve(&mut self, pid: &dyn Fn(&str) -> Option<i32>) {
                match self {
                    $(Self::$name { $($argument),* } => {
                        $($crate::call::argument::Argument::resolve($argument, pid);)*
                    })*
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

            /// The name of the call in its declaration, by which scripts ask for it.
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

            /// Puts PIDs in the place of the names of processes in texts: the kernel takes
            /// `/proc/7/ns/uts` where the script says `/proc/<inner>/ns/uts`.
            pub(crate) fn resolve(&mut self, pid: &dyn Fn(&str) -> Option<i32>) {
                match self {
                    $(Call::$Area(call) => call.resolve(pid),)*
                }
            }

            fn arguments(&self) -> Vec<String> {
                match self {
                    $(Call::$Area(call) => call.arguments(),)*
                }
            }

            /// Reads the arguments of the call that the declaration of this name declares.
            fn read_arguments(name: &str, cursor: &mut Cursor<'_>) -> Result<Call, SyntaxError> {
                $(if let Some(call) = $module::$Area::read(name, cursor)? {
                    return Ok(Call::$Area(call));
                })*
                Err(cursor.error(format!("`{name}` is not declared")))
            }
        }

        /// The declarations of every area.
        pub fn declarations() -> impl Iterator<Item = &'static Declaration> {
            [$($module::$Area::DECLARATIONS),*].into_iter().flatten()
        }
    };
}

areas!(
    cgroup::Cgroup,
    device::Device,
    file::File,
    fscontext::FsContext,
    handle::FileHandles,
    identity::Identity,
    ipc::Ipc,
    keys::Keys,
    limit::Limit,
    lock::Lock,
    message::Message,
    mount::Mount,
    mqueue::Mqueue,
    namespace::Namespace,
    netfilter::Netfilter,
    netlink::Netlink,
    pidfd::Pidfd,
    process::Process,
    socket::Socket,
    statmount::Statmount,
    terminal::Terminal,
    time::Time,
    tun::Tun,
    uts::Uts,
    watch::Watch,
    xattr::Xattr,
);

impl Call {
    /// The declaration of the call.
    ///
    /// # Panics
    /// Never: the macro makes a declaration for each call.
    pub fn declaration(&self) -> &'static Declaration {
        let name = self.name();
        declarations().find(|declaration| declaration.name == name).expect("each call is declared")
    }

    /// The name under which the caller waits for this PID, if it does.
    pub(crate) fn named(&self, pid: i32) -> Option<String> {
        match self {
            Call::Process(
                process::Process::waitpid { pid: asked, .. } | process::Process::waitid { pid: asked, .. },
            ) if asked.number == pid && asked.name.is_some() => Some(argument::Argument::show(asked)),
            _ => None,
        }
    }

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

    /// Reads the call that stands in `text` from byte `at` on; gives it, the byte behind it, and its
    /// printed arguments, in which symbols are kept. A process that the call creates has no name yet.
    ///
    /// # Errors
    /// When no declaration has this form. Of several that begin alike the one counts of which the
    /// most fits.
    pub(crate) fn read(text: &str, at: usize, symbols: &dyn Symbols) -> Result<Read, SyntaxError> {
        let mut best: Option<SyntaxError> = None;
        let signs = ["? ", "! ", ""];
        let at = signs.iter().find(|sign| text[at..].starts_with(**sign)).map_or(at, |sign| at + sign.len());
        for declaration in declarations() {
            let Some(mut cursor) = Cursor::start(declaration, text, at, symbols) else { continue };
            let read = Call::read_arguments(declaration.name, &mut cursor)
                .and_then(|call| cursor.end().map(|(end, symbolic)| (call, end, symbolic)));
            match read {
                Ok((call, end, symbolic)) => {
                    let shown = call.arguments().into_iter().zip(symbolic);
                    let arguments =
                        shown.map(|(shown, symbolic)| symbolic.map_or(shown, str::to_string)).collect();
                    return Ok(Read { call, declaration, arguments, end });
                }
                Err(error) if best.as_ref().is_none_or(|best| best.column < error.column) => {
                    best = Some(error);
                }
                Err(_) => {}
            }
        }
        Err(best.unwrap_or_else(|| unknown_call(text, at)))
    }

    /// Names the process that the call creates, if it creates one.
    pub(crate) fn name_child(&mut self, name: &str) {
        if let Call::Process(process::Process::clone { child, .. } | process::Process::clone3 { child, .. }) =
            self
        {
            child.0 = name.to_string();
        }
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

/// A call that was read from a text.
pub(crate) struct Read {
    pub(crate) call: Call,
    pub(crate) declaration: &'static Declaration,
    /// The printed arguments, hidden ones as empty texts.
    pub(crate) arguments: Vec<String>,
    /// The byte behind the call.
    pub(crate) end: usize,
}

/// Nothing that is declared begins like the text at byte `at`.
fn unknown_call(text: &str, at: usize) -> SyntaxError {
    let name = text[at..].split(['(', ' ']).next().unwrap_or_default();
    let heads: Vec<String> = declarations().map(Declaration::head).collect();
    let heads: Vec<&str> = heads.iter().map(|head| head.trim_start_matches(['?', '!', ' '])).collect();
    let known = heads.contains(&name);
    let message = if known {
        format!("`{name}` has another form; `nsconform explain` shows it")
    } else {
        format!("`{name}` is no call that is known here{}", nearest(name, &heads))
    };
    SyntaxError { column: column(text, at), message }
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.declaration().print(&self.arguments()))
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
