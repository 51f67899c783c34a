//! Coursework: the sample programs of the article series as assignments.
//!
//! Each has a module here with its checks, which run the submission on a stage and look at it
//! from outside, and a folder in `cases/course` with what people read and change: rules, handout,
//! starters. The model answers and the wrong solutions that prove the checks are in
//! `fixtures/course`.

mod command;
mod failing;
mod settled;
mod visited;

use nsconform_grader::Perform;
use nsconform_grader::assignment::Assignment;

/// One assignment.
pub struct Course {
    /// Its name: that of the program to be written.
    pub name: &'static str,
    /// Its rules, as a teacher may change them (TOML).
    pub rules: &'static str,
    /// What a student gets to read (Markdown); `{{checks}}` stands for the table of checks.
    pub handout: &'static str,
    /// What a student starts from, in C.
    pub starter_c: &'static str,
    /// What a student starts from, in Rust.
    pub starter_rs: &'static str,
    /// Its checks.
    pub checks: &'static [Perform],
}

macro_rules! courses {
    ($($name:ident)*) => {
        $(mod $name;)*
        /// All assignments, in the order of the series.
        pub static COURSES: &[Course] = &[$(Course {
            name: stringify!($name),
            rules: include_str!(concat!("../../course/", stringify!($name), "/assignment.toml")),
            handout: include_str!(concat!("../../course/", stringify!($name), "/handout.md")),
            starter_c: include_str!(concat!("../../course/", stringify!($name), "/starter.c")),
            starter_rs: include_str!(concat!("../../course/", stringify!($name), "/starter.rs")),
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
    /// What is wrong in the text, with line and column.
    pub fn read(&self, rules: &str) -> Result<Assignment, String> {
        let performed: Vec<&str> = self.checks.iter().map(|check| check.id).collect();
        Assignment::read(rules, &performed)
    }
}

/// The assignment with this name.
pub fn course(name: &str) -> Option<&'static Course> {
    COURSES.iter().find(|course| course.name == name)
}
