"""What sending and waiting give."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from mmms._errors import MmmsError
from mmms._generated.models.event import Event
from mmms._generated.models.mailing import Mailing
from mmms._generated.models.queued_mail import QueuedMail
from mmms._generated.models.sent_mail import SentMail


@dataclass(frozen=True)
class SendResult:
    """A mail that MMMS has taken: it is stored, and is sent or was sent."""

    #: The id of the mailing, for `mail.get(id)`.
    id: str
    #: `sent`: the mail system has accepted it. `queued`: it is sent in the background, or at its `send_at`.
    #: `unconfirmed`: it cannot be known whether it was sent. A later version of MMMS may have others.
    status: str
    #: The number of recipients.
    accepted: int
    #: The mail system's id, if it was sent.
    message_id: str | None
    #: MMMS had this mail already, by its idempotency key, and has not sent it again.
    replayed: bool
    #: The whole answer.
    data: SentMail | QueuedMail


def read_sent(response: httpx.Response) -> SendResult:
    """Reads the answer to a mail."""
    replayed = response.headers.get("idempotency-replayed") == "true"
    data = response.json()["data"]
    if response.status_code == 200:
        sent = SentMail.from_dict(data)
        return SendResult(sent.id, sent.status.status, 1, sent.message_id, replayed, sent)
    queued = QueuedMail.from_dict(data)
    return SendResult(queued.id, queued.status, queued.accepted, None, replayed, queued)


@dataclass(frozen=True)
class EventFeed:
    """A part of the feed of events."""

    items: list[Event]
    #: The cursor to continue with. At the end of the feed too: ask again with it later.
    next: str


def read_feed(response: httpx.Response) -> EventFeed:
    """Reads a part of the feed."""
    data = response.json()["data"]
    return EventFeed([Event.from_dict(item) for item in data["items"]], data["next"])


@dataclass(frozen=True)
class Progress:
    """How far a mailing is."""

    #: Recipients that have come to an end, whichever.
    done: int
    #: All recipients.
    total: int
    mailing: Mailing


def progress_of(mailing: Mailing) -> Progress:
    """Counts also the statuses that this version does not know."""
    counts = mailing.counts.to_dict()
    total = sum(count for count in counts.values() if isinstance(count, int))
    return Progress(total - mailing.counts.queued - mailing.counts.sending, total, mailing)


def too_late(progress: Progress) -> MmmsError:
    """Returns the error of waiting in vain."""
    left = progress.total - progress.done
    return MmmsError("timeout", f"mailing {progress.mailing.id} still has {left} recipients under way")
