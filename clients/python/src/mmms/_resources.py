"""What the client that waits can do."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator
from typing import TypeVar, Unpack

from mmms import _requests
from mmms._connection import Connection
from mmms._mail_fields import MailFields, mail
from mmms._request import Page, Request
from mmms._results import EventFeed, Progress, SendResult, progress_of, too_late
from mmms.models import (
    CancelledMailing,
    DryRun,
    Mailing,
    QueuedMail,
    Recipient,
    RescheduledMailing,
    Suppression,
)

T = TypeVar("T")


class _Resource:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _all(self, page_after: Callable[[str | None], Request[Page[T]]]) -> Iterator[T]:
        """Reads page after page, each when it is needed."""
        after = None
        while True:
            page = self._connection.call(page_after(after))
            yield from page.items
            if page.next is None:
                return
            after = page.next


class Mail(_Resource):
    """Sends mail, and tells what became of it."""

    def send(
        self, *, idempotency_key: str | None = None, respond_async: bool = False, **fields: Unpack[MailFields]
    ) -> SendResult:
        """Sends a mail to one recipient, or queues one for each of several; see `MailFields` for the arguments.

        However often it has to ask, MMMS takes the mail once. With an `idempotency_key` of your own, that holds also
        for another process that sends exactly the same within 24 hours. With `respond_async`, mail to one recipient
        is queued too, and the answer comes at once.
        """
        return self._connection.call(_requests.send(mail(**fields), idempotency_key, respond_async))

    def dry_run(self, **fields: Unpack[MailFields]) -> DryRun:
        """Tells what `send` would do, with the first mail as it would be sent, and sends nothing."""
        return self._connection.call(_requests.dry_run(mail(**fields)))

    def get(self, id: str) -> Mailing:
        """Returns a mailing, with the number of its recipients in each status. A single mail is a mailing of one."""
        return self._connection.call(_requests.mailing(id))

    def list(
        self, *, email_id: str | None = None, idempotency_key: str | None = None, open: bool | None = None
    ) -> Iterator[Mailing]:
        """Iterates over the mailings of the API key, newest first.

        `email_id` finds by your own id, and `idempotency_key` what was sent with it in the last 24 hours; `open` tells
        those under way from those that have ended.
        """
        return self._all(
            lambda after: _requests.mailings(email_id=email_id, idempotency_key=idempotency_key, open=open, after=after)
        )

    def recipients(self, id: str, *, status: str | None = None) -> Iterator[Recipient]:
        """Iterates over the recipients of a mailing, in the order of the request."""
        return self._all(lambda after: _requests.recipients(id, status=status, after=after))

    def cancel(self, id: str) -> CancelledMailing:
        """Cancels what is still queued of a mailing."""
        return self._connection.call(_requests.cancel(id))

    def reschedule(self, id: str, send_at: datetime.datetime | str) -> RescheduledMailing:
        """Moves what is still queued of a mailing to another time."""
        return self._connection.call(_requests.reschedule(id, send_at))

    def resend(self, id: str, status: str) -> QueuedMail:
        """Queues the recipients again that are `failed`, or the `unconfirmed` ones, who may get the mail twice."""
        return self._connection.call(_requests.resend(id, status))

    def wait(
        self,
        id: str,
        *,
        timeout: float | None = None,
        interval: float = 1.0,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Mailing:
        """Waits until no recipient of a mailing is queued or being sent to, and returns it: look at its `counts`.

        It looks every `interval` seconds, and calls `on_progress` each time. After `timeout` seconds it raises a
        `MmmsError` of the type `timeout`; the mailing goes on. Whether a sent mail is delivered is known later.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            progress = progress_of(self.get(id))
            if on_progress:
                on_progress(progress)
            if progress.done == progress.total:
                return progress.mailing
            if end is not None and time.monotonic() + interval > end:
                raise too_late(progress)
            time.sleep(interval)


class Events(_Resource):
    """The feed of events."""

    def list(
        self,
        *,
        after: str | None = None,
        status: str | None = None,
        limit: int | None = None,
    ) -> EventFeed:
        """Returns up to `limit` events (1 to 100; 50 if not given) that follow the cursor `after`, oldest first.

        Keep `next` of the result, at the end of the feed too, and continue with it: so no event is missed.
        """
        return self._connection.call(_requests.events(after=after, status=status, limit=limit))


class Suppressions(_Resource):
    """The addresses that are not mailed."""

    def list(self, *, mail: str | None = None, reason: str | None = None) -> Iterator[Suppression]:
        """Iterates over the suppressed addresses; `mail` finds one, and `reason` is such as `bounce`."""
        return self._all(lambda after: _requests.suppressions(mail=mail, reason=reason, after=after))

    def add(self, mail: str, *, list: str, reason: str | None = None) -> Suppression:
        """Suppresses an address for mail of this `list` of the API key, such as `newsletter`."""
        return self._connection.call(_requests.add_suppression(mail, list, reason))

    def remove(self, id: str) -> None:
        """Removes an entry: the address may be mailed again."""
        self._connection.call(_requests.remove_suppression(id))
