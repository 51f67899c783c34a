//! The state of the kernel after a script, drawn: a further process looks at the others through /proc,
//! at the end of a play of its own.

use crate::player::ScriptPlayer;
use crate::replay::{Replay, ReplayEnd};
use nsconform_lab::script::Script;
use std::collections::BTreeMap;

/// Draws one view of the state after a script that has these processes.
pub(super) type View = fn(&mut dyn ScriptPlayer, &Script, &[String]) -> Result<Vec<String>, String>;

/// The process that looks.
const VIEWER: &str = "nsconform's viewer";
/// The kinds of namespaces by their links, the owners first.
const KINDS: [&str; 8] = ["user", "mnt", "pid", "uts", "ipc", "net", "cgroup", "time"];

/// The answers to what the viewer does after a script; none for what could not be done.
fn look(
    player: &mut dyn ScriptPlayer,
    script: &Script,
    calls: &[String],
) -> Result<Vec<Option<String>>, String> {
    let mut text = script.to_string();
    text += &format!("+++ {VIEWER} starts as root +++\n");
    for call in calls {
        text += &format!("{VIEWER}  {call}\n");
    }
    let looking: Script = text.parse().map_err(|error| format!("the state cannot be asked for: {error}"))?;
    let replay = player.play(&looking)?;
    if let ReplayEnd::Failed(why) = replay.end {
        return Err(why);
    }
    Ok(answers(&replay, looking.steps.len() - calls.len(), calls.len()))
}

/// The answers of the last steps.
fn answers(replay: &Replay, first: usize, count: usize) -> Vec<Option<String>> {
    let answer = |step: usize| {
        let line = replay.lines.iter().find(|line| line.step == step)?;
        line.answer.clone().filter(|answer| !answer.starts_with("-1 "))
    };
    (first..first + count).map(answer).collect()
}

/// A namespace, its owner or parent and its members.
#[derive(Default)]
struct DrawnSpace {
    above: Option<String>,
    members: Vec<String>,
}

/// The user namespaces as a tree, under each the namespaces that it owns, with their members.
pub(super) fn tree(
    player: &mut dyn ScriptPlayer,
    script: &Script,
    processes: &[String],
) -> Result<Vec<String>, String> {
    let mut calls = Vec::new();
    for (number, process) in processes.iter().enumerate() {
        for kind in KINDS {
            let (file, above) = (format!("{kind}{number}"), format!("above_{kind}{number}"));
            let request = if kind == "user" { "NS_GET_PARENT" } else { "NS_GET_USERNS" };
            calls.push(format!("readlink(\"/proc/<{process}>/ns/{kind}\")"));
            calls.push(format!("open(\"/proc/<{process}>/ns/{kind}\", O_RDONLY) = ${file}"));
            calls.push(format!("ioctl(${file}, {request}) = ${above}"));
            calls.push(format!("? fstat_ns(${above})"));
        }
    }
    let answers = look(player, script, &calls)?;
    let mut spaces: BTreeMap<(usize, String), DrawnSpace> = BTreeMap::new();
    let mut gone = Vec::new();
    for (process, found) in processes.iter().zip(answers.chunks(4 * KINDS.len())) {
        if found.iter().all(Option::is_none) {
            gone.push(process.clone());
        }
        for (order, found) in found.chunks(4).enumerate() {
            let Some(name) = namespace(&found[0]) else {
                continue;
            };
            let space = spaces.entry((order, name)).or_default();
            space.members.push(process.clone());
            space.above = space.above.take().or(found[3].clone());
            // An owner in which nobody is shows too.
            if let Some(above) = found[3].clone() {
                spaces.entry((0, above)).or_default();
            }
        }
    }
    let is_there = |name: &String| spaces.contains_key(&(0, name.clone()));
    let mut lines = Vec::new();
    let tops = spaces.iter().filter(|(_, space)| !space.above.as_ref().is_some_and(is_there));
    for ((_, name), space) in tops {
        lines.push(labelled(name, &space.members));
        below(&spaces, name, "", &mut lines);
    }
    if !gone.is_empty() {
        lines.push(format!("ended: {}", gone.join(", ")));
    }
    Ok(lines)
}

fn labelled(name: &str, members: &[String]) -> String {
    if members.is_empty() { name.to_string() } else { format!("{name}  {}", members.join(", ")) }
}

/// Draws the namespaces below a user namespace.
fn below(spaces: &BTreeMap<(usize, String), DrawnSpace>, name: &str, indent: &str, lines: &mut Vec<String>) {
    // A namespace that names itself, or a circle, would have no end.
    if indent.len() > 200 {
        return;
    }
    let inside = |space: &DrawnSpace| space.above.as_deref() == Some(name);
    let mut found: Vec<_> =
        spaces.iter().filter(|((_, other), space)| inside(space) && other != name).collect();
    // User namespaces last: what they hold follows them.
    found.sort_by_key(|((order, name), _)| (if *order == 0 { KINDS.len() } else { *order }, name.clone()));
    for (number, ((order, other), space)) in found.iter().enumerate() {
        let is_last = number + 1 == found.len();
        let (branch, deeper) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        lines.push(format!("{indent}{branch}{}", labelled(other, &space.members)));
        if *order == 0 {
            below(spaces, other, &format!("{indent}{deeper}"), lines);
        }
    }
}

/// The name of the namespace that a link leads to, as readlink(2) answers; none where it could not be read.
fn namespace(answer: &Option<String>) -> Option<String> {
    answer.as_deref().map(|name| name.trim_matches('"').to_string())
}

/// The id maps of each user namespace.
pub(super) fn maps(
    player: &mut dyn ScriptPlayer,
    script: &Script,
    processes: &[String],
) -> Result<Vec<String>, String> {
    let mut calls = Vec::new();
    for process in processes {
        calls.push(format!("readlink(\"/proc/<{process}>/ns/user\")"));
        calls.push(format!("? cat_map(\"/proc/<{process}>/uid_map\")"));
        calls.push(format!("? cat_map(\"/proc/<{process}>/gid_map\")"));
    }
    let answers = look(player, script, &calls)?;
    let mut seen: BTreeMap<String, (Vec<String>, String, String)> = BTreeMap::new();
    for (process, found) in processes.iter().zip(answers.chunks(3)) {
        let Some(name) = namespace(&found[0]) else { continue };
        let map = |place: usize| found[place].clone().unwrap_or_else(|| "not readable".to_string());
        let entry = seen.entry(name).or_insert_with(|| (Vec::new(), map(1), map(2)));
        entry.0.push(process.clone());
    }
    let mut lines = vec!["inside outside count, in terms of the viewer in the sealed namespaces".to_string()];
    for (name, (members, uids, gids)) in seen {
        lines.push(labelled(&name, &members));
        lines.push(format!("  uid_map  {uids}"));
        lines.push(format!("  gid_map  {gids}"));
    }
    Ok(lines)
}

/// The mounts of each mount namespace and how they propagate.
pub(super) fn props(
    player: &mut dyn ScriptPlayer,
    script: &Script,
    processes: &[String],
) -> Result<Vec<String>, String> {
    let mut calls = Vec::new();
    for process in processes {
        calls.push(format!("readlink(\"/proc/<{process}>/ns/mnt\")"));
        calls.push(format!("? mount_points_of(\"/proc/<{process}>/mountinfo\", \"/\")"));
    }
    let answers = look(player, script, &calls)?;
    let mut spaces: BTreeMap<String, (Vec<String>, Vec<String>)> = BTreeMap::new();
    for (process, found) in processes.iter().zip(answers.chunks(2)) {
        let Some(name) = namespace(&found[0]) else { continue };
        let mut points = quoted(found[1].as_deref().unwrap_or_default());
        points.dedup();
        spaces.entry(name).or_insert_with(|| (Vec::new(), points)).0.push(process.clone());
    }
    let mut calls = Vec::new();
    for (members, points) in spaces.values() {
        let file = format!("\"/proc/<{}>/mountinfo\"", members[0]);
        calls.extend(points.iter().map(|point| format!("? propagation_of({file}, \"{point}\")")));
    }
    let mut answers = look(player, script, &calls)?.into_iter();
    let mut lines = Vec::new();
    for (name, (members, points)) in &spaces {
        lines.push(labelled(name, members));
        let width = points.iter().map(|point| point.len()).max().unwrap_or(0);
        for point in points {
            let how = match answers.next().flatten().as_deref() {
                None => "not readable".to_string(),
                Some("[]") => "private".to_string(),
                Some(how) => how.trim_matches(['[', ']']).to_string(),
            };
            lines.push(format!("  {point:width$}  {how}"));
        }
    }
    Ok(lines)
}

/// The quoted texts of a list, as they stand between their quotation marks.
fn quoted(list: &str) -> Vec<String> {
    let (mut found, mut text, mut inside) = (Vec::new(), String::new(), false);
    let mut letters = list.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if inside => {
                found.push(std::mem::take(&mut text));
                inside = false;
            }
            '"' => inside = true,
            '\\' if inside => {
                text.push(letter);
                text.extend(letters.next());
            }
            _ if inside => text.push(letter),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_texts_are_taken_out_of_a_list() {
        assert_eq!(quoted(r#"["/", "/tmp/a b", "/x\"y"]"#), ["/", "/tmp/a b", r#"/x\"y"#]);
    }

    #[test]
    fn a_circle_of_owners_ends() {
        let mut spaces = BTreeMap::new();
        spaces.insert((0, "a".to_string()), DrawnSpace { above: Some("b".into()), members: vec![] });
        spaces.insert((0, "b".to_string()), DrawnSpace { above: Some("a".into()), members: vec![] });
        let mut lines = Vec::new();
        below(&spaces, "a", "", &mut lines);
        assert!(lines.len() < 100);
    }
}
