from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="QueuedMail")


@_attrs_define
class QueuedMail:
    """Mail that the service has stored, and that the mail system is not known to have accepted yet.

    Attributes:
        id (str): The id of the mailing, for `GET /v1/mail/{id}`.
        email_id (int | None | str): An id that the caller has chosen: a string of at most 512 characters, or a signed
            64-bit integer.
        status (str): The status of mail that was answered with 202.

            Known values: `queued`, `unconfirmed`. A later version may have others.
        accepted (int): The number of recipients that were accepted, or queued again by a resend.
        queued_at (datetime.datetime | None): The time at which the recipients were queued; null if `status` is
            `unconfirmed`.
        suppressed_copies (list[str] | Unset): The places in the request of those `cc` and `bcc` that the first attempt
            of a single mail left out, because their
            addresses must not be mailed, such as `cc.0`. Absent if there is none; those of mail that was queued at once are
            looked up when the mail is sent, and named by its event `copy_suppressed`.
    """

    id: str
    email_id: int | None | str
    status: str
    accepted: int
    queued_at: datetime.datetime | None
    suppressed_copies: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        email_id: int | None | str
        email_id = self.email_id

        status = self.status

        accepted = self.accepted

        queued_at: None | str
        if isinstance(self.queued_at, datetime.datetime):
            queued_at = self.queued_at.isoformat()
        else:
            queued_at = self.queued_at

        suppressed_copies: list[str] | Unset = UNSET
        if not isinstance(self.suppressed_copies, Unset):
            suppressed_copies = self.suppressed_copies

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "email_id": email_id,
                "status": status,
                "accepted": accepted,
                "queued_at": queued_at,
            }
        )
        if suppressed_copies is not UNSET:
            field_dict["suppressed_copies"] = suppressed_copies

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        id = d.pop("id")

        def _parse_email_id(data: object) -> int | None | str:
            if data is None:
                return data
            return cast(int | None | str, data)

        email_id = _parse_email_id(d.pop("email_id"))

        status = d.pop("status")

        accepted = d.pop("accepted")

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

        suppressed_copies = cast(list[str], d.pop("suppressed_copies", UNSET))

        queued_mail = cls(
            id=id,
            email_id=email_id,
            status=status,
            accepted=accepted,
            queued_at=queued_at,
            suppressed_copies=suppressed_copies,
        )

        queued_mail.additional_properties = d
        return queued_mail

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
