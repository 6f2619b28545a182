"""The worker as a function, with an SES that answers after 50 ms."""

import time

from ..bench import Bench
from ..services import BATCH, Function, sent
from ..stand_in import QUEUE

LATENCY_MS = 50
WARM_UP = 500
OF_MMMS = 20_000
OF_PEER = 200
COUNTED = 5_000


def worker(bench: Bench) -> None:
    database = bench.postgres.database()
    mmms = of_mmms(bench, database)
    bench.next()
    bench.stand_in.command("latency", milliseconds=LATENCY_MS)
    api, function = bench.start.peer(database), bench.start.peer(database, "work")
    peer = measure(bench, "peer", api, function, [OF_PEER])
    work = f"worker, SES {LATENCY_MS} ms"
    bench.add(work, "recipients/s", mmms["rate"], peer["rate"])
    bench.add(f"{work}: CPU", "µs/recipient", mmms["cpu_us"], peer["cpu_us"])
    bench.figures |= {"worker.MMMS": mmms["rate"], "worker.peer": peer["rate"]}
    counts = counted(bench)
    for field, name in (("round_trips", "round trips"), ("statements", "statements")):
        bench.add(f"{work}: {name}", "/recipient", counts[field] / COUNTED)


def of_mmms(bench: Bench, database: str) -> dict[str, float]:
    bench.next()
    bench.stand_in.command("latency", milliseconds=LATENCY_MS)
    url = bench.postgres.url(database)
    api, function = bench.start.mmms_api(url), bench.start.mmms_worker(url)
    figures = measure(bench, "MMMS", api, function, [10_000] * (OF_MMMS // 10_000))
    bench.check_ledger("worker, MMMS", sent(api, OF_MMMS + WARM_UP), OF_MMMS + WARM_UP)
    return figures


def measure(
    bench: Bench, name: str, api: Function, function: Function, mailings: list[int]
) -> dict[str, float]:
    """Accepts the mailings, and then lets the worker send them."""
    is_peer = name == "peer"
    warm_up = 2 if is_peer else WARM_UP
    api.load("warm", 1, recipients=warm_up)
    deliver(bench, function)
    for number, size in enumerate(mailings):
        api.load(f"worker-{number}", 1, recipients=size)
    before = function.program.cpu()
    seconds = deliver(bench, function)
    cpu = function.program.cpu() - before
    bench.check_arrivals(f"worker, {name}", warm_up + sum(mailings))
    count = sum(mailings)
    return {"rate": count / seconds, "cpu_us": cpu * 1e6 / count}


def deliver(bench: Bench, function: Function) -> float:
    """Lets the worker empty the queue, and returns the seconds that this takes."""
    begun = time.monotonic()
    map_queue(bench, [function])
    bench.wait_until_empty(QUEUE)
    seconds = time.monotonic() - begun
    map_queue(bench, [])
    return seconds


def map_queue(bench: Bench, functions: list[Function]) -> None:
    runtimes = [function.runtime for function in functions]
    bench.stand_in.command("mapping", queue=QUEUE, runtimes=runtimes, batch=BATCH)


def counted(bench: Bench) -> dict:
    """Returns what passes from a worker to PostgreSQL."""
    bench.next()
    database = bench.postgres.database()
    api = bench.start.mmms_api(bench.postgres.url(database))
    function = bench.start.mmms_worker(bench.start.proxied(database))
    api.load("warm", 1, recipients=WARM_UP)
    deliver(bench, function)
    api.load("counted", 1, recipients=COUNTED)
    bench.stand_in.command("reset-counts")
    deliver(bench, function)
    return bench.stand_in.counts()["database"]
