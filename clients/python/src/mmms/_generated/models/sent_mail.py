from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.sent_recipient import SentRecipient
    from ..models.ses_response import SesResponse


T = TypeVar("T", bound="SentMail")


@_attrs_define
class SentMail:
    """A single mail that the mail system has accepted.

    Attributes:
        id (str): The id of the mailing, for `GET /v1/mail/{id}`.
        message_id (str): The mail system's id of the mail.
        ses_response (SesResponse):
        status (SentRecipient): The one recipient of a single mail and its status.
        suppressed_copies (list[str] | Unset): The places in the request of those `cc` and `bcc` that were left out
            because their addresses must not be mailed,
            such as `cc.0`. Absent if there is none.
    """

    id: str
    message_id: str
    ses_response: SesResponse
    status: SentRecipient
    suppressed_copies: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        message_id = self.message_id

        ses_response = self.ses_response.to_dict()

        status = self.status.to_dict()

        suppressed_copies: list[str] | Unset = UNSET
        if not isinstance(self.suppressed_copies, Unset):
            suppressed_copies = self.suppressed_copies

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "message_id": message_id,
                "ses_response": ses_response,
                "status": status,
            }
        )
        if suppressed_copies is not UNSET:
            field_dict["suppressed_copies"] = suppressed_copies

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.sent_recipient import SentRecipient
        from ..models.ses_response import SesResponse

        d = dict(src_dict)
        id = d.pop("id")

        message_id = d.pop("message_id")

        ses_response = SesResponse.from_dict(d.pop("ses_response"))

        status = SentRecipient.from_dict(d.pop("status"))

        suppressed_copies = cast(list[str], d.pop("suppressed_copies", UNSET))

        sent_mail = cls(
            id=id,
            message_id=message_id,
            ses_response=ses_response,
            status=status,
            suppressed_copies=suppressed_copies,
        )

        sent_mail.additional_properties = d
        return sent_mail

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
