//! Cgroups as processes see them: /proc/PID/cgroup, cgroups(7).
//!
//! Making and mounting cgroups needs no calls of its own: see `file` and `mount`.

use super::argument::Pathname;
use super::calls;
use crate::outcome::{Errno, Value};

calls! {
    /// Calls about cgroups.
    Cgroup, CgroupCalls, actor:

    /// Reads from a file like /proc/PID/cgroup where its process is in the version 2 hierarchy, as the reader's cgroup namespace shows it.
    cat_cgroup2(path: Pathname) observes "the file, by open(2) and read(2); of it the line `0::`" {
        let content = std::fs::read_to_string(super::file::path_of(&path))?;
        let place = content.lines().find_map(|line| line.strip_prefix("0::")).ok_or(Errno(libc::ENOENT))?;
        Ok(Value::text(place))
    }

    /// Lists the cgroups directly below a cgroup: the directories in its directory.
    list_cgroups(path: Pathname) observes "the directory, by open(2) and getdents64(2); of it the directories" {
        let mut names: Vec<String> = std::fs::read_dir(super::file::path_of(&path))?
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        Ok(Value::List(names.into_iter().map(Value::word).collect()))
    }
}
