//! The way from a file of cases to the catalogue: each file is a topic of a namespace, and is
//! registered by its name in `topics!` in the `mod.rs` of that namespace, and nowhere else.
//!
//! The list of namespaces itself is in the crate's root.

use nsconform_suite::case::{Case, Untested};

/// One file of cases.
pub struct Topic {
    /// The name of its file.
    pub name: &'static str,
    /// Its cases, in the order of `list`.
    pub cases: &'static [Case],
    /// The claims about it that are not tested, or only in part.
    pub untested: &'static [Untested],
}

/// The rules of one kind of namespace, or of the interface that all kinds share.
pub struct Chapter {
    /// The part of its ids before the first dot.
    pub name: &'static str,
    /// Its topics, in the order of `list`.
    pub topics: &'static [Topic],
}

/// Stands for the `UNTESTED` of a topic that has none.
pub(crate) mod default {
    use nsconform_suite::case::Untested;

    /// Nothing is left untested.
    pub const UNTESTED: &[Untested] = &[];
}

/// Declares the files of a namespace and collects their cases: each file has a `pub const CASES`,
/// and a `pub const UNTESTED` where it needs one.
macro_rules! topics {
    ($($topic:ident,)+) => {
        $(pub mod $topic;)+

        /// The topics of this namespace, in the order of `list`.
        pub const TOPICS: &[$crate::registry::Topic] = &[$({
            // A name of the inner block hides that of the outer one: a topic's own list the default.
            #[allow(unused_imports)]
            use $crate::registry::default::*;
            {
                #[allow(unused_imports)]
                use $topic::*;
                $crate::registry::Topic { name: stringify!($topic), cases: CASES, untested: UNTESTED }
            }
        }),+];
    };
}

/// Declares the modules of the namespaces and the list of them.
macro_rules! namespaces {
    ($($namespace:ident,)+) => {
        $(pub mod $namespace;)+

        /// The namespaces, in the order of `list`.
        pub const NAMESPACES: &[$crate::registry::Chapter] = &[$($crate::registry::Chapter {
            name: stringify!($namespace),
            topics: $namespace::TOPICS,
        }),+];
    };
}

pub(crate) use {namespaces, topics};
