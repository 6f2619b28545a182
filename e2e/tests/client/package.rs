//! What the package has in it: types, links and the two ways to load it.

use std::fs;

use e2e::printed::printed;
use e2e::program::passes;

use crate::project::{Project, of_repository, tool};

const README: &str = include_str!("../../../client/README.md");

#[tokio::test]
async fn its_types_hold_for_a_bundler_and_for_node() {
    let project = Project::new().await;
    for path in [
        "e2e/client/consumer.ts",
        "e2e/client/page.ts",
        "e2e/client/browser.tsconfig.json",
        "e2e/client/node.tsconfig.json",
        "client/examples/contact-form/contact.ts",
        "client/examples/newsletter.mjs",
    ] {
        project.copy(path);
    }
    project.write("browser.example.ts", &printed(README, "In a page", "ts"));
    for settings in ["browser.tsconfig.json", "node.tsconfig.json"] {
        let mut compile = project.command(tool("tsc"));
        compile
            .args(["--project", settings, "--typeRoots"])
            .arg(of_repository("client/node_modules/@types"));
        passes(compile).await;
    }
}

#[tokio::test]
async fn the_links_of_its_readme_lead_to_files_of_the_package() {
    let project = Project::new().await;
    let package = project.path().join("node_modules/mmms-client");
    let readme = fs::read_to_string(package.join("README.md")).expect("the package has a README");
    let links = readme
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let links: Vec<&str> = links.collect();
    assert!(links.len() >= 5, "{links:?}");
    for link in links {
        let file = link.split('#').next().expect("a first part");
        assert!(!file.starts_with(".."), "{link} leads out of the package");
        assert!(package.join(file).is_file(), "{link} leads nowhere");
    }
}

#[tokio::test]
async fn it_is_loaded_by_import_and_by_require() {
    let project = Project::new().await;
    for load in [
        "const { Mmms } = require('mmms-client'); typeof Mmms === 'function' || process.exit(1)",
        "import('mmms-client').then(({ Mmms }) => typeof Mmms === 'function' || process.exit(1))",
    ] {
        let mut node = project.command("node");
        node.args(["--input-type=commonjs", "--eval", load]);
        passes(node).await;
    }
}
