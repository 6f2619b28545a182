//! The layers of the crate: mailers, queues and telemetry know the domain, and nothing of how it is stored.

mod imports;

use std::path::Path;

use imports::{Import, Sources};

/// The folders that must not know the storage.
const ABOVE: [&str; 3] = ["mailer", "queue", "telemetry"];

fn is_of_storage(sources: &Sources, import: &Import) -> bool {
    let target = sources.target(import);
    let is_ledger = target
        .and_then(|module| module.get(1))
        .is_some_and(|name| name == "ledger");
    is_ledger || import.first().is_some_and(|name| name == "entity")
}

#[test]
fn what_sends_queues_and_tells_imports_no_storage() {
    let sources = Sources::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let is_above = |module: &Import| {
        module
            .get(1)
            .is_some_and(|folder| ABOVE.contains(&&**folder))
    };
    let modules: Vec<&Import> = sources
        .files()
        .map(|(module, _)| module)
        .filter(|module| is_above(module))
        .collect();
    assert!(modules.len() > 20, "{modules:?}");
    let mut found = Vec::new();
    for module in modules {
        let imports = sources.imports(module);
        for import in imports
            .iter()
            .filter(|import| is_of_storage(&sources, import))
        {
            found.push(format!(
                "{} imports {}",
                module.join("::"),
                import.join("::")
            ));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
