"""The messages of the result queue, which MMMS publishes to SQS."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass, field
from typing import Any, Self

from mmms._generated.models.bounce import Bounce
from mmms._generated.models.event import Event


@dataclass(frozen=True)
class MailResult:
    """The end of a recipient.

    A message may come twice and in any order: keep the one with the highest `sequence` of each `id` and `index`, and
    ignore a `status` that you do not know.
    """

    event_id: str
    occurred_at: datetime.datetime
    #: The id of the mailing.
    id: str
    #: The recipient's position in the request, from 0.
    index: int
    email_id: str | int | None
    email_recipient_id: str | int | None
    #: `None` after the address was removed by retention or erasure.
    recipient: str | None
    #: `sent`, `failed`, `unconfirmed`, `cancelled`; by setting `suppressed`, `delivered`, `bounced`, `complained`.
    status: str
    message_id: str | None
    status_detail: str | None
    last_error: str | None
    queued_at: datetime.datetime | None
    sent_at: datetime.datetime | None
    client_env_id: str | int | None
    project_id: str | int | None
    closure_id: str | int | None
    attempts: int
    sequence: int
    bounce: Bounce | None
    #: Fields of a later version.
    additional_properties: dict[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    def from_json(cls, body: str | bytes) -> Self:
        """Reads the body of an SQS message. Raises `ValueError` if it is none of MMMS."""
        try:
            message = json.loads(body)
            # An event is a result with the key's id in addition.
            event = Event.from_dict({"api_key_id": "", **message})
        except (TypeError, KeyError, AttributeError) as fault:
            raise ValueError(f"not a message of MMMS's result queue: {fault!r}") from fault
        known = {name: getattr(event, name) for name in cls.__dataclass_fields__}
        known["additional_properties"] = {name: message[name] for name in message if name not in known}
        return cls(**known)
