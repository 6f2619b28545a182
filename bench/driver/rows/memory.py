"""The peak of the resident memory."""

from ..bench import Bench, setting
from ..services import sent
from ..stand_in import QUEUE
from .worker import map_queue

MAILING = 10_000
RECIPIENTS = setting("BENCH_RECIPIENTS", 100_000)
REQUESTS_AT_ONCE = 40
OF_PEER = 200


def memory(bench: Bench) -> None:
    bench.next()
    url = bench.postgres.url(bench.postgres.database())
    api, worker = bench.start.mmms_api(url), bench.start.mmms_worker(url)
    map_queue(bench, [worker])
    early = {}
    mailings = RECIPIENTS // MAILING
    early_at = max(mailings // 10, 1)
    for number in range(mailings):
        api.load(f"memory-{number}", 1, recipients=MAILING)
        arrived = (number + 1) * MAILING
        bench.stand_in.command("wait", recipients=arrived, seconds=600)
        if number + 1 == early_at:
            early = {"API": api.program.peak(), "worker": worker.program.peak()}
    bench.wait_until_empty(QUEUE)
    late = {"API": api.program.peak(), "worker": worker.program.peak()}
    map_queue(bench, [])
    bench.check_arrivals("memory, MMMS", RECIPIENTS)
    bench.check_ledger("memory, MMMS", sent(api, RECIPIENTS, seconds=120), RECIPIENTS)
    peer = of_peer(bench)
    for name in late:
        work = f"peak memory of the {name} function"
        bench.add(f"{work}, {early_at * MAILING:,} recipients", "MiB", early[name], peer[name])
        bench.add(f"{work}, {RECIPIENTS:,} recipients", "MiB", late[name], peer[name])
    at_once(bench)


def of_peer(bench: Bench) -> dict[str, float]:
    """Returns the peaks for a mailing of 10,000 that is accepted, and for a few recipients that are sent."""
    bench.next()
    database = bench.postgres.database()
    api = bench.start.peer(database)
    worker = bench.start.peer(database, "work")
    api.load("memory", 1, recipients=MAILING)
    bench.stand_in.reset()
    api.load("memory", 1, recipients=OF_PEER)
    map_queue(bench, [worker])
    bench.wait_until_empty(QUEUE)
    return {"API": api.program.peak(), "worker": worker.program.peak()}


def at_once(bench: Bench) -> None:
    for database in ("SQLite", "PostgreSQL"):
        bench.next()
        url = bench.start.database(database)
        server = bench.start.mmms_server(url, MAIL_TRANSPORT="ses")
        # One after the other first, for comparison.
        server.load("before", 3, recipients=MAILING)
        one = server.program.peak()
        report = server.load("at-once", REQUESTS_AT_ONCE, callers=REQUESTS_AT_ONCE, recipients=MAILING)
        what = f"{REQUESTS_AT_ONCE} requests with {MAILING:,} recipients at once, {database}"
        bench.check_answers(what, report, "202", REQUESTS_AT_ONCE)
        bench.add(f"peak memory, {what}", "MiB", server.program.peak())
        bench.add(f"peak memory, the same one after the other, {database}", "MiB", one)
