//! The package in a page: bundled, and used in a browser.

use e2e::Server;
use e2e::program::passes;

use crate::project::{Project, of_repository, tool};

async fn bundle(project: &Project, source: &str, bundled: &str) {
    let mut bundle = project.command(tool("esbuild"));
    bundle.args([source, "--bundle", "--minify", "--format=esm"]);
    bundle.arg(format!("--outfile={bundled}"));
    bundle.arg("--log-level=warning");
    passes(bundle).await;
}

#[tokio::test]
async fn a_page_sends_from_the_origin_of_its_key_and_from_no_other() {
    let project = Project::new().await;
    project.copy("client/examples/contact-form/contact.ts");
    project.copy("client/examples/contact-form/index.html");
    project.copy("e2e/client/page.ts");
    bundle(&project, "contact.ts", "contact.js").await;
    bundle(&project, "page.ts", "page.js").await;

    let server = Server::embedded().await;
    let mut browser = project.command("node");
    browser
        .arg(of_repository("e2e/browser/contact.mjs"))
        .arg(server.url())
        .arg(project.path());
    passes(browser).await;
}

#[tokio::test]
async fn a_page_gets_only_what_it_uses() {
    let project = Project::new().await;
    project.copy("e2e/client/size.mjs");
    let mut measure = project.command("node");
    measure
        .arg("size.mjs")
        .arg(of_repository("client/package.json"));
    passes(measure).await;
}
