"""The services that are measured, as functions and as processes."""

import hashlib
import json
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from .postgres import Postgres, free_port
from .process import Program
from .stand_in import QUEUE, StandIn

ADMIN = {"authorization": "Bearer an-admin-token-of-the-benchmark"}
KEY = "bench_0123456789abcdef0123456789abcdef"
KEY_HASH = hashlib.sha256(KEY.encode()).hexdigest()
# The batch size of the stack's event source mapping (cdk/lib/constructs/worker.ts).
BATCH = 4


@dataclass
class Paths:
    """The programs that are measured."""

    api: Path
    worker: Path
    floor: Path
    peer: Path
    python: Path
    slow_sync: Path
    # The folder into which the package postfix is unpacked, if the driver may run it.
    postfix: Path | None
    logs: Path


class Service:
    """A running service: an address for the load, a key, and the program."""

    def __init__(self, stand_in: StandIn, program: Program) -> None:
        self.stand_in = stand_in
        self.program = program
        self.key = KEY

    def target(self) -> dict[str, object]:
        raise NotImplementedError

    def load(self, prefix: str, requests: int, **settings: object) -> dict:
        """Sends mail, and returns what the callers saw."""
        arguments = {"key": self.key, "prefix": prefix, "requests": requests, **self.target()}
        return self.stand_in.command("load", **{**arguments, **settings})

    def stop(self) -> None:
        self.program.stop()


S = TypeVar("S", bound=Service)


class Function(Service):
    """A function with a Runtime API of its own."""

    def __init__(
        self,
        stand_in: StandIn,
        command: list[str],
        environment: dict[str, str],
        log: Path,
        folder: Path | None = None,
        payload: str = "http",
    ) -> None:
        runtime = stand_in.command("runtime")
        self.runtime = runtime["runtime"]
        self.payload = payload
        lambda_variables = {
            "AWS_LAMBDA_RUNTIME_API": runtime["address"],
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
            "AWS_LAMBDA_LOG_STREAM_NAME": "0",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        }
        variables = {**stand_in.environment(), **environment, **lambda_variables}
        # An empty variable counts as unset for MMMS, but not for the others.
        variables = {name: value for name, value in variables.items() if value}
        super().__init__(stand_in, Program(command, variables, log, folder))

    def target(self) -> dict[str, object]:
        return {"runtime": self.runtime, "format": self.payload}

    def first_next(self) -> int:
        """Returns the time of the first request for an event, in nanoseconds."""
        first = self.stand_in.command("first-next", runtime=self.runtime)
        return int(first["nanoseconds"])

    def request(self, method: str, path: str, body: str = "") -> dict:
        answer = self.stand_in.command(
            "request",
            runtime=self.runtime,
            method=method,
            path=path,
            headers=list(ADMIN.items()),
            body=body,
        )
        if answer["status"] >= 300:
            raise self.program.failure(f"answered {answer} to {method} {path}")
        return json.loads(answer["body"])["data"]


class Server(Service):
    """The API as a process."""

    def __init__(self, stand_in: StandIn, command: list[str], environment: dict, log: Path) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        variables = {**environment, "PORT": self.address.split(":")[1]}
        super().__init__(stand_in, Program(command, variables, log))
        self.program.wait_until(self.is_ready, "ready")

    def is_ready(self) -> bool:
        try:
            urllib.request.urlopen(f"http://{self.address}/v1/ready", timeout=10).close()
        except OSError:
            return False
        return True

    def target(self) -> dict[str, object]:
        return {"server": self.address}

    def request(self, method: str, path: str, body: str = "") -> dict:
        headers = {**ADMIN, "content-type": "application/json"}
        request = urllib.request.Request(
            f"http://{self.address}{path}", body.encode() or None, headers, method=method
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)["data"]


def sent(service: Function | Server, expected: int, seconds: float = 60) -> dict[str, int]:
    """Waits until the ledger says that this many recipients are sent, and returns its counts."""
    end = time.monotonic() + seconds
    while True:
        statistics = service.request("GET", "/v1/statistics")
        counts = {
            status: sum(hour[status] for hour in statistics["hours"])
            for status in ("sent", "failed", "unconfirmed", "cancelled")
        }
        counts |= {status: statistics["waiting"][status] for status in ("queued", "sending")}
        if counts["sent"] >= expected or time.monotonic() > end:
            return counts
        time.sleep(0.5)


class Starter:
    """Starts the services, and stops all that it has started."""

    def __init__(self, stand_in: StandIn, postgres: Postgres, paths: Paths) -> None:
        self.stand_in = stand_in
        self.postgres = postgres
        self.paths = paths
        self.running: list[Service] = []
        self.folders: list[tempfile.TemporaryDirectory] = []
        # The file that gets the time of the exec of each function.
        self.stamp: Path | None = None

    def log(self, name: str) -> Path:
        return self.paths.logs / f"{name}.log"

    def started(self, service: S) -> S:
        self.running.append(service)
        return service

    def command(self, *arguments: Path | str) -> list[str]:
        """Returns the command of a function, which notes the time of its exec if there is a stamp."""
        prefix = [self.stand_in.path, "exec", self.stamp] if self.stamp else []
        return [str(argument) for argument in (*prefix, *arguments)]

    def stop_all(self) -> None:
        while self.running:
            self.running.pop().stop()
        while self.folders:
            self.folders.pop().cleanup()

    def folder(self) -> Path:
        folder = tempfile.TemporaryDirectory(prefix="bench-")
        self.folders.append(folder)
        return Path(folder.name)

    def proxied(self, database: str) -> str:
        """Returns the URL of a database through a proxy that counts."""
        proxy = self.stand_in.command("proxy", server=self.postgres.address)
        return self.postgres.url(database, proxy["address"])

    def mmms_environment(self, url: str) -> dict[str, str]:
        return {
            "DATABASE_URL": url,
            "ADMIN_TOKEN": ADMIN["authorization"].removeprefix("Bearer "),
            "MAIL_QUEUE_URL": self.stand_in.queue_url(QUEUE),
        }

    def function(self, path: Path, environment: dict[str, str]) -> Function:
        """Starts a function of MMMS or the floor."""
        command, log = self.command(path), self.log(f"function-{path.name}")
        return self.started(Function(self.stand_in, command, environment, log))

    def mmms_api(self, url: str, *, results: bool = True) -> Function:
        environment = self.mmms_environment(url)
        if not results:
            environment["MAIL_RESULT_QUEUE_URL"] = ""
        function = self.function(self.paths.api, environment)
        function.key = self.make_key(function)
        return function

    def mmms_worker(self, url: str) -> Function:
        return self.function(self.paths.worker, self.mmms_environment(url))

    def make_key(self, service: Function | Server) -> str:
        return service.request("POST", "/v1/api-key", '{"name": "bench"}')["api_key"]

    def mmms_server(self, url: str, **variables: str) -> Server:
        """Starts the API as a process, with the queue in the process unless a variable says otherwise."""
        environment = {
            **self.stand_in.environment(),
            **self.mmms_environment(url),
            "MAIL_QUEUE_URL": "",
            **variables,
        }
        command = [str(self.paths.api)]
        server = Server(self.stand_in, command, environment, self.log("mmms-server"))
        self.started(server).key = self.make_key(server)
        return server

    def mmms_worker_process(self, url: str) -> Program:
        environment = {**self.stand_in.environment(), **self.mmms_environment(url)}
        worker = Program([str(self.paths.worker)], environment, self.log("mmms-worker-process"))
        self.started(Service(self.stand_in, worker))
        return worker

    def database(self, kind: str) -> str:
        """Returns the URL of a new database, of `SQLite` or `PostgreSQL`."""
        if kind == "SQLite":
            return f"sqlite://{self.folder()}/mmms.db"
        return self.postgres.url(self.postgres.database())

    def peer(self, database: str, handler: str = "app", url: str | None = None) -> Function:
        exists = self.postgres.sql(database, "SELECT to_regclass('peer_key')")
        if not exists:
            table = "CREATE TABLE peer_key (id bigint PRIMARY KEY, hash text UNIQUE)"
            self.postgres.sql(database, f"{table}; INSERT INTO peer_key VALUES (1, '{KEY_HASH}')")
        environment = {
            "DATABASE_URL": url or self.postgres.url(database),
            "MAIL_QUEUE_URL": self.stand_in.queue_url(QUEUE),
            "LAMBDA_TASK_ROOT": str(self.paths.peer),
        }
        command = self.command(self.paths.python, "-m", "awslambdaric", f"app.{handler}")
        log = self.log(f"peer-{handler}")
        function = Function(self.stand_in, command, environment, log, self.paths.peer, payload="rest")
        return self.started(function)

    def floor(self, database: str, url: str | None = None, *, results: bool = True) -> Function:
        if not self.postgres.sql(database, "SELECT to_regclass('floor_key')"):
            tables = (
                "CREATE TABLE floor_key (id bigint PRIMARY KEY, hash text UNIQUE);"
                "CREATE TABLE floor_mail (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,"
                " key_id bigint NOT NULL, content text NOT NULL, message_id text);"
            )
            key = f"INSERT INTO floor_key VALUES (1, '{KEY_HASH}')"
            self.postgres.sql(database, tables + key)
        environment = {"DATABASE_URL": url or self.postgres.url(database)}
        if not results:
            environment["MAIL_RESULT_QUEUE_URL"] = ""
        return self.function(self.paths.floor, environment)
