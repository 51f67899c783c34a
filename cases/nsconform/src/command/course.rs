//! `nsconform course`: what students and teachers get of an assignment before anything is graded.
//!
//! Grading lives in `grade`; the texts themselves are in the crate `nsconform-course`.

use super::textbook::textbook_case;
use super::{CommandResult, Failure, TextOrJson, print, print_data, width};
use comfy_table::{ContentArrangement, Table, presets};
use nsconform_catalogue::catalogue;
use nsconform_course::{COURSES, Course, course};
use nsconform_grader::assignment::{Assignment, SubmissionCredentials, commented};
use nsconform_grader::grading::Visibility;
use nsconform_report::html;
use nsconform_suite::case::Case;
use nsconform_suite::verdict::ExitStatus;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The command line of `course`.
#[derive(clap::Args)]
pub struct CourseArguments {
    #[command(subcommand)]
    command: CourseCommand,
}

#[derive(clap::Subcommand)]
enum CourseCommand {
    /// List the assignments
    List {
        /// The form of the list
        #[arg(long, value_enum, default_value_t)]
        format: TextOrJson,
    },
    /// Write what a student starts from: handout with pictures, starter and build file
    Start {
        /// The assignment: `nsconform course list` shows all
        #[arg(add = super::complete::assignments())]
        assignment: String,
        /// The directory, made if it is not there
        directory: PathBuf,
        /// The language of the starter; any executable can be graded
        #[arg(long, value_enum, default_value_t)]
        lang: Language,
        /// Overwrite files that are there
        #[arg(long)]
        force: bool,
    },
    /// Print the rules of an assignment, for a teacher to change and to give to `grade --rules`
    Rules {
        /// The assignment
        #[arg(add = super::complete::assignments())]
        assignment: String,
    },
}

#[derive(Clone, Copy, Default, clap::ValueEnum)]
enum Language {
    #[default]
    C,
    Rust,
}

/// Runs the command.
pub fn course_command(arguments: &CourseArguments) -> CommandResult {
    match &arguments.command {
        CourseCommand::List { format } => list(*format),
        CourseCommand::Start { assignment, directory, lang, force } => {
            start(find(assignment)?, directory, *lang, *force)
        }
        CourseCommand::Rules { assignment } => {
            let course = find(assignment)?;
            print_data(|to| to.write_all(commented(course.rules).as_bytes()))?;
            Ok(ExitStatus::Success)
        }
    }
}

/// The assignment with this name.
///
/// # Errors
/// When there is none: with the nearest names.
pub fn find(name: &str) -> Result<&'static Course, Failure> {
    course(name).ok_or_else(|| {
        let mut names: Vec<&str> = COURSES.iter().map(|course| course.name).collect();
        names.sort_by(|a, b| strsim::jaro_winkler(name, b).total_cmp(&strsim::jaro_winkler(name, a)));
        names.truncate(3);
        let nearest = names.join(", ");
        Failure::usage(format!(
            "there is no assignment '{name}'; nearest are {nearest}; `nsconform course list` shows all"
        ))
    })
}

/// The rules of an assignment as they are embedded.
///
/// # Errors
/// When they are wrong, which a test rules out.
pub fn embedded_rules(course: &Course) -> Result<Assignment, Failure> {
    course.read(course.rules).map_err(|why| Failure::harness(format!("the rules of {}: {why}", course.name)))
}

/// One line of the list, for programs.
#[derive(Serialize)]
struct Listed<'c> {
    name: &'c str,
    title: &'c str,
    part: u8,
    points: u32,
    checks: usize,
    /// Files keep the older name.
    #[serde(rename = "ground")]
    starts_as: &'static str,
    claims: &'c [String],
}

fn list(format: TextOrJson) -> CommandResult {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width());
    table.set_header(["assignment", "part", "points", "starts as", "title"]);
    let mut lines = Vec::new();
    for course in COURSES {
        let assignment = embedded_rules(course)?;
        let starts_as = match assignment.starts_as {
            SubmissionCredentials::Root => "root",
            SubmissionCredentials::User => "user",
        };
        let points = assignment.points();
        let cells =
            [course.name, &assignment.part.to_string(), &points.to_string(), starts_as, &assignment.title];
        table.add_row(cells);
        let listed = Listed {
            name: course.name,
            title: &assignment.title,
            part: assignment.part,
            points,
            checks: assignment.checks.len(),
            starts_as,
            claims: &assignment.claims,
        };
        lines.push(serde_json::to_string(&listed).map_err(|error| Failure::harness(error.to_string()))?);
    }
    match format {
        TextOrJson::Json => print_data(|to| lines.iter().try_for_each(|line| writeln!(to, "{line}")))?,
        TextOrJson::Human => print(|to| {
            writeln!(to, "{}", table.trim_fmt())?;
            writeln!(to, "\nBegin one: nsconform course start ASSIGNMENT DIRECTORY [--lang c|rust]")
        })?,
    }
    Ok(ExitStatus::Success)
}

/// The table of checks in a handout. It leaves out the checks that students may not see.
fn table_of_checks(assignment: &Assignment) -> String {
    let mut table = String::from("| check | points | what is checked |\n|---|---|---|\n");
    let mut hidden = 0;
    for check in &assignment.checks {
        if check.visibility == Visibility::Hidden {
            hidden += check.points;
            continue;
        }
        let needs: Vec<String> = check.needs.iter().map(|need| format!("`{}`", need.get_ref())).collect();
        let needs = if needs.is_empty() { String::new() } else { format!(" (needs {})", needs.join(", ")) };
        table += &format!("| `{}` | {} | {}{needs} |\n", check.id.get_ref(), check.points, check.title);
    }
    if hidden > 0 {
        table += &format!("| (not shown) | {hidden} | |\n");
    }
    format!("{table}| | **{}** | |", assignment.points())
}

/// The folder of the pictures, beside the handout.
const PICTURES: &str = "pictures";

fn path_of_picture(case: &Case) -> String {
    format!("{PICTURES}/{}.svg", case.id)
}

/// The cases that an assignment teaches, each with its picture: the trace and the state.
fn pictures(assignment: &Assignment) -> Result<Vec<(&'static Case, String)>, Failure> {
    let draw = |id: &String| {
        let case = catalogue().iter().copied().find(|case| case.id == id);
        let case = case.ok_or_else(|| Failure::harness(format!("the rules claim {id}, which is no case")))?;
        let mut picture = Vec::new();
        html::write_picture(&textbook_case(case), &mut picture)
            .map_err(|error| Failure::harness(error.to_string()))?;
        Ok((case, String::from_utf8_lossy(&picture).into_owned()))
    };
    assignment.claims.iter().map(draw).collect()
}

/// The end of a handout: each claim with its picture.
fn section_of_pictures(pictures: &[(&Case, String)]) -> String {
    let mut section = String::from(
        "\n## The claims in pictures\n\nA lane is a process, and its bands are its namespaces; below stands the state. \
         `nsconform explain ID`\ntells the same in words.\n",
    );
    for (case, _) in pictures {
        section +=
            &format!("\n### {}\n\n{}\n\n![{}]({})\n", case.id, case.claim, case.id, path_of_picture(case));
    }
    section
}

fn start(course: &Course, directory: &Path, language: Language, force: bool) -> CommandResult {
    let assignment = embedded_rules(course)?;
    let named = |text: &str| text.replace("{{name}}", course.name);
    let source = |ending: &str| format!("{}.{ending}", course.name);
    let handout = course.handout.replace("{{checks}}", &table_of_checks(&assignment));
    let pictures = pictures(&assignment)?;
    let handout = handout + &section_of_pictures(&pictures);
    let mut files = vec![("README.md".to_string(), handout)];
    match language {
        Language::C => {
            files.push((source("c"), course.starter_c.to_string()));
            files.push(("Makefile".to_string(), named(nsconform_course::MAKEFILE)));
        }
        Language::Rust => {
            files.push((source("rs"), course.starter_rs.to_string()));
            files.push(("Cargo.toml".to_string(), named(nsconform_course::CARGO_TOML)));
        }
    }
    files.extend(pictures.iter().map(|(case, picture)| (path_of_picture(case), picture.clone())));
    let there: Vec<&str> =
        files.iter().map(|(name, _)| name.as_str()).filter(|name| directory.join(name).exists()).collect();
    if !there.is_empty() && !force {
        return Err(Failure::usage(format!(
            "{} is there already in {}: nothing was written; take another directory, or --force to overwrite",
            there.join(", "),
            directory.display()
        )));
    }
    let failed =
        |path: &Path, error: std::io::Error| Failure::harness(format!("{}: {error}", path.display()));
    let folder = directory.join(PICTURES);
    std::fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
    for (name, text) in &files {
        let path = directory.join(name);
        std::fs::write(&path, text).map_err(|error| failed(&path, error))?;
    }
    let (build, program) = match language {
        Language::C => ("make", format!("./{}", course.name)),
        Language::Rust => ("cargo build", format!("target/debug/{}", course.name)),
    };
    print(|to| {
        let names = files.iter().map(|(name, _)| name.as_str()).filter(|name| !name.contains('/'));
        let names: Vec<&str> = names.chain([PICTURES]).collect();
        writeln!(to, "{}: {}", directory.display(), names.join(", "))?;
        writeln!(to, "Read README.md first. Then, in {}:", directory.display())?;
        writeln!(to, "  {build}\n  nsconform grade {} {program}", course.name)
    })?;
    Ok(ExitStatus::Success)
}
