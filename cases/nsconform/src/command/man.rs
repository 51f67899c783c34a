//! `nsconform man`: the manual pages, made from the same words as `--help`.

use super::{CommandResult, Failure, output, print_data};
use clap::Command;
use clap_mangen::Man;
use nsconform_suite::verdict::ExitStatus;
use std::io::{self, Write};
use std::path::PathBuf;

/// The command line of `man`.
#[derive(clap::Args)]
pub struct ManArguments {
    /// Write nsconform(1) and a page for each command into this directory [default: only nsconform(1), to standard output]
    directory: Option<PathBuf>,
}

/// Runs the command; `program` is the whole command line.
pub fn man(program: Command, arguments: &ManArguments) -> CommandResult {
    let mut program = program.disable_help_subcommand(true);
    program.build();
    let Some(directory) = &arguments.directory else {
        print_data(|to| write_page(&program, to))?;
        return Ok(ExitStatus::Success);
    };
    let cannot = |path: &std::path::Path, error: io::Error| {
        Failure::usage(format!("{} cannot be written: {error}", path.display()))
    };
    std::fs::create_dir_all(directory).map_err(|error| cannot(directory, error))?;
    for command in commands(&program) {
        let path = directory.join(Man::new(command.clone()).get_filename());
        let mut text = Vec::new();
        write_page(command, &mut text)
            .and_then(|()| output::replace(&path, &text))
            .map_err(|error| cannot(&path, error))?;
    }
    Ok(ExitStatus::Success)
}

/// A command and those below it that are shown.
fn commands(command: &Command) -> Vec<&Command> {
    let below = command.get_subcommands().filter(|below| !below.is_hide_set());
    std::iter::once(command).chain(below.flat_map(commands)).collect()
}

/// The sections that clap_mangen knows, and the words behind the options line by line: filled as a
/// paragraph, a table of exit statuses would be lost.
fn write_page(command: &Command, to: &mut dyn Write) -> io::Result<()> {
    let man = Man::new(command.clone()).manual("nsconform");
    man.render_title(to)?;
    man.render_name_section(to)?;
    man.render_synopsis_section(to)?;
    man.render_description_section(to)?;
    man.render_options_section(to)?;
    if command.get_subcommands().any(|below| !below.is_hide_set()) {
        man.render_subcommands_section(to)?;
    }
    if let Some(after) = command.get_after_help() {
        write_lines(&after.to_string(), to)?;
    }
    let own = command.get_display_name().unwrap_or_else(|| command.get_name());
    let other = if own == "nsconform" { "" } else { ".BR nsconform (1),\n" };
    writeln!(to, ".SH SEE ALSO\n{other}.BR namespaces (7)")
}

/// A section of lines as they are. Its first line is the heading if it ends with a colon.
fn write_lines(text: &str, to: &mut dyn Write) -> io::Result<()> {
    let (heading, text) = match text.split_once('\n') {
        Some((first, rest)) if first.ends_with(':') => (first.trim_end_matches(':').to_uppercase(), rest),
        _ => ("NOTES".to_string(), text),
    };
    writeln!(to, ".SH {heading}\n.nf")?;
    for line in text.lines() {
        // A dot or a quote at the beginning would be a request.
        writeln!(to, "\\&{}", line.replace('\\', "\\e").replace('-', "\\-"))?;
    }
    writeln!(to, ".fi")
}
