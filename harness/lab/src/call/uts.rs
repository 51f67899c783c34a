//! Host name and NIS domain name: uname(2), gethostname(2), getdomainname(2).

use super::argument::Text;
use super::calls;
use crate::outcome::{Value, check};

calls! {
    /// Calls about the two names that a UTS namespace isolates.
    Uts, UtsCalls, actor:

    /// Sets the host name of the caller's UTS namespace.
    sethostname(name: Text) {
        // SAFETY: the pointer and length describe `name`, which outlives the call.
        check(unsafe { libc::sethostname(name.0.as_ptr().cast(), name.0.len()) })
    }

    /// Sets the NIS domain name of the caller's UTS namespace.
    setdomainname(name: Text) {
        // SAFETY: the pointer and length describe `name`, which outlives the call.
        check(unsafe { libc::setdomainname(name.0.as_ptr().cast(), name.0.len()) })
    }

    /// Asks for the host name of the caller's UTS namespace.
    gethostname() asks {
        Ok(Value::text(nix::sys::utsname::uname()?.nodename().as_encoded_bytes()))
    }

    /// Asks for the NIS domain name of the caller's UTS namespace.
    getdomainname() asks {
        Ok(Value::text(nix::sys::utsname::uname()?.domainname().as_encoded_bytes()))
    }

    /// Asks for the two names that a UTS namespace holds, as the kernel gives them to every program.
    uname() asks {
        let names = nix::sys::utsname::uname()?;
        Ok(Value::fields([
            ("nodename", Value::text(names.nodename().as_encoded_bytes())),
            ("domainname", Value::text(names.domainname().as_encoded_bytes())),
        ]))
    }
}
