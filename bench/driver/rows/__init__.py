"""The measurements, by the name that `make bench ROWS=...` takes, in the order of the table."""

from collections.abc import Callable

from ..bench import Bench
from .accept import accept
from .backlog import backlog
from .callers import callers
from .memory import memory
from .price import price
from .single import single
from .smtp import mailbox, smtp, smtp_delay
from .start import start
from .worker import worker

ROWS: dict[str, Callable[[Bench], None]] = {
    "start": start,
    "single": single,
    "accept": accept,
    "worker": worker,
    "smtp": smtp,
    "smtp-delay": smtp_delay,
    "mailbox": mailbox,
    "callers": callers,
    "backlog": backlog,
    "memory": memory,
    "price": price,
}
