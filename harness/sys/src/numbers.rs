//! Numbers of system calls that the C library does not name yet. They are the same on every architecture.
//!
//! Whoever makes the calls lives elsewhere.

/// statmount(2), since Linux 6.8.
pub const SYS_STATMOUNT: libc::c_long = 457;
/// listmount(2), since Linux 6.8.
pub const SYS_LISTMOUNT: libc::c_long = 458;
/// open_tree_attr(2), since Linux 6.15.
pub const SYS_OPEN_TREE_ATTR: libc::c_long = 467;
/// fchroot(2), since Linux 7.3.
pub const SYS_FCHROOT: libc::c_long = 472;
