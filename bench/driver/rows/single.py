"""Single mails, one after the other, through the API as a function."""

from collections.abc import Callable
from dataclasses import dataclass

from ..bench import Bench
from ..services import Function, sent

MAILS = 2_000
WARM_UP = 200
COUNTED = 100


@dataclass
class Figures:
    cpu_ms: float
    latency_ms: float
    round_trips: float
    statements: float


def single(bench: Bench) -> None:
    start = bench.start
    for results, kind in ((False, ""), (True, ", with a result queue")):
        database = bench.postgres.database()
        mmms = measure(
            bench,
            f"single mails{kind}, MMMS",
            database,
            lambda url, results=results: start.mmms_api(url, results=results),
        )
        floor = measure(
            bench,
            f"single mails{kind}, floor",
            database,
            lambda url, database=database, results=results: start.floor(database, url, results=results),
        )
        # The peer answers with the result, and publishes nothing.
        peer = None
        if not results:
            peer = measure(
                bench,
                "single mails, peer",
                database,
                lambda url, database=database: start.peer(database, url=url),
            )
            bench.figures |= {"single.mmms": mmms.latency_ms, "single.peer": peer.latency_ms}

        columns = (mmms, peer, floor)
        for name, unit, field in (
            ("CPU", "ms", "cpu_ms"),
            ("median latency on loopback", "ms", "latency_ms"),
            ("round trips to PostgreSQL", "each", "round_trips"),
            ("statements", "each", "statements"),
        ):
            values = [getattr(column, field) if column else None for column in columns]
            bench.add(f"single mail{kind}: {name}", unit, *values)


def measure(bench: Bench, what: str, database: str, started: Callable[[str], Function]) -> Figures:
    bench.next()
    function = started(bench.postgres.url(database))
    function.load("warm", WARM_UP)
    before = function.program.cpu()
    report = function.load("single", MAILS)
    cpu = function.program.cpu() - before
    bench.check_answers(what, report, "200", MAILS)
    bench.check_arrivals(what, WARM_UP + MAILS)
    if "MMMS" in what:
        bench.check_ledger(what, sent(function, WARM_UP + MAILS), WARM_UP + MAILS)
    counts = counted(bench, database, started)
    return Figures(
        cpu_ms=cpu * 1e3 / MAILS,
        latency_ms=report["p50_ms"],
        round_trips=counts["round_trips"] / COUNTED,
        statements=counts["statements"] / COUNTED,
    )


def counted(bench: Bench, database: str, started: Callable[[str], Function]) -> dict:
    """Returns what passes to PostgreSQL for some mails, of another process behind a proxy."""
    bench.next()
    function = started(bench.start.proxied(database))
    function.load("warm-counted", WARM_UP)
    bench.stand_in.command("reset-counts")
    function.load("counted", COUNTED)
    return bench.stand_in.counts()["database"]
