"""Many callers at once, each with its next single mail as soon as the last one is answered."""

from ..bench import Bench, setting
from ..services import sent

SECONDS = setting("BENCH_SECONDS", 10)
CALLERS = (50, 200)
SLOW_SYNC_MS = 20


def callers(bench: Bench) -> None:
    for database in ("SQLite", "PostgreSQL"):
        for count in CALLERS:
            measure(bench, database, count)
    measure(bench, "SQLite", CALLERS[-1], SLOW_SYNC_MS)


def measure(bench: Bench, database: str, count: int, slow_sync_ms: int = 0) -> None:
    bench.next()
    start = bench.start
    variables = {"MAIL_TRANSPORT": "ses"}
    if slow_sync_ms:
        variables |= {
            "LD_PRELOAD": str(start.paths.slow_sync),
            "SYNC_MILLISECONDS": str(slow_sync_ms),
        }
    server = start.mmms_server(start.database(database), **variables)
    server.load("warm", 50, callers=5)
    before = server.program.cpu()
    report = server.load("callers", 10_000_000, callers=count, seconds=SECONDS)
    cpu = server.program.cpu() - before
    statuses = dict(report["statuses"])
    # 202 means that the mail could not be sent at once and is queued.
    accepted = statuses.pop("200", 0) + statuses.pop("202", 0)
    errors = sum(statuses.values())
    disk = f", a disk that syncs in {slow_sync_ms} ms" if slow_sync_ms else ""
    work = f"{count} callers at once, {database}{disk}"
    bench.add(work, "mails/s", accepted / report["seconds"])
    bench.add(f"{work}: p50", "ms", report["p50_ms"])
    bench.add(f"{work}: p99", "ms", report["p99_ms"])
    bench.add(f"{work}: errors", "of all answers", errors / max(report["requests"], 1))
    bench.add(f"{work}: CPU", "ms/mail", cpu * 1e3 / max(accepted, 1))
    # Those that were answered with an error may be sent or not, but none twice.
    counts = sent(server, accepted + 50)
    recipients = bench.stand_in.counts()["recipients"]
    distinct, repeated = recipients["distinct"], recipients["repeated"]
    bench.check(
        accepted + 50 <= distinct <= accepted + errors + 50 and not repeated,
        f"{work}: {distinct - 50:,} arrived of {accepted:,} accepted, {repeated} a second time,"
        f" answers {report['statuses']}",
    )
    bench.check(counts["sent"] == distinct, f"{work}: the ledger has {counts['sent']:,} of them as sent")
