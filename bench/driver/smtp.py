"""Debian's Postfix as a queue, its `smtp-sink` as a server and its `smtp-source` as a sender."""

import os
import re
import socket
import subprocess
import time
from pathlib import Path

from .postgres import free_port
from .process import Program

CONTENT_LENGTH = 1_500
CONNECTIONS = 20
ARRIVED = re.compile(rb"X-Rcpt-Args: <([^>]*)>")


class Sink:
    """`smtp-sink`, which appends all mails to one file in memory."""

    def __init__(self, root: Path, log: Path) -> None:
        self.port = free_port()
        self.mails = Path(f"/dev/shm/bench-sink-{os.getpid()}-{self.port}")
        program, address = root / "usr/sbin/smtp-sink", f"inet:127.0.0.1:{self.port}"
        command = [str(program), "-D", str(self.mails), address, "100"]
        if os.getuid() == 0:
            command[1:1] = ["-u", "root"]
        self.program = Program(command, libraries(root), log)

    def is_ready(self) -> bool:
        return is_listening(self.port)

    def arrived(self) -> list[bytes]:
        """Returns the address of each arrival."""
        return ARRIVED.findall(self.mails.read_bytes()) if self.mails.exists() else []

    def wait_for(self, count: int, seconds: float = 900) -> float:
        """Waits for this number of arrivals, and returns the time of the last one."""
        end = time.time() + seconds
        size = -1
        while time.time() < end:
            time.sleep(0.5)
            grown = self.mails.stat().st_size if self.mails.exists() else 0
            # The file is read only when nothing arrives, so that reading does not disturb.
            if grown == size and len(self.arrived()) >= count:
                break
            size = grown
        return self.mails.stat().st_mtime if self.mails.exists() else time.time()

    def stop(self) -> None:
        self.program.stop()
        self.mails.unlink(missing_ok=True)


def is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def libraries(root: Path) -> dict[str, str]:
    """Returns the variable by which the programs of an unpacked package find their libraries."""
    return {"LD_LIBRARY_PATH": str(root / "usr/lib/postfix")}


def send(root: Path, port: int, count: int, name: str = "recipient") -> None:
    """Sends mails to different recipients, and waits until all of them are accepted."""
    options = ["-N", "-s", str(CONNECTIONS), "-m", str(count), "-l", str(CONTENT_LENGTH)]
    addresses = ["-f", "news@example.org", "-t", f"-{name}@example.com"]
    program, address = root / "usr/sbin/smtp-source", f"inet:127.0.0.1:{port}"
    command = [str(program), *options, *addresses, address]
    subprocess.run(command, check=True, env=libraries(root))


class Postfix:
    """Postfix with its defaults, except for addresses and folders; it relays all mail to one server."""

    def __init__(self, root: Path, folder: Path, sink: int, log: Path) -> None:
        self.port = free_port()
        self.root = root
        folder.chmod(0o755)
        self.config = folder / "config"
        self.config.mkdir()
        for name in ("spool", "lib"):
            (folder / name).mkdir()
        # Postfix wants two users and a group that nothing else uses; these are on every Debian.
        settings = {
            "compatibility_level": "3.6",
            "queue_directory": folder / "spool",
            "data_directory": folder / "lib",
            "command_directory": root / "usr/sbin",
            "daemon_directory": root / "usr/lib/postfix/sbin",
            "shlib_directory": root / "usr/lib/postfix",
            "meta_directory": root / "etc/postfix",
            "mail_owner": "daemon",
            "setgid_group": "mail",
            "default_privs": "nobody",
            "myhostname": "bench.example.org",
            "mydestination": "",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "mynetworks": "127.0.0.0/8",
            "relayhost": f"[127.0.0.1]:{sink}",
            "smtp_host_lookup": "native",
            "alias_maps": "",
            "alias_database": "",
            "maillog_file": folder / "log",
            "maillog_file_prefixes": folder,
            "import_environment": "MAIL_CONFIG LANG=C LD_LIBRARY_PATH",
        }
        lines = [f"{name} = {value}" for name, value in settings.items()]
        (self.config / "main.cf").write_text("\n".join(lines) + "\n")
        master = (root / "usr/share/postfix/master.cf.dist").read_text()
        # Its own port instead of the name of the SMTP service; no folder is changed to.
        master = re.sub(r"^smtp(\s+inet)", rf"{self.port}\1", master, flags=re.M)
        (self.config / "master.cf").write_text(master)
        (self.config / "postfix-files").touch()
        self.environment = {
            "PATH": f"{root}/usr/sbin:{os.environ['PATH']}",
            "MAIL_CONFIG": str(self.config),
            **libraries(root),
        }
        self.log = folder / "log"
        self.make_queue(folder / "spool", folder / "lib")
        command = [str(root / "usr/lib/postfix/sbin/master"), "-d", "-c", str(self.config)]
        self.program = Program(command, self.environment, log)

    def make_queue(self, spool: Path, data: Path) -> None:
        """Creates the folders that an installed Postfix has."""
        private = "active bounce corrupt defer deferred flush hold incoming private saved trace"
        for name in private.split():
            (spool / name).mkdir(mode=0o700)
            subprocess.run(["chown", "daemon", str(spool / name)], check=True)
        for name, mode in (("pid", 0o755), ("public", 0o710), ("maildrop", 0o730)):
            (spool / name).mkdir()
            owner = "root" if name == "pid" else "daemon:mail"
            subprocess.run(["chown", owner, str(spool / name)], check=True)
            (spool / name).chmod(mode)
        subprocess.run(["chown", "daemon", str(data)], check=True)

    def is_ready(self) -> bool:
        return is_listening(self.port)

    def stop(self) -> None:
        self.program.stop()
