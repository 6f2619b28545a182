//! The templates of all paths, as in the specification: for logs, which must not hold real paths, and for the `Allow`
//! of a 405.

use std::sync::LazyLock;

use poem::http::Method;
use poem_openapi::OpenApi;

use crate::v1::Apis;

#[derive(Debug)]
pub struct RouteEntry {
    pub template: String,
    pub methods: Vec<Method>,
}

static ROUTES: LazyLock<Vec<RouteEntry>> = LazyLock::new(|| {
    let mut routes = paths();
    let get = |template: &str| RouteEntry {
        template: template.to_owned(),
        methods: vec![Method::GET],
    };
    routes.extend(
        [
            "/openapi.json",
            "/openapi.yaml",
            "/",
            "/docs",
            "/docs/",
            "/console",
            "/console/",
            "/console/service.json",
            "/console/{name}",
            "/console/assets/{name}",
            "/mailbox",
            "/mailbox/",
            "/mailbox/assets/{name}",
        ]
        .map(get),
    );
    routes.extend(
        ["/source", "/html", "/attachments/{index}"]
            .map(|part| get(&format!("/mailbox/api/messages/{{id}}{part}"))),
    );
    routes.extend(
        ["/mailbox/api/messages", "/mailbox/api/messages/{id}"].map(|template| RouteEntry {
            template: template.to_owned(),
            methods: vec![Method::GET, Method::DELETE],
        }),
    );
    routes
});

/// The paths and their methods, without the specification, which takes far longer to make.
fn paths() -> Vec<RouteEntry> {
    let paths = Apis::meta().into_iter().flat_map(|api| api.paths);
    paths
        .map(|path| {
            let operations = path.operations.into_iter();
            let mut methods: Vec<Method> = operations.map(|operation| operation.method).collect();
            methods.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
            RouteEntry {
                template: path.path,
                methods,
            }
        })
        .collect()
}

/// The route of a path, if there is one.
pub fn find(path: &str) -> Option<&'static RouteEntry> {
    ROUTES.iter().find(|route| matches(&route.template, path))
}

fn matches(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(expected), Some(found)) => {
                let is_parameter = expected.starts_with('{');
                if expected != found && (!is_parameter || found.is_empty()) {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_by_its_template() {
        assert_eq!(
            find("/v1/api-key/mmms_secret/origins").unwrap().template,
            "/v1/api-key/{api_key}/origins"
        );
        assert_eq!(
            find("/v1/mail").unwrap().methods,
            [Method::GET, Method::POST]
        );
        assert!(find("/v1/mail/").is_none());
        assert!(find("/nowhere").is_none());
    }
}
