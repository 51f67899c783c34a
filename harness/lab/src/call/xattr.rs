//! Extended attributes of files: xattr(7), and the access control lists that are kept in them: acl(5).
//!
//! File capabilities, which are an extended attribute too, live in `identity`.

use super::argument::{Pathname, Text};
use super::calls;
use crate::outcome::{Errno, Value, check};

/// The longest value of an attribute that is read, in bytes.
const READ_LIMIT: usize = 1024;

/// The extended attribute of the access control list that decides who may open a file.
const ACL_ATTRIBUTE: &std::ffi::CStr = c"system.posix_acl_access";

/// The format of that attribute in linux/posix_acl_xattr.h: a version, then entries of a tag, permissions and an id.
const ACL_VERSION: u32 = 2;
const ACL_HEADER: usize = 4;
const ACL_ENTRY: usize = 8;

/// The tags of entries in linux/posix_acl.h.
const ACL_USER_OBJ: u16 = 0x01;
const ACL_USER: u16 = 0x02;
const ACL_GROUP_OBJ: u16 = 0x04;
const ACL_MASK: u16 = 0x10;
const ACL_OTHER: u16 = 0x20;

/// The id of an entry that names nobody (`ACL_UNDEFINED_ID`).
const NOBODY: u32 = u32::MAX;

calls! {
    /// Calls about the extended attributes of files.
    Xattr, XattrCalls, actor:

    /// Gives a file an extended attribute.
    setxattr(path: Pathname, name: Text, value: Text) => "setxattr({}, {}, {}, 0)" {
        let (path, name) = (path.c_string()?, name.c_string()?);
        // SAFETY: both names are C strings; pointer and length describe the value.
        check(unsafe {
            libc::setxattr(path.as_ptr(), name.as_ptr(), value.0.as_ptr().cast(), value.0.len(), 0)
        })
    }

    /// Asks for an extended attribute of a file.
    getxattr(path: Pathname, name: Text) asks {
        let (path, name) = (path.c_string()?, name.c_string()?);
        Ok(Value::Text(attribute(&path, &name)?))
    }

    /// Gives a file an access control list in which one more user than its owner may read and write it.
    set_acl(path: Pathname, uid: i32) composes "setxattr(2) of system.posix_acl_access" {
        let entries = [
            (ACL_USER_OBJ, 6, NOBODY),
            (ACL_USER, 6, uid as u32),
            (ACL_GROUP_OBJ, 4, NOBODY),
            (ACL_MASK, 6, NOBODY),
            (ACL_OTHER, 4, NOBODY),
        ];
        let mut value = ACL_VERSION.to_le_bytes().to_vec();
        for (tag, permissions, id) in entries {
            value.extend(u16::to_le_bytes(tag));
            value.extend(u16::to_le_bytes(permissions));
            value.extend(u32::to_le_bytes(id));
        }
        let path = path.c_string()?;
        // SAFETY: both names are C strings; pointer and length describe `value`.
        check(unsafe {
            libc::setxattr(path.as_ptr(), ACL_ATTRIBUTE.as_ptr(), value.as_ptr().cast(), value.len(), 0)
        })
    }

    /// Lists the users whom the access control list of a file names besides its owner, by the ids that the caller sees: 4294967295 stands for one without an id here.
    acl_users(path: Pathname) observes "getxattr(2) of system.posix_acl_access" {
        let value = attribute(&path.c_string()?, ACL_ATTRIBUTE)?;
        let entries = value.get(ACL_HEADER..).ok_or(Errno(libc::EPROTO))?.chunks_exact(ACL_ENTRY);
        let users = entries.filter_map(|entry| {
            let tag = u16::from_le_bytes([entry[0], entry[1]]);
            let id = u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]]);
            (tag == ACL_USER).then(|| Value::Number(id.into()))
        });
        Ok(Value::List(users.collect()))
    }
}

/// The value of an extended attribute.
fn attribute(path: &std::ffi::CStr, name: &std::ffi::CStr) -> Result<Vec<u8>, Errno> {
    let mut value = vec![0; READ_LIMIT];
    // SAFETY: both names are C strings; pointer and length describe `value`.
    let length =
        unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), value.as_mut_ptr().cast(), value.len()) };
    check(length as i64)?;
    value.truncate(length as usize);
    Ok(value)
}
