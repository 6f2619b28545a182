"""What `mail.send` takes, and the body that is made of it."""

from __future__ import annotations

import base64
import datetime
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NotRequired, TypeAlias, TypedDict

from mmms._request import time_text


class AddressFields(TypedDict):
    """An address with a display name."""

    mail: str
    name: NotRequired[str]


#: `ann@example.org`, `Ann <ann@example.org>` or `{"mail": "ann@example.org", "name": "Ann"}`.
Address: TypeAlias = str | AddressFields


class RecipientFields(TypedDict):
    """A recipient with what is special to its mail."""

    mail: str
    name: NotRequired[str]
    company: NotRequired[str]
    #: Your own id of the recipient, which comes back with its status.
    emailRecipientId: NotRequired[str | int]
    #: The values of placeholders.
    variables: NotRequired[Mapping[str, str | int | float | bool]]
    headers: NotRequired[Mapping[str, str]]


class Attachment(TypedDict):
    """A file to attach. All of a mail have at most 2.5 MiB together."""

    filename: str
    content: bytes
    #: Derived from the filename's extension if absent.
    content_type: NotRequired[str]
    #: For `<img src="cid:logo">` in the HTML: `logo`.
    content_id: NotRequired[str]


class MailFields(TypedDict):
    """The arguments of `send` and `dry_run`. Texts may have placeholders, such as `{{name}}`."""

    #: The sender. Without a display name, the address is shown.
    from_: Address
    #: 1 to 10,000 recipients: each gets a mail of its own, and sees no other.
    to: str | RecipientFields | Sequence[str | RecipientFields]
    subject: str
    #: `html`, `text` or both.
    html: NotRequired[str | None]
    text: NotRequired[str | None]
    reply_to: NotRequired[Address | Sequence[Address] | None]
    #: Copies; with one recipient only.
    cc: NotRequired[Address | Sequence[Address] | None]
    #: Blind copies; with one recipient only.
    bcc: NotRequired[Address | Sequence[Address] | None]
    #: Files, or the paths of files.
    attachments: NotRequired[Sequence[Attachment | os.PathLike[str]] | None]
    headers: NotRequired[Mapping[str, str] | None]
    #: Tags for SES's own events.
    tags: NotRequired[Mapping[str, str] | None]
    #: Not before this time, at most 30 days ahead.
    send_at: NotRequired[datetime.datetime | str | None]
    #: What has not been sent by then fails; 72 hours if absent.
    expires_at: NotRequired[datetime.datetime | str | None]
    #: The subject of subscription, such as `newsletter`: mail gets a link to unsubscribe from it.
    list: NotRequired[str | None]
    organisation: NotRequired[str | None]
    #: Your own ids, which come back in events and results.
    email_id: NotRequired[str | int | None]
    client_env_id: NotRequired[str | int | None]
    email_recipient_id: NotRequired[str | int | None]
    project_id: NotRequired[str | int | None]
    closure_id: NotRequired[str | int | None]


def mail(
    *,
    from_: Address,
    to: str | RecipientFields | Sequence[str | RecipientFields],
    subject: str,
    html: str | None = None,
    text: str | None = None,
    reply_to: Address | Sequence[Address] | None = None,
    cc: Address | Sequence[Address] | None = None,
    bcc: Address | Sequence[Address] | None = None,
    attachments: Sequence[Attachment | os.PathLike[str]] | None = None,
    headers: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    send_at: datetime.datetime | str | None = None,
    expires_at: datetime.datetime | str | None = None,
    list: str | None = None,
    organisation: str | None = None,
    email_id: str | int | None = None,
    client_env_id: str | int | None = None,
    email_recipient_id: str | int | None = None,
    project_id: str | int | None = None,
    closure_id: str | int | None = None,
) -> dict[str, Any]:
    """Returns the body of `POST /v1/mail`. What is in it is MMMS's to judge, which names all faults at once."""
    sender = _address(from_)
    body = {
        "recipients": [_address(recipient) for recipient in _many(to)],
        "sender_email": sender["mail"],
        "sender_name": sender.get("name") or sender["mail"],
        "sender_organisation_name": organisation,
        "subject": subject,
        "html_template": html,
        "text_template": text,
        "reply_to": _addresses(reply_to),
        "cc": _addresses(cc),
        "bcc": _addresses(bcc),
        "attachments": _attachments(attachments),
        "headers": headers,
        "tags": None if tags is None else [{"name": name, "value": value} for name, value in tags.items()],
        "send_at": None if send_at is None else time_text("send_at", send_at),
        "expires_at": None if expires_at is None else time_text("expires_at", expires_at),
        "list": list,
        "email_id": email_id,
        "client_env_id": client_env_id,
        "emailRecipientId": email_recipient_id,
        "projectId": project_id,
        "closureId": closure_id,
    }
    return {name: value for name, value in body.items() if value is not None}


_WITH_NAME = re.compile(r"\s*(.*?)\s*<([^<>]*)>\s*", re.DOTALL)


def _address(address: str | Mapping[str, Any]) -> Mapping[str, Any]:
    """Reads `Ann <ann@example.org>`. Anything else goes to MMMS as it is."""
    if not isinstance(address, str):
        return address
    found = _WITH_NAME.fullmatch(address)
    if not found:
        return {"mail": address.strip()}
    name, mail = found.groups()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return {"mail": mail.strip(), "name": name} if name else {"mail": mail.strip()}


def _many(given: str | Mapping[str, Any] | Iterable[Any]) -> Iterable[Any]:
    return [given] if isinstance(given, str | Mapping) else given


def _addresses(given: Address | Sequence[Address] | None) -> Sequence[Mapping[str, Any]] | None:
    return None if given is None else [_address(address) for address in _many(given)]


def _attachments(
    given: Sequence[Attachment | os.PathLike[str]] | None,
) -> Sequence[Mapping[str, Any]] | None:
    return None if given is None else [_attachment(at, one) for at, one in enumerate(given)]


def _attachment(at: int, given: Attachment | os.PathLike[str]) -> Mapping[str, Any]:
    if isinstance(given, os.PathLike):
        path = Path(given)
        given = {"filename": path.name, "content": path.read_bytes()}
    content: Any = given.get("content")
    if not isinstance(content, bytes | bytearray):
        kind = type(content).__name__
        raise TypeError(f"attachments.{at}.content must be bytes, not {kind}: read files with mode 'rb'")
    return {**given, "content": base64.b64encode(content).decode()}
