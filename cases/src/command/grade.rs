//! `nsconform grade`: grades a program against the contract of an assignment.

use super::{Done, Failure};
use nsconform::course::{COURSES, course};
use nsconform_harness::grade::Program;
use nsconform_harness::grade::grader::{Order, grade as perform};
use nsconform_harness::report::ExitStatus;
use std::path::PathBuf;

/// The command line of `grade`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The assignment: `nsconform course list` shows all
    assignment: String,
    /// The program to be graded: any executable file
    program: PathBuf,
    /// Repeat a grading: what nobody can know beforehand follows from this number
    #[arg(long)]
    seed: Option<u64>,
}

/// Runs the command.
pub fn grade(arguments: &Arguments) -> Done {
    let Some(course) = course(&arguments.assignment) else {
        let names: Vec<&str> = COURSES.iter().map(|course| course.name).collect();
        return Err(Failure::usage(format!(
            "there is no assignment '{}'; there are {}",
            arguments.assignment,
            names.join(", ")
        )));
    };
    let assignment = course.read(course.rules).map_err(Failure::harness)?;
    let program = Program::read(&arguments.program).map_err(Failure::usage)?;
    let order = Order {
        name: course.name,
        assignment: &assignment,
        performs: course.checks,
        program: &program,
        path: &arguments.program.to_string_lossy(),
        seed: arguments.seed.unwrap_or_else(|| fastrand::u64(..)),
    };
    let grading = perform(&order, |_| {});
    println!("{}", serde_json::to_string_pretty(&grading).unwrap_or_default());
    Ok(ExitStatus::Success)
}
