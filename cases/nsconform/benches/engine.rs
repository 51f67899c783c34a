//! `cargo bench`: what the engine costs, as ratios against bare loops that make the same processes
//! and the same system calls in the same run.
//!
//! Absolute times differ between machines and hours; the ratios are what to compare.

use nsconform_catalogue::{approved, catalogue, claims};
use nsconform_lab::call::Call;
use nsconform_lab::call::namespace::Namespace;
use nsconform_lab::job::{Finish, Job};
use nsconform_lab::trace::{Event, Trace};
use nsconform_suite::catalogue::Catalogue;
use nsconform_suite::prelude::*;
use nsconform_suite::runner::{Role, Runner, Setup};
use nsconform_sys::single_threaded::SingleThreaded;
use std::process::Command;
use std::time::{Duration, Instant};

/// How many calls the measured case makes besides creating its two processes.
const CALLS: usize = 20;
/// How often each thing is measured.
const REPETITIONS: usize = 600;
/// How many are measured together; the median of the series counts.
const SERIES: usize = 20;

static CASES: [Case; 1] = [Case {
    id: "bench.calls",
    play: |lab| {
        let outer = lab.process("outer")?;
        let inner = outer.clone("inner", NEWUTS)?;
        for _ in 0..CALLS / 2 {
            inner.sethostname("inner.example")?;
            inner.gethostname()?;
        }
        Ok(())
    },
    ..CASE
}];

fn main() {
    nsconform_lab::actor::continue_if_asked();
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    one_case();
    whole_suite();
    start_and_memory();
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn single() -> SingleThreaded {
    SingleThreaded::prove().expect("a benchmark starts no threads")
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// (a) A case of some calls against a bare loop.
fn one_case() {
    let cases: &'static [&'static Case] = Box::leak(Box::new([&CASES[0]]));
    let catalogue = Catalogue { cases, ..claims() };
    let mut runner = Runner::start(&single(), catalogue, Setup { jobs: 1, ..Setup::default() }).unwrap();
    let (mut engine, mut sealed, mut unsealed) = (Vec::new(), Vec::new(), Vec::new());
    let bare: &dyn Fn() = &|| bare_script();
    // In turn, so that all three meet the same hour of the machine; one case after the other, as
    // a run with one job at a time does.
    for _ in 0..REPETITIONS / SERIES {
        let jobs: Vec<Job> = (0..SERIES).map(|_| runner.job(Role::Case(0))).collect();
        let one_of = |whole: Duration| whole / SERIES as u32;
        engine.push(one_of(timed(|| {
            runner.run_jobs(&jobs, &mut |_, run| assert_eq!(run.finish, Finish::Ended));
        })));
        sealed.push(one_of(timed(|| {
            (0..SERIES).for_each(|_| in_child(bare::SEALED, &|| bare::seal(bare)));
        })));
        unsealed.push(one_of(timed(|| (0..SERIES).for_each(|_| in_child(0, bare)))));
    }
    let (engine, sealed, unsealed) = (median(engine), median(sealed), median(unsealed));
    println!("a case of {CALLS} calls by two processes, median of series of {SERIES}");
    println!("  engine                                        {:8.0} us", micros(engine));
    println!(
        "  bare loop, same processes, calls and seal     {:8.0} us   ratio {:.2}",
        micros(sealed),
        micros(engine) / micros(sealed)
    );
    println!(
        "  bare loop without any seal                    {:8.0} us   ratio {:.2}",
        micros(unsealed),
        micros(engine) / micros(unsealed)
    );
}

fn timed(what: impl FnOnce()) -> Duration {
    let started = Instant::now();
    what();
    started.elapsed()
}

/// The calls of the case, without the engine.
fn bare_script() {
    in_child(0, &|| {
        in_child(libc::CLONE_NEWUTS, &|| {
            let mut names = [0u8; 390];
            for _ in 0..CALLS / 2 {
                // SAFETY: the name is a constant of that length; the buffer is a utsname.
                unsafe {
                    libc::sethostname(c"inner.example".as_ptr(), 13);
                    libc::uname(names.as_mut_ptr().cast());
                }
            }
        });
    });
}

/// Runs `what` in a child made by clone(2) with these flags, and waits for its end.
fn in_child(flags: libc::c_int, what: &dyn Fn()) {
    // SAFETY: the benchmark has one thread, so the child's copy of the heap is consistent; it ends
    // by _exit and runs nothing of the parent's.
    unsafe {
        match libc::syscall(libc::SYS_clone, libc::c_long::from(flags | libc::SIGCHLD), 0, 0, 0, 0) {
            0 => {
                what();
                libc::_exit(0);
            }
            -1 => panic!("clone: {}", std::io::Error::last_os_error()),
            pid => {
                libc::waitpid(pid as i32, std::ptr::null_mut(), 0);
            }
        }
    }
}

/// The seal of the engine, as plain system calls.
mod bare {
    pub const SEALED: libc::c_int =
        libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::CLONE_NEWUTS | libc::CLONE_NEWIPC;

    /// Mounts what a sealed director mounts, then runs the script.
    pub fn seal(script: &dyn Fn()) {
        // SAFETY: constants only; in a mount namespace of our own, made private first.
        unsafe {
            let none = std::ptr::null();
            libc::mount(none, c"/".as_ptr(), none, libc::MS_REC | libc::MS_PRIVATE, none.cast());
            libc::mount(c"proc".as_ptr(), c"/proc".as_ptr(), c"proc".as_ptr(), 0, none.cast());
            libc::mount(c"scratch".as_ptr(), c"/tmp".as_ptr(), c"tmpfs".as_ptr(), 0, none.cast());
        }
        script();
    }
}

/// (b) The whole suite against the sum of bare loops that make the same processes and namespaces.
fn whole_suite() {
    let setup = Setup::default();
    let mut runner = Runner::start(&single(), claims(), setup).unwrap();
    let all: Vec<usize> = (0..catalogue().len()).collect();
    let (_, runnable) = runner.split_runnable(&all);
    let jobs: Vec<Job> = runnable.iter().map(|index| runner.job(Role::Case(*index))).collect();
    let mut traces: Vec<Trace> = vec![Trace::default(); jobs.len()];
    let mut walls = Vec::new();
    for _ in 0..5 {
        let started = Instant::now();
        runner.run_jobs(&jobs, &mut |index, run| traces[index] = run.trace);
        walls.push(started.elapsed());
    }
    let wall = median(walls);
    drop(runner);
    let floor = median(
        (0..5)
            .map(|_| {
                timed(|| {
                    traces.iter().for_each(|trace| {
                        in_child(bare::SEALED, &|| {
                            bare::seal(&|| same_processes(trace));
                        })
                    })
                })
            })
            .collect(),
    );
    let calls: usize = traces.iter().map(Trace::calls).sum();
    println!("\nthe whole suite: {} cases, {calls} calls, {} directors side by side", jobs.len(), setup.jobs);
    println!("  wall time                                     {:8.1} ms", micros(wall) / 1e3);
    println!(
        "  bare processes, seals and namespaces, divided {:8.1} ms   ratio {:.2}",
        micros(floor) / 1e3 / setup.jobs as f64,
        micros(wall) * setup.jobs as f64 / micros(floor)
    );
    assert!(catalogue().iter().all(|case| approved(case.id).is_some()));
}

/// Makes the processes and namespaces that a trace shows, one after the other, and as many other
/// system calls.
fn same_processes(trace: &Trace) {
    let mut first = true;
    for event in &trace.0 {
        match event {
            // The first process of a case is made by the director.
            Event::Process(_) if first => {
                first = false;
                in_child(0, &|| {});
            }
            Event::Call { call, .. } => match (call, call.flags()) {
                (Call::Namespace(Namespace::unshare { .. }), Some(flags)) => in_child(0, &|| {
                    // SAFETY: takes a number; in a child of its own.
                    unsafe { libc::unshare(flags.bits() as i32) };
                }),
                (_, Some(flags)) => {
                    let kinds = flags & (NEWNS | NEWUTS | NEWIPC | NEWPID | NEWNET | NEWUSER | NEWCGROUP);
                    in_child(kinds.bits() as i32, &|| {});
                }
                _ => {
                    // SAFETY: takes nothing.
                    unsafe { libc::syscall(libc::SYS_getpid) };
                }
            },
            _ => {}
        }
    }
}

/// (c) From the start of the program to the end of its first case; (d) the most memory it takes.
fn start_and_memory() {
    let program = env!("CARGO_BIN_EXE_nsconform");
    let first = catalogue()[0].id;
    let one = median((0..30).map(|_| timed(|| run(program, &["run", "--exact", first]))).collect());
    let nothing = median((0..30).map(|_| timed(|| run(program, &["--version"]))).collect());
    run(program, &["run"]);
    // SAFETY: all-zero is a valid rusage; it outlives the call.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage);
        usage
    };
    println!("\nthe program");
    println!("  start to end of one case                      {:8.1} ms", micros(one) / 1e3);
    println!("  start to end of --version                     {:8.1} ms", micros(nothing) / 1e3);
    println!("  most memory of any process                    {:8.1} MiB", usage.ru_maxrss as f64 / 1024.0);
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
}
