"""Mailings through SMTP and into the mailbox, from the request to the last mail."""

import time
from pathlib import Path

from ..bench import Bench
from ..process import Program
from ..services import Server, sent
from ..smtp import Postfix, Sink, send

MAILS = 10_000
DELAYED_MAILS = 3_000
DELAY_MS = 100
WARM_UP = 100


def smtp(bench: Bench) -> None:
    root = bench.start.paths.postfix
    if root is None:
        bench.check(False, "SMTP: Postfix needs to run as root")
        return
    mmms = {name: of_mmms(bench, name, root) for name in ("SQLite", "PostgreSQL")}
    bench.next()
    with_sink = Sink(root, bench.start.log("smtp-sink"))
    try:
        queue = Postfix(root, bench.start.folder(), with_sink.port, bench.start.log("postfix"))
        postfix = through_postfix(bench, root, queue, with_sink)
    finally:
        with_sink.stop()
    sink = Sink(root, bench.start.log("smtp-sink"))
    try:
        sink.program.wait_until(sink.is_ready, "ready")
        begun = time.time()
        send(root, sink.port, MAILS)
        floor = MAILS / (sink.wait_for(MAILS) - begun)
    finally:
        sink.stop()
    for name, (rate, cpu) in mmms.items():
        work = f"SMTP into `smtp-sink`, {name} (peer Postfix, floor `smtp-source`)"
        bench.add(work, "recipients/s", rate, postfix, floor)
        bench.add(f"SMTP into `smtp-sink`, {name}: CPU", "µs/recipient", cpu)


def through_postfix(bench: Bench, root: Path, queue: Postfix, sink: Sink) -> float:
    try:
        queue.program.wait_until(queue.is_ready, "ready")
        send(root, queue.port, WARM_UP, "warm")
        sink.wait_for(WARM_UP)
        begun = time.time()
        send(root, queue.port, MAILS)
        rate = MAILS / (sink.wait_for(MAILS + WARM_UP) - begun)
    finally:
        queue.stop()
    check_sink(bench, "SMTP, Postfix", sink, MAILS + WARM_UP)
    return rate


def check_sink(bench: Bench, what: str, sink: Sink, expected: int) -> None:
    arrived = sink.arrived()
    distinct = len(set(arrived))
    bench.check(
        len(arrived) == distinct == expected,
        f"{what}: {distinct:,} of {expected:,} recipients arrived, {len(arrived) - distinct} a second time",
    )


def of_mmms(bench: Bench, database: str, root: Path) -> tuple[float, float]:
    """Returns recipients a second and microseconds of CPU for each."""
    bench.next()
    sink = Sink(root, bench.start.log("smtp-sink"))
    try:
        sink.program.wait_until(sink.is_ready, "ready")
        server = server_on(bench, database, sink.port)
        server.load("warm", 1, recipients=WARM_UP)
        sink.wait_for(WARM_UP)
        before, begun = server.program.cpu(), time.time()
        server.load("smtp", 1, recipients=MAILS)
        end = sink.wait_for(MAILS + WARM_UP)
        cpu = settled_cpu(server.program) - before
        what = f"SMTP, MMMS on {database}"
        check_sink(bench, what, sink, MAILS + WARM_UP)
        bench.check_ledger(what, sent(server, MAILS + WARM_UP), MAILS + WARM_UP)
    finally:
        sink.stop()
    return MAILS / (end - begun), cpu * 1e6 / MAILS


def server_on(bench: Bench, database: str, port: int) -> Server:
    start = bench.start
    transport = f"smtp://127.0.0.1:{port}"
    return start.mmms_server(start.database(database), MAIL_TRANSPORT=transport, MAIL_RESULT_QUEUE_URL="")


def settled_cpu(program: Program) -> float:
    """Returns the CPU that a program has used, once it uses hardly any more."""
    used = program.cpu()
    while True:
        time.sleep(0.5)
        now = program.cpu()
        if now - used < 0.02:
            return now
        used = now


def smtp_delay(bench: Bench) -> None:
    postfix = None
    root = bench.start.paths.postfix
    if root is not None:
        bench.next()
        port = delayed_sink(bench)
        queue = Postfix(root, bench.start.folder(), port, bench.start.log("postfix"))
        try:
            queue.program.wait_until(queue.is_ready, "ready")
            begun = time.monotonic()
            send(root, queue.port, DELAYED_MAILS)
            bench.stand_in.command("wait", recipients=DELAYED_MAILS, seconds=600)
            postfix = DELAYED_MAILS / (time.monotonic() - begun)
        finally:
            queue.stop()
        bench.check_arrivals(f"SMTP with {DELAY_MS} ms, Postfix", DELAYED_MAILS)
    for database in ("SQLite", "PostgreSQL"):
        bench.next()
        server = server_on(bench, database, delayed_sink(bench))
        begun = time.monotonic()
        server.load("smtp-delay", 1, recipients=DELAYED_MAILS)
        bench.stand_in.command("wait", recipients=DELAYED_MAILS, seconds=600)
        rate = DELAYED_MAILS / (time.monotonic() - begun)
        what = f"SMTP with {DELAY_MS} ms, MMMS on {database}"
        bench.check_arrivals(what, DELAYED_MAILS)
        bench.check_ledger(what, sent(server, DELAYED_MAILS), DELAYED_MAILS)
        work = f"SMTP, each mail accepted after {DELAY_MS} ms, {database} (peer Postfix)"
        bench.add(work, "recipients/s", rate, postfix)


def delayed_sink(bench: Bench) -> int:
    sink = bench.stand_in.command("sink", milliseconds=DELAY_MS)
    return int(sink["address"].split(":")[1])


def mailbox(bench: Bench) -> None:
    bench.next()
    url = bench.start.database("SQLite")
    folder = bench.start.folder() / "mailbox"
    server = bench.start.mmms_server(
        url, MAIL_TRANSPORT="mailbox", MAILBOX_DIR=str(folder), MAIL_RESULT_QUEUE_URL=""
    )
    before, begun = server.program.cpu(), time.monotonic()
    server.load("mailbox", 1, recipients=MAILS)
    end = time.monotonic() + 300
    while mails(folder) < MAILS and time.monotonic() < end:
        time.sleep(0.05)
    seconds = time.monotonic() - begun
    cpu = settled_cpu(server.program) - before
    what = f"mailbox: {mails(folder):,} of {MAILS:,} mails in the folder"
    bench.check(mails(folder) == MAILS, what)
    bench.check_ledger("mailbox", sent(server, MAILS), MAILS)
    bench.add("mailbox, SQLite", "recipients/s", MAILS / seconds)
    bench.add("mailbox, SQLite: CPU", "µs/recipient", cpu * 1e6 / MAILS)


def mails(folder: Path) -> int:
    return sum(1 for _ in folder.glob("**/*.eml"))
