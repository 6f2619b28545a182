from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.mailing_counts import MailingCounts


T = TypeVar("T", bound="Mailing")


@_attrs_define
class Mailing:
    """A mailing: an accepted request to send, without its content.

    Attributes:
        id (str):
        api_key_id (str): The id of the API key that submitted the mailing.
        sender_email (str):
        sender_name (str):
        sender_organisation_name (None | str):
        subject (str): The subject as it was submitted, with its placeholders; empty after an erasure that removed the
            content.
        client_env_id (int | None | str): An id that the caller has chosen: a string of at most 512 characters, or a
            signed 64-bit integer.
        email_id (int | None | str): An id that the caller has chosen: a string of at most 512 characters, or a signed
            64-bit integer.
        email_recipient_id (int | None | str): An id that the caller has chosen: a string of at most 512 characters, or
            a signed 64-bit integer.
        project_id (int | None | str): An id that the caller has chosen: a string of at most 512 characters, or a signed
            64-bit integer.
        closure_id (int | None | str): An id that the caller has chosen: a string of at most 512 characters, or a signed
            64-bit integer.
        created_at (datetime.datetime):
        send_at (datetime.datetime | None): The time before which the mail is not sent, as it was submitted or
            rescheduled; null if it was to be sent at once.
        expires_at (datetime.datetime): Recipients that are still queued at this time end as `failed`.
        list_ (None | str): The subject of subscription that the mail belongs to; null if there is none.
        counts (MailingCounts): The number of a mailing's recipients in each status.
    """

    id: str
    api_key_id: str
    sender_email: str
    sender_name: str
    sender_organisation_name: None | str
    subject: str
    client_env_id: int | None | str
    email_id: int | None | str
    email_recipient_id: int | None | str
    project_id: int | None | str
    closure_id: int | None | str
    created_at: datetime.datetime
    send_at: datetime.datetime | None
    expires_at: datetime.datetime
    list_: None | str
    counts: MailingCounts
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        api_key_id = self.api_key_id

        sender_email = self.sender_email

        sender_name = self.sender_name

        sender_organisation_name: None | str
        sender_organisation_name = self.sender_organisation_name

        subject = self.subject

        client_env_id: int | None | str
        client_env_id = self.client_env_id

        email_id: int | None | str
        email_id = self.email_id

        email_recipient_id: int | None | str
        email_recipient_id = self.email_recipient_id

        project_id: int | None | str
        project_id = self.project_id

        closure_id: int | None | str
        closure_id = self.closure_id

        created_at = self.created_at.isoformat()

        send_at: None | str
        if isinstance(self.send_at, datetime.datetime):
            send_at = self.send_at.isoformat()
        else:
            send_at = self.send_at

        expires_at = self.expires_at.isoformat()

        list_: None | str
        list_ = self.list_

        counts = self.counts.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "api_key_id": api_key_id,
                "sender_email": sender_email,
                "sender_name": sender_name,
                "sender_organisation_name": sender_organisation_name,
                "subject": subject,
                "client_env_id": client_env_id,
                "email_id": email_id,
                "emailRecipientId": email_recipient_id,
                "projectId": project_id,
                "closureId": closure_id,
                "created_at": created_at,
                "send_at": send_at,
                "expires_at": expires_at,
                "list": list_,
                "counts": counts,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.mailing_counts import MailingCounts

        d = dict(src_dict)
        id = d.pop("id")

        api_key_id = d.pop("api_key_id")

        sender_email = d.pop("sender_email")

        sender_name = d.pop("sender_name")

        def _parse_sender_organisation_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        sender_organisation_name = _parse_sender_organisation_name(
            d.pop("sender_organisation_name")
        )

        subject = d.pop("subject")

        def _parse_client_env_id(data: object) -> int | None | str:
            if data is None:
                return data
            return cast(int | None | str, data)

        client_env_id = _parse_client_env_id(d.pop("client_env_id"))

        def _parse_email_id(data: object) -> int | None | str:
            if data is None:
                return data
            return cast(int | None | str, data)

        email_id = _parse_email_id(d.pop("email_id"))

        def _parse_email_recipient_id(data: object) -> int | None | str:
            if data is None:
                return data
            return cast(int | None | str, data)

        email_recipient_id = _parse_email_recipient_id(d.pop("emailRecipientId"))

        def _parse_project_id(data: object) -> int | None | str:
            if data is None:
                return data
            return cast(int | None | str, data)

        project_id = _parse_project_id(d.pop("projectId"))

        def _parse_closure_id(data: object) -> int | None | str:
            if data is None:
                return data
            return cast(int | None | str, data)

        closure_id = _parse_closure_id(d.pop("closureId"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_send_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                send_at_type_0 = datetime.datetime.fromisoformat(data)

                return send_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        send_at = _parse_send_at(d.pop("send_at"))

        expires_at = datetime.datetime.fromisoformat(d.pop("expires_at"))

        def _parse_list_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        list_ = _parse_list_(d.pop("list"))

        counts = MailingCounts.from_dict(d.pop("counts"))

        mailing = cls(
            id=id,
            api_key_id=api_key_id,
            sender_email=sender_email,
            sender_name=sender_name,
            sender_organisation_name=sender_organisation_name,
            subject=subject,
            client_env_id=client_env_id,
            email_id=email_id,
            email_recipient_id=email_recipient_id,
            project_id=project_id,
            closure_id=closure_id,
            created_at=created_at,
            send_at=send_at,
            expires_at=expires_at,
            list_=list_,
            counts=counts,
        )

        mailing.additional_properties = d
        return mailing

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
