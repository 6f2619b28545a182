"""What every measurement has at hand, and what it leaves behind."""

import os
import time

from .postgres import Postgres
from .services import Starter
from .stand_in import StandIn
from .table import Line


class Bench:
    def __init__(self, stand_in: StandIn, postgres: Postgres, start: Starter) -> None:
        self.stand_in = stand_in
        self.postgres = postgres
        self.start = start
        # The load of the machine before the first measurement.
        self.load = os.getloadavg()[0]
        self.lines: list[Line] = []
        self.checks: list[str] = []
        self.faults: list[str] = []
        # Figures that later measurements calculate with.
        self.figures: dict[str, float] = {}

    def add(
        self,
        work: str,
        unit: str,
        mmms: float | None,
        peer: float | None = None,
        floor: float | None = None,
    ) -> None:
        line = Line(work, unit, mmms, peer, floor)
        self.lines.append(line)
        print(f"    {work}, {unit}: {mmms} {peer} {floor}", flush=True)

    def check(self, holds: bool, what: str) -> None:
        """Notes whether the work that was measured was really done."""
        if holds:
            self.checks.append(what)
        else:
            self.faults.append(what)
            print(f"    FAULT: {what}", flush=True)

    def check_arrivals(self, what: str, expected: int) -> None:
        """Checks that each recipient has arrived, and none of them twice."""
        recipients = self.stand_in.counts()["recipients"]
        distinct, repeated = recipients["distinct"], recipients["repeated"]
        self.check(
            (distinct, repeated) == (expected, 0),
            f"{what}: {distinct:,} of {expected:,} recipients arrived, {repeated} a second time",
        )

    def check_ledger(self, what: str, counts: dict[str, int], expected: int) -> None:
        """Checks that the ledger knows all as sent, and nothing else."""
        others = {status: count for status, count in counts.items() if count and status != "sent"}
        self.check(
            counts["sent"] == expected and not others,
            f"{what}: the ledger has {counts['sent']:,} of {expected:,} as sent, others {others or 0}",
        )

    def check_answers(self, what: str, report: dict, status: str, expected: int) -> None:
        statuses = report["statuses"]
        example = f", such as {report['example'][:200]}" if report["example"] else ""
        self.check(statuses == {status: expected}, f"{what}: answers {statuses}{example}")

    def next(self) -> None:
        """Ends what the last measurement has started, and forgets what it has sent."""
        self.start.stop_all()
        self.stand_in.reset()

    def wait_until_empty(self, queue: str, seconds: float = 600) -> float:
        """Waits until a queue's messages are all deleted, and returns the seconds that this took."""
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            state = self.stand_in.queue(queue)
            if state["deleted"] == state["sent"] and not state["ready"]:
                return time.monotonic() - begun
            time.sleep(0.01)
        raise TimeoutError(f"the queue {queue} did not become empty: {state}")


def setting(name: str, default: int) -> int:
    return int(os.environ.get(name) or default)
