//! The capability that setting a name demands, and in which user namespace.

use crate::prelude::*;

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "uts.set-needs-cap-in-owner",
        claim: "Setting either name needs CAP_SYS_ADMIN in the user namespace that owns the UTS namespace; the creator of a user namespace has it over a UTS namespace made along with it.",
        sources: &[man("gethostname(2)", "ERRORS"), man("getdomainname(2)", "ERRORS")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::UTS_NS, &need::USER_NS],
        wrong: "an ordinary user can rename the namespace it was born in, or not the one it made",
        play: |lab| {
            let root = lab.process_as(Credentials::Root, "root")?;
            let user = lab.process("user")?;
            root.sethostname("root.example")?;
            user.sethostname("user.example")?;
            user.setdomainname("user.nis")?;
            user.uname()?;
            user.unshare(NEWUSER | NEWUTS)?;
            user.sethostname("user.example")?;
            user.setdomainname("user.nis")?;
            user.uname()?;
            root.uname()?;
            lab.note("the capability counts, not the user id 0")?;
            root.capset_drop(CAP_SYS_ADMIN)?;
            root.sethostname("again.example")?;
            root.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.full-caps-in-foreign-userns",
        claim: "All capabilities in a user namespace that does not own the UTS namespace do not allow to set its names.",
        sources: &[man("user_namespaces(7)", "Interaction of user namespaces and other types of namespaces")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::UTS_NS, &need::USER_NS],
        wrong: "a user renames the namespace of others by way of a user namespace of its own",
        play: |lab| {
            let user = lab.process("user")?;
            let other = lab.process("other")?;
            user.unshare(NEWUSER)?;
            user.sethostname("user.example")?;
            user.setdomainname("user.nis")?;
            lab.note(
                "the capabilities are there: they suffice for a UTS namespace that the user namespace owns",
            )?;
            user.unshare(NEWUTS)?;
            user.sethostname("user.example")?;
            user.setdomainname("user.nis")?;
            user.uname()?;
            other.uname()?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "uts.why-privileged",
    claim: "Creating a UTS namespace is privileged because a set-user-ID program could be deceived by a foreign host name.",
    sources: &[text("LWN 531381, Namespaces in operation, part 2")],
    why: "it is a reason, not a behaviour",
    part: None,
}];
