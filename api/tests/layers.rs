//! The layers of the crate: no two files import each other, directly or through others.
//!
//! A folder's `mod.rs` and its children count as files like any other. A parent may import its children, as `mod.rs`
//! does to put them together; then they must not import it, and what they share has a file of its own.

#[path = "../../mail/tests/imports/mod.rs"]
mod imports;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use imports::{Import, Sources, imports_of};

type Graph = BTreeMap<Import, BTreeSet<Import>>;

fn graph(sources: &Sources) -> Graph {
    let edges = sources.files().map(|(module, _)| {
        let imports = sources.imports(module);
        let targets = imports.iter().filter_map(|import| sources.target(import));
        let targets = targets.filter(|target| *target != module).cloned();
        (module.clone(), targets.collect())
    });
    edges.collect()
}

/// The modules of one circle, the first of them again at the end; empty where there is none.
fn circle(graph: &Graph) -> Vec<Import> {
    let mut rest = graph.clone();
    loop {
        let leaves: BTreeSet<Import> = rest
            .iter()
            .filter(|(_, targets)| targets.iter().all(|target| !rest.contains_key(target)))
            .map(|(module, _)| module.clone())
            .collect();
        if leaves.is_empty() {
            break;
        }
        rest.retain(|module, _| !leaves.contains(module));
    }
    let Some(mut module) = rest.keys().next() else {
        return Vec::new();
    };
    // Each module that is left imports another one that is left.
    let mut way: Vec<Import> = Vec::new();
    while !way.contains(module) {
        way.push(module.clone());
        module = rest[module]
            .iter()
            .find(|target| rest.contains_key(*target))
            .expect("a module that is left");
    }
    let first = way.iter().position(|passed| passed == module);
    let mut way = way.split_off(first.expect("the way came back"));
    way.push(module.clone());
    way
}

fn segments(path: &str) -> Import {
    path.split("::").map(str::to_owned).collect()
}

#[test]
fn no_file_imports_itself_through_others() {
    let sources = Sources::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let graph = graph(&sources);
    let edges: usize = graph.values().map(BTreeSet::len).sum();
    assert!(graph.len() > 30 && edges > 60, "{graph:?}");
    let circle = circle(&graph);
    let names: Vec<String> = circle.iter().map(|module| module.join("::")).collect();
    assert!(names.is_empty(), "a circle: {}", names.join(" -> "));
}

#[test]
fn a_circle_is_found_wherever_it_stands() {
    let graph: Graph = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "b"), ("e", "a")]
        .map(|(from, to)| (segments(from), BTreeSet::from([segments(to)])))
        .into();
    let found = circle(&graph);
    assert_eq!(found.len(), 4, "{found:?}");
    assert_eq!(found.first(), found.last());
    assert!(!found.contains(&segments("a")) && !found.contains(&segments("e")));
    let mut open = graph;
    open.insert(segments("d"), BTreeSet::new());
    assert!(circle(&open).is_empty());
}

#[test]
fn imports_are_found_in_every_form() {
    let text = "
        mod child;
        use super::{\n    sibling::{self, One},\n    Two as Other,\n};
        use crate::app::App;
        use child::*;
        #[cfg(test)]
        use crate::only_for_tests;
        fn f() -> crate::problem::Problem {
            tracing::info!(x = crate::in_macro::y(1), \"crate::no::import\");
            child::g::<self::inner::Three>()
        }
        mod inner {
            use super::super::Four;
        }
        #[cfg(test)]
        mod tests { use crate::server; }
    ";
    let found: BTreeSet<String> = imports_of(&segments("crate::v1::mail"), text)
        .iter()
        .filter(|import| import[0] == "crate")
        .map(|import| import.join("::"))
        .collect();
    let expected = [
        "crate::app::App",
        "crate::in_macro::y",
        "crate::problem::Problem",
        "crate::v1::Four",
        "crate::v1::Two",
        "crate::v1::mail::child",
        "crate::v1::mail::child::g",
        "crate::v1::mail::inner::Three",
        "crate::v1::sibling",
        "crate::v1::sibling::One",
    ];
    assert_eq!(found, expected.map(str::to_owned).into());
}
