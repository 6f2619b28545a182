//! The examples of the client's README and of the project's, as they are printed.

use e2e::Server;
use e2e::printed::printed;
use e2e::program::passes;
use serde_json::json;

use crate::project::{Project, tool};

const CLIENT: &str = include_str!("../../../client/README.md");
const PROJECT: &str = include_str!("../../../README.md");
const ADDRESS: &str = "http://127.0.0.1:8000";
/// File names, and the documents and headings under which they are printed.
const EXAMPLES: [(&str, &str, &str); 7] = [
    ("first.example.ts", PROJECT, "From a web page or Node"),
    ("send.example.ts", CLIENT, "Send"),
    ("react.example.tsx", CLIENT, "React Email"),
    ("route.example.ts", CLIENT, "Next.js, a route handler"),
    ("action.example.ts", CLIENT, "Next.js, a server action"),
    ("astro.example.ts", CLIENT, "Astro"),
    ("express.example.ts", CLIENT, "Express"),
];

/// Returns a project with the README's examples, compiled for Node.js, and with what they use.
async fn compiled(address: &str) -> Project {
    let project = Project::new().await;
    for package in ["@react-email", "@types", "express", "react", "react-dom"] {
        project.link(package);
    }
    project.copy("e2e/client/examples.tsconfig.json");
    project.copy("e2e/client/astro.d.ts");
    for (file, document, heading) in EXAMPLES {
        let (_, language) = file.rsplit_once('.').expect("an extension");
        let example = printed(document, heading, language);
        project.write(file, &example.replace(ADDRESS, address));
    }
    let mut check = project.command(tool("tsc"));
    check.args(["--project", "examples.tsconfig.json"]);
    passes(check).await;
    let mut compile = project.command(tool("esbuild"));
    compile.args(EXAMPLES.map(|(file, ..)| file));
    // The last one is what Astro does with the environment.
    compile.args([
        "--outdir=.",
        "--out-extension:.js=.mjs",
        "--format=esm",
        "--jsx=automatic",
        "--log-level=warning",
        "--define:import.meta.env=process.env",
    ]);
    passes(compile).await;
    project
}

#[tokio::test]
async fn the_examples_for_frameworks_work_as_printed() {
    let server = Server::embedded().await;
    let project = compiled(server.url()).await;
    project.copy("e2e/client/examples.mjs");
    let mut node = project.command("node");
    node.arg("examples.mjs").arg(server.url());
    passes(node).await;
}

#[tokio::test]
async fn the_first_examples_work_as_printed() {
    let server = Server::embedded().await;
    let project = compiled(server.url()).await;
    let key = server.new_key(json!({ "name": "news" })).await;
    let run = |example| {
        let mut node = project.command("node");
        node.arg(example)
            .env("MMMS_API_KEY", key["api_key"].as_str().expect("a key"));
        passes(node)
    };
    assert_eq!(run("first.example.mjs").await, "sent\n");
    for _ in 0..2 {
        let shown = run("send.example.mjs").await;
        assert!(shown.contains("2 of 2\n"), "{shown}");
        assert!(shown.contains("sent: 2,"), "{shown}");
    }
    let letter = server.mailbox().only_to("edsger@example.com").await;
    assert_eq!(letter.subject(), "News for Edsger");
}
