//! UTS namespaces: host name and NIS domain name.

use crate::SEED;
use nsconform_harness::prelude::*;

/// The cases of this module.
pub const CASES: &[Case] = &[Case {
    id: "uts.isolates-nodename-domainname",
    claim: "A UTS namespace isolates two identifiers, the host name and the NIS domain name: a change inside is not seen outside.",
    sources: &[SEED, man("uts_namespaces(7)", "DESCRIPTION")],
    since: "2.6.19",
    needs: &[&need::UTS_NS],
    wrong: "the outer process reads a name that was set inside",
    play: |lab| {
        let outer = lab.process("outer")?;
        outer.sethostname("outer.example")?;
        outer.setdomainname("outer.nis")?;
        let inner = outer.clone("inner", NEWUTS)?;
        inner.sethostname("inner.example")?;
        inner.setdomainname("inner.nis")?;
        inner.uname()?;
        outer.uname()?;
        Ok(())
    },
    ..CASE
}];

/// What this module cannot test.
pub const UNTESTED: &[Untested] = &[];
