from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.queued_mail_response_status import (
    QueuedMailResponseStatus,
    check_queued_mail_response_status,
)

if TYPE_CHECKING:
    from ..models.queued_mail import QueuedMail


T = TypeVar("T", bound="QueuedMailResponse")


@_attrs_define
class QueuedMailResponse:
    """The body of a success.

    Attributes:
        status (QueuedMailResponseStatus): The HTTP status of the answer.
        message (str): A text for people; it may change.
        data (QueuedMail): Mail that the service has stored, and that the mail system is not known to have accepted yet.
    """

    status: QueuedMailResponseStatus
    message: str
    data: QueuedMail
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
        from ..models.queued_mail import QueuedMail

        d = dict(src_dict)
        status = check_queued_mail_response_status(d.pop("status"))

        message = d.pop("message")

        data = QueuedMail.from_dict(d.pop("data"))

        queued_mail_response = cls(
            status=status,
            message=message,
            data=data,
        )

        queued_mail_response.additional_properties = d
        return queued_mail_response

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
