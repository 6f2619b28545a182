//! The examples of a document, as a reader copies them.

/// Returns the blocks in this language below the heading, in order, as one text.
pub fn printed(document: &str, heading: &str, language: &str) -> String {
    let (_, rest) = document
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("no heading {heading}"));
    let section = rest.split("\n## ").next().unwrap_or(rest);
    let fence = format!("```{language}\n");
    let blocks = section.split(&fence).skip(1);
    let text: String = blocks
        .map(|block| block.split_once("```").expect("the block ends").0)
        .collect();
    assert!(!text.is_empty(), "no example under {heading}");
    text
}
