//! The names that the commands still use. This file goes when they use the new ones.
#![doc(hidden)]

pub mod matrix {
    pub use crate::fleet::*;
    pub use crate::fleet::{FleetEvent as Event, GuestResult as Outcome};
}

pub mod record {
    pub use crate::message::WorkOrder as Order;
    pub use crate::message::*;
}

impl crate::boot::Boot {
    pub fn tail(&self, lines: usize) -> Vec<String> {
        self.console.tail(lines)
    }

    pub fn splats(&self) -> Vec<String> {
        self.console.splats()
    }
}
