//! The licences of everything that the program is made of are such that it may be given away under
//! its own. Advisories need a database that is not at hand offline: they are not looked at here.

use std::process::Command;

/// Licences under which code may be part of the program, by their SPDX identifiers.
const ALLOWED: [&str; 10] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Unicode-3.0",
    "Zlib",
    "Unlicense",
];

/// Whether an SPDX expression allows it: one side of each OR, both sides of each AND.
fn allows(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    // No licence here nests deeper: parentheses hold alternatives.
    let expression = expression.replace(['(', ')'], "");
    expression.split(" AND ").all(|part| part.split(" OR ").any(|licence| ALLOWED.contains(&licence.trim())))
}

#[test]
fn licences_allow_it() {
    let cargo = std::env::var("CARGO").unwrap_or("cargo".to_string());
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let arguments =
        ["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", &target];
    let output =
        Command::new(cargo).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 50, "cargo metadata names {} packages only", packages.len());
    for package in packages {
        let licence = package["license"].as_str().unwrap_or("none");
        assert!(
            allows(licence),
            "{} {} has the licence {licence}: do without it, or allow that licence here after reading it",
            package["name"],
            package["version"]
        );
    }
}

#[test]
fn expressions_are_understood() {
    assert!(allows("MIT OR Apache-2.0"));
    assert!(allows("GPL-2.0 OR MIT"));
    assert!(allows("(MIT OR Apache-2.0) AND Unicode-3.0"));
    assert!(allows("MIT/Apache-2.0"));
    assert!(!allows("GPL-2.0"));
    assert!(!allows("MIT AND GPL-2.0"));
    assert!(!allows("none"));
}
