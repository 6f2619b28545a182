//! Databases for the programs, each created for one test and dropped with it; and access to their contents.

use std::collections::HashSet;
use std::env;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, DbErr};
use tempfile::TempDir;
use uuid::Uuid;

use crate::deployment::Cloud;
use crate::waiting::eventually;

mod contents;

/// Runs each named `async fn(Database)` as three tests: on each kind of database, and deployed as functions.
#[macro_export]
macro_rules! everywhere {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[tokio::test]
            async fn on_sqlite() {
                super::$test($crate::Database::sqlite()).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                super::$test($crate::Database::postgres().await).await;
            }

            #[tokio::test]
            async fn on_lambda() {
                super::$test($crate::Database::on_lambda().await).await;
            }
        }
    )+};
}

/// Runs each named `async fn(Database)` as two tests, one on each kind of database.
#[macro_export]
macro_rules! on_both_databases {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[tokio::test]
            async fn on_sqlite() {
                super::$test($crate::Database::sqlite()).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                super::$test($crate::Database::postgres().await).await;
            }
        }
    )+};
}

/// A new, empty database, and a folder for the files of its programs. Clones are the same database; the last one
/// removes it.
#[derive(Clone)]
pub struct Database(Arc<Place>);

struct Place {
    url: String,
    on_server: Option<OnServer>,
    folder: TempDir,
    cloud: Option<Cloud>,
}

/// A database that must be dropped on its server.
struct OnServer {
    admin: String,
    name: String,
}

impl Database {
    pub fn sqlite() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("mmms.db").display());
        Self(Arc::new(Place {
            url,
            on_server: None,
            folder,
            cloud: None,
        }))
    }

    /// Creates a database on the server of `TEST_DATABASE_URL`.
    pub async fn postgres() -> Self {
        let admin = env::var("TEST_DATABASE_URL").unwrap_or_else(|_| {
            panic!(
                "TEST_DATABASE_URL names no PostgreSQL server: run `make test`, which starts one"
            )
        });
        Self::on_server(&admin).await
    }

    /// Creates a database on the server at this URL.
    pub async fn on_server(admin: &str) -> Self {
        let name = format!("mmms_{}", Uuid::new_v4().simple());
        execute(admin, &format!("CREATE DATABASE {name}")).await;
        Self(Arc::new(Place {
            url: beside(admin, &name),
            on_server: Some(OnServer {
                admin: admin.to_owned(),
                name,
            }),
            folder: TempDir::new().expect("a temporary folder"),
            cloud: None,
        }))
    }

    /// Does the same as `postgres`; the servers on the database are deployed as functions, in a new AWS account.
    pub async fn on_lambda() -> Self {
        Self::postgres().await.in_cloud(Cloud::new().await)
    }

    /// Returns the same database, whose servers are deployed in this way.
    #[must_use]
    pub fn in_cloud(self, cloud: Cloud) -> Self {
        let mut place = Arc::into_inner(self.0).expect("the database has no clones yet");
        place.cloud = Some(cloud);
        Self(Arc::new(place))
    }

    /// Returns the programs' `DATABASE_URL`.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Returns the name of the database on its server.
    pub fn name(&self) -> &str {
        self.url().rsplit('/').next().expect("a path")
    }

    /// Returns the folder that the programs run in.
    pub fn folder(&self) -> &Path {
        self.0.folder.path()
    }

    /// Returns the deployment of the servers on this database, if they are deployed as functions.
    pub fn cloud(&self) -> Option<&Cloud> {
        self.0.cloud.as_ref()
    }

    pub fn is_postgres(&self) -> bool {
        self.0.on_server.is_some()
    }

    /// Executes a statement that changes the tables.
    pub async fn execute(&self, statement: &str) {
        execute(self.url(), statement).await;
    }

    /// Opens a connection to read or change the tables.
    pub async fn connect(&self) -> DatabaseConnection {
        connect(self.url()).await
    }

    /// Waits until the statements of a killed program have ended: a server finishes a statement whose client is gone.
    pub async fn quiet(&self) {
        if !self.is_postgres() {
            return;
        }
        eventually("the killed program's connections end", || async {
            let others = self
                .count(
                    "SELECT COUNT(*) FROM pg_stat_activity \
                     WHERE datname = current_database() AND pid <> pg_backend_pid()",
                )
                .await;
            if others == 0 { Ok(()) } else { Err(others) }
        })
        .await;
    }

    /// Waits until the sweep has noted the end of every mailing.
    pub async fn all_ended(&self) {
        eventually("the sweep sees the ends", || async {
            let open = "SELECT COUNT(*) FROM mailing WHERE ended_at IS NULL";
            match self.count(open).await {
                0 => Ok(()),
                open => Err(open),
            }
        })
        .await;
    }

    /// Returns the positions of the recipients whose status is `sending`.
    pub async fn sending(&self) -> HashSet<i64> {
        let query = "SELECT CAST(position AS bigint) FROM recipient WHERE status = 'sending'";
        self.numbers(query).await.into_iter().collect()
    }

    /// Drops the database while programs use it (`PostgreSQL`).
    pub async fn vanish(&self) {
        let place = self.0.on_server.as_ref().expect("a PostgreSQL database");
        execute(&place.admin, &place.removal()).await;
    }
}

impl OnServer {
    fn removal(&self) -> String {
        format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)
    }
}

impl Drop for OnServer {
    fn drop(&mut self) {
        let (admin, removal) = (self.admin.clone(), self.removal());
        // In a thread of its own, because the test's runtime cannot be blocked on.
        let removed = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(execute(&admin, &removal));
        });
        assert!(
            removed.join().is_ok() || thread::panicking(),
            "the database {} could not be dropped",
            self.name
        );
    }
}

/// Returns the URL of another database on the same server.
fn beside(admin: &str, name: &str) -> String {
    let (address, query) = match admin.split_once('?') {
        Some((address, query)) => (address, format!("?{query}")),
        None => (admin, String::new()),
    };
    let host = address
        .find("://")
        .map(|scheme| scheme + 3)
        .expect("a database URL has a scheme");
    let end = address[host..]
        .find('/')
        .map_or(address.len(), |slash| host + slash);
    format!("{}/{name}{query}", &address[..end])
}

pub async fn try_connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await
}

async fn connect(url: &str) -> DatabaseConnection {
    try_connect(url)
        .await
        .unwrap_or_else(|error| panic!("no connection to the test's database: {error}"))
}

async fn execute(url: &str, statement: &str) {
    let connection = connect(url).await;
    connection
        .execute_unprepared(statement)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
    connection.close().await.expect("the connection closes");
}
