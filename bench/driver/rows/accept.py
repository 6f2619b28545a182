"""Mailings that are accepted: stored by MMMS, enqueued by the peer."""

from collections.abc import Callable

from ..bench import Bench
from ..services import Function
from ..stand_in import QUEUE

SIZES = {100: 40, 1_000: 20, 10_000: 9}
OF_A_MESSAGE = 50

Started = Callable[[str, str], Function]


def accept(bench: Bench) -> None:
    start = bench.start
    # Each is started with a database, and with the URL under which it reaches it.
    services: dict[str, Started] = {
        "MMMS": lambda _, url: start.mmms_api(url),
        "peer": lambda database, url: start.peer(database, url=url),
    }
    latencies = {name: measure(bench, name, started) for name, started in services.items()}
    for size in SIZES:
        values = [latencies[name][size] for name in services]
        bench.add(f"accept {size:,} recipients", "ms", *values)
    for size in (100, 10_000):
        counts = [counted(bench, size, started) for started in services.values()]
        for field, name in (("round_trips", "round trips"), ("statements", "statements")):
            values = [count[field] for count in counts]
            bench.add(f"accept {size:,} recipients: {name}", "each", *values)


def measure(bench: Bench, name: str, started: Started) -> dict[int, float]:
    """Returns the median time of an answer in milliseconds, by the number of recipients."""
    bench.next()
    database = bench.postgres.database()
    function = started(database, bench.postgres.url(database))
    latencies = {}
    for size, requests in SIZES.items():
        report = function.load(f"accept-{size}", requests, recipients=size)
        bench.check_answers(f"accept {size:,}, {name}", report, "202", requests)
        latencies[size] = report["p50_ms"]
    accepted = sum(size * requests for size, requests in SIZES.items())
    if name == "MMMS":
        waiting = function.request("GET", "/v1/statistics")["waiting"]["queued"]
        what = f"accept, MMMS: the ledger has {waiting:,} of {accepted:,} recipients"
        bench.check(waiting == accepted, what)
    messages = bench.stand_in.queue(QUEUE)["sent"]
    expected = accepted // OF_A_MESSAGE
    bench.check(messages == expected, f"accept, {name}: {messages:,} of {expected:,} messages in the queue")
    return latencies


def counted(bench: Bench, size: int, started: Started) -> dict[str, int]:
    """Returns what passes to PostgreSQL for one mailing."""
    bench.next()
    database = bench.postgres.database()
    function = started(database, bench.start.proxied(database))
    function.load("warm", 3, recipients=size)
    bench.stand_in.command("reset-counts")
    function.load("counted", 1, recipients=size)
    return bench.stand_in.counts()["database"]
