from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.mailing_response_status import (
    MailingResponseStatus,
    check_mailing_response_status,
)

if TYPE_CHECKING:
    from ..models.mailing import Mailing


T = TypeVar("T", bound="MailingResponse")


@_attrs_define
class MailingResponse:
    """The body of a success.

    Attributes:
        status (MailingResponseStatus): The HTTP status of the answer.
        message (str): A text for people; it may change.
        data (Mailing): A mailing: an accepted request to send, without its content.
    """

    status: MailingResponseStatus
    message: str
    data: Mailing
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        status: int = self.status

        message = self.message

        data = self.data.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "status": status,
                "message": message,
                "data": data,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.mailing import Mailing

        d = dict(src_dict)
        status = check_mailing_response_status(d.pop("status"))

        message = d.pop("message")

        data = Mailing.from_dict(d.pop("data"))

        mailing_response = cls(
            status=status,
            message=message,
            data=data,
        )

        mailing_response.additional_properties = d
        return mailing_response

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
