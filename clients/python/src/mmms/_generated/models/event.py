from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.bounce import Bounce


T = TypeVar("T", bound="Event")


@_attrs_define
class Event:
    """An event of a recipient: an end that it reached, or something that was learned of it later. It has the fields of a
    message of the result queue, and `api_key_id`.

        Attributes:
            event_id (str):
            occurred_at (datetime.datetime): The time of the event. A mail server may report it much later.
            id (str): The id of the mailing.
            index (int): The recipient's position in the request, from 0.
            email_id (int | None | str): An id that the caller has chosen: a string of at most 512 characters, or a signed
                64-bit integer.
            email_recipient_id (int | None | str): An id that the caller has chosen: a string of at most 512 characters, or
                a signed 64-bit integer.
            recipient (None | str): The address as it was submitted; null after it was removed by retention or erasure.
            status (str): The kind of an event. Most are the status that the recipient has from then on:

                - `sent`, `failed`, `unconfirmed`, `cancelled`, `suppressed`, `delivered`, `bounced`, `complained`: see
                `RecipientStatus`.
                - `delayed`: the mail system could not deliver the mail yet, and tries again.
                - `copy_bounced`, `copy_complained`: the mail to an address in `cc` or `bcc` bounced, or its owner complained.
                - `copy_suppressed`: an address in `cc` or `bcc` must not be mailed, and was left out of the mail.
                - `unsubscribed`, `resubscribed`: the recipient has unsubscribed from the mail's `list` by the link in the mail,
                or
                has undone it.

                A later version may add kinds: ignore those that you do not know.

                Known values: `sent`, `failed`, `unconfirmed`, `cancelled`, `suppressed`, `delivered`, `bounced`, `complained`,
                `delayed`, `copy_bounced`, `copy_complained`, `copy_suppressed`, `unsubscribed`, `resubscribed`. A later version
                may have others.
            message_id (None | str): The mail system's id of the mail; null unless the mail system had accepted it.
            status_detail (None | str):
            last_error (None | str): The last error, as a text for people; it never contains an address.
            queued_at (datetime.datetime | None):
            sent_at (datetime.datetime | None):
            client_env_id (int | None | str): An id that the caller has chosen: a string of at most 512 characters, or a
                signed 64-bit integer.
            project_id (int | None | str): An id that the caller has chosen: a string of at most 512 characters, or a signed
                64-bit integer.
            closure_id (int | None | str): An id that the caller has chosen: a string of at most 512 characters, or a signed
                64-bit integer.
            attempts (int):
            sequence (int): The number of the event among those of its recipient. It rises.
            bounce (Bounce | None): A bounce, as the mail system reports it.
            api_key_id (str): The id of the API key that submitted the mailing.
            copies (list[str] | Unset): The places in the request of the copies that the event is about, such as `cc.0`.
                Absent if it is about none, or if
                they were removed by retention or erasure.
    """

    event_id: str
    occurred_at: datetime.datetime
    id: str
    index: int
    email_id: int | None | str
    email_recipient_id: int | None | str
    recipient: None | str
    status: str
    message_id: None | str
    status_detail: None | str
    last_error: None | str
    queued_at: datetime.datetime | None
    sent_at: datetime.datetime | None
    client_env_id: int | None | str
    project_id: int | None | str
    closure_id: int | None | str
    attempts: int
    sequence: int
    bounce: Bounce | None
    api_key_id: str
    copies: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.bounce import Bounce

        event_id = self.event_id

        occurred_at = self.occurred_at.isoformat()

        id = self.id

        index = self.index

        email_id: int | None | str
        email_id = self.email_id

        email_recipient_id: int | None | str
        email_recipient_id = self.email_recipient_id

        recipient: None | str
        recipient = self.recipient

        status = self.status

        message_id: None | str
        message_id = self.message_id

        status_detail: None | str
        status_detail = self.status_detail

        last_error: None | str
        last_error = self.last_error

        queued_at: None | str
        if isinstance(self.queued_at, datetime.datetime):
            queued_at = self.queued_at.isoformat()
        else:
            queued_at = self.queued_at

        sent_at: None | str
        if isinstance(self.sent_at, datetime.datetime):
            sent_at = self.sent_at.isoformat()
        else:
            sent_at = self.sent_at

        client_env_id: int | None | str
        client_env_id = self.client_env_id

        project_id: int | None | str
        project_id = self.project_id

        closure_id: int | None | str
        closure_id = self.closure_id

        attempts = self.attempts

        sequence = self.sequence

        bounce: dict[str, Any] | None
        if isinstance(self.bounce, Bounce):
            bounce = self.bounce.to_dict()
        else:
            bounce = self.bounce

        api_key_id = self.api_key_id

        copies: list[str] | Unset = UNSET
        if not isinstance(self.copies, Unset):
            copies = self.copies

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "event_id": event_id,
                "occurred_at": occurred_at,
                "id": id,
                "index": index,
                "email_id": email_id,
                "email_recipient_id": email_recipient_id,
                "recipient": recipient,
                "status": status,
                "message_id": message_id,
                "status_detail": status_detail,
                "last_error": last_error,
                "queued_at": queued_at,
                "sent_at": sent_at,
                "client_env_id": client_env_id,
                "project_id": project_id,
                "closure_id": closure_id,
                "attempts": attempts,
                "sequence": sequence,
                "bounce": bounce,
                "api_key_id": api_key_id,
            }
        )
        if copies is not UNSET:
            field_dict["copies"] = copies

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.bounce import Bounce

        d = dict(src_dict)
        event_id = d.pop("event_id")

        occurred_at = datetime.datetime.fromisoformat(d.pop("occurred_at"))

        id = d.pop("id")

        index = d.pop("index")

        def _parse_email_id(data: object) -> int | None | str:
            if data is None:
                return data
            return cast(int | None | str, data)

        email_id = _parse_email_id(d.pop("email_id"))

        def _parse_email_recipient_id(data: object) -> int | None | str:
            if data is None:
                return data
            return cast(int | None | str, data)

        email_recipient_id = _parse_email_recipient_id(d.pop("email_recipient_id"))

        def _parse_recipient(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        recipient = _parse_recipient(d.pop("recipient"))

        status = d.pop("status")

        def _parse_message_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        message_id = _parse_message_id(d.pop("message_id"))

        def _parse_status_detail(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        status_detail = _parse_status_detail(d.pop("status_detail"))

        def _parse_last_error(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        last_error = _parse_last_error(d.pop("last_error"))

        def _parse_queued_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                queued_at_type_0 = datetime.datetime.fromisoformat(data)

                return queued_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        queued_at = _parse_queued_at(d.pop("queued_at"))

        def _parse_sent_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                sent_at_type_0 = datetime.datetime.fromisoformat(data)

                return sent_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        sent_at = _parse_sent_at(d.pop("sent_at"))

        def _parse_client_env_id(data: object) -> int | None | str:
            if data is None:
                return data
            return cast(int | None | str, data)

        client_env_id = _parse_client_env_id(d.pop("client_env_id"))

        def _parse_project_id(data: object) -> int | None | str:
            if data is None:
                return data
            return cast(int | None | str, data)

        project_id = _parse_project_id(d.pop("project_id"))

        def _parse_closure_id(data: object) -> int | None | str:
            if data is None:
                return data
            return cast(int | None | str, data)

        closure_id = _parse_closure_id(d.pop("closure_id"))

        attempts = d.pop("attempts")

        sequence = d.pop("sequence")

        def _parse_bounce(data: object) -> Bounce | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_bounce_type_0 = Bounce.from_dict(data)

                return componentsschemas_bounce_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Bounce | None, data)

        bounce = _parse_bounce(d.pop("bounce"))

        api_key_id = d.pop("api_key_id")

        copies = cast(list[str], d.pop("copies", UNSET))

        event = cls(
            event_id=event_id,
            occurred_at=occurred_at,
            id=id,
            index=index,
            email_id=email_id,
            email_recipient_id=email_recipient_id,
            recipient=recipient,
            status=status,
            message_id=message_id,
            status_detail=status_detail,
            last_error=last_error,
            queued_at=queued_at,
            sent_at=sent_at,
            client_env_id=client_env_id,
            project_id=project_id,
            closure_id=closure_id,
            attempts=attempts,
            sequence=sequence,
            bounce=bounce,
            api_key_id=api_key_id,
            copies=copies,
        )

        event.additional_properties = d
        return event

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
