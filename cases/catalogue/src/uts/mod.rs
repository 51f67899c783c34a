//! UTS namespaces: host name and NIS domain name.

crate::topics! {
    names,
    membership,
    privilege,
    length,
    proc_sys,
}
