//! The checks of the assignment `unshare`: new namespaces for the calling process, then a command.

use nsconform_harness::grade::{Checked, Perform, Run, Seen, Stage, Status, Stream, ensure};
use nsconform_harness::kind::Kind;
use nsconform_harness::grade::Break;

pub(super) const CHECKS: &[Perform] = &[
    Perform::new("runs", runs),
    Perform::new("each-option", each_option),
    Perform::new("status", status),
];

/// Starts the submission with these options and a held command.
fn hold<'s>(stage: &'s Stage<'s>, options: &[&str]) -> Result<(Run<'s>, Seen<'s>, u8), Break> {
    let held = stage.held();
    let mut words: Vec<&str> = options.to_vec();
    words.extend(held.words.iter().map(String::as_str));
    let run = stage.start(&words)?;
    let command = run.held(&held)?;
    Ok((run, command, held.status))
}

fn runs(stage: &Stage<'_>) -> Checked {
    let (run, command, status) = hold(stage, &[])?;
    let left = stage.kinds_left_by(&command)?;
    ensure(left.is_empty(), || "without options no namespace is left".into(), || format!("left are {left:?}"))?;
    run.release()?;
    run.ends_with(Status::Exited(status.into()))
}

fn each_option(stage: &Stage<'_>) -> Checked {
    let options = [("-u", Kind::Uts), ("-i", Kind::Ipc), ("-n", Kind::Net), ("-m", Kind::Mnt), ("-C", Kind::Cgroup), ("-U", Kind::User)];
    for (option, kind) in options {
        let (run, command, _) = hold(stage, &[option])?;
        let left = stage.kinds_left_by(&command)?;
        ensure(left == [kind], || format!("{option} leaves {kind:?} alone"), || format!("left are {left:?}"))?;
        run.release()?;
        run.status()?;
    }
    Ok(())
}

fn status(stage: &Stage<'_>) -> Checked {
    let wanted = stage.exit_status();
    let run = stage.start(&["-u", "sh", "-c", &format!("exit {wanted}")])?;
    run.ends_with(Status::Exited(wanted.into()))?;
    let run = stage.start::<&str>(&[])?;
    run.ends_with(Status::Exited(1))?;
    let usage = run.text(Stream::Error);
    ensure(usage.starts_with("Usage"), || "usage on standard error".into(), || format!("{usage:?}"))
}
