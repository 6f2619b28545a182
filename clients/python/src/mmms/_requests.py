"""The requests of the API, each with how its answer is read."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from mmms._generated.models.cancelled_mailing import CancelledMailing
from mmms._generated.models.dry_run import DryRun
from mmms._generated.models.mailing import Mailing
from mmms._generated.models.queued_mail import QueuedMail
from mmms._generated.models.recipient import Recipient
from mmms._generated.models.rescheduled_mailing import RescheduledMailing
from mmms._generated.models.suppression import Suppression
from mmms._request import Page, Request, data_as, page_of, time_text, written
from mmms._results import EventFeed, SendResult, read_feed, read_sent


def _mailing(id: str, rest: str = "") -> str:
    return f"/v1/mail/{quote(id, safe='')}{rest}"


def send(body: Mapping[str, Any], idempotency_key: str | None, respond_async: bool) -> Request[SendResult]:
    if idempotency_key is None:
        idempotency_key = str(uuid.uuid4())
    if not (idempotency_key.isascii() and idempotency_key.isprintable() and idempotency_key):
        raise ValueError("idempotency_key must be printable ASCII, and not empty")
    headers = {"Idempotency-Key": idempotency_key}
    if respond_async:
        headers["Prefer"] = "respond-async"
    return Request("POST", "/v1/mail", read_sent, body=written(body), headers=headers)


def dry_run(body: Mapping[str, Any]) -> Request[DryRun]:
    return Request("POST", "/v1/mail", data_as(DryRun), params={"dry_run": "true"}, body=written(body))


def mailing(id: str) -> Request[Mailing]:
    return Request("GET", _mailing(id), data_as(Mailing))


def mailings(**params: str | int | bool | None) -> Request[Page[Mailing]]:
    return Request("GET", "/v1/mail", page_of(Mailing), params=params)


def recipients(id: str, **params: str | int | None) -> Request[Page[Recipient]]:
    return Request("GET", _mailing(id, "/recipients"), page_of(Recipient), params=params)


def cancel(id: str) -> Request[CancelledMailing]:
    return Request("POST", _mailing(id, "/cancel"), data_as(CancelledMailing))


def reschedule(id: str, send_at: datetime.datetime | str) -> Request[RescheduledMailing]:
    body = written({"send_at": time_text("send_at", send_at)})
    return Request("POST", _mailing(id, "/reschedule"), data_as(RescheduledMailing), body=body)


def resend(id: str, status: str) -> Request[QueuedMail]:
    body = written({"status": status})
    # A second one would also queue what has failed since the first.
    return Request("POST", _mailing(id, "/resend"), data_as(QueuedMail), body=body, repeatable=False)


def events(**params: str | int | None) -> Request[EventFeed]:
    return Request("GET", "/v1/events", read_feed, params=params)


def suppressions(**params: str | int | None) -> Request[Page[Suppression]]:
    return Request("GET", "/v1/suppressions", page_of(Suppression), params=params)


def add_suppression(mail: str, list: str, reason: str | None) -> Request[Suppression]:
    body = written({"mail": mail, "list": list, "reason": reason or "manual"})
    return Request("POST", "/v1/suppressions", data_as(Suppression), body=body)


def remove_suppression(id: str) -> Request[None]:
    # After a lost answer, a second one would find nothing.
    path = f"/v1/suppressions/{quote(id, safe='')}"
    return Request("DELETE", path, lambda _: None, repeatable=False)
