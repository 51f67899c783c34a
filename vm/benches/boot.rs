//! The cost of the matrix beyond booting: for each kernel of the cache a bare boot to a trivial static
//! init that ends QEMU, against the matrix's boot to the last record of one case, and of all cases
//! as both privileges; then all kernels side by side.
//!
//! `vm/bench.sh` builds what is measured and starts this. Times are of this machine and hour; the
//! ratio of one case to the bare boot is what to compare.

use nsconform_vm::boot::{self, BootLimits, Cancel, Ending, MemoryFile};
use nsconform_vm::initramfs::{Contents, InitProgram, build};
use nsconform_vm::kernels::{Kernel, Kernels, Options, catalogue, default_directory};
use nsconform_vm::message::WorkOrder;
use nsconform_vm::qemu::{self, Accelerator, MEMORY, Vm};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The case that is run alone: two processes and a namespace.
const CASE: &str = "uts.isolates-nodename-domainname";
/// How often what takes seconds is measured; the median counts.
const REPETITIONS: usize = 5;

type Measured<T> = Result<T, String>;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if words.iter().any(|word| word == "--list") {
        return;
    }
    let Some((nsconform, names)) = words.split_first() else {
        eprintln!("usage: vm/bench.sh [KERNEL...]");
        std::process::exit(2);
    };
    if let Err(why) = all(Path::new(nsconform), names) {
        eprintln!("boot: {why}");
        std::process::exit(3);
    }
}

fn all(nsconform: &Path, names: &[String]) -> Measured<()> {
    let qemu = qemu::find()?;
    let init = trivial_init()?;
    let list = catalogue::built_in()?;
    let wanted: Vec<_> =
        list.into_iter().filter(|entry| names.is_empty() || names.contains(&entry.name)).collect();
    let options = Options { mirror: None, offline: true, cache: default_directory()? };
    println!("kernel   bare boot   one case  ratio   all cases, as root and as user   initramfs");
    for (entry, kernel) in Kernels::fetch(&wanted, &options, &mut |_| {}) {
        let name = &entry.name;
        let kernel = kernel.map_err(|why| format!("{name}: {why}; `nsconform fetch-kernels` gets it"))?;
        let (mut bare, mut one) = (Vec::new(), Vec::new());
        // One after the other, so that a slow minute is slow for both: what they are to each other is
        // asked of neighbours.
        let mut ratios = Vec::new();
        for _ in 0..REPETITIONS {
            let alone = bare_boot(&qemu, &kernel, &init)?;
            let with_case = records(nsconform, name, &["--case", CASE, "--as", "root"])?.0;
            ratios.push(with_case.as_secs_f64() / alone.as_secs_f64());
            bare.push(alone);
            one.push(with_case);
        }
        ratios.sort_by(f64::total_cmp);
        let (bare, one) = (median(bare), median(one));
        let (all, initramfs) = records(nsconform, name, &[])?;
        println!(
            "{name:7}  {:7.2} s  {:7.2} s  {:5.2}   {:26.1} s   {:6.1} MB",
            bare.as_secs_f64(),
            one.as_secs_f64(),
            ratios[REPETITIONS / 2],
            all.as_secs_f64(),
            initramfs as f64 / 1e6,
        );
    }
    let started = Instant::now();
    let mut command = matrix(nsconform, names);
    command.stdout(Stdio::null());
    let status = command.status().map_err(|error| format!("{}: {error}", nsconform.display()))?;
    println!("\nall of these side by side: {:.1} s, {status}", started.elapsed().as_secs_f64());
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The trivial init, as the file that it is.
fn trivial_init() -> Measured<Vec<u8>> {
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let program = scratch.path().join("init");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/init.c");
    let status = Command::new("cc").args(["-O2", "-static", "-o"]).arg(&program).arg(source).status();
    match status {
        Ok(status) if status.success() => std::fs::read(&program).map_err(|error| error.to_string()),
        Ok(status) => Err(format!("cc -static {source}: {status}")),
        Err(error) => Err(format!("cc: {error}")),
    }
}

/// From the start of QEMU to its end, the guest being the trivial init.
fn bare_boot(qemu: &Path, kernel: &Kernel, init: &[u8]) -> Measured<Duration> {
    let order = WorkOrder::nothing();
    let archive =
        build(&Contents { program: &InitProgram::single(init.to_vec()), modules: &[], order: &order })
            .and_then(|archive| MemoryFile::new(&archive))
            .map_err(|error| format!("initramfs: {error}"))?;
    let vm = Vm {
        qemu,
        accelerator: Accelerator::Tcg,
        kernel: kernel.vmlinux.as_deref().unwrap_or(&kernel.image),
        initramfs: &archive.path(),
        memory: MEMORY,
        arguments: &[],
        talks: None,
    };
    let cancel = Cancel::new().map_err(|error| error.to_string())?;
    let boot = boot::boot(&vm, &BootLimits::default(), &cancel, &mut |_| {});
    // It says nothing to the host, so that it was started and has ended by itself is all there is.
    match boot.ending {
        Ending::Lost(_) => Ok(boot.duration),
        other => Err(format!("the bare boot of {}: {}", kernel.name, other.describe())),
    }
}

fn matrix(nsconform: &Path, names: &[String]) -> Command {
    let mut command = Command::new(nsconform);
    command.args(["matrix", "--offline", "--accel", "tcg", "--format", "json"]);
    if !names.is_empty() {
        command.args(["--only", &names.join(",")]);
    }
    command
}

/// From the start of QEMU to the last record, and the size of the initramfs in bytes.
fn records(nsconform: &Path, name: &str, arguments: &[&str]) -> Measured<(Duration, u64)> {
    let output = matrix(nsconform, &[name.to_string()])
        .args(arguments)
        .output()
        .map_err(|error| format!("{}: {error}", nsconform.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let boot = text
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find(|line| line["type"] == "boot" && line["complete"] == true)
        .ok_or_else(|| format!("{name} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)))?;
    let number = |field: &str| boot[field].as_u64().ok_or_else(|| format!("the boot has no {field}"));
    Ok((Duration::from_millis(number("last_ms")?), number("initramfs_bytes")?))
}
