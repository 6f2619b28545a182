//! Where the programs under test are.

use std::env;
use std::path::PathBuf;

/// The binary in the folder that `MMMS_BIN_DIR` names, else beside the test executable's folder
/// (`target/debug`). Cargo does not build other packages' binaries for a test, so it has to be
/// there already.
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
