//! demo_userns: a child in a new user namespace tells who it is there.
//!
//!     demo_userns [SECONDS]
//!
//! The contract is in README.md.

fn main() {
    // 1. Read SECONDS, if given.
    // 2. Create the child in a new user namespace.
    // 3. In the child: print the line, once or again and again.
    // 4. In the parent: wait, and pass on how the child ended.

    // nix gives what fails as an Errno: eprintln!("clone: {}", error.desc()), then exit status 1.
    eprintln!("demo_userns: not written yet");
    std::process::exit(2);
}
