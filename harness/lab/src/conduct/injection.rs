//! Injected faults: a run is changed at one call on purpose, to see whether the case catches it.
//!
//! Which faults are worth injecting is the business of `suite`.

use crate::call::Call;
use crate::outcome::Outcome;
use nsconform_sys::kind::Flags;
use serde::{Deserialize, Serialize};
use std::cell::Cell;

/// One fault at one call of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Injection {
    /// The number of the call, counted from 0.
    pub call: u32,
    /// The change.
    pub fault: Fault,
}

/// The ways in which [`Injection`] changes a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Fault {
    /// Reports this outcome without performing the call.
    Withhold(Outcome),
    /// Performs the call without these flags.
    DropFlags(Flags),
    /// Performs the call and reports this outcome instead of the kernel's.
    Pretend(Outcome),
}

/// How a call that was asked is carried out, and which outcome is reported of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Treatment {
    /// The process performs the call, and its answer is reported.
    Performed,
    /// The process performs the call, and this outcome is reported instead of its answer.
    Pretended(Outcome),
    /// The process does not get the call, and this outcome is reported.
    Withheld(Outcome),
}

impl Treatment {
    /// The outcome to report, where the process answered with `answer`.
    pub(crate) fn report(self, answer: impl FnOnce() -> Outcome) -> Outcome {
        match self {
            Treatment::Performed => answer(),
            Treatment::Pretended(outcome) | Treatment::Withheld(outcome) => outcome,
        }
    }
}

/// Counts the calls of a run and injects the fault when its call comes.
pub(crate) struct Injector {
    injection: Injection,
    calls: Cell<u32>,
}

impl Injector {
    pub(crate) fn new(injection: Injection) -> Injector {
        Injector { injection, calls: Cell::new(0) }
    }

    /// Takes the next call of the run.
    pub(crate) fn treat(&self, call: &mut Call) -> Treatment {
        let number = self.calls.replace(self.calls.get() + 1);
        if number != self.injection.call {
            return Treatment::Performed;
        }
        match &self.injection.fault {
            Fault::Withhold(outcome) => Treatment::Withheld(outcome.clone()),
            Fault::Pretend(outcome) => Treatment::Pretended(outcome.clone()),
            Fault::DropFlags(flags) => {
                call.drop_flags(*flags);
                Treatment::Performed
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::namespace::Namespace;
    use crate::outcome::Value;
    use nsconform_sys::kind::{NEWPID, NEWUTS};
    use rstest::rstest;

    fn zero() -> Outcome {
        Outcome::Returned(Value::ZERO)
    }

    fn unshare(flags: Flags) -> Call {
        Call::Namespace(Namespace::unshare { flags })
    }

    #[rstest]
    #[case::withheld(Fault::Withhold(zero()), Treatment::Withheld(zero()), NEWUTS.union(NEWPID))]
    #[case::pretended(Fault::Pretend(zero()), Treatment::Pretended(zero()), NEWUTS.union(NEWPID))]
    #[case::altered(Fault::DropFlags(NEWPID), Treatment::Performed, NEWUTS)]
    fn the_fault_is_injected_into_its_call_only(
        #[case] fault: Fault,
        #[case] treatment: Treatment,
        #[case] flags: Flags,
    ) {
        let injector = Injector::new(Injection { call: 1, fault });
        let treated: Vec<(Treatment, Call)> = (0..3)
            .map(|_| {
                let mut call = unshare(NEWUTS | NEWPID);
                (injector.treat(&mut call), call)
            })
            .collect();
        let plain = (Treatment::Performed, unshare(NEWUTS | NEWPID));
        assert_eq!(treated, [plain.clone(), (treatment, unshare(flags)), plain]);
    }
}
