"""The stand-in for AWS, which also generates the load."""

import json
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from .process import Program

# Longer than any single measurement.
TIMEOUT = 1800
QUEUE = "wake-ups"
RESULTS = "results"


class StandIn:
    def __init__(self, program: Path, log: Path) -> None:
        self.path = program
        self.program = Program(
            [str(program), "serve"],
            {},
            log,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.program.process.stdout
        port = self.program.process.stdout.readline().decode().strip()
        self.url = f"http://127.0.0.1:{port}"

    def command(self, name: str, **arguments: object) -> Any:
        request = urllib.request.Request(f"{self.url}/control/{name}", json.dumps(arguments).encode())
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{name}: {error.read().decode()}") from None

    def reset(self, latency_ms: int = 0) -> None:
        """Forgets everything of the last measurement."""
        self.command("reset")
        self.command("latency", milliseconds=latency_ms)

    def counts(self) -> dict:
        return self.command("counts")

    def queue(self, name: str) -> dict:
        empty = {"ready": 0, "hidden": 0, "sent": 0, "deleted": 0}
        return self.counts()["queues"].get(name, empty)

    def queue_url(self, name: str) -> str:
        return f"{self.url}/000000000000/{name}"

    def environment(self) -> dict[str, str]:
        """Returns the variables that lead the AWS SDKs here."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_EC2_METADATA_DISABLED": "true",
            "MAIL_RESULT_QUEUE_URL": self.queue_url(RESULTS),
        }
