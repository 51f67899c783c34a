//! The generator: a composer that chooses each step by chance among what is possible now.
//!
//! It runs in the director of a sealed place. Everything follows from its order: the area, the seed and the
//! number of steps. The moves themselves live in `moves`.

use super::area::Area;
use super::moves::{self, ChoiceMoment};
use super::stage;
use fastrand::Rng;
use nsconform_lab::interrupt::{Interrupt, Play};
use nsconform_lab::job::{Body, Compiled};
use nsconform_lab::lab::Lab;
use nsconform_lab::script::compose::{Composer, DraftStep, StageProcess, compose};
use nsconform_lab::script::{Script, Step};
use nsconform_lab::seal::Credentials;
use std::collections::VecDeque;

/// The order of one script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComposeOrder {
    /// The area.
    pub area: Area,
    /// The number from which all chances follow.
    pub seed: u64,
    /// The number of steps that are tried; some are refused and do not stay.
    pub steps: usize,
}

impl ComposeOrder {
    /// The order as bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        format!("{} {} {}", self.area, self.seed, self.steps).into_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Option<ComposeOrder> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut words = text.split(' ');
        let area = words.next()?.parse().ok()?;
        let (seed, steps) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some(ComposeOrder { area, seed, steps })
    }
}

/// The composer, for a runner.
pub const COMPOSER: Compiled =
    Compiled { starts_as: Credentials::Root, cgroup: false, body: Body::Composer(play) };

fn play(lab: &Lab, order: &[u8]) -> Play {
    let order = ComposeOrder::from_bytes(order);
    let order =
        order.ok_or_else(|| Interrupt::Engine("the order of a composer cannot be read".to_string()))?;
    compose(lab, &mut Generator::new(order))
}

/// The process with which each script begins; the others descend from it.
const FIRST: &str = "a";
/// The process that only looks.
pub(super) const WATCHER: &str = "watcher";
/// Of how many refused steps one stays.
const REFUSALS_DROPPED: u8 = 3;
/// How often another move is chosen where one is not possible, before the script ends.
const TRIES: usize = 40;

struct Generator {
    order: ComposeOrder,
    random: Rng,
    taken: usize,
    fresh: usize,
    /// Lines that come next.
    due: VecDeque<String>,
    /// Whether the last looks are taken.
    closing: bool,
}

impl Generator {
    fn new(order: ComposeOrder) -> Generator {
        // Nothing of the first process reaches the place in which the watcher is.
        let due = match order.area {
            Area::Mnt => vec![format!("{FIRST}  unshare(CLONE_NEWNS)")],
            _ => vec![format!("{FIRST}  getpid()")],
        };
        Generator {
            order,
            random: Rng::with_seed(order.seed),
            taken: 0,
            fresh: 1,
            due: due.into(),
            closing: false,
        }
    }

    /// A line about a process that shows what others do to it.
    fn look_at(&mut self, name: &str) -> String {
        match self.order.area {
            Area::Mnt => format!("{WATCHER}  ? mount_tree(\"/proc/<{name}>/mountinfo\")"),
            Area::Uts => {
                format!("{name}  {}", if self.random.bool() { "gethostname()" } else { "getdomainname()" })
            }
            Area::User if self.random.bool() => format!("{WATCHER}  ? cat_map(\"/proc/<{name}>/uid_map\")"),
            Area::User => format!("{WATCHER}  ? cat_capabilities(\"/proc/<{name}>/status\")"),
            Area::Pid => format!("{WATCHER}  ? field(\"/proc/<{name}>/status\", \"NSpid\")"),
            Area::Ipc => format!(
                "{name}  ? sysvipc(\"/proc/sysvipc/{}\")",
                if self.random.bool() { "msg" } else { "sem" }
            ),
        }
    }

    /// Chooses the next lines.
    fn choose(&mut self, living: &[StageProcess]) -> Option<()> {
        let names: Vec<String> = living.iter().map(|process| process.name.clone()).collect();
        for _ in 0..TRIES {
            let actor = self.random.choice(living)?;
            let moment = ChoiceMoment { actor, processes: &names, fresh: self.fresh };
            let Some(calls) = moves::choose(self.order.area, &moment, &mut self.random) else { continue };
            self.fresh += 1;
            self.due.extend(calls.into_iter().map(|call| format!("{}  {call}", actor.name)));
            if self.random.bool() {
                let seen = self.random.choice(&names)?.clone();
                let look = self.look_at(&seen);
                self.due.push_back(look);
            }
            return Some(());
        }
        None
    }
}

impl Composer for Generator {
    fn next_step(&mut self, stage: &[StageProcess]) -> Option<DraftStep> {
        loop {
            if self.due.is_empty() {
                let living: Vec<StageProcess> = stage
                    .iter()
                    .filter(|process| process.name != WATCHER && process.pid > 0)
                    .filter(|process| stage::lives(process))
                    .cloned()
                    .collect();
                if self.closing {
                    return None;
                }
                self.closing = self.taken >= self.order.steps || self.choose(&living).is_none();
                if self.closing {
                    let looks = living.iter().map(|process| process.name.clone());
                    let looks: Vec<String> = looks.map(|name| self.look_at(&name)).collect();
                    self.due.extend(looks);
                }
            }
            let line = self.due.pop_front()?;
            self.taken += 1;
            // An argument that chance has chosen may have a form that the call does not take.
            if let Some(step) = step(&line) {
                let keeps_refusal = self.random.u8(..REFUSALS_DROPPED) == 0;
                return Some(DraftStep { step, keeps_refusal });
            }
        }
    }
}

/// The step that a line says.
fn step(line: &str) -> Option<Step> {
    let script: Script = line.parse().ok()?;
    script.steps.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn an_order_is_read_as_it_was_written() {
        let order = ComposeOrder { area: Area::User, seed: u64::MAX, steps: 35 };
        assert_eq!(ComposeOrder::from_bytes(&order.to_bytes()), Some(order));
        assert_eq!(ComposeOrder::from_bytes(b"nothing"), None);
    }

    /// A generator that finds nothing but its own process, told by chance alone.
    fn lines(order: ComposeOrder) -> Vec<String> {
        let own = StageProcess { name: FIRST.into(), pid: std::process::id() as i32 };
        let mut generator = Generator::new(order);
        let steps = std::iter::from_fn(|| generator.next_step(std::slice::from_ref(&own)));
        steps.map(|draft| format!("{:?}", draft.step)).collect()
    }

    #[rstest]
    fn everything_follows_from_the_seed(#[values(Area::Uts, Area::User, Area::Pid, Area::Ipc)] area: Area) {
        let order = |seed| ComposeOrder { area, seed, steps: 30 };
        assert!(lines(order(1)).len() >= 25, "{:?}", lines(order(1)));
        assert_eq!(lines(order(1)), lines(order(1)));
        assert_ne!(lines(order(1)), lines(order(2)));
    }
}
