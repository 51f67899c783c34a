//! Coursework: the sample programs of the article series as assignments.
//!
//! Each has a module here with its checks, which run the submission on a stage and look at it
//! from outside, and a folder in `assignments` with what people read and change: rules, handout,
//! starters. The model answers and the wrong solutions that prove the checks are in
//! `fixtures/course`; the stage and the grading live in the engine.

mod command;
mod failing;
mod lateness;
mod settled;
mod visited;

use nsconform_grader::CheckScript;
use nsconform_grader::assignment::Assignment;

/// One assignment.
pub struct Course {
    /// Its name: that of the program to be written.
    pub name: &'static str,
    /// Its rules, as a teacher may change them (TOML).
    pub rules: &'static str,
    /// The text that a student reads (Markdown); `{{checks}}` stands for the table of checks.
    pub handout: &'static str,
    /// The program that a student starts from, in C.
    pub starter_c: &'static str,
    /// The program that a student starts from, in Rust.
    pub starter_rs: &'static str,
    /// Its checks.
    pub checks: &'static [CheckScript],
}

macro_rules! courses {
    ($($name:ident)*) => {
        $(mod $name;)*
        /// All assignments, in the order of the series.
        pub static COURSES: &[Course] = &[$(Course {
            name: stringify!($name),
            rules: include_str!(concat!("../assignments/", stringify!($name), "/assignment.toml")),
            handout: include_str!(concat!("../assignments/", stringify!($name), "/handout.md")),
            starter_c: include_str!(concat!("../assignments/", stringify!($name), "/starter.c")),
            starter_rs: include_str!(concat!("../assignments/", stringify!($name), "/starter.rs")),
            checks: $name::CHECKS,
        }),*];
    };
}

courses! {
    demo_uts_namespaces
    ns_exec
    unshare
    pidns_init_sleep
    multi_pidns
    ns_child_exec
    simple_init
    orphan
    ns_run
    demo_userns
    userns_child_exec
    userns_setns_test
}

impl Course {
    /// Reads rules for this assignment: its own, or a teacher's.
    ///
    /// # Errors
    /// When the text is wrong: says how, with line and column.
    pub fn read(&self, rules: &str) -> Result<Assignment, String> {
        let performed: Vec<&str> = self.checks.iter().map(|check| check.id).collect();
        Assignment::read(rules, &performed)
    }
}

/// The build file of a submission in C; `{{name}}` stands for the assignment.
pub const MAKEFILE: &str = include_str!("../assignments/Makefile");

/// The build file of a submission in Rust (`Cargo.toml`); `{{name}}` stands for the assignment.
pub const CARGO_TOML: &str = include_str!("../assignments/Cargo.toml.in");

/// The assignment with this name.
pub fn course(name: &str) -> Option<&'static Course> {
    COURSES.iter().find(|course| course.name == name)
}
