//! The guides in `docs/guides`, executed as printed: a guide's files are written, its commands are one script, and what
//! it says they print is compared with what they print.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::process::Command;

use crate::program;

/// Where guides and the README say that MMMS is.
const ADDRESS: &str = "http://127.0.0.1:8000";

/// A program that a guide starts in the background ends with it, also when a command fails.
const STOPS_WHAT_IT_STARTED: &str = "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n";

/// A fenced block of a guide.
struct Block {
    language: String,
    /// The name of the file that it is, which ends the line above: "In `send.mjs`:".
    file: Option<String>,
    text: String,
}

/// A guide in a folder of its own, in which its commands are executed.
pub struct Guide {
    blocks: Vec<Block>,
    folder: TempDir,
    replaced: Vec<(String, String)>,
}

impl Guide {
    /// Reads `docs/guides/NAME.md`, for a server at this address.
    pub fn new(name: &str, url: &str) -> Self {
        let path = of_repository(&format!("docs/guides/{name}.md"));
        let text =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self {
            blocks: blocks(&text),
            folder: TempDir::new().expect("a temporary folder"),
            replaced: vec![(ADDRESS.to_owned(), url.to_owned())],
        }
    }

    /// Replaces a value that the test cannot have as it is printed, such as an address. It must be there.
    #[must_use]
    pub fn with(mut self, printed: &str, value: &str) -> Self {
        let found = |block: &Block| block.text.contains(printed);
        assert!(self.blocks.iter().any(found), "not printed: {printed}");
        self.replaced.push((printed.to_owned(), value.to_owned()));
        self
    }

    /// Returns the folder in which the commands are executed.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the content of a file of the guide.
    pub fn file(&self, name: &str) -> String {
        let block = |block: &&Block| block.file.as_deref() == Some(name);
        let found = self.blocks.iter().find(block);
        self.replace(&found.unwrap_or_else(|| panic!("no file {name}")).text)
    }

    /// Lets commands find the packages of one of the repository's `node_modules`.
    #[must_use]
    pub fn with_modules(self, of: &str) -> Self {
        let modules = of_repository(of).join("node_modules");
        std::os::unix::fs::symlink(modules, self.folder().join("node_modules"))
            .expect("the link is made");
        self
    }

    /// Writes the guide's files, executes its commands, and returns what they print. Each line of a `text` block has to
    /// be printed, with anything in the place of `…`.
    pub async fn run(&self) -> String {
        self.write_files();
        let mut command = Command::new("bash");
        command
            .args(["-euo", "pipefail", "-c"])
            .arg(STOPS_WHAT_IT_STARTED.to_owned() + &self.script())
            .current_dir(self.folder());
        let python = of_repository(".cache/python/bin");
        let path = std::env::var("PATH").expect("a PATH");
        command.env("PATH", format!("{}:{path}", python.display()));
        let shown = program::passes(command).await;
        for block in self.blocks.iter().filter(|block| block.language == "text") {
            for line in block.text.lines() {
                let printed = shown.lines().any(|shown| is_like(shown, line));
                assert!(printed, "not printed: {line}\nbut\n{shown}");
            }
        }
        shown
    }

    /// Writes the files of the guide into its folder.
    pub fn write_files(&self) {
        for block in &self.blocks {
            if let Some(name) = &block.file {
                let path = self.folder().join(name);
                let folder = path.parent().expect("a file is in a folder");
                fs::create_dir_all(folder).expect("the folder is made");
                fs::write(path, self.replace(&block.text)).expect("the file is written");
            }
        }
    }

    /// Returns the commands as one script, as if they were copied into one shell.
    fn script(&self) -> String {
        let mut script = String::new();
        for block in self.blocks.iter().filter(|block| block.file.is_none()) {
            match block.language.as_str() {
                "sh" => script += &block.text,
                "text" => {}
                other => panic!("an example is not executed: {other}\n{}", block.text),
            }
        }
        assert!(!script.is_empty(), "the guide has no commands");
        self.replace(&script)
    }

    fn replace(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (printed, value) in &self.replaced {
            text = text.replace(printed, value);
        }
        text
    }
}

/// Returns the path of a file of the repository.
pub fn of_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut above = "";
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let content: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push(Block {
                language: language.to_owned(),
                file: file_in(above),
                text: content.join("\n") + "\n",
            });
            above = "";
        } else if !line.is_empty() {
            above = line;
        }
    }
    blocks
}

/// Returns the name in a line that ends with a file's name and a colon.
fn file_in(line: &str) -> Option<String> {
    let name = line.strip_suffix("`:")?.rsplit('`').next()?;
    let is_name = name.contains('.') && !name.contains(' ');
    is_name.then(|| name.to_owned())
}

/// Whether a line is as printed, where `…` stands for anything.
fn is_like(shown: &str, printed: &str) -> bool {
    let mut rest = shown;
    for (at, part) in printed.split('…').enumerate() {
        match rest.find(part) {
            Some(0) => rest = &rest[part.len()..],
            Some(found) if at > 0 => rest = &rest[found + part.len()..],
            _ => return false,
        }
    }
    rest.is_empty() || printed.ends_with('…')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_printed_with_anything_in_the_place_of_an_ellipsis() {
        assert!(is_like("id 17 of 20", "id … of 20"));
        assert!(is_like("id 17 of 20", "id …"));
        assert!(is_like("the same", "the same"));
        assert!(!is_like("id 17 of 21", "id … of 20"));
        assert!(!is_like("the same thing", "the same"));
    }

    #[test]
    fn a_block_is_the_file_that_the_line_above_names() {
        let text =
            "In `a/send.mjs`:\n\n```js\nsend();\n```\n\nThen:\n\n```sh\nnode send.mjs\n```\n";
        let found = blocks(text);
        assert_eq!(found[0].file.as_deref(), Some("a/send.mjs"));
        assert_eq!(found[0].text, "send();\n");
        assert_eq!(
            (found[1].file.as_deref(), found[1].language.as_str()),
            (None, "sh")
        );
    }
}
