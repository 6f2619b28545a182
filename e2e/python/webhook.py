"""What the Python package says of messages to a webhook that are right, wrong, old or malformed."""

import base64
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from mmms import WebhookError, WebhookEvent, webhooks
from standardwebhooks import Webhook


def secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


EVENT: dict[str, Any] = {
    "event_id": "019c0000-0000-7000-8000-0000000000e1",
    "occurred_at": "2026-01-27T10:30:00.000Z",
    "id": "019c0000-0000-7000-8000-000000000001",
    "index": 3,
    "status": "bounced",
    "recipient": "ann@example.org",
    "bounce": {"type": "permanent", "subtype": "General", "diagnostic": None},
    "attempts": 1,
    "sequence": 2,
    "api_key_id": "019c0000-0000-7000-8000-0000000000a1",
    **dict.fromkeys(["email_id", "email_recipient_id", "message_id", "status_detail", "last_error", "queued_at"]),
    **dict.fromkeys(["sent_at", "client_env_id", "project_id", "closure_id"]),
}
MESSAGE = {"type": "mail.bounced", "timestamp": "2026-01-27T10:30:00.000Z", "data": EVENT}
BODY = json.dumps(MESSAGE).encode()
OWN, OTHER = secret(), secret()


def signed(body: bytes = BODY, key: str = OWN, at: datetime | None = None) -> dict[str, str]:
    at = at or datetime.now(UTC)
    return {
        "Webhook-Id": "evt_1",
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": Webhook(key).sign("evt_1", at, body.decode()),
    }


def refused(body: str | bytes, headers: dict[str, str], key: str | Sequence[str] = OWN) -> None:
    try:
        message = webhooks.verify(body, headers, key)
    except WebhookError:
        return
    raise AssertionError(f"taken: {message}")


message = webhooks.verify(BODY, signed(), OWN)
assert isinstance(message, WebhookEvent), message
assert (message.id, message.type, message.timestamp.year) == ("evt_1", "mail.bounced", 2026), message
assert (message.event.status, message.event.index, message.event.email_id) == ("bounced", 3, None), message
assert message.event.bounce and message.event.bounce.type_ == "permanent", message
assert webhooks.verify(BODY.decode(), signed(), [OTHER, OWN]) == message, "any of several secrets"

ping = b'{"type": "ping", "timestamp": "2026-01-27T10:30:00.000Z", "data": {"webhook_id": "1"}}'
answer = webhooks.verify(ping, signed(ping), OWN)
assert (answer.type, answer.data, isinstance(answer, WebhookEvent)) == ("ping", {"webhook_id": "1"}, False)

newer = json.dumps({**MESSAGE, "type": "mail.later", "data": {**EVENT, "status": "later", "later": 1}}).encode()
later = webhooks.verify(newer, signed(newer), OWN)
assert isinstance(later, WebhookEvent) and later.event.additional_properties == {"later": 1}, later

refused(BODY.replace(b"ann@", b"bob@"), signed())
refused(BODY, signed(), OTHER)
refused(BODY, signed(), [])
refused(BODY, signed(at=datetime.now(UTC) - timedelta(minutes=6)))
refused(BODY, signed(at=datetime.now(UTC) + timedelta(minutes=6)))
refused(b"no JSON", signed(b"no JSON"))
refused(b"[]", signed(b"[]"))
refused(b"\xff", signed())
for name in signed():
    refused(BODY, {other: value for other, value in signed().items() if other != name})
for signature in ["", "v1", "v1,", "v1,%%%", "v2,AAAA", "v1,AAAA,AAAA", ","]:
    refused(BODY, signed() | {"Webhook-Signature": signature})
for time in ["soon", "", "nan", "9" * 30]:
    refused(BODY, signed() | {"Webhook-Timestamp": time})
for key in ["", "whsec_", "whsec_x", "an-api-key-by-mistake-0123456789"]:
    try:
        webhooks.verify(BODY, signed(), key)
    except ValueError:
        continue
    raise AssertionError(f"{key!r} is taken as a secret")
print("webhook")
