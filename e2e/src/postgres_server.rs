//! A `PostgreSQL` server of a test's own, which can be stopped and started again, and can have certificates.

use std::{
    env, fs,
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use rand::RngExt;
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{Database, authority::Issued, database, waiting::eventually};

/// Below the ports that systems assign to connections: the port must be free again after a stop.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A server, which runs until it is dropped. Clients log in as the superuser `mmms`, with a password.
pub struct PostgresServer {
    port: u16,
    password: String,
    process: Option<Child>,
    folder: TempDir,
}

impl PostgresServer {
    pub async fn start() -> Self {
        let mut server = Self::prepare();
        server.start_again().await;
        server
    }

    /// Starts a server that offers TLS with this certificate.
    pub async fn with_tls(issued: &Issued) -> Self {
        let mut server = Self::prepare();
        let data = server.data();
        let owner = fs::metadata(&data).expect("there is the data");
        for (name, content) in [
            ("server.crt", &issued.certificate),
            ("server.key", &issued.key),
        ] {
            let path = data.join(name);
            fs::write(&path, content).expect("the certificate is written");
            // PostgreSQL refuses a key that others can read.
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode is set");
            chown(&path, Some(owner.uid()), Some(owner.gid())).expect("its owner is set");
        }
        fs::write(data.join("postgresql.auto.conf"), "ssl = on\n").expect("the setting is written");
        server.start_again().await;
        server
    }

    fn prepare() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        // The server runs as another user if the tests run as root.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777))
            .expect("the folder is opened");
        let password = Uuid::new_v4().simple().to_string();
        let password_file = folder.path().join("password");
        fs::write(&password_file, &password).expect("the password is written");
        let made = program("initdb")
            .arg("--pgdata")
            .arg(folder.path().join("data"))
            .arg("--pwfile")
            .arg(password_file)
            .args(["--username=mmms", "--auth=scram-sha-256"])
            .args(["--encoding=UTF8", "--no-locale", "--no-sync"])
            .current_dir(folder.path())
            .output()
            .expect("initdb starts");
        assert!(
            made.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        Self {
            port: free_port(),
            password,
            process: None,
            folder,
        }
    }

    /// Stops the server as a crash of its machine does: connections are cut, and uncommitted data is lost.
    pub fn stop(&mut self) {
        let mut process = self.process.take().expect("the server runs");
        // SIGQUIT ends the server and its children at once, without a checkpoint.
        kill_process(Pid::from_child(&process), Signal::QUIT).expect("the server gets a signal");
        process.wait().expect("the server ends");
    }

    /// Starts the server again, at the same address.
    pub async fn start_again(&mut self) {
        assert!(self.process.is_none(), "the server runs already");
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .expect("the log can be written");
        let process = program("postgres")
            .arg("-D")
            .arg(self.data())
            .args(["-h", "127.0.0.1", "-k", "", "-p", &self.port.to_string()])
            .args(["-c", "fsync=off", "-c", "shared_buffers=16MB"])
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("postgres starts");
        let process = self.process.insert(process);
        let url = url(&self.password, self.port);
        eventually("PostgreSQL answers", || {
            let ended = process.try_wait().expect("the server can be asked");
            assert!(ended.is_none(), "PostgreSQL ended: {}", read(&self.folder));
            async {
                let answer = database::try_connect(&url).await?;
                answer.close().await
            }
        })
        .await;
    }

    pub async fn restart(&mut self) {
        self.stop();
        self.start_again().await;
    }

    /// Returns the URL of the server's default database.
    pub fn url(&self) -> String {
        url(&self.password, self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn password(&self) -> &str {
        &self.password
    }

    /// Creates a database on this server. The server must run when the database is dropped.
    pub async fn database(&self) -> Database {
        Database::on_server(&self.url()).await
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> PathBuf {
        log(&self.folder)
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.stop();
        }
    }
}

fn url(password: &str, port: u16) -> String {
    format!("postgres://mmms:{password}@127.0.0.1:{port}/postgres")
}

fn log(folder: &TempDir) -> PathBuf {
    folder.path().join("log")
}

fn read(folder: &TempDir) -> String {
    fs::read_to_string(log(folder)).unwrap_or_default()
}

/// Returns a command that does not run as root, which `PostgreSQL` refuses, and not for longer than the test, even if
/// that is killed.
fn program(name: &str) -> Command {
    let Some(folder) = env::var_os("TEST_POSTGRES_BIN") else {
        panic!("TEST_POSTGRES_BIN is not set: `make test` finds PostgreSQL's programs and sets it");
    };
    let path = Path::new(&folder).join(name);
    let mut command = Command::new("setpriv");
    if geteuid().is_root() {
        let group = Command::new("id").args(["-g", "nobody"]).output();
        let group = String::from_utf8(group.expect("id starts").stdout).expect("a number");
        command.args(["--reuid=nobody", "--clear-groups", "--regid", group.trim()]);
    }
    command.arg("--pdeathsig=INT").arg(path);
    command
}

fn free_port() -> u16 {
    let mut random = rand::rng();
    loop {
        let port = random.random_range(PORTS);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
