//! Has the crate built again where a file of the console came or went: a macro cannot say what it looked for.

fn main() {
    println!("cargo::rerun-if-changed=../console/dist");
}
