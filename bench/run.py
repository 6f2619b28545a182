"""Runs the measurements and writes their table: see docs/performance.md. `scripts/bench` starts it."""

import datetime
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from driver.bench import Bench
from driver.postgres import Postgres
from driver.rows import ROWS
from driver.services import Paths, Starter
from driver.stand_in import StandIn
from driver.table import markdown

ROOT = Path(__file__).resolve().parent.parent
POSTFIX = ROOT / ".cache/postfix"
DOCUMENT = ROOT / "docs/performance.md"
# What follows in the document is written by each run.
MARK = "<!-- The rest of this page is written by `make bench`. -->\n"


def main() -> int:
    names = (os.environ.get("ROWS") or " ".join(ROWS)).split()
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        print(f"no such row: {' '.join(unknown)}; there are {' '.join(ROWS)}", file=sys.stderr)
        return 2
    # The services are stopped, whatever ends the driver.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with ExitStack() as stack:
        bench = prepare(stack)
        failed = run(bench, [name for name in ROWS if name in names])
        result = report(bench, failed)
    print(f"\n{result}")
    publish(result, is_whole=set(names) == set(ROWS) and not failed)
    return 1 if bench.faults or failed else 0


def prepare(stack: ExitStack) -> Bench:
    logs = ROOT / "bench/target/logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    release, own = ROOT / "target/release", ROOT / "bench/target/release"
    postfix = POSTFIX if os.getuid() == 0 and POSTFIX.exists() else None
    paths = Paths(
        api=Path(os.environ.get("BENCH_API") or release / "api"),
        worker=Path(os.environ.get("BENCH_WORKER") or release / "worker"),
        floor=own / "floor",
        peer=ROOT / "bench/peer",
        python=ROOT / ".cache/bench-peer/bin/python",
        slow_sync=own / "slow_sync.so",
        postfix=postfix,
        logs=logs,
    )
    packages = next((ROOT / ".cache/python/lib").glob("python3*/site-packages"))
    stand_in = StandIn(own / "stand-in", logs / "stand-in.log")
    stack.callback(stand_in.program.stop)
    postgres = Postgres(packages, logs / "postgres.log")
    stack.callback(postgres.stop)
    starter = Starter(stand_in, postgres, paths)
    stack.callback(starter.stop_all)
    return Bench(stand_in, postgres, starter)


def run(bench: Bench, names: list[str]) -> list[str]:
    """Runs the rows, and returns those that failed."""
    failed = []
    for name in names:
        print(f"{name}", flush=True)
        begun = time.monotonic()
        try:
            ROWS[name](bench)
        # The other rows are still measured.
        except Exception as error:
            print(f"    FAILED: {error}", file=sys.stderr, flush=True)
            failed.append(name)
        bench.next()
        print(f"    ({time.monotonic() - begun:.0f} s)", flush=True)
    return failed


def report(bench: Bench, failed: list[str]) -> str:
    parts = [f"## Results of {datetime.date.today():%-d %B %Y}\n", machine(bench)]
    parts.append(markdown(bench.lines) + "\n")
    if failed:
        parts.append(f"**Not measured, because they failed:** {', '.join(failed)}.\n")
    if bench.faults:
        faults = "\n".join(f"- {fault}" for fault in bench.faults)
        parts.append(f"**These checks failed, so the figures of their rows mean nothing:**\n\n{faults}\n")
    checks = "\n".join(f"- {check}" for check in bench.checks)
    parts.append(f"### Checks\n\nThese hold:\n\n{checks}\n")
    return "\n".join(parts)


def machine(bench: Bench) -> str:
    """Returns what the figures depend on."""
    commit = first_line("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    changed = first_line("git", "-C", str(ROOT), "status", "--porcelain", "--", "mail", "api", "worker")
    python = first_line(str(bench.start.paths.python), "--version")
    commit += " with changes" if changed else ""
    built = os.environ.get("BENCH_API")
    facts = {
        "Commit": f"{commit}, but {built} was measured" if built else commit,
        "Machine": f"{os.cpu_count()} cores, {processor()}, {memory_gib():.0f} GiB, {platform.machine()}",
        "Disk": f"a sync of 8 KiB takes {sync_ms():.2f} ms, the median",
        "Load before": f"{bench.load:.1f} on average in the last minute, of other programs",
        "Versions": f"Linux {platform.release()}, {first_line('rustc', '--version')}, "
        f"PostgreSQL {bench.postgres.version()}, {python} for the peer, {postfix_version()}",
    }
    return "\n".join(f"- {name}: {fact}" for name, fact in facts.items()) + "\n"


def first_line(*command: str) -> str:
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return (ran.stdout or ran.stderr).partition("\n")[0].strip()


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "of an unknown kind"


def memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def sync_ms() -> float:
    """Returns the median time of a synced write where the databases are."""
    times = []
    with tempfile.TemporaryFile() as file:
        for _ in range(50):
            begun = time.monotonic()
            os.pwrite(file.fileno(), os.urandom(8192), 0)
            os.fdatasync(file.fileno())
            times.append(time.monotonic() - begun)
    return sorted(times)[len(times) // 2] * 1e3


def postfix_version() -> str:
    version = POSTFIX / "version"
    return f"Postfix {version.read_text().strip()}" if version.exists() else "no Postfix"


def publish(result: str, *, is_whole: bool) -> None:
    """Writes the results into the document, or to where a variable says."""
    out = os.environ.get("BENCH_OUT")
    if out:
        Path(out).write_text(result)
    elif is_whole:
        introduction = DOCUMENT.read_text().partition(MARK)[0]
        DOCUMENT.write_text(f"{introduction}{MARK}\n{result}")
        print(f"written to {DOCUMENT.relative_to(ROOT)}")
    else:
        print("not written: only a run of all rows is, or BENCH_OUT=FILE")


if __name__ == "__main__":
    sys.exit(main())
