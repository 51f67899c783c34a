//! x
use nsconform::{approved, catalogue};
use nsconform_harness::runner::Runner;
fn main() {
    nsconform_harness::actor::continue_if_asked();
    let t = std::time::Instant::now();
    let mut r = Runner::start(catalogue(), 2, 1.0).unwrap();
    eprintln!("{:?} start {:?}", r.mode(), t.elapsed());
    let all: Vec<usize> = (0..catalogue().len()).collect();
    r.run_cases(&all, &approved, &mut |_, rec| {
        println!("{} {:?} {}us\n{}", rec.id, rec.verdict, rec.duration_us, rec.trace.join("\n"));
    });
    eprintln!("{:?}", t.elapsed());
    for need in nsconform_harness::requirement::ALL {
        eprintln!("{} {:?}", need.name, r.finding(need));
    }
}
