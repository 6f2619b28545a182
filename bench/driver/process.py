"""Programs that are started, and what the kernel counts about them."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


class Program:
    """A program that runs until it is stopped, and no longer than the driver."""

    def __init__(
        self,
        command: list[str],
        environment: Mapping[str, str],
        log: Path,
        folder: Path | None = None,
        stdin: int = subprocess.DEVNULL,
        stdout: int | None = None,
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                env=dict(environment),
                cwd=folder,
                stdin=stdin,
                stdout=stdout or output,
                stderr=output,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def cpu(self) -> float:
        """Returns the seconds of CPU that the program has used, in user and kernel mode."""
        # The second field, the name, may contain spaces.
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def peak(self) -> float:
        """Returns the peak of the resident memory, in MiB."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise self.failure("has ended")

    def failure(self, what: str) -> RuntimeError:
        tail = self.log.read_text(errors="replace")[-2000:]
        return RuntimeError(f"{self.log.stem} {what}:\n{tail}")

    def wait_until(self, ready: Callable[[], bool], what: str, seconds: float = 30) -> None:
        """Waits for a state that the program reaches by itself."""
        end = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None:
                raise self.failure("ended")
            if time.monotonic() > end:
                raise self.failure(f"did not become {what}")
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
