//! How long the names may be, which bytes they may hold, and how many of the given bytes count.

use crate::prelude::*;

/// A name of 64 bytes, the greatest length there is.
const LONGEST: &str = "0123456789012345678901234567890123456789012345678901234567890123";

/// The same and one byte more.
const TOO_LONG: &str = "01234567890123456789012345678901234567890123456789012345678901234";

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case {
        id: "uts.max-64-bytes",
        claim: "A host name may have 64 bytes; one byte more is EINVAL and leaves the name as it was.",
        sources: &[man("gethostname(2)", "ERRORS")],
        since: "1.0",
        needs: &[],
        wrong: "64 bytes are refused or cut, or 65 are taken",
        play: |lab| {
            let process = lab.process("process")?;
            process.sethostname(LONGEST)?;
            process.gethostname()?;
            process.sethostname("short.example")?;
            process.sethostname(TOO_LONG)?;
            process.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.domain-max-64",
        claim: "The limit on an NIS domain name is 64 bytes.",
        sources: &[man("getdomainname(2)", "HISTORY")],
        since: "1.0",
        deviation: Some("The 64 bytes include the terminating null byte, so that 63 are left for the name."),
        needs: &[],
        wrong: "64 bytes without the null are refused or cut, or 65 are taken",
        play: |lab| {
            let process = lab.process("process")?;
            process.setdomainname(LONGEST)?;
            process.getdomainname()?;
            process.setdomainname("short.nis")?;
            process.setdomainname(TOO_LONG)?;
            process.getdomainname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.arbitrary-bytes",
        claim: "The kernel takes any bytes as a name: it does not ask whether they make a valid host name.",
        sources: &[text("LWN 531381, Namespaces in operation, part 2")],
        since: "",
        needs: &[],
        wrong: "a byte is refused or altered",
        play: |lab| {
            let process = lab.process("process")?;
            process.sethostname("not a/host\tname")?;
            process.gethostname()?;
            process.setdomainname(&b"\x01\xff\xfe"[..])?;
            process.getdomainname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.negative-length",
        claim: "A negative length of a name is EINVAL and leaves the name as it was.",
        sources: &[man("gethostname(2)", "ERRORS"), man("getdomainname(2)", "ERRORS")],
        since: "1.0",
        needs: &[],
        wrong: "the length is taken for a large or an empty one, or another errno is given",
        play: |lab| {
            let process = lab.process("process")?;
            process.sethostname_length("negative", -1)?;
            process.setdomainname_length("negative", -1)?;
            process.uname()?;
            lab.note("the same calls with a length that exists")?;
            process.sethostname_length("positive", 8)?;
            process.setdomainname_length("positive", 8)?;
            process.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.efault",
        claim: "An address that is not the caller's is EFAULT for sethostname(), setdomainname() and uname(), and no name changes.",
        sources: &[
            man("gethostname(2)", "ERRORS"),
            man("getdomainname(2)", "ERRORS"),
            man("uname(2)", "ERRORS"),
        ],
        since: "1.0",
        needs: &[],
        wrong: "the call succeeds or changes a name, or another errno is given",
        play: |lab| {
            let process = lab.process("process")?;
            process.sethostname_null(1)?;
            process.setdomainname_null(1)?;
            process.uname_null()?;
            process.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.cap-checked-first",
        claim: "The capability is checked before the arguments: without it a length that does not exist is EPERM, with it EINVAL.",
        sources: &[text("Linux source, kernel/sys.c: no manual page says it")],
        since: "1.0",
        starts_as: Credentials::User,
        needs: &[],
        wrong: "a process without the capability learns more than that it has none",
        play: |lab| {
            let user = lab.process("user")?;
            user.sethostname_length("negative", -1)?;
            user.setdomainname_length("negative", -1)?;
            user.sethostname_null(1)?;
            user.unshare(NEWUSER | NEWUTS)?;
            user.sethostname_length("negative", -1)?;
            user.setdomainname_length("negative", -1)?;
            user.sethostname_null(1)?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.no-terminator-needed",
        claim: "Exactly as many bytes are taken as the length says, and no null byte need end them.",
        sources: &[man("gethostname(2)", "DESCRIPTION"), man("getdomainname(2)", "DESCRIPTION")],
        since: "1.0",
        needs: &[],
        wrong: "the bytes behind the length are taken as well",
        play: |lab| {
            let process = lab.process("process")?;
            process.sethostname_length("longer-name", 6)?;
            process.setdomainname_length("longer-domain", 9)?;
            process.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.shorter-name-clears-rest",
        claim: "A shorter name leaves nothing of the longer one before it.",
        sources: &[text("Linux source, kernel/sys.c: no manual page says it")],
        since: "1.0",
        needs: &[],
        wrong: "the end of the longer name stands behind the shorter one",
        play: |lab| {
            let process = lab.process("process")?;
            process.sethostname("longer-name")?;
            process.setdomainname("longer-domain")?;
            process.uname()?;
            process.sethostname("xy")?;
            process.setdomainname("z")?;
            process.uname()?;
            lab.note("nor does a name of one byte more find it there")?;
            process.sethostname("xyz\0")?;
            process.gethostname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.empty-name",
        claim: "A length of 0 sets the empty name, whatever address is given with it.",
        sources: &[text("Linux source, kernel/sys.c: no manual page says it")],
        since: "1.0",
        needs: &[],
        wrong: "the name stays, or the call is refused",
        play: |lab| {
            let process = lab.process("process")?;
            process.sethostname("")?;
            process.setdomainname("")?;
            process.uname()?;
            process.sethostname("again.example")?;
            process.setdomainname("again.nis")?;
            process.uname()?;
            process.sethostname_null(0)?;
            process.setdomainname_null(0)?;
            process.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.embedded-nul",
        claim: "A null byte in a name is taken, and ends the name for everybody who reads it.",
        sources: &[text("Linux source, kernel/sys.c: no manual page says it")],
        since: "1.0",
        needs: &[],
        wrong: "the name is refused, or goes on behind the null",
        play: |lab| {
            let process = lab.process("process")?;
            process.sethostname("ab\0cd")?;
            process.setdomainname("ef\0gh")?;
            process.uname()?;
            Ok(())
        },
        ..CASE
    },
    Case {
        id: "uts.field-length-65",
        claim: "uname() fills six fields of 65 bytes each, in which a null stands behind even the longest name.",
        sources: &[man("uname(2)", "NOTES")],
        since: "2.0",
        needs: &[],
        wrong: "a field is longer or shorter, or the longest name is not ended",
        play: |lab| {
            let process = lab.process("process")?;
            process.sethostname("short")?;
            process.setdomainname("shorter")?;
            process.uname_sizes()?;
            process.sethostname(LONGEST)?;
            process.setdomainname(LONGEST)?;
            process.uname_sizes()?;
            Ok(())
        },
        ..CASE
    },
];

/// The claims of this topic that are not tested, or only in part.
pub const UNTESTED: &[Untested] = &[
    Untested {
        id: "uts.gethostname-truncation",
        claim: "gethostname() of the GNU C library copies as much of the host name as fits and then fails with ENAMETOOLONG.",
        sources: &[man("gethostname(2)", "VERSIONS")],
        why: "it is a rule of the C library, which other libraries do not follow: the kernel gives whole names, by uname()",
        part: Some("uts.field-length-65"),
    },
    Untested {
        id: "uts.getdomainname-truncation",
        claim: "getdomainname() of the GNU C library copies as much of the NIS domain name as fits and succeeds.",
        sources: &[man("getdomainname(2)", "DESCRIPTION")],
        why: "it is a rule of the C library, which other libraries do not follow: the kernel gives whole names, by uname()",
        part: Some("uts.field-length-65"),
    },
    Untested {
        id: "uts.default-none",
        claim: "Until somebody sets them, both names of the initial UTS namespace are (none).",
        sources: &[text("Linux source, init/version.c: no manual page says it")],
        why: "nobody can take a name back: it shows only on a machine of which nothing has set the names since the start",
        part: None,
    },
];
