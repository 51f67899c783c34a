//! `nsconform fetch-kernels`: fills the kernel cache with the newest kernels of the list; and which
//! kernels of the list are meant, for all commands that boot some.

use super::{CommandResult, Failure, print, progress};
use anstyle::{AnsiColor, Style};
use nsconform_suite::verdict::ExitStatus;
use nsconform_vm::kernels::{Kernel, KernelEntry, Kernels, Options, catalogue, default_directory};
use std::io::Write;
use std::path::{Path, PathBuf};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// The command line of `fetch-kernels`.
#[derive(clap::Args)]
pub struct FetchKernelsArguments {
    /// Only the kernels of these names
    #[arg(long, value_name = "NAME", value_delimiter = ',', add = super::complete::kernels())]
    only: Vec<String>,
    /// The Debian mirror [default: the one that apt is configured with]
    #[arg(long, value_name = "URL")]
    mirror: Option<String>,
    /// Only say what the cache holds
    #[arg(long)]
    offline: bool,
    /// A list of kernels to use instead of the built-in one, in the same form
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
}

/// Runs the command.
pub fn fetch_kernels(arguments: &FetchKernelsArguments) -> CommandResult {
    let entries = entries(arguments.list.as_deref(), &arguments.only)?;
    let options = Options {
        mirror: arguments.mirror.clone(),
        offline: arguments.offline,
        cache: default_directory().map_err(Failure::usage)?,
    };
    let bar = progress::bar(entries.len(), "{percent:>3} % [{bar:30}] {pos} of {len} kernels");
    bar.tick();
    let results = Kernels::refresh(&entries, &options, &mut |line| {
        bar.suspend(|| {
            // A closed error output leaves nobody to tell.
            let _ = writeln!(anstream::stderr(), "{line}");
        });
        bar.set_position(kernels_before(&entries, line) as u64);
    });
    bar.finish_and_clear();
    let wanting = results.iter().filter(|(_, result)| result.is_err()).count();
    let width = results.iter().map(|(entry, _)| entry.name.len()).max().unwrap_or(0);
    print(|to| {
        for (KernelEntry { name, .. }, result) in &results {
            match result {
                Ok(kernel) => writeln!(to, "{GOOD}ok     {GOOD:#} {name:width$}  {}", summary(kernel))?,
                Err(error) => writeln!(to, "{BAD}missing{BAD:#} {name:width$}  {error}")?,
            }
        }
        writeln!(
            to,
            "\n{} of {} kernels in {}",
            results.len() - wanting,
            results.len(),
            options.cache.display()
        )
    })?;
    Ok(if wanting == 0 { ExitStatus::Success } else { ExitStatus::HarnessFailed })
}

/// How many kernels come before the one that a line is about; its name stands before a colon.
fn kernels_before(entries: &[KernelEntry], line: &str) -> usize {
    let about = |entry: &KernelEntry| {
        line.strip_prefix(entry.name.as_str()).is_some_and(|rest| rest.starts_with(':'))
    };
    entries.iter().position(about).unwrap_or(0)
}

fn summary(kernel: &Kernel) -> String {
    let modules = if kernel.modules.is_some() { "" } else { ", without modules" };
    let start = if kernel.vmlinux.is_some() { "" } else { ", compressed image only" };
    format!("{}{modules}{start}", kernel.release)
}

/// The entries of some names, in the order of the list, which is the built-in one if no file is
/// named; all that are not optional, if no name is.
///
/// # Errors
/// When the file is no list, or there is no entry of a name: with those that there are.
pub fn entries(list: Option<&Path>, names: &[String]) -> Result<Vec<KernelEntry>, Failure> {
    let list = match list {
        None => catalogue::all_built_in(),
        Some(file) => catalogue::read_file(file),
    };
    list.and_then(|list| catalogue::named(list, names)).map_err(Failure::usage)
}

/// The newest kernel of the list that is in the cache; if there is none, the newest that can be
/// fetched.
///
/// # Errors
/// When no kernel can be had: with the reason for the last one.
pub fn newest(options: &Options) -> Result<Kernel, Failure> {
    let list = catalogue::built_in().map_err(Failure::usage)?;
    let mut reason = String::new();
    for offline in if options.offline { &[true][..] } else { &[true, false] } {
        let options = Options { offline: *offline, ..options.clone() };
        for entry in list.iter().rev() {
            for (entry, kernel) in Kernels::fetch(std::slice::from_ref(entry), &options, &mut |_| {}) {
                match kernel {
                    Ok(kernel) => return Ok(kernel),
                    Err(why) => reason = format!("{}: {why}", entry.name),
                }
            }
        }
    }
    Err(Failure::harness(format!("there is no kernel to boot ({reason}): name one with --kernel")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("5.10: unpacking", 0)]
    #[case("6.1: looking at what bookworm offers", 1)]
    #[case("6.12: fetching linux-image-6.12 (40 MB)", 2)]
    fn a_line_is_about_a_kernel(#[case] line: &str, #[case] expected: usize) {
        let built_in = catalogue::built_in().unwrap();
        let entries: Vec<KernelEntry> = ["5.10", "6.1", "6.12"]
            .map(|name| KernelEntry { name: name.into(), ..built_in[0].clone() })
            .into();
        assert_eq!(kernels_before(&entries, line), expected);
    }
}
