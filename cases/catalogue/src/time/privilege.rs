//! Who may create a time namespace, and how many there may be.

use super::{CHILDREN, NEEDS, NS};
use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "time.needs-cap",
        claim: "Creating a time namespace takes CAP_SYS_ADMIN; a user namespace created in the same call gives it.",
        sources: &[man("unshare(2)", "CLONE_NEWTIME")],
        since: "5.6",
        starts_as: Credentials::User,
        needs: &[&need::TIME_NS, &need::PROCFS, &need::USER_NS],
        wrong: "an ordinary user without a user namespace gets a time namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.readlink(CHILDREN)?;
            user.unshare(NEWTIME)?;
            user.readlink(CHILDREN)?;
            user.unshare(NEWUSER | NEWTIME)?;
            user.readlink(CHILDREN)?;
            user.readlink(NS)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "time.limit-enospc",
        claim: "A user namespace limits how many time namespaces may be created in it; one more is refused with ENOSPC.",
        sources: &[man("namespaces(7)", "The /proc/sys/user directory"), man("unshare(2)", "ERRORS")],
        since: "5.7",
        needs: NEEDS,
        wrong: "more namespaces than allowed, or another errno",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            inner.readlink(CHILDREN)?;
            inner.echo("1", "/proc/sys/user/max_time_namespaces")?;
            inner.unshare(NEWTIME)?;
            inner.readlink(CHILDREN)?;
            inner.unshare(NEWTIME)?;
            inner.readlink(CHILDREN)?;
            lab.note("the limit is that of the inner user namespace alone")?;
            outer.readlink(CHILDREN)?;
            outer.unshare(NEWTIME)?;
            outer.readlink(CHILDREN)?;
            lab.note("the old namespace counts until the new one is there")?;
            inner.echo("2", "/proc/sys/user/max_time_namespaces")?;
            inner.unshare(NEWTIME)?;
            inner.readlink(CHILDREN)?;
            Ok(())
        },
        ..CASE
    },
];
