//! The result file: how it is replaced, where it may lie, and what an error says.
//!
//! The documents in it are tested in `main` and `consumers`.

use super::gradings::*;
use nix::fcntl::OFlag;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::Mode;
use nsconform_grader::grading::*;
use nsconform_grader::report::{Format, ResultFile};
use rstest::rstest;
use serde_json::Value;
use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

fn partial() -> Grading {
    let mut grading = grading(vec![check("runs", 3, Finding::Passed)]);
    grading.planned = 2;
    grading
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn it_grows_with_the_grading() {
    let scratch = tempfile::tempdir().unwrap();
    let report = report(Format::Json, false, 0);
    let file = ResultFile::new(&scratch.path().join("x.json"), Format::Json).unwrap();
    file.write(&report, &partial()).unwrap();
    assert_eq!(read(file.path())["complete"], false);
    file.write(&report, &grading(vec![check("runs", 3, Finding::Passed)])).unwrap();
    assert_eq!(read(file.path())["complete"], true);
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1, "something was left behind");
}

#[test]
fn others_can_read_it_and_a_mode_that_was_chosen_stays() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("x.json");
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    // The mode that the umask gives a new file.
    let plain = scratch.path().join("plain");
    fs::write(&plain, "").unwrap();
    let usual = fs::metadata(&plain).unwrap().permissions().mode() & 0o777;
    let file = ResultFile::new(&path, Format::Json).unwrap();
    let report = report(Format::Json, false, 0);
    file.write(&report, &partial()).unwrap();
    assert_eq!(mode(), usual);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o646)).unwrap();
    file.write(&report, &partial()).unwrap();
    assert_eq!(mode(), 0o646);
}

#[rstest]
fn a_directory_stands_for_the_file_that_is_looked_for(
    #[values(Format::Exercism, Format::Gradescope, Format::Classroom50)] format: Format,
) {
    let scratch = tempfile::tempdir().unwrap();
    let file = ResultFile::new(scratch.path(), format).unwrap();
    file.write(&report(format, false, 0), &partial()).unwrap();
    let name = if format == Format::Classroom50 { "result.json" } else { "results.json" };
    assert_eq!(faults(format, &read(&scratch.path().join(name))), Vec::<String>::new());
}

/// A student's folder may have links to files of whoever grades.
#[rstest]
#[case::file("link")]
#[case::directory("way/real")]
#[case::dangling("dangling")]
fn no_symbolic_link_is_followed(#[case] path: &str) {
    let scratch = tempfile::tempdir().unwrap();
    let (real, path) = (scratch.path().join("real"), scratch.path().join(path));
    fs::write(&real, "old").unwrap();
    symlink("real", scratch.path().join("link")).unwrap();
    symlink(".", scratch.path().join("way")).unwrap();
    symlink("nowhere", scratch.path().join("dangling")).unwrap();
    let error = ResultFile::new(&path, Format::Json).unwrap_err();
    assert!(error.contains("is a symbolic link, or is reached by one"), "{error}");
    assert_eq!(fs::read_to_string(&real).unwrap(), "old");
}

/// One that comes afterwards is replaced.
#[test]
fn a_symbolic_link_is_replaced() {
    let scratch = tempfile::tempdir().unwrap();
    let (real, path) = (scratch.path().join("real"), scratch.path().join("result"));
    fs::write(&real, "old").unwrap();
    let file = ResultFile::new(&path, Format::Json).unwrap();
    symlink("real", &path).unwrap();
    file.write(&report(Format::Json, false, 0), &partial()).unwrap();
    assert_eq!(fs::read_to_string(&real).unwrap(), "old");
    assert_eq!(read(&path)["complete"], false);
}

#[test]
fn a_device_is_written_to_and_not_replaced() {
    let scratch = tempfile::tempdir().unwrap();
    let pipe = scratch.path().join("pipe");
    nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    // Open for both, so that neither end waits for the other.
    let mut reader = fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
    let file = ResultFile::new(&pipe, Format::Json).unwrap();
    let report = report(Format::Json, false, 0);
    file.write(&report, &partial()).unwrap();
    file.write(&report, &grading(vec![check("runs", 3, failed())])).unwrap();
    let mut read = serde_json::Deserializer::from_reader(&mut reader).into_iter::<Value>();
    assert_eq!(read.next().unwrap().unwrap()["complete"], true);
}

#[rstest]
#[case::directory("none/x.json", "none does not exist: make it first")]
#[case::trailing_slash("none/", "none/ does not exist: make it first")]
#[case::below_a_file("file/x.json", "file/x.json: Not a directory")]
#[case::taken("taken", "taken/grading.json is a directory")]
fn what_is_wrong_with_a_path_is_said(#[case] path: &str, #[case] expected: &str) {
    let scratch = tempfile::tempdir().unwrap();
    fs::write(scratch.path().join("file"), "").unwrap();
    fs::create_dir_all(scratch.path().join("taken/grading.json")).unwrap();
    let error = ResultFile::new(&scratch.path().join(path), Format::Json).unwrap_err();
    assert!(error.contains(expected), "{error}");
}

/// The disk is a small file system in namespaces of a second process, which is this test again.
#[test]
fn a_full_disk_loses_nothing() {
    let scratch = match std::env::var_os(SMALL_DISK) {
        Some(path) => path,
        None => return again_on_a_small_disk(),
    };
    let file = ResultFile::new(&Path::new(&scratch).join("x.json"), Format::Json).unwrap();
    let report = report(Format::Json, false, 0);
    file.write(&report, &partial()).unwrap();
    let before = read(file.path());
    let mut large = partial();
    large.checks[0].printed = "y".repeat(1 << 20);
    let error = file.write(&report, &large).unwrap_err();
    assert!(error.contains("x.json: No space left on device"), "{error}");
    assert!(error.ends_with("; what it held before is kept"), "{error}");
    assert_eq!(read(file.path()), before);
    assert_eq!(fs::read_dir(&scratch).unwrap().count(), 1, "something was left behind");
    file.write(&report, &grading(vec![check("runs", 3, Finding::Passed)])).unwrap();
    assert_eq!(read(file.path())["complete"], true);
}

const SMALL_DISK: &str = "NSCONFORM_TEST_SMALL_DISK";

fn again_on_a_small_disk() {
    let scratch = tempfile::tempdir().unwrap();
    let place = CString::new(scratch.path().as_os_str().as_bytes()).unwrap();
    let identity = |id: u32| format!("0 {id} 1");
    let maps = [
        (c"/proc/self/setgroups", "deny".to_string()),
        (c"/proc/self/uid_map", identity(nix::unistd::geteuid().as_raw())),
        (c"/proc/self/gid_map", identity(nix::unistd::getegid().as_raw())),
    ];
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "file::a_full_disk_loses_nothing"]).env(SMALL_DISK, scratch.path());
    let prepare = move || {
        unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
        for (path, map) in &maps {
            let file = nix::fcntl::open(*path, OFlag::O_WRONLY, Mode::empty())?;
            nix::unistd::write(&file, map.as_bytes())?;
        }
        let (tmpfs, size) = (Some(c"tmpfs"), Some(c"size=64k"));
        Ok(mount(tmpfs, place.as_c_str(), tmpfs, MsFlags::empty(), size)?)
    };
    // SAFETY: `prepare` makes system calls alone: what it needs was allocated before.
    unsafe { again.pre_exec(prepare) };
    let done = again.output().unwrap();
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && told.contains("1 passed"), "{told}");
}

/// The directory vanishes while grading goes on.
#[test]
fn a_failure_names_the_file() {
    let scratch = tempfile::tempdir().unwrap();
    let file = ResultFile::new(&scratch.path().join("x.json"), Format::Json).unwrap();
    fs::remove_dir_all(scratch.path()).unwrap();
    let error = file.write(&report(Format::Json, false, 0), &partial()).unwrap_err();
    assert!(error.contains("x.json") && error.contains("No such file or directory"), "{error}");
}

/// Gradescope takes the absence of a result as a failed run, and anything else as a score.
#[test]
fn gradescope_finds_no_result_of_a_grading_that_broke_off() {
    let scratch = tempfile::tempdir().unwrap();
    let file = ResultFile::new(scratch.path(), Format::Gradescope).unwrap();
    let report = report(Format::Gradescope, false, 0);
    let mut grading = partial();
    file.write(&report, &grading).unwrap();
    assert!(file.path().exists());
    grading.broken = Some("the stage could not be built".into());
    file.write(&report, &grading).unwrap();
    assert!(!file.path().exists());
    file.write(&report, &grading).unwrap();
}
