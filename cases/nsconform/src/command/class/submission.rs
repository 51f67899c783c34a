//! One submission of a class: read, built, graded, and its result written.

use super::{Class, Kept, fingerprint, kept};
use nsconform_grader::compile::{BuildOutcome, BuildRequest, build};
use nsconform_grader::grader::{GradingRequest, grade};
use nsconform_grader::grading::{Finding, GradedCheck, Grading, Mismatch, Visibility};
use nsconform_grader::report::{ResultFile, add_option, repeat_all_command};
use nsconform_grader::{Program, Sources};
use nsconform_sys::single_threaded::SingleThreaded;
use serde::{Deserialize, Serialize};
use std::ffi::{OsStr, OsString};
use std::time::{Duration, Instant};

/// The outcome for one submission.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ClassVerdict {
    /// Its grading, if there is one: complete or not.
    pub(super) grading: Option<Grading>,
    /// Why there is no program, if there is none.
    pub(super) not_built: Option<String>,
    /// Whatever went wrong besides: nothing can be said, or the result could not be written.
    pub(super) trouble: Option<String>,
    /// Whether that is so for every submission on this machine.
    pub(super) is_impossible: bool,
}

impl ClassVerdict {
    /// Nothing can be said, for this reason.
    pub(super) fn unknown(why: &str) -> ClassVerdict {
        ClassVerdict { grading: None, not_built: None, trouble: Some(why.to_string()), is_impossible: false }
    }
}

/// The check that stands for the build, which has no points.
const BUILD: &str = "build";

/// Grades the submission in this folder, unless it has been.
pub(super) fn judge(single: &SingleThreaded, class: &Class<'_>, name: &OsStr) -> ClassVerdict {
    let start = Instant::now();
    let sources = Sources::read(&class.folder.join(name));
    let fingerprint = fingerprint(class, &sources);
    if let Some(Kept { grading, not_built, .. }) = kept::find(&class.results, name, &fingerprint) {
        return written(class, name, ClassVerdict { not_built, ..ClassVerdict::of(grading) });
    }
    let program = match made(single, class, sources) {
        Ok(program) => program,
        Err(NoProgram::Submissions { why, words }) => {
            let grading = not_built(class, name, &why, &words, start.elapsed());
            return finished(class, name, fingerprint, grading, Some(why));
        }
        Err(NoProgram::Ours { why, is_impossible }) => {
            return ClassVerdict { is_impossible, ..ClassVerdict::unknown(&why) };
        }
    };
    let seed = class.arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    let repeat = repeat(class, name, seed);
    let path = class.folder.join(name).join(&class.program);
    let request = GradingRequest {
        name: class.course.name,
        assignment: &class.rules.assignment,
        scripts: class.course.checks,
        program: &program,
        path: &path.to_string_lossy(),
        repeat: Some(&repeat),
        seed,
    };
    let grading = grade(single, &request, |_| {});
    finished(class, name, fingerprint, grading, None)
}

impl ClassVerdict {
    fn of(grading: Grading) -> ClassVerdict {
        let (trouble, is_impossible) = (grading.broken.clone(), grading.impossible);
        ClassVerdict { grading: Some(grading), not_built: None, trouble, is_impossible }
    }
}

/// Why there is nothing to be graded.
enum NoProgram {
    /// It is the submission's doing.
    Submissions { why: String, words: String },
    /// It is the grader's, or the machine's.
    Ours { why: String, is_impossible: bool },
}

fn made(
    single: &SingleThreaded,
    class: &Class<'_>,
    sources: Result<Sources, String>,
) -> Result<Program, NoProgram> {
    let submissions = |why: String| NoProgram::Submissions { why, words: String::new() };
    let sources = sources.map_err(submissions)?;
    let Some(command) = &class.arguments.class.build else {
        return sources.program(&class.program).map_err(submissions);
    };
    let scale = class.arguments.deadline_scale.unwrap_or(1.0);
    let request = BuildRequest { sources: &sources, command, program: &class.program, scale };
    match build(single, &request) {
        Ok(BuildOutcome::Built(program)) => Ok(program),
        Ok(BuildOutcome::NotBuilt { why, words }) => Err(NoProgram::Submissions { why, words }),
        Err(obstacle) => Err(NoProgram::Ours { why: obstacle.why, is_impossible: obstacle.is_impossible }),
    }
}

/// The grading of a submission that has no program: nothing is checked, and the compiler's words are
/// those of a check without points.
fn not_built(class: &Class<'_>, name: &OsStr, why: &str, words: &str, duration: Duration) -> Grading {
    let assignment = &class.rules.assignment;
    let observed = match words.trim() {
        "" => why.to_string(),
        words => format!("{why}\n{words}"),
    };
    let expected = match &class.arguments.class.build {
        Some(command) => format!("`{command}` makes the program {}", class.program.display()),
        None => format!("the folder has the program {}", class.program.display()),
    };
    let build = GradedCheck {
        id: BUILD.to_string(),
        title: "There is a program".to_string(),
        points: 0,
        visibility: Visibility::Visible,
        finding: Finding::Failed(Mismatch { expected, observed }),
        asked: Vec::new(),
        trace: Vec::new(),
        printed: String::new(),
        hints: Vec::new(),
        duration,
    };
    let others = assignment.checks.iter().map(|check| GradedCheck {
        id: check.id.get_ref().clone(),
        title: check.title.clone(),
        points: check.points,
        visibility: check.visibility,
        finding: Finding::NotChecked { prerequisite: BUILD.to_string() },
        hints: Vec::new(),
        duration: Duration::ZERO,
        ..build.clone()
    });
    let checks: Vec<GradedCheck> = std::iter::once(build.clone()).chain(others).collect();
    let seed = class.arguments.seed.unwrap_or_default();
    Grading {
        assignment: class.course.name.to_string(),
        title: assignment.title.clone(),
        program: class.folder.join(name).join(&class.program).to_string_lossy().into_owned(),
        seed,
        planned: checks.len(),
        checks,
        notes: Vec::new(),
        guest: None,
        cgroup: false,
        broken: None,
        impossible: false,
        repeat: Some(repeat(class, name, seed)),
        duration,
    }
}

/// The command that repeats the grading of this submission.
fn repeat(class: &Class<'_>, name: &OsStr, seed: u64) -> String {
    let arguments = class.arguments;
    let mut options: Vec<OsString> = Vec::new();
    let mut add = |name: &str, value: &OsStr| add_option(&mut options, name, value);
    add("--all", class.folder.as_os_str());
    add("--only", name);
    if let Some(command) = &arguments.class.build {
        add("--build", command.as_ref());
    }
    if let Some(path) = &arguments.class.made {
        add("--made", path.as_os_str());
    }
    if let Some(path) = &arguments.rules {
        add("--rules", path.as_os_str());
    }
    if let Some(factor) = arguments.deadline_scale {
        add("--deadline-scale", factor.to_string().as_ref());
    }
    repeat_all_command(class.course.name, seed, &options)
}

/// Keeps a grading that is whole, and writes its result.
fn finished(
    class: &Class<'_>,
    name: &OsStr,
    fingerprint: String,
    grading: Grading,
    not_built: Option<String>,
) -> ClassVerdict {
    let mut trouble = None;
    if grading.is_complete() {
        let kept = Kept { fingerprint, grading: grading.clone(), not_built: not_built.clone() };
        trouble = kept::keep(&class.results, name, &kept).err();
    }
    let verdict = written(class, name, ClassVerdict { not_built, ..ClassVerdict::of(grading) });
    ClassVerdict { trouble: verdict.trouble.or(trouble), ..verdict }
}

/// Writes the result of a submission.
fn written(class: &Class<'_>, name: &OsStr, verdict: ClassVerdict) -> ClassVerdict {
    let format = class.report.format();
    let path = kept::result_path(&class.results, name, format);
    let written = ResultFile::new(&path, format).and_then(|file| match &verdict.grading {
        Some(grading) => file.write(class.report, grading),
        None => Ok(()),
    });
    ClassVerdict { trouble: verdict.trouble.or(written.err()), ..verdict }
}
