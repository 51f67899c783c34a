//! Keys and keyrings: keyrings(7), add_key(2), keyctl(2).

use super::argument::{Argument, ArgumentKind, Pathname, Text, constants, flags, quote};
use super::calls;
use super::reading::{Cursor, SyntaxError};
use crate::outcome::{Answer, Errno, Value, check};
use serde::{Deserialize, Serialize};
use std::sync::Mutex;

constants! {
    /// A keyring of the caller.
    Keyring: i32 {
        KEY_SPEC_PROCESS_KEYRING = -2, KEY_SPEC_SESSION_KEYRING = -3,
        KEY_SPEC_USER_KEYRING = -4, KEY_SPEC_USER_SESSION_KEYRING = -5,
    }
}

flags! {
    /// The permissions of a key: for who possesses it, and for its owner.
    KeyPermissions: u32 {
        KEY_POS_ALL = 0x3f00_0000, KEY_USR_ALL = 0x003f_0000, KEY_OTH_VIEW = 0x0000_0001,
        KEY_OTH_READ = 0x0000_0002,
    }
}

/// The serial number of a key that the caller or a creator of it has added, by the description of
/// the key: serial numbers differ from run to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedKey {
    description: Text,
}

impl From<&str> for AddedKey {
    fn from(description: &str) -> AddedKey {
        AddedKey { description: description.into() }
    }
}

impl Argument for AddedKey {
    const KIND: ArgumentKind = ArgumentKind::Structure;

    fn show(&self) -> String {
        format!("key {}", quote(&self.description.0))
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<AddedKey, SyntaxError> {
        cursor.expect("key ")?;
        cursor.quoted().map(|bytes| AddedKey { description: Text(bytes) })
    }
}

/// The keys that this process and its creators have added, by description: a new process has a copy.
static ADDED: Mutex<Vec<(Vec<u8>, i32)>> = Mutex::new(Vec::new());

impl AddedKey {
    /// The number; ECANCELED if neither the process nor a creator of it has added such a key.
    fn serial(&self) -> Result<i32, Errno> {
        let keys = ADDED.lock().map_err(|_| Errno(libc::ECANCELED))?;
        let added = keys.iter().rfind(|(description, _)| *description == self.description.0);
        added.map(|(_, serial)| *serial).ok_or(Errno(libc::ECANCELED))
    }
}

/// The operations of keyctl(2), from linux/keyctl.h.
const KEYCTL_GET_KEYRING_ID: i32 = 0;
const KEYCTL_JOIN_SESSION_KEYRING: i32 = 1;
const KEYCTL_CHOWN: i32 = 4;
const KEYCTL_SETPERM: i32 = 5;
const KEYCTL_DESCRIBE: i32 = 6;
const KEYCTL_SEARCH: i32 = 10;
const KEYCTL_READ: i32 = 11;
const KEYCTL_GET_PERSISTENT: i32 = 22;

/// The longest description of a key that is read, in bytes.
const READ_LIMIT: usize = 1024;

calls! {
    /// Calls about keys and keyrings.
    Keys, KeysCalls, actor:

    /// Puts a key of type `user` into a keyring.
    add_key(description: Text, payload: Text, keyring: Keyring) => "add_key(\"user\", {}, {}, {})" {
        let name = description.c_string()?;
        // SAFETY: type and description are C strings; pointer and length describe the payload.
        let added = unsafe {
            libc::syscall(
                libc::SYS_add_key, c"user".as_ptr(), name.as_ptr(),
                payload.0.as_ptr(), payload.0.len(), keyring.0,
            )
        };
        let answer = serial(added)?;
        ADDED.lock().map_err(|_| Errno(libc::ECANCELED))?.push((description.0, added as i32));
        Ok(answer)
    }

    /// Looks in the caller's keyrings for a key of type `user`.
    request_key(description: Text) => "request_key(\"user\", {}, NULL, 0)" asks {
        let description = description.c_string()?;
        // SAFETY: type and description are C strings; no program is called without information for it.
        serial(unsafe { libc::syscall(libc::SYS_request_key, c"user".as_ptr(), description.as_ptr(), 0, 0) })
    }

    /// Asks for the serial number of a keyring, which is created if it is not there.
    keyctl_get_keyring_id(keyring: Keyring) => "keyctl(KEYCTL_GET_KEYRING_ID, {}, 1)" {
        // SAFETY: takes numbers only.
        serial(unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_GET_KEYRING_ID, keyring.0, 1) })
    }

    /// Replaces the caller's session keyring by the one of this name, which is created if it is not there.
    keyctl_join_session_keyring(name: Text) => "keyctl(KEYCTL_JOIN_SESSION_KEYRING, {})" {
        let name = name.c_string()?;
        // SAFETY: the name is a C string that outlives the call.
        serial(unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name.as_ptr()) })
    }

    /// Gives a key to another owner and group (-1: unchanged).
    keyctl_chown(keyring: Keyring, uid: i32, gid: i32) => "keyctl(KEYCTL_CHOWN, {}, {}, {})" {
        // SAFETY: takes numbers only.
        check(unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_CHOWN, keyring.0, uid, gid) })
    }

    /// Sets the permissions of a key.
    keyctl_setperm(keyring: Keyring, permissions: KeyPermissions) => "keyctl(KEYCTL_SETPERM, {}, {})" {
        // SAFETY: takes numbers only.
        check(unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_SETPERM, keyring.0, permissions.bits()) })
    }

    /// Sets the permissions of a key that was added.
    keyctl_setperm_key(key: AddedKey, permissions: KeyPermissions) => "keyctl(KEYCTL_SETPERM, {}, {})" {
        let key = key.serial()?;
        // SAFETY: takes numbers only.
        check(unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_SETPERM, key, permissions.bits()) })
    }

    /// Asks for type, owner, group and description of a keyring, the ids in the caller's user namespace (its permissions are not shown).
    keyctl_describe(keyring: Keyring) => "keyctl(KEYCTL_DESCRIBE, {})" asks {
        description(keyring.0)
    }

    /// Asks for type, owner, group and description of a key that was added, by its serial number.
    keyctl_describe_key(key: AddedKey) => "keyctl(KEYCTL_DESCRIBE, {})" asks {
        description(key.serial()?)
    }

    /// Asks for the payload of a key that was added, by its serial number.
    keyctl_read(key: AddedKey) => "keyctl(KEYCTL_READ, {})" asks {
        read(KEYCTL_READ, key.serial()?).map(Value::Text)
    }

    /// Lists the owners of the keys of type `user` with this description that /proc/keys shows to the caller.
    proc_keys(path: Pathname, description: Text) observes "the file, by open(2), read(2) and close(2); of the keys with this description that only their possessors may use the user ids" {
        let table = String::from_utf8_lossy(&std::fs::read(super::file::path_of(&path))?).into_owned();
        let wanted = format!("{}:", String::from_utf8_lossy(&description.0));
        let owner = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            // Another run may just have made its key, which its user may see until that is taken away.
            let only_possessed = words.get(4).is_some_and(|permissions| permissions.ends_with("000000"));
            let meant = only_possessed && words.get(7..9) == Some(&["user", &wanted]);
            meant.then(|| super::file::number_or_word(words[5]))
        };
        Ok(Value::List(table.lines().filter_map(owner).collect()))
    }

    /// Looks in a keyring for a key of type `user`.
    keyctl_search(keyring: Keyring, description: Text) => "keyctl(KEYCTL_SEARCH, {}, \"user\", {}, 0)" asks {
        let description = description.c_string()?;
        // SAFETY: type and description are C strings that outlive the call.
        serial(unsafe {
            libc::syscall(libc::SYS_keyctl, KEYCTL_SEARCH, keyring.0, c"user".as_ptr(), description.as_ptr(), 0)
        })
    }

    /// Asks for the persistent keyring of a user (-1: the caller), which is linked into a keyring.
    keyctl_get_persistent(uid: i32, keyring: Keyring) => "keyctl(KEYCTL_GET_PERSISTENT, {}, {})" {
        // SAFETY: takes numbers only.
        serial(unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_GET_PERSISTENT, uid, keyring.0) })
    }
}

/// A serial number, which differs from run to run.
fn serial(returned: i64) -> Answer {
    match check(returned)? {
        Value::Number(serial) => Ok(Value::volatile("key", serial as u64)),
        other => Ok(other),
    }
}

/// KEYCTL_DESCRIBE without the permissions.
fn description(key: i32) -> Answer {
    let text = read(KEYCTL_DESCRIBE, key)?;
    let text = String::from_utf8_lossy(&text).trim_end_matches('\0').to_string();
    let mut parts = text.splitn(5, ';');
    let mut next = || parts.next().unwrap_or_default().to_string();
    let (kind, uid, gid, _, description) = (next(), next(), next(), next(), next());
    Ok(Value::word(format!("{kind};{uid};{gid};{description}")))
}

/// An operation that fills a buffer.
fn read(operation: i32, key: i32) -> Result<Vec<u8>, crate::outcome::Errno> {
    let mut buffer = vec![0u8; READ_LIMIT];
    // SAFETY: pointer and length describe `buffer`.
    let length =
        check(unsafe { libc::syscall(libc::SYS_keyctl, operation, key, buffer.as_mut_ptr(), buffer.len()) })?;
    let Value::Number(length) = length else { unreachable!() };
    buffer.truncate((length as usize).min(READ_LIMIT));
    Ok(buffer)
}
