"""Rehearses the move from the Python (Chalice) service to MMMS.

    MMMS_API_KEY=… python3 tools/rehearse.py https://mail.example.com --sender news@example.com [FILE …]

Sends the requests that a client of that service sends to a running MMMS, and says for each whether the answer is as such
a client expects. Each FILE is a body of your own, as JSON. With --old URL it sends the same to the old service and
names what its answers have that those of MMMS lack. With --results URL it reads the result queue of MMMS (boto3 has to be
installed), and deletes the results of its own mail. MMMS and the old service send real mail unless it is captured. It
exits with 0 if all is as expected, with 1 if not, and with 2 if it could not ask.
"""

import argparse
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

# SES's own simulator takes this mail, and the mailbox of MMMS plays it.
RECIPIENT = "success@simulator.amazonses.com"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ANY_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
TEXT = re.compile(r"(?s).+")
ANYTHING = object()
# MMMS answers within 25 seconds.
SECONDS = 35
# The time for all results to come.
RESULT_SECONDS = 120


@dataclass
class Request:
    """A request, and what a client of the old service expects: a status, and a body that has at least these fields."""

    name: str
    status: int
    expected: object
    body: dict | None = None
    headers: dict = field(default_factory=dict)
    path: str = "/v1/mail"


@dataclass
class Answer:
    status: int
    body: object


def mail(sender, recipients, **fields):
    return {
        "recipients": recipients,
        "sender_email": sender,
        "sender_name": "Rehearsal",
        "subject": "Rehearsal for {{name}}",
        "html_template": "<p>Dear {{name}}, this is a rehearsal.</p>",
        **fields,
    }


def sent(email_id, email_recipient_id, recipient=TEXT):
    status = {
        "email_id": email_id,
        "email_recipient_id": email_recipient_id,
        "recipient": recipient,
        "status": "sent",
        "message_id": TEXT,
        "status_detail": None,
        "last_error": None,
        "queued_at": None,
        "sent_at": TIME,
    }
    data = {"message_id": TEXT, "ses_response": {"MessageId": TEXT}, "status": status}
    return {"status": 200, "message": "Email sent successfully", "data": data}


def queued(email_id, accepted):
    data = {"id": TEXT, "email_id": email_id, "status": "queued", "accepted": accepted, "queued_at": TIME}
    return {"status": 202, "message": "Email queued", "data": data}


def error(status, error_type, *faults):
    expected = {"status": status, "message": TEXT, "error_type": error_type, "request_id": TEXT}
    return expected | ({"errors": [{"field": path, "message": TEXT} for path in faults]} if faults else {})


def own(path):
    """The request of a file. Its answer is that to its number of recipients, with the file's own ids."""
    body = json.loads(path.read_text())
    recipients, email_id = body["recipients"], body.get("email_id")
    if len(recipients) > 1 or body.get("send_at"):
        return Request(path.name, 202, queued(email_id, len(recipients)), body)
    recipient = recipients[0]
    email_recipient_id = recipient.get("emailRecipientId", body.get("emailRecipientId"))
    return Request(path.name, 200, sent(email_id, email_recipient_id, recipient["mail"]), body)


def requests(key, sender, origin):
    """The requests of a client of the old service, in order."""
    headers = {"x-api-key": key} | ({"origin": origin} if origin else {})
    one = {"mail": RECIPIENT, "name": "John", "company": "Example", "emailRecipientId": "recipient-123"}
    ids = {"client_env_id": "env-1", "email_id": "msg-123", "projectId": "project-9", "closureId": "closure-2"}
    full = mail(sender, [one], **ids, sender_organisation_name="Example", text_template="Dear {{name}} of {{company}}")
    numbers = mail(sender, [{"mail": RECIPIENT}], email_id=7, emailRecipientId=42)
    many = mail(sender, [{"mail": RECIPIENT, "name": name} for name in ("Ann", "Bob", "Cleo")], email_id="msg-124")
    absent = mail(sender, [one | {"company": None}], email_id="msg-125", text_template=None, reply_to=None)
    letter = mail(sender, [one])
    unsent = error(400, "validation_error")
    listed = [
        Request("a mail to one recipient", 200, sent("msg-123", "recipient-123", RECIPIENT), full, headers),
        Request("ids that are numbers", 200, sent(7, 42), numbers, headers),
        Request("a mail to three recipients", 202, queued("msg-124", 3), many, headers),
        Request("fields that are null", 200, sent("msg-125", "recipient-123"), absent, headers),
        Request("no API key", 401, error(401, "authentication_error"), letter, {}),
        Request("an unknown API key", 401, error(401, "authentication_error"), letter, {"x-api-key": "x" * 32}),
        Request(
            "an address without @",
            400,
            error(400, "validation_error", "recipients.1.mail"),
            mail(sender, [one, {"mail": "john"}]),
            headers,
        ),
        Request("no template", 400, unsent, {**letter, "html_template": ""}, headers),
        Request("a placeholder without a value", 400, unsent, {**letter, "subject": "{{nothing}}"}, headers),
        Request("a path that does not exist", 404, error(404, "not_found"), None, headers, "/v1/mails"),
        Request("its health", 200, "OK", None, {}, "/v1/health"),
        Request("the API keys, without a token", 401, error(401, "authentication_error"), None, {}, "/v1/api-key"),
    ]
    refused = error(403, "authorization_error")
    foreign = {"x-api-key": key, "origin": "https://elsewhere.invalid"}
    listed.append(Request("an origin that is not the key's", 403, refused, letter, foreign))
    if origin:
        listed.append(Request("a browser key without an origin", 403, refused, letter, {"x-api-key": key}))
        other = mail("someone@elsewhere.invalid", [one])
        listed.append(Request("a sender that is not the key's", 403, refused, other, headers))
    return listed, headers


def ask(base, request):
    data = None if request.body is None else json.dumps(request.body).encode()
    headers = request.headers | ({"content-type": "application/json"} if data else {})
    try:
        answer = urllib.request.urlopen(
            urllib.request.Request(base.rstrip("/") + request.path, data, headers), timeout=SECONDS
        )
    except urllib.error.HTTPError as refusal:
        answer = refusal
    text = answer.read().decode(errors="replace")
    try:
        return Answer(answer.status, json.loads(text))
    except ValueError:
        return Answer(answer.status, text[:200])


def differences(expected, found, path="body"):
    """What an answer lacks, or has otherwise. Fields that are not expected are none: clients do not look at them."""
    if expected is ANYTHING:
        return []
    if isinstance(expected, dict):
        if not isinstance(found, dict):
            return [f"{path} is no object"]
        lacking = [f"{path}.{name} is missing" for name in expected if name not in found]
        both = [name for name in expected if name in found]
        return lacking + [
            fault for name in both for fault in differences(expected[name], found[name], f"{path}.{name}")
        ]
    if isinstance(expected, list):
        if not isinstance(found, list) or len(found) != len(expected):
            return [f"{path} has other entries: {json.dumps(found)}"]
        pairs = enumerate(zip(expected, found, strict=True))
        return [fault for at, pair in pairs for fault in differences(*pair, f"{path}.{at}")]
    if isinstance(expected, re.Pattern):
        good = isinstance(found, str) and expected.fullmatch(found)
        return [] if good else [f"{path} has another form: {json.dumps(found)}"]
    same = type(found) is type(expected) and found == expected
    return [] if same else [f"{path} is {json.dumps(found)} instead of {json.dumps(expected)}"]


def kind(value):
    if isinstance(value, str):
        return "a time" if ANY_TIME.fullmatch(value) else "text"
    return {bool: "a boolean", int: "a number", float: "a number", type(None): "null"}.get(type(value), "other")


def missing(old, new, path="body"):
    """What the old service's answer has, and MMMS's lacks or has as another kind of value."""
    if isinstance(old, dict) and isinstance(new, dict):
        lacking = [f"{path}.{name} is missing here" for name in old if name not in new]
        return lacking + [
            fault for name in old if name in new for fault in missing(old[name], new[name], f"{path}.{name}")
        ]
    if isinstance(old, list) and isinstance(new, list):
        return [fault for at, (a, b) in enumerate(zip(old, new)) for fault in missing(a, b, f"{path}.{at}")]
    there, here = kind(old), kind(new)
    return [] if there == here else [f"{path} is {there} there and {here} here"]


def compared(request, new, old_base):
    old = ask(old_base, request)
    faults = [f"the old service answers {old.status}, MMMS {new.status}"] if old.status != new.status else []
    # Clients read the bodies of successes; those of errors are for people.
    return faults + (missing(old.body, new.body) if old.status < 300 and new.status < 300 else [])


def result(body, index):
    """What the result queue says of a recipient of this body that was sent to."""
    recipient = body["recipients"][index]
    return {
        "event_id": TEXT,
        "occurred_at": TIME,
        "email_id": body.get("email_id"),
        "email_recipient_id": recipient.get("emailRecipientId", body.get("emailRecipientId")),
        "recipient": recipient["mail"],
        "status": "sent",
        "message_id": TEXT,
        "status_detail": None,
        "last_error": None,
        "queued_at": ANYTHING,
        "sent_at": TIME,
        "client_env_id": body.get("client_env_id"),
        "project_id": body.get("projectId"),
        "closure_id": body.get("closureId"),
        "attempts": ANYTHING,
    }


def results(queue_url, mailings):
    """Waits for the results of these mailings, and returns their bodies by mailing and index."""
    import boto3

    queue = boto3.resource("sqs", region_name=os.environ.get("AWS_REGION")).Queue(queue_url)
    waiting = {(mailing, at) for mailing, body in mailings.items() for at in range(len(body["recipients"]))}
    found = {}
    end = time.monotonic() + RESULT_SECONDS
    while waiting - found.keys() and time.monotonic() < end:
        for message in queue.receive_messages(MaxNumberOfMessages=10, WaitTimeSeconds=5):
            body = json.loads(message.body)
            recipient = (body.get("id"), body.get("index"))
            if recipient in waiting:
                found[recipient] = body
                message.delete()
    return {recipient: found.get(recipient) for recipient in sorted(waiting)}


def tell(faults, status, name):
    """Prints what came of one request or result, and returns whether it is as expected."""
    print(f"{'DIFFERS ' if faults else 'expected'}  {status}  {name}")
    for fault in faults:
        print(f"               {fault}")
    return not faults


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="the address of MMMS")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="bodies of requests of your own")
    parser.add_argument("--sender", required=True, help="an address that the key may send as")
    parser.add_argument("--origin", help="the origin that your back end or page sends; the key is then a browser key")
    parser.add_argument("--old", metavar="URL", help="the address of the old service, which gets the same requests")
    parser.add_argument("--results", metavar="URL", help="the result queue of MMMS")
    given = parser.parse_intermixed_args()
    given.key = os.environ.get("MMMS_API_KEY", "")
    if not given.key:
        parser.error("MMMS_API_KEY is not set")
    return given


def main():
    given = arguments()
    listed, headers = requests(given.key, given.sender, given.origin)
    for path in given.files:
        request = own(path)
        request.headers = headers
        listed.append(request)
    told, mailings = [], {}
    for request in listed:
        answer = ask(given.url, request)
        faults = [f"answered {answer.status} instead of {request.status}"] if answer.status != request.status else []
        faults += differences(request.expected, answer.body)
        if given.old:
            faults += compared(request, answer, given.old)
        told.append(tell(faults, answer.status, request.name))
        if request.body and answer.status in (200, 202):
            mailings[answer.body["data"]["id"]] = request.body
    for (mailing, index), found in results(given.results, mailings).items() if given.results else ():
        expected = result(mailings[mailing], index)
        faults = differences(expected, found) if found else [f"did not come within {RESULT_SECONDS} s"]
        told.append(tell(faults, (found or {}).get("status", "none"), f"result of recipient {index} of {mailing}"))
    what = "requests and results are" if given.results else "requests are answered"
    print(f"{sum(told)} of {len(told)} {what} as a client of the old service expects")
    return 0 if all(told) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, ValueError, KeyError, IndexError) as fault:
        print(f"could not ask: {fault!r}", file=sys.stderr)
        sys.exit(2)
