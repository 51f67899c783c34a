//! The documented rules that have no case yet: `missing.toml`, as data.
//!
//! A rule that cannot be a case is not here: the topics list those as untested, with the reason.

use serde::Deserialize;

/// A rule that nobody has written a case for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissingRule {
    /// The id that the case will have.
    pub id: String,
    /// The rule in our own words.
    pub claim: String,
    /// Where it is documented: pages, each with its section behind a comma.
    pub sources: Vec<String>,
    /// The release from which on it holds; empty if as old as the kind of namespace itself.
    #[serde(default)]
    pub since: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MissingRules {
    #[serde(default, rename = "rule")]
    rules: Vec<MissingRule>,
}

/// The rules without a case, in the order of the file.
///
/// # Panics
/// When the embedded file is wrong, which a test rules out.
pub fn missing() -> Vec<MissingRule> {
    let file: MissingRules = toml::from_str(include_str!("../missing.toml"))
        .unwrap_or_else(|error| panic!("cases/catalogue/missing.toml: {error}"));
    file.rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_missing_rule_is_neither_a_case_nor_untestable() {
        let mut known: BTreeSet<String> = crate::catalogue().iter().map(|case| case.id.to_string()).collect();
        known.extend(crate::untested().map(|claim| claim.id.to_string()));
        for rule in missing() {
            assert!(
                known.insert(rule.id.clone()),
                "{} is there already: take it out of missing.toml",
                rule.id
            );
        }
    }

    #[test]
    fn a_missing_rule_says_what_it_is_and_where_it_is_written() {
        for rule in missing() {
            assert!(rule.claim.ends_with('.'), "{}: a claim is a sentence", rule.id);
            assert!(!rule.sources.is_empty(), "{}: where is it documented?", rule.id);
            let group = rule.id.split_once('.').map(|(group, _)| group).unwrap_or_default();
            assert!(crate::NAMESPACES.iter().any(|one| one.name == group), "{}: no such namespace", rule.id);
        }
    }
}
