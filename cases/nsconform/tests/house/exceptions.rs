//! The list of what is not yet in order (`.ci/house.toml`): for each check a table of names with the
//! most that is allowed and a reason. It can only get shorter.

use super::sources::root;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

/// The exceptions from one check.
pub struct Exceptions {
    check: &'static str,
    allowed: BTreeMap<String, (usize, String)>,
}

fn file() -> PathBuf {
    root().join(".ci/house.toml")
}

fn read() -> toml::Table {
    std::fs::read_to_string(file()).expect(".ci/house.toml can be read").parse().expect("it is TOML")
}

impl Exceptions {
    /// Those of the check of this name.
    pub fn of(check: &'static str) -> Exceptions {
        let mut allowed = BTreeMap::new();
        if let Some(table) = read().get(check).and_then(toml::Value::as_table) {
            for (name, entry) in table {
                let most = entry["most"].as_integer().expect("`most` is a number") as usize;
                let reason = entry["reason"].as_str().expect("`reason` is a text").to_string();
                assert!(reason.len() > 10, "{check}: {name}: the reason says nothing");
                allowed.insert(name.clone(), (most, reason));
            }
        }
        Exceptions { check, allowed }
    }

    /// Fails if more was found than is allowed: by name how much, and words for it, which take the
    /// place of `{}` in `wrong`.
    pub fn hold(self, found: BTreeMap<String, (usize, String)>, wrong: &str) {
        let most = |name: &str| self.allowed.get(name).map_or(0, |(most, _)| *most);
        let over: Vec<String> = found
            .iter()
            .filter(|(name, (count, _))| *count > most(name))
            .map(|(name, (_, shown))| format!("{name}: {}", wrong.replace("{}", shown)))
            .collect();
        let now = |name: &str| found.get(name).map_or(0, |(count, _)| *count);
        let loose: Vec<&String> = self.allowed.keys().filter(|name| now(name) < most(name)).collect();
        match std::env::var("NSCONFORM_HOUSE").as_deref() {
            Ok("write") => self.shrink(&now),
            Ok("strict") => assert!(
                loose.is_empty(),
                ".ci/house.toml allows more than there is: {loose:?}; \
                 `NSCONFORM_HOUSE=write cargo test -p nsconform --test house` takes that back"
            ),
            _ => {}
        }
        assert!(over.is_empty(), "{}", over.join("\n"));
    }

    /// Writes the list back with no more allowed than there is.
    fn shrink(&self, now: &dyn Fn(&str) -> usize) {
        static WRITING: Mutex<()> = Mutex::new(());
        let _one_at_a_time = WRITING.lock();
        let mut table = read();
        let mut entries = toml::Table::new();
        for (name, (most, reason)) in &self.allowed {
            let most = (*most).min(now(name)) as i64;
            if most > 0 {
                let mut entry = toml::Table::new();
                entry.insert("most".into(), most.into());
                entry.insert("reason".into(), reason.clone().into());
                entries.insert(name.clone(), entry.into());
            }
        }
        table.insert(self.check.to_string(), entries.into());
        let mut text = HEAD.to_string();
        for (check, entries) in &table {
            text += &format!("\n[{check}]\n");
            for (name, entry) in entries.as_table().into_iter().flatten() {
                let most = entry["most"].as_integer().unwrap_or(0);
                let reason = entry["reason"].as_str().unwrap_or("");
                text += &format!("\"{name}\" = {{ most = {most}, reason = {reason:?} }}\n");
            }
        }
        std::fs::write(file(), text).expect(".ci/house.toml can be written");
    }
}

/// The first lines of the file.
const HEAD: &str = "\
# Exceptions from the order of the house, each with the reason why it may stay for now; the test `house`
# of the package nsconform holds the rest. Each entry names the most that is allowed. Take entries out;
# put none in.
#
# types    type names that are defined more than once in production code
# long     source files of more than 600 lines
# what     files with sentences that begin with that word
";
