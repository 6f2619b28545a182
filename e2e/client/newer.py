"""Gives the generated Python client answers of a later version: they have fields, statuses, codes and errors that the
description does not know. The argument is the description, whose examples the answers are made of."""

import copy
import sys

import httpx
from mmms import AuthenticatedClient
from mmms.api.health import get_ready
from mmms.api.keys import list_api_keys
from mmms.api.mail import send_mail
from mmms.api.mailings import get_mailing, list_recipients
from mmms.models import MailRequest, RecipientRequest
from ruamel.yaml import YAML

NEW = "a_word_of_a_later_version"
ID = "019c0000-0000-7000-8000-000000000001"
BODY = MailRequest(
    recipients=[RecipientRequest(mail="ada@example.com")],
    sender_email="team@example.com",
    sender_name="The team",
    subject="Hello",
)

with open(sys.argv[1]) as file:
    paths = YAML(typ="safe").load(file)["paths"]


def example(path, method, status):
    """As the server would send it, with a field more in every object."""
    body = paths[path][method]["responses"][str(status)]["content"]["application/json"]
    named = body.get("examples")
    return with_more(
        copy.deepcopy(next(iter(named.values()))["value"] if named else body["example"])
    )


def with_more(value):
    if isinstance(value, list):
        return [with_more(item) for item in value]
    if isinstance(value, dict):
        return {name: with_more(item) for name, item in value.items()} | {
            NEW: {"in": [NEW]}
        }
    # YAML makes times of what JSON has as text.
    return value.isoformat() if hasattr(value, "isoformat") else value


def answered(operation, status, answer, **arguments):
    """What the client makes of an answer."""
    transport = httpx.MockTransport(lambda request: httpx.Response(status, json=answer))
    client = AuthenticatedClient(
        base_url="http://later.example",
        token="a key",
        raise_on_unexpected_status=True,
        httpx_args={"transport": transport},
    )
    return operation.sync(client=client, **arguments)


body = example("/v1/mail", "post", 200)
body["data"]["status"]["status"] = body["data"]["status"]["status_detail"] = NEW
sent = answered(send_mail, 200, body, body=BODY)
assert (sent.data.status.status, sent.data.status.status_detail) == (NEW, NEW), sent

body = example("/v1/mail", "post", 202)
body["data"]["status"] = NEW
queued = answered(send_mail, 202, body, body=BODY)
assert queued.data.status == NEW, queued
assert queued.data.additional_properties[NEW] == {"in": [NEW]}, queued

body = example("/v1/mail", "post", 422)
body["error_type"] = NEW
body["status"] = 499
refused = answered(send_mail, 422, body, body=BODY)
assert (refused.error_type, refused.status) == (NEW, 499), refused

body = example("/v1/mail/{id}/recipients", "get", 200)
first = body["data"]["items"][0]
first["status"] = first["status_detail"] = NEW
page = answered(list_recipients, 200, body, id=ID)
assert (page.data.items[0].status, page.data.items[0].status_detail) == (NEW, NEW), page

body = example("/v1/mail/{id}", "get", 200)
body["data"]["counts"][NEW] = 3
mailing = answered(get_mailing, 200, body, id=ID)
assert mailing.data.counts[NEW] == 3, mailing

body = example("/v1/api-key", "get", 200)
body["data"]["items"][0]["kind"] = NEW
keys = answered(list_api_keys, 200, body)
assert keys.data.items[0].kind == NEW, keys

body = example("/v1/ready", "get", 200)
body["queue"] = NEW
assert answered(get_ready, 200, body).queue == NEW
