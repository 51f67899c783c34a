//! Keys and keyrings in user namespaces: keyrings(7) and the pages of its kinds.

use super::OWN;
use crate::prelude::*;

/// The map of a user namespace that calls the user of [`Credentials::User`] what it is called outside: keyrings
/// of the machine's own users are left alone.
const SAME: &str = "1000 1000 1";

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "user.keys-user-keyring-per-ns",
        claim: "The same user has another user keyring in each user namespace.",
        sources: &[man("user_namespaces(7)", "DESCRIPTION"), man("user-keyring(7)", "DESCRIPTION")],
        since: "5.3",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::KEYS],
        wrong: "keys of the user outside are found in the keyring of the user inside",
        accepted: &[Accepted {
            mutant: "keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1)",
            why: "it only asks: the kernel makes the keyring when somebody looks",
        }],
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.map_ids(OWN, SAME, SAME)?;
            user.keyctl_get_keyring_id(Keyring::KEY_SPEC_USER_KEYRING)?;
            let inner = user.clone("inner", NEWUSER)?;
            inner.keyctl_get_keyring_id(Keyring::KEY_SPEC_USER_KEYRING)?;
            user.keyctl_get_keyring_id(Keyring::KEY_SPEC_USER_KEYRING)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.keys-added-inside-invisible-outside",
        claim: "A key that is put into the user keyring inside is not found in that of the same user outside.",
        sources: &[man("user_namespaces(7)", "DESCRIPTION"), man("user-keyring(7)", "DESCRIPTION")],
        since: "5.3",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::KEYS],
        wrong: "the two namespaces share the keys of the user",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.map_ids(OWN, SAME, SAME)?;
            let inner = user.clone("inner", NEWUSER)?;
            inner.add_key("secret", "inside", Keyring::KEY_SPEC_USER_KEYRING)?;
            inner.keyctl_search(Keyring::KEY_SPEC_USER_KEYRING, "secret")?;
            user.keyctl_search(Keyring::KEY_SPEC_USER_KEYRING, "secret")?;
            user.add_key("other", "outside", Keyring::KEY_SPEC_USER_KEYRING)?;
            inner.keyctl_search(Keyring::KEY_SPEC_USER_KEYRING, "other")?;
            user.keyctl_search(Keyring::KEY_SPEC_USER_KEYRING, "other")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.keys-named-session-per-ns",
        claim: "A session keyring is found by its name only in the user namespace in which it was made.",
        sources: &[
            man("KEYCTL_JOIN_SESSION_KEYRING(2const)", "DESCRIPTION"),
            man("session-keyring(7)", "DESCRIPTION"),
        ],
        since: "5.3",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::KEYS],
        wrong: "a process inside joins a session of the user outside",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.map_ids(OWN, SAME, SAME)?;
            user.keyctl_join_session_keyring("session")?;
            user.keyctl_setperm(
                Keyring::KEY_SPEC_SESSION_KEYRING,
                KeyPermissions::KEY_POS_ALL | KeyPermissions::KEY_USR_ALL,
            )?;
            let beside = user.fork("beside")?;
            let inner = user.clone("inner", NEWUSER)?;
            beside.keyctl_join_session_keyring("another")?;
            beside.keyctl_join_session_keyring("session")?;
            inner.keyctl_join_session_keyring("inside")?;
            inner.keyctl_describe(Keyring::KEY_SPEC_SESSION_KEYRING)?;
            inner.keyctl_join_session_keyring("session")?;
            inner.keyctl_describe(Keyring::KEY_SPEC_SESSION_KEYRING)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.keys-session-kept",
        claim: "A process keeps its session keyring when it enters a user namespace: it finds the keys there.",
        sources: &[man("session-keyring(7)", "DESCRIPTION"), man("user_namespaces(7)", "DESCRIPTION")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::KEYS],
        wrong: "the keys of the session are lost",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.map_ids(OWN, SAME, SAME)?;
            user.keyctl_join_session_keyring("session")?;
            user.add_key("secret", "outside", Keyring::KEY_SPEC_SESSION_KEYRING)?;
            user.unshare(NEWUSER)?;
            user.geteuid()?;
            user.keyctl_get_keyring_id(Keyring::KEY_SPEC_SESSION_KEYRING)?;
            user.keyctl_search(Keyring::KEY_SPEC_SESSION_KEYRING, "secret")?;
            user.request_key("secret")?;
            lab.note("one that nobody put there is not found")?;
            user.request_key("none")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.keys-ids-mapped",
        claim: "The owner and the group of a key are told as the asking process's user namespace calls them.",
        sources: &[
            man("keyrings(7)", "Key ownership"),
            man("user_namespaces(7)", "Unmapped user and group IDs"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::KEYS],
        wrong: "the bare number from outside is shown inside",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.map_ids(OWN, SAME, SAME)?;
            user.keyctl_join_session_keyring("session")?;
            user.keyctl_get_keyring_id(Keyring::KEY_SPEC_SESSION_KEYRING)?;
            user.keyctl_describe(Keyring::KEY_SPEC_SESSION_KEYRING)?;
            let mapped = user.clone("mapped", NEWUSER)?;
            let unmapped = user.clone("unmapped", NEWUSER)?;
            mapped.map_ids(OWN, "7 1000 1", "8 1000 1")?;
            mapped.keyctl_describe(Keyring::KEY_SPEC_SESSION_KEYRING)?;
            unmapped.keyctl_describe(Keyring::KEY_SPEC_SESSION_KEYRING)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.keys-chown-unmapped",
        claim: "A key can be given to ids that the user namespace maps and to no others.",
        sources: &[
            man("KEYCTL_CHOWN(2const)", "ERRORS"),
            man("user_namespaces(7)", "Unmapped user and group IDs"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::KEYS],
        wrong: "a number without a mapping is taken for a user outside",
        accepted: &[Accepted {
            mutant: "keyctl(KEYCTL_CHOWN, KEY_SPEC_SESSION_KEYRING, 7, 8)",
            why: "an ordinary user maps one id only, which the keyring has already",
        }],
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.map_ids(OWN, "7 1000 1", "8 1000 1")?;
            user.keyctl_join_session_keyring("session")?;
            user.keyctl_get_keyring_id(Keyring::KEY_SPEC_SESSION_KEYRING)?;
            user.keyctl_chown(Keyring::KEY_SPEC_SESSION_KEYRING, 1000, -1)?;
            user.keyctl_chown(Keyring::KEY_SPEC_SESSION_KEYRING, -1, 1000)?;
            user.keyctl_chown(Keyring::KEY_SPEC_SESSION_KEYRING, 7, 8)?;
            user.keyctl_describe(Keyring::KEY_SPEC_SESSION_KEYRING)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.keys-persistent-other-uid",
        claim: "The persistent keyring of another user takes CAP_SETUID in the caller's user namespace, and the user an id there.",
        sources: &[
            man("persistent-keyring(7)", "DESCRIPTION"),
            man("KEYCTL_GET_PERSISTENT(2const)", "ERRORS"),
        ],
        since: "3.13",
        needs: &[&need::ROOT_USER_NS, &need::PROCFS, &need::KEYS, &need::PERSISTENT_KEYS, &need::MANY_IDS],
        wrong: "a user gets the keys of another one",
        play: |lab| {
            let outer = lab.process("outer")?;
            let inner = outer.clone("inner", NEWUSER)?;
            outer.echo("0 1001 5", inner.proc("uid_map"))?;
            inner.setresuid(0, 0, 0)?;
            let user = inner.fork("user")?;
            user.setresuid(1, 1, 1)?;
            lab.note("by the root inside, then by a user without capabilities")?;
            for process in [inner, user] {
                process.keyctl_join_session_keyring("session")?;
                process.keyctl_get_persistent(1, Keyring::KEY_SPEC_SESSION_KEYRING)?;
                process.keyctl_get_persistent(2, Keyring::KEY_SPEC_SESSION_KEYRING)?;
                process.keyctl_get_persistent(77, Keyring::KEY_SPEC_SESSION_KEYRING)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.keys-persistent-per-ns",
        claim: "The same user has another persistent keyring in each user namespace.",
        sources: &[man("persistent-keyring(7)", "DESCRIPTION"), man("user_namespaces(7)", "DESCRIPTION")],
        since: "3.13",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::KEYS, &need::PERSISTENT_KEYS],
        wrong: "the keys that a user keeps outside are there in its user namespace",
        accepted: &[Accepted {
            mutant: "keyctl(KEYCTL_GET_PERSISTENT, -1, KEY_SPEC_PROCESS_KEYRING)",
            why: "it only asks: the kernel makes the keyring when somebody looks",
        }],
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.map_ids(OWN, SAME, SAME)?;
            let inner = user.clone("inner", NEWUSER)?;
            inner.geteuid()?;
            user.keyctl_get_persistent(-1, Keyring::KEY_SPEC_PROCESS_KEYRING)?;
            inner.keyctl_get_persistent(-1, Keyring::KEY_SPEC_PROCESS_KEYRING)?;
            user.keyctl_get_persistent(-1, Keyring::KEY_SPEC_PROCESS_KEYRING)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.keys-proc-keys",
        claim: "/proc/keys lists the keys of those users only that have an id in the reader's user namespace, by that id.",
        sources: &[
            man("keyrings(7)", "/proc files"),
            man("user_namespaces(7)", "Unmapped user and group IDs"),
        ],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::KEYS],
        wrong: "the keys of users outside are listed inside, or by their outer ids",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.map_ids(OWN, SAME, SAME)?;
            user.keyctl_join_session_keyring("session")?;
            user.keyctl_describe(Keyring::KEY_SPEC_SESSION_KEYRING)?;
            user.add_key("listed", "payload", Keyring::KEY_SPEC_SESSION_KEYRING)?;
            lab.note("visible to who possesses it, and so not to other programs of the same user")?;
            user.keyctl_setperm_key("listed", KeyPermissions::KEY_POS_ALL)?;
            let inner = user.clone("inner", NEWUSER)?;
            let other = user.fork("other")?;
            other.keyctl_join_session_keyring("other")?;
            other.proc_keys("/proc/keys", "listed")?;
            user.proc_keys("/proc/keys", "listed")?;
            lab.note("before and after the user has an id inside")?;
            inner.proc_keys("/proc/keys", "listed")?;
            inner.map_ids(OWN, "7 1000 1", "7 1000 1")?;
            inner.proc_keys("/proc/keys", "listed")?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.keys-by-serial",
        claim: "A key is known by its serial number in every user namespace: there too its permissions decide who describes and reads it, with no more rights for the root of another namespace.",
        sources: &[man("keyrings(7)", "Access rights"), man("KEYCTL_READ(2const)", "ERRORS")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::KEYS],
        wrong: "the number is unknown inside, or the permissions of the key count for nothing",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.map_ids(OWN, SAME, SAME)?;
            user.keyctl_join_session_keyring("session")?;
            user.keyctl_describe(Keyring::KEY_SPEC_SESSION_KEYRING)?;
            for (name, permissions) in [
                ("open", KeyPermissions::KEY_POS_ALL | KeyPermissions::KEY_USR_ALL),
                ("closed", KeyPermissions::KEY_POS_ALL),
            ] {
                user.add_key(name, "payload", Keyring::KEY_SPEC_SESSION_KEYRING)?;
                user.keyctl_setperm_key(name, permissions)?;
            }
            lab.note("inside, without the session keyring that holds them")?;
            let inner = user.clone("inner", NEWUSER)?;
            inner.keyctl_join_session_keyring("inside")?;
            for name in ["open", "closed"] {
                inner.keyctl_describe_key(name)?;
                inner.keyctl_read(name)?;
                user.keyctl_read(name)?;
            }
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "user.keys-isolated",
        claim: "A process that enters a user namespace goes on reading the keys of its session keyring, and what is added to that one inside is there outside.",
        sources: &[man("user_namespaces(7)", "DESCRIPTION"), man("session-keyring(7)", "DESCRIPTION")],
        since: "3.8",
        starts_as: Credentials::User,
        needs: &[&need::USER_NS, &need::KEYS],
        deviation: Some("user_namespaces(7) counts keys among what user namespaces isolate"),
        wrong: "a session is cut in two by a user namespace",
        play: |lab| {
            let user = lab.process("user")?;
            user.unshare(NEWUSER)?;
            user.map_ids(OWN, SAME, SAME)?;
            user.keyctl_join_session_keyring("session")?;
            user.keyctl_describe(Keyring::KEY_SPEC_SESSION_KEYRING)?;
            user.add_key("outside", "from outside", Keyring::KEY_SPEC_SESSION_KEYRING)?;
            let inner = user.clone("inner", NEWUSER)?;
            inner.geteuid()?;
            inner.keyctl_read("outside")?;
            inner.add_key("inside", "from inside", Keyring::KEY_SPEC_SESSION_KEYRING)?;
            user.keyctl_search(Keyring::KEY_SPEC_SESSION_KEYRING, "inside")?;
            lab.note("the keyring of the user is another one inside")?;
            user.add_key("own", "of the user", Keyring::KEY_SPEC_USER_KEYRING)?;
            user.keyctl_search(Keyring::KEY_SPEC_USER_KEYRING, "own")?;
            inner.keyctl_search(Keyring::KEY_SPEC_USER_KEYRING, "own")?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[Untested {
    id: "user.keys-quota-per-user",
    claim: "The quota of keys is counted for the user outside, also for keys that are made in a user namespace.",
    sources: &[man("keyrings(7)", "/proc files")],
    why: "the count is one for each user of the whole machine, so that other programs and runs of the same user change it meanwhile",
    part: None,
}];
