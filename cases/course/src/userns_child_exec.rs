//! The checks of the assignment `userns_child_exec`: a command in a new user namespace, with maps.
//!
//! Maps are read in the stage's user namespace, so that ids are the ones that the submission knows.

use super::command::{self, has_left, hold, inherits_nothing};
use super::{failing, settled};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nsconform_grader::assignment::SubmissionCredentials;
use nsconform_grader::{
    CheckAbort, CheckResult, CheckScript, Launch, ObservedProcess, Run, Stage, Stream, Termination, ensure,
};
use nsconform_sys::kind::Kind;
use std::time::Duration;

pub(super) const CHECKS: &[CheckScript] = &[
    CheckScript::new("runs", runs),
    CheckScript::new("uid-map", uid_map),
    CheckScript::new("gid-map", gid_map),
    CheckScript {
        starts_as: Some(SubmissionCredentials::Root),
        ..CheckScript::new("denies-setgroups", denies_setgroups)
    },
    CheckScript::new("zero-map", zero_map),
    CheckScript::new("refused-map", refused_map),
    CheckScript::new("namespaces", namespaces),
    CheckScript::new("private-mounts", private_mounts),
    CheckScript::new("status", status),
    CheckScript::new("closes", closes),
    CheckScript::new("verbose", verbose),
    CheckScript::new("errors", errors),
    CheckScript::new("options-end", options_end),
    CheckScript {
        starts_as: Some(SubmissionCredentials::Root),
        several_ids: true,
        ..CheckScript::new("two-records", two_records)
    },
];

/// The options for a new namespace but `-U`, which gives the right to the others.
const OPTIONS: [(&str, Kind); 5] =
    [("-i", Kind::Ipc), ("-m", Kind::Mnt), ("-n", Kind::Net), ("-p", Kind::Pid), ("-u", Kind::Uts)];

/// Records of a map that is longer than a buffer that somebody thinks is large enough.
const MANY_RECORDS: u32 = 100;

/// How long a child is watched that waits for an amount of time where it is to wait for its maps.
const WATCHED: Duration = Duration::from_secs(1);

/// Demands that a map of the command's user namespace is this one.
fn has_map(stage: &Stage<'_>, command: &ObservedProcess<'_>, file: &str, map: &str) -> CheckResult {
    let there = stage.id_map(command, file)?;
    ensure(there == map, || format!("the {file} of COMMAND is {map:?}"), || format!("it is {there:?}"))
}

/// Demands that a process has all capabilities, or none.
fn has_capabilities(command: &ObservedProcess<'_>, all: bool, who: &str) -> CheckResult {
    let there = command.status("CapEff")?;
    // Whatever is in no bounding set of a new user namespace is no capability of this kernel.
    let expected = if all { command.status("CapBnd")? } else { "0".repeat(16) };
    ensure(
        there == expected,
        || format!("{who} has {} capabilities: {expected}", if all { "all" } else { "no" }),
        || format!("it has {there}"),
    )
}

/// Demands that the command's process was created for it, by the program, which has stayed where it
/// was. Whether that waits is another check's.
fn is_child(stage: &Stage<'_>, run: &Run<'_>, command: &ObservedProcess<'_>) -> CheckResult {
    let program = run.process();
    let is_child = *command != program && (!program.is_alive() || command.parent() == Some(program));
    ensure(
        is_child,
        || "COMMAND is executed in a child of the program".into(),
        || "it runs in the program's own process, or below another one".into(),
    )?;
    if program.is_alive() {
        settled::has_left(stage, &program, "the program itself", &[])?;
    }
    Ok(())
}

fn runs(stage: &Stage<'_>) -> CheckResult {
    let held = stage.held_script()?;
    let (run, command) = hold(stage, &held, &["-U"])?;
    has_left(stage, &command, "-U", &[Kind::User])?;
    is_child(stage, &run, &command)?;
    command::is_only_child(&run, &command)?;
    for file in ["uid_map", "gid_map"] {
        has_map(stage, &command, file, "")?;
    }
    command::finds_the_same(&command)?;
    command::has_its_name(stage, &["-U"])?;
    command::is_searched(stage, &["-U"])
}

fn uid_map(stage: &Stage<'_>) -> CheckResult {
    let [uid, _] = stage.own_ids();
    writes_one_map(stage, "-M", uid, ["uid_map", "gid_map"])
}

fn gid_map(stage: &Stage<'_>) -> CheckResult {
    let [uid, gid] = stage.own_ids();
    writes_one_map(stage, "-G", gid, ["gid_map", "uid_map"])?;
    // Both, in either order.
    let of_uid = format!("{} {uid} 1", stage.number(2000..30000));
    let of_gid = format!("{} {gid} 1", stage.number(30000..60000));
    for options in [["-U", "-M", &of_uid, "-G", &of_gid], ["-G", &of_gid, "-M", &of_uid, "-U"]] {
        let held = stage.held_script()?;
        let (_run, command) = hold(stage, &held, &options)?;
        has_map(stage, &command, "uid_map", &of_uid)?;
        has_map(stage, &command, "gid_map", &of_gid)?;
    }
    // Of an option that is given twice the last map counts.
    let [other_uid, other_gid] = [format!("1 {uid} 1"), format!("1 {gid} 1")];
    let options = ["-U", "-M", &other_uid, "-G", &other_gid, "-G", &of_gid, "-M", &of_uid];
    let held = stage.held_script()?;
    let (_run, command) = hold(stage, &held, &options)?;
    has_map(stage, &command, "uid_map", &of_uid)?;
    has_map(stage, &command, "gid_map", &of_gid)
}

/// Demands that with this option alone the id is mapped as was asked, and nothing in the other file.
fn writes_one_map(stage: &Stage<'_>, option: &str, own: u32, [file, other]: [&str; 2]) -> CheckResult {
    let (held, map) = (stage.held_script()?, format!("{} {own} 1", stage.number(2000..60000)));
    let (_run, command) = hold(stage, &held, &["-U", option, &map])?;
    has_map(stage, &command, file, &map)?;
    has_map(stage, &command, other, "")
}

fn denies_setgroups(stage: &Stage<'_>) -> CheckResult {
    if stage.denies_setgroups() {
        let reason = "setgroups(2) is denied on this stage already, whatever the program does: grade as root, or with --vm";
        return Err(CheckAbort::Unavailable(reason.to_string()));
    }
    let map = format!("{} 0 1", stage.number(2000..60000));
    for options in [&["-U", "-G", &map][..], &["-U", "-M", &map, "-G", &map], &["-U", "-z"]] {
        let held = stage.held_script()?;
        let (_run, command) = hold(stage, &held, options)?;
        let there = command.text("setgroups")?;
        ensure(
            there == "deny",
            || format!("with {} the setgroups file of COMMAND says deny", options.join(" ")),
            || format!("it says {there}"),
        )?;
    }
    Ok(())
}

fn zero_map(stage: &Stage<'_>) -> CheckResult {
    let [uid, gid] = stage.own_ids();
    // In any order.
    for options in [&["-U", "-z"][..], &["-z", "-U"], &["-zU"]] {
        let held = stage.held_script()?;
        let (_run, command) = hold(stage, &held, options)?;
        has_map(stage, &command, "uid_map", &format!("0 {uid} 1"))?;
        has_map(stage, &command, "gid_map", &format!("0 {gid} 1"))?;
        has_capabilities(&command, true, "COMMAND, as user 0,")?;
    }

    let (held, inside) = (stage.held_script()?, stage.number(2000..60000));
    let (_run, command) = hold(stage, &held, &["-U", "-M", &format!("{inside} {uid} 1")])?;
    has_capabilities(&command, false, &format!("COMMAND, as user {inside},"))?;

    // The program stands still at the line that precedes the maps: the child has to wait too.
    let held = stage.held_script()?;
    let words: Vec<&str> =
        ["-v", "-U", "-z"].into_iter().chain(held.words.iter().map(String::as_str)).collect();
    let others = stage.all();
    let run = stage.launch(&Launch::submission(&words).full_output())?;
    let child = settled::child(stage, &run, &others)?;
    settled::child_settles(stage, &child)?;
    if settled::waits_for_a_time(stage, &child)? {
        // It may look again and again whether it is mapped, or only hope that it is by then.
        stage.watch(WATCHED)?;
        settled::child_settles(stage, &child)?;
    }
    let is_command = !child.command_line()?.iter().any(|word| word == "-v");
    let is_mapped = !child.text("uid_map")?.is_empty();
    ensure(
        !is_command || is_mapped,
        || "COMMAND is not executed while the maps are not written".into(),
        || "the child executes it, and has no map".into(),
    )?;
    let stands_at_line = matches!(run.process().system_call(), Some(libc::SYS_write | libc::SYS_writev));
    ensure(
        !is_mapped || !stands_at_line,
        || "the parent writes the maps, after its first line of -v".into(),
        || "there is a map while the parent stands still at that line".into(),
    )?;
    run.make_room();
    has_capabilities(&run.held(&held)?, true, "COMMAND, as user 0,")
}

fn refused_map(stage: &Stage<'_>) -> CheckResult {
    // No id of the stage's.
    let (inside, foreign) = (stage.number(0..60000), stage.number(2000..60000));
    let map = format!("{inside} {foreign} 1");
    for (option, file) in [("-M", "uid_map"), ("-G", "gid_map")] {
        // It would stay, if it were executed. And so would a child that nobody waits for, while the process
        // that adopts it is stopped.
        let held = stage.held_script()?;
        let adopter = stage.init();
        settled::stop(stage, &adopter)?;
        let run = stage.start(&["-U", option, &map, &held.words[0]])?;
        run.ends_with(Termination::Exited(1))?;
        let left = stage.all().len();
        stage.kill(&adopter, Signal::SIGCONT)?;
        ensure(
            left == 0,
            || format!("when the {file} is refused, no process is left at the end of the program"),
            || format!("there are {left}"),
        )?;
        let output = run.text(Stream::Output);
        ensure(
            output.is_empty(),
            || "nothing on standard output, and COMMAND is not executed".into(),
            || format!("standard output: {output:?}"),
        )?;
        let error = run.text(Stream::Error);
        ensure(
            error.lines().any(|line| names_refused(line, file)),
            || format!("a line 'write: /proc/N/{file}: {}' on standard error", Errno::EPERM.desc()),
            || format!("standard error: {error:?}"),
        )?;
    }
    Ok(())
}

fn names_refused(line: &str, file: &str) -> bool {
    let pid = line
        .strip_prefix("write: /proc/")
        .and_then(|rest| rest.strip_suffix(&format!("/{file}: {}", Errno::EPERM.desc())));
    pid.is_some_and(|pid| pid.parse::<u32>().is_ok())
}

fn namespaces(stage: &Stage<'_>) -> CheckResult {
    for (option, kind) in OPTIONS {
        creates(stage, &["-U", option], &[Kind::User, kind])?;
    }
    // All of them, the one that gives the right to the others being the last.
    let options: Vec<&str> = OPTIONS.iter().map(|(option, _)| *option).chain(["-U"]).collect();
    let kinds: Vec<Kind> = OPTIONS.iter().map(|(_, kind)| *kind).chain([Kind::User]).collect();
    creates(stage, &options, &kinds)
}

fn creates(stage: &Stage<'_>, options: &[&str], kinds: &[Kind]) -> CheckResult {
    let held = stage.held_script()?;
    let (run, command) = hold(stage, &held, options)?;
    has_left(stage, &command, &options.join(" "), kinds)?;
    is_child(stage, &run, &command)?;
    let (pids, is_nested) = (command.nspid()?, kinds.contains(&Kind::Pid));
    ensure(
        pids.len() == 1 + usize::from(is_nested) && (!is_nested || pids[1] == 1),
        || "COMMAND is PID 1 of a new PID namespace with -p, and a member of the old one without".into(),
        || format!("its PIDs, from the outside inwards: {pids:?}"),
    )
}

fn private_mounts(stage: &Stage<'_>) -> CheckResult {
    command::mounts_become_private(stage, &[&["-U", "-m"], &["-p", "-m", "-U"]])
}

fn status(stage: &Stage<'_>) -> CheckResult {
    command::status_is_passed_on(stage, &["-U"])
}

fn closes(stage: &Stage<'_>) -> CheckResult {
    let held = stage.held_script()?;
    let (_run, command) = hold(stage, &held, &["-U"])?;
    inherits_nothing(&command, &held)
}

fn verbose(stage: &Stage<'_>) -> CheckResult {
    command::verbose_tells_steps(stage, &["-U"])
}

fn errors(stage: &Stage<'_>) -> CheckResult {
    let ([uid, gid], mark) = (stage.own_ids(), stage.name());
    let (of_uid, of_gid) = (format!("0 {uid} 1"), format!("0 {gid} 1"));
    for words in [
        &[][..],
        &["-U"],
        &["-U", "-x", "echo", &mark],
        &["-U", "-M"],
        &["-z", "echo", &mark],
        &["-M", &of_uid, "echo", &mark],
        &["-G", &of_gid, "echo", &mark],
        &["-u", "-z", "echo", &mark],
        &["-u", "-M", &of_uid, "echo", &mark],
        &["-U", "-z", "-M", &of_uid, "echo", &mark],
        &["-U", "-G", &of_gid, "-z", "echo", &mark],
    ] {
        failing::gives_usage(stage, words)?;
    }
    failing::refuses_unknown_options(stage, "xTrctkwsfC", "-U")?;
    failing::names(stage, &Launch::submission(&["-u", "echo", &mark]), "clone", Errno::EPERM)?;
    let no_more = Launch::submission(&["-U", "echo", &mark]).most_processes(0);
    failing::names(stage, &no_more, "clone", Errno::EAGAIN)?;
    failing::names_command(stage, &["-U"])
}

fn options_end(stage: &Stage<'_>) -> CheckResult {
    for options in [&["-U"][..], &["-U", "--"]] {
        let held = stage.held_script()?.with(&["-u", "--", "-M", &stage.name()]);
        let held = command::with_awkward_words(stage, held);
        let (_run, command) = hold(stage, &held, options)?;
        has_left(stage, &command, "-U before COMMAND and others behind", &[Kind::User])?;
        command::has_words(&command, &held)?;
    }
    Ok(())
}

fn two_records(stage: &Stage<'_>) -> CheckResult {
    for (option, file) in [("-M", "uid_map"), ("-G", "gid_map")] {
        let (first, second) = (stage.number(2000..30000), stage.number(30000..60000));
        let (outside, count) = (stage.number(1..400), stage.number(2..400));
        // Three, as two may be a special case; one of several ids; and more than a usual buffer holds.
        let several = vec![
            format!("{first} 0 1"),
            format!("{second} {outside} {count}"),
            format!("1 {} 1", outside + count),
        ];
        let single = vec![format!("0 {outside} {count}")];
        let many: Vec<String> = (0..MANY_RECORDS).map(|id| format!("{} {id} 1", first + 2 * id)).collect();
        for records in [several, single, many] {
            let held = stage.held_script()?;
            let (_run, command) = hold(stage, &held, &["-U", option, &records.join(",")])?;
            has_map(stage, &command, file, &records.join("\n"))?;
        }
    }
    Ok(())
}
