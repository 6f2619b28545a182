"""A backlog: many mailings that are accepted at once, until the last recipient is sent to."""

import time

from ..bench import Bench, setting
from ..services import sent

MAILING = 10_000
RECIPIENTS = setting("BENCH_BACKLOG", 300_000)
# The requests that are made at once.
CALLERS = 4


def backlog(bench: Bench) -> None:
    measure(bench, "SQLite, queue in the process", "SQLite", with_sqs=False)
    measure(bench, "PostgreSQL, queue in the process", "PostgreSQL", with_sqs=False)
    measure(bench, "PostgreSQL, SQS", "PostgreSQL", with_sqs=True)


def measure(bench: Bench, name: str, database: str, *, with_sqs: bool) -> None:
    bench.next()
    start, postgres = bench.start, bench.postgres
    url = start.database(database)
    variables = {"MAIL_TRANSPORT": "ses"}
    if with_sqs:
        variables["MAIL_QUEUE_URL"] = start.mmms_environment(url)["MAIL_QUEUE_URL"]
    server = start.mmms_server(url, **variables)
    programs = [server.program]
    if with_sqs:
        programs.append(start.mmms_worker_process(url))
    bench.stand_in.command("reset-counts")
    cpu = sum(program.cpu() for program in programs)
    wal = postgres.wal()
    report = server.load("backlog", RECIPIENTS // MAILING, callers=CALLERS, recipients=MAILING)
    work = f"backlog of {RECIPIENTS:,}, {name}"
    bench.check_answers(work, report, "202", RECIPIENTS // MAILING)
    counts = bench.stand_in.command("wait", recipients=RECIPIENTS, seconds=1200)
    # The last outcomes are written after the last arrival.
    time.sleep(1)
    cpu = sum(program.cpu() for program in programs) - cpu
    wal = postgres.wal() - wal
    recipients = counts["recipients"]
    bench.check_arrivals(work, RECIPIENTS)
    bench.check_ledger(work, sent(server, RECIPIENTS, seconds=120), RECIPIENTS)
    bench.add(work, "recipients/s", RECIPIENTS / recipients["last"])
    first, last = ends(recipients["thousands"], report["seconds"])
    bench.add(f"{work}: the first thousands after the last request", "ms each", first)
    bench.add(f"{work}: the last thousands", "ms each", last)
    bench.add(f"{work}: CPU", "µs/recipient", cpu * 1e6 / RECIPIENTS)
    if database == "PostgreSQL":
        bench.add(f"{work}: write-ahead log", "bytes/recipient", wal / RECIPIENTS)


def ends(thousands: list[float], accepted: float) -> tuple[float, float]:
    """Returns the mean time of a thousand recipients at the beginning and at the end, in milliseconds.

    While mailings are still being accepted, accepting takes a part of the machine.
    """
    after = [second for second in thousands if second >= accepted] or thousands
    count = max(len(after) // 5, 2)
    return mean_step(after[:count]), mean_step(after[-count:])


def mean_step(seconds: list[float]) -> float:
    steps = max(len(seconds) - 1, 1)
    return (seconds[-1] - seconds[0]) / steps * 1e3
