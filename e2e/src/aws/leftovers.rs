//! Processes that the emulator runs for an account: functions and databases.

use std::fs;
use std::path::{Path, PathBuf};

use super::Account;

impl Account {
    /// Returns the command lines of the functions' processes.
    pub fn function_processes(&self) -> Vec<String> {
        let account = format!("AWS_ACCESS_KEY_ID={}", self.id());
        let found = processes().filter(|process| {
            let variables = texts(&process.join("environ"));
            let is_function = |variable: &String| variable.starts_with("AWS_LAMBDA_RUNTIME_API=");
            variables.contains(&account) && variables.iter().any(is_function)
        });
        found.map(|process| command(&process)).collect()
    }
}

/// Returns the command lines of the `PostgreSQL` servers at this port.
pub fn database_processes(port: u16) -> Vec<String> {
    let port = port.to_string();
    let found = processes().filter(|process| {
        let words = texts(&process.join("cmdline"));
        let is_server = words
            .first()
            .is_some_and(|path| path.ends_with("/postgres"));
        is_server
            && words
                .windows(2)
                .any(|pair| pair[0] == "-p" && pair[1] == port)
    });
    found.map(|process| command(&process)).collect()
}

fn processes() -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir("/proc").expect("a system with /proc");
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| path.join("cmdline").is_file())
}

fn command(process: &Path) -> String {
    texts(&process.join("cmdline")).join(" ")
}

/// Returns an empty list for a process that has ended meanwhile, or that belongs to another user.
fn texts(file: &Path) -> Vec<String> {
    let bytes = fs::read(file).unwrap_or_default();
    let texts = String::from_utf8_lossy(&bytes).into_owned();
    texts.split_terminator('\0').map(str::to_owned).collect()
}
