"""Messages that MMMS posts to a webhook, signed as Standard Webhooks says. This needs no API key."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from standardwebhooks import Webhook, WebhookVerificationError

from mmms._generated.models.event import Event


class WebhookError(Exception):
    """A message is not one of this webhook: answer 400, and do nothing."""


class Headers(Protocol):
    """The header fields of a request, of any framework."""

    def items(self) -> Iterable[tuple[str, str]]: ...


@dataclass(frozen=True)
class WebhookMessage:
    """A message: a ping, or of a kind that a later version of MMMS has."""

    #: The same if the message comes again: remember it where that matters.
    id: str
    type: str
    timestamp: datetime.datetime
    data: Mapping[str, Any]


@dataclass(frozen=True)
class WebhookEvent(WebhookMessage):
    """An event: its `type` is `mail.` and the event's status, such as `mail.bounced`."""

    event: Event


def verify(body: str | bytes, headers: Headers | Mapping[str, str], secret: str | Sequence[str]) -> WebhookMessage:
    """Checks that a message is signed with the webhook's secret and at most five minutes old, and returns it.

    `body` is what came, byte for byte: JSON that was parsed and written again has another signature. Of several
    secrets, any may have signed. Raises `WebhookError` if the message is not to be trusted, and `ValueError` if a
    secret is none.
    """
    fields = {name.lower(): value for name, value in headers.items()}
    fault: Exception | None = None
    for one in [secret] if isinstance(secret, str) else secret:
        webhook = _webhook(one)
        try:
            message = webhook.verify(body, fields)
        # A malformed signature is a ValueError.
        except (WebhookVerificationError, ValueError) as error:
            fault = error
        else:
            return _message(fields["webhook-id"], message)
    raise WebhookError(f"the message is not signed with this secret: {fault}") from fault


def _webhook(secret: str) -> Webhook:
    if not secret.startswith("whsec_") or len(secret) < len("whsec_") + 24:
        raise ValueError("the secret of a webhook begins with whsec_, as it was shown when the webhook was made")
    return Webhook(secret)


def _message(id: str, message: Mapping[str, Any]) -> WebhookMessage:
    try:
        kind, data = message["type"], message["data"]
        timestamp = datetime.datetime.fromisoformat(message["timestamp"])
        if not kind.startswith("mail."):
            return WebhookMessage(id, kind, timestamp, data)
        return WebhookEvent(id, kind, timestamp, data, Event.from_dict(data))
    except (ValueError, TypeError, KeyError, AttributeError) as fault:
        raise WebhookError(f"the message is signed, but is none of MMMS: {fault!r}") from fault
