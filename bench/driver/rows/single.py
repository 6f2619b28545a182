"""Single mails, one after the other, through the API as a function."""

from collections.abc import Callable
from dataclasses import dataclass

from ..bench import Bench
from ..services import Function, sent

WARM_UP = 100
COUNTED = 100


@dataclass
class Kind:
    name: str
    mails: int
    latency_ms: int
    results: bool
    # Whether round trips are counted too; they do not depend on the time that SES takes.
    is_counted: bool


# A process that waits between two pieces of work uses more CPU for each of them than one that never does.
KINDS = (
    Kind("SES 50 ms", 500, latency_ms=50, results=False, is_counted=False),
    Kind("SES at once", 2_000, latency_ms=0, results=False, is_counted=True),
    Kind("SES at once, with a result queue", 2_000, latency_ms=0, results=True, is_counted=True),
)


@dataclass
class Figures:
    cpu_ms: float
    latency_ms: float
    round_trips: float | None = None
    statements: float | None = None


def single(bench: Bench) -> None:
    for kind in KINDS:
        of_kind(bench, kind)


def of_kind(bench: Bench, kind: Kind) -> None:
    start = bench.start
    database = bench.postgres.database()
    services: dict[str, Callable[[str], Function]] = {
        "MMMS": lambda url: start.mmms_api(url, results=kind.results),
        "peer": lambda url: start.peer(database, url=url),
        "floor": lambda url: start.floor(database, url, results=kind.results),
    }
    if kind.results:
        # The peer answers with the result, and publishes nothing.
        del services["peer"]
    figures = {name: measure(bench, kind, name, database, started) for name, started in services.items()}
    if kind.latency_ms:
        bench.figures |= {f"single.{name}": one.latency_ms for name, one in figures.items()}
    for name, unit, field in (
        ("CPU", "ms", "cpu_ms"),
        ("median latency on loopback", "ms", "latency_ms"),
        ("round trips to PostgreSQL", "each", "round_trips"),
        ("statements", "each", "statements"),
    ):
        columns = [figures.get(column) for column in ("MMMS", "peer", "floor")]
        values = [getattr(column, field) if column else None for column in columns]
        if values[0] is not None:
            bench.add(f"single mail, {kind.name}: {name}", unit, *values)


def measure(
    bench: Bench, kind: Kind, name: str, database: str, started: Callable[[str], Function]
) -> Figures:
    bench.next()
    bench.stand_in.command("latency", milliseconds=kind.latency_ms)
    function = started(bench.postgres.url(database))
    function.load("warm", WARM_UP)
    before = function.program.cpu()
    report = function.load("single", kind.mails)
    cpu = function.program.cpu() - before
    what, expected = f"single mails, {kind.name}, {name}", WARM_UP + kind.mails
    bench.check_answers(what, report, "200", kind.mails)
    bench.check_arrivals(what, expected)
    if name == "MMMS":
        bench.check_ledger(what, sent(function, expected), expected)
    figures = Figures(cpu_ms=cpu * 1e3 / kind.mails, latency_ms=report["p50_ms"])
    if kind.is_counted:
        counts = counted(bench, database, started)
        figures.round_trips = counts["round_trips"] / COUNTED
        figures.statements = counts["statements"] / COUNTED
    return figures


def counted(bench: Bench, database: str, started: Callable[[str], Function]) -> dict:
    """Returns what passes to PostgreSQL for some mails, of another process behind a proxy."""
    bench.next()
    function = started(bench.start.proxied(database))
    function.load("warm-counted", WARM_UP)
    bench.stand_in.command("reset-counts")
    function.load("counted", COUNTED)
    return bench.stand_in.counts()["database"]
