"""A PostgreSQL server as RDS runs it: a port of its own, and encryption for every connection (rds.force_ssl)."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from .certificates import issue
from .processes import Process

HOST = "127.0.0.1"
START_LIMIT = 60
# initdb accepts every user of the machine; RDS accepts no connection without encryption.
ACCESS = "hostssl all all all scram-sha-256\n"
CONFIGURATION = """
listen_addresses = '{host}'
unix_socket_directories = ''
ssl = on
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 16MB
"""


class Server:
    def __init__(self, user, password, database):
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="rds-"))
        self.data = self.folder / "data"
        self.process = None
        try:
            self.prepare(user, password, database)
            self.start()
        except BaseException:
            self.remove()
            raise

    def prepare(self, user, password, database):
        secret = self.folder / "password"
        secret.write_text(password)
        hand_over(self.folder)
        settings = ["--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"]
        self.run("initdb", f"--pgdata={self.data}", f"--username={user}", f"--pwfile={secret}", *settings)
        secret.unlink()
        if database:
            quoted = database.replace('"', '""')
            self.run("postgres", "--single", "-D", str(self.data), "postgres", text=f'CREATE DATABASE "{quoted}"\n')
        (self.data / "pg_hba.conf").write_text(ACCESS)
        with (self.data / "postgresql.conf").open("a") as configuration:
            configuration.write(CONFIGURATION.format(host=HOST))
        issue(HOST, self.data)
        hand_over(self.folder)

    def run(self, program, *arguments, text=""):
        with Process(
            [program_path(program), *arguments],
            privileges=privileges(),
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            said, _ = process.communicate(text)
        if process.returncode:
            raise RuntimeError(f"{program}: {said}")

    def start(self):
        with (self.folder / "log").open("w") as log:
            self.process = Process(
                [program_path("postgres"), "-D", str(self.data), "-p", str(self.port)],
                signal="QUIT",
                privileges=privileges(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        limit = time.monotonic() + START_LIMIT
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > limit:
                raise RuntimeError(f"PostgreSQL does not start: {(self.folder / 'log').read_text()}")
            time.sleep(0.02)

    def is_ready(self):
        """As pg_ctl sees it: by the last line of the file that the server keeps."""
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
        except (FileNotFoundError, IndexError):
            return False

    def remove(self):
        if self.process is not None and self.process.poll() is None:
            # At once, whatever is connected: no data has to survive.
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
        shutil.rmtree(self.folder)


def program_path(name):
    folder = os.environ.get("TEST_POSTGRES_BIN")
    if not folder:
        raise RuntimeError("TEST_POSTGRES_BIN is not set: scripts/postgres-programs prints it")
    return os.path.join(folder, name)


def privileges():
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    nobody = pwd.getpwnam("nobody")
    return [f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]


def hand_over(folder):
    """PostgreSQL takes no folder of another user, and no key that others can read."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(path, nobody.pw_uid, nobody.pw_gid)


def free_port():
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return listener.getsockname()[1]
