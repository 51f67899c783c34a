//! How commands show at a terminal how far they are, and what an interrupt leaves there.

use super::terminal::Terminal;
use rstest::rstest;

#[rstest]
#[case::verify(&["verify", "uts.copied", "--rounds", "2"], " runs")]
#[case::audit(&["audit", "uts.copied"], " mutants")]
#[case::run(&["run", "uts.copied", "--format", "json", "--output", "/dev/null"], " uts.copied")]
#[case::report(
    &["report", concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/runs/6.12.root.jsonl"), "--format", "csv",
      "--output", "/dev/null"],
    "] 0 of 1 runs"
)]
#[case::fetch_kernels(&["fetch-kernels", "--offline", "--only", "6.12"], "  0 % [")]
fn the_state_of_the_work_is_shown(#[case] arguments: &[&str], #[case] shown: &str) {
    let mut terminal = Terminal::start(arguments);
    terminal.expect(shown);
    // Without the kernel in the cache, one command fails.
    assert!(matches!(terminal.end(), Some(0 | 3)));
}

#[rstest]
#[case::verify(&["verify", "uts.", "--rounds", "100000"], " runs were done")]
#[case::run(&["run", "mnt.", "--jobs", "1", "--format", "json", "--output", "/dev/null"], " cases were done")]
fn an_interrupt_clears_the_line_and_says_how_far_it_was(#[case] arguments: &[&str], #[case] shown: &str) {
    let mut terminal = Terminal::start(arguments);
    terminal.expect("1/");
    terminal.type_in("\u{3}");
    terminal.expect("nsconform: interrupted by SIGINT: ");
    terminal.expect(shown);
    // Whoever waits for it sees the signal.
    assert_eq!(terminal.end(), None);
}
