//! userns_setns_test: parent and child, the child in a new user namespace, both try to join a third one.
//!
//!     userns_setns_test FILE
//!
//! The contract is in README.md.

fn main() {
    // 1. Open FILE.
    // 2. Create the child in a new user namespace.
    // 3. In the parent: print, try to join, print; then let the child do the same.
    // 4. Wait for the child.

    // nix gives what fails as an Errno: eprintln!("clone: {}", error.desc()), then exit status 1.
    eprintln!("userns_setns_test: not written yet");
    std::process::exit(2);
}
