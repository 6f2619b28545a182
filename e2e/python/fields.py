"""What the Python package makes of its arguments, settings and messages of the result queue. The arguments are the
server's address and the schema of those messages."""

import base64
import dataclasses
import json
import os
import pickle
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from mmms import MailResult, Mmms, MmmsError, webhooks

base, schema = sys.argv[1], json.loads(Path(sys.argv[2]).read_text())
bodies: list[dict[str, Any]] = []


def take(request: httpx.Request) -> httpx.Response:
    if request.content:
        bodies.append(json.loads(request.content))
    return httpx.Response(418, text="a teapot")


mmms = Mmms(base_url=base, api_key="a-key", http_client=httpx.Client(transport=httpx.MockTransport(take)))


def body(**fields: Any) -> dict[str, Any]:
    try:
        mmms.mail.send(**({"from_": "a@example.org", "to": "b@example.org", "subject": "c"} | fields))
    except MmmsError as error:
        assert (error.type, error.status) == ("gateway_error", 418), error
    return bodies[-1]


def fails(call: Callable[[], object], kind: type[Exception]) -> str:
    try:
        result = call()
    except kind as error:
        return str(error)
    raise AssertionError(f"{kind} is missing: {result}")


# Addresses as people write them.
assert body(from_="a@example.org")["sender_name"] == "a@example.org"
named = body(from_='"Doe, \\"Jane\\"" <jane@example.org>', to="Doe, John <john@example.org>")
assert (named["sender_name"], named["sender_email"]) == ('Doe, "Jane"', "jane@example.org"), named
assert named["recipients"] == [{"mail": "john@example.org", "name": "Doe, John"}], named
assert body(to=" <x@example.org> ")["recipients"] == [{"mail": "x@example.org"}]
assert body(to="no address")["recipients"] == [{"mail": "no address"}], "MMMS names the fault"
assert body(to=(f"{name}@example.org" for name in "ab"))["recipients"] == [
    {"mail": "a@example.org"},
    {"mail": "b@example.org"},
]
special = {"mail": "x@example.org", "variables": {"n": 1}, "emailRecipientId": 7}
assert body(to=special)["recipients"] == [special]
assert body(to=["x@example.org", special])["recipients"] == [{"mail": "x@example.org"}, special]

# Every field of the API can be given, and what is not given is not sent.
assert set(body()) == {"recipients", "sender_email", "sender_name", "subject"}, bodies[-1]
Path("logo.png").write_bytes(b"\x89PNG")
whole = body(
    html="<p>",
    text="t",
    reply_to="R <r@example.org>",
    cc=["c@example.org", {"mail": "d@example.org", "name": "D"}],
    bcc="e@example.org",
    attachments=[Path("logo.png"), {"filename": "a.bin", "content": b"\xfb\xff", "content_id": "a"}],
    headers={"X-A": "1"},
    tags={"campaign": "spring"},
    send_at=datetime(2026, 1, 27, 10, 30, tzinfo=UTC),
    expires_at="2026-01-28T10:30:00Z",
    list="news",
    organisation="O",
    email_id=1,
    client_env_id="2",
    email_recipient_id="3",
    project_id="4",
    closure_id="5",
)
request = httpx.get(f"{base}/openapi.json").json()["components"]["schemas"]["MailRequest"]
assert set(whole) == set(request["properties"]), set(whole) ^ set(request["properties"])
assert whole["reply_to"] == [{"mail": "r@example.org", "name": "R"}]
assert whole["cc"] == [{"mail": "c@example.org"}, {"mail": "d@example.org", "name": "D"}]
assert whole["attachments"] == [
    {"filename": "logo.png", "content": base64.b64encode(b"\x89PNG").decode()},
    {"filename": "a.bin", "content": "+/8=", "content_id": "a"},
]
assert whole["tags"] == [{"name": "campaign", "value": "spring"}]
assert whole["send_at"] == "2026-01-27T10:30:00+00:00"

assert "attachments.0.content must be bytes" in fails(
    lambda: body(attachments=[{"filename": "a", "content": "text"}]), TypeError
)
assert "send_at has no time zone" in fails(lambda: body(send_at=datetime(2026, 1, 27)), ValueError)
assert "htlm" in fails(lambda: body(htlm="<p>"), TypeError)
fails(lambda: body(to={"mail": "x@example.org", "variables": {"n": float("nan")}}), ValueError)

for key in ["", "a\nb", "schlüssel"]:
    fails(partial(body, idempotency_key=key), ValueError)

# An error can be carried to another process, and its text has no address that it was not given.
try:
    next(mmms.suppressions.list(mail="secret@example.org"))
except MmmsError as error:
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert f"GET {base}/v1/suppressions" in str(error) and "secret" not in str(error), error
else:
    raise AssertionError("a teapot is taken for a success")

# Settings.
assert mmms.webhooks is webhooks
for name in ["MMMS_URL", "MMMS_API_KEY"]:
    os.environ.pop(name, None)
missing = fails(Mmms, MmmsError)
for name in ["base_url", "MMMS_URL", "api_key", "MMMS_API_KEY"]:
    assert name in missing, missing
assert "MMMS_URL" not in fails(lambda: Mmms(base_url=base), MmmsError)
assert "MMMS_API_KEY" not in fails(lambda: Mmms(api_key="a-key"), MmmsError)
fails(lambda: Mmms(base_url="mail.example.com", api_key="a-key"), MmmsError)
assert "secret" not in fails(lambda: Mmms(base_url=base, api_key="secret\n"), MmmsError)
os.environ |= {"MMMS_URL": base + "/", "MMMS_API_KEY": "secret"}
assert "secret" not in repr(Mmms()), repr(Mmms())

# Results.
result: dict[str, Any] = dict.fromkeys(schema["required"]) | {
    "event_id": "e",
    "occurred_at": "2026-01-27T10:30:00.000Z",
    "id": "m",
    "index": 0,
    "status": "sent",
    "attempts": 1,
    "sequence": 1,
    "sent_at": "2026-01-27T10:30:00.000Z",
}
assert {field.name for field in dataclasses.fields(MailResult)} == set(schema["properties"]) | {"additional_properties"}
read = MailResult.from_json(json.dumps(result | {"status": "later", "later": 1}))
assert (read.id, read.status, read.additional_properties) == ("m", "later", {"later": 1}), read
assert read.sent_at == datetime(2026, 1, 27, 10, 30, tzinfo=UTC), read
for wrong in ["", "[]", "{}", "null", '"text"']:
    fails(partial(MailResult.from_json, wrong), ValueError)
print("fields")
