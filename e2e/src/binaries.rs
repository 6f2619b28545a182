//! The paths of the programs under test.

use std::env;
use std::path::PathBuf;

/// Returns the path of a binary in the folder `MMMS_BIN_DIR`, or else next to the folder of the test executable
/// (`target/debug`). Cargo does not build other packages' binaries for a test, so the binary must have been built
/// before.
pub fn path(program: &str) -> PathBuf {
    let folder = env::var_os("MMMS_BIN_DIR").map_or_else(beside_the_tests, PathBuf::from);
    let path = folder.join(program);
    assert!(
        path.is_file(),
        "{} is not there: build the workspace first, as `make test` does",
        path.display()
    );
    path
}

fn beside_the_tests() -> PathBuf {
    let test = env::current_exe().expect("the test knows its own path");
    test.ancestors()
        .nth(2)
        .expect("a test executable is in target/debug/deps")
        .to_owned()
}
