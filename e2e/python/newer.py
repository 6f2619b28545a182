"""Gives the Python package answers of a later version: they have fields, statuses, codes and errors that it does not
know. The argument is the server's address, whose description has the examples that the answers are made of."""

import sys
from typing import Any

import httpx
from mmms import Mmms, MmmsError
from mmms._errors import REMEDIES

NEW = "a_word_of_a_later_version"
ID = "019c0000-0000-7000-8000-000000000001"
MAIL: Any = {"from_": "team@example.com", "to": "ada@example.com", "subject": "Hello", "text": "Hello"}
description = httpx.get(f"{sys.argv[1]}/openapi.json").json()


def with_more(value: Any) -> Any:
    if isinstance(value, list):
        return [with_more(item) for item in value]
    if isinstance(value, dict):
        return {name: with_more(item) for name, item in value.items()} | {NEW: {"in": [NEW]}}
    return value


def example(path: str, method: str, status: int) -> Any:
    """As the server would send it, with a field more in every object."""
    content = description["paths"][path][method]["responses"][str(status)]["content"]
    return with_more(content["application/json"]["example"])


def answered(status: int, answer: Any) -> Mmms:
    transport = httpx.MockTransport(lambda request: httpx.Response(status, json=answer))
    http = httpx.Client(transport=transport)
    return Mmms(base_url="http://later.example", api_key="a-key", retry_seconds=0, http_client=http)


body = example("/v1/mail", "post", 200)
body["data"]["status"]["status"] = body["data"]["status"]["status_detail"] = NEW
assert answered(200, body).mail.send(**MAIL).status == NEW

body = example("/v1/mail", "post", 202)
body["data"]["status"] = NEW
queued = answered(202, body).mail.send(**MAIL)
assert queued.status == NEW, queued
assert queued.data.additional_properties[NEW] == {"in": [NEW]}, queued

body = example("/v1/mail", "post", 422)
body["error_type"] = NEW
try:
    answered(422, body).mail.send(**MAIL)
except MmmsError as error:
    assert error.type == NEW and error.request_id == body["request_id"], error
    assert "docs/errors.md" in str(error), error
else:
    raise AssertionError("an error is taken for a success")

body = example("/v1/mail/{id}/recipients", "get", 200)
body["data"]["next"] = None
first = body["data"]["items"][0]
first["status"] = first["status_detail"] = NEW
recipient = next(answered(200, body).mail.recipients(ID))
assert (recipient.status, recipient.status_detail) == (NEW, NEW), recipient

body = example("/v1/mail/{id}", "get", 200)
body["data"]["counts"] |= {"queued": 0, "sending": 0, NEW: 3}
looks: list[int] = []
mailing = answered(200, body).mail.wait(ID, on_progress=lambda look: looks.append(look.done))
assert mailing.counts.additional_properties[NEW] == 3, mailing
assert looks[0] == sum(count for count in body["data"]["counts"].values()), looks

body = example("/v1/events", "get", 200)
body["data"]["items"][0]["status"] = NEW
assert answered(200, body).events.list().items[0].status == NEW

known = description["components"]["schemas"]["ErrorType"]["x-extensible-enum"]
assert set(known) <= set(REMEDIES), "each error type has a remedy"
print("newer")
