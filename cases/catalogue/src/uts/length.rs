//! How long the names may be, and which bytes they may hold.

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
];
