"""The time from exec to the first request for an event."""

import statistics
from collections.abc import Callable

from ..bench import Bench
from ..services import Function

STARTS = 15


def start(bench: Bench) -> None:
    database = bench.postgres.database()
    url = bench.postgres.url(database)
    starter = bench.start
    starter.mmms_api(url)
    starter.peer(database)
    starter.floor(database)
    bench.next()
    mmms = {
        "api": median(bench, lambda: bare(bench, "api", url)),
        "worker": median(bench, lambda: bare(bench, "worker", url)),
    }
    peer = {
        "api": median(bench, lambda: starter.peer(database)),
        "worker": median(bench, lambda: starter.peer(database, "work")),
    }
    floor = median(bench, lambda: starter.floor(database))
    bench.add("exec to first `next`, API", "ms", mmms["api"], peer["api"], floor)
    bench.add("exec to first `next`, worker", "ms", mmms["worker"], peer["worker"])


def bare(bench: Bench, program: str, url: str) -> Function:
    """Starts a function of MMMS without a first request."""
    start = bench.start
    path = start.paths.api if program == "api" else start.paths.worker
    return start.function(path, start.mmms_environment(url))


def median(bench: Bench, started: Callable[[], Function]) -> float:
    """Returns the median of several starts, in milliseconds."""
    times = []
    stamp = bench.start.folder() / "stamp"
    for _ in range(STARTS):
        bench.start.stamp = stamp
        function = started()
        first = function.first_next()
        times.append((first - int(stamp.read_text())) / 1e6)
        function.stop()
    bench.start.stamp = None
    return statistics.median(times)
