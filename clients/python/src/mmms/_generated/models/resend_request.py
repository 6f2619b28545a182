from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

from ..models.resendable_status import ResendableStatus, check_resendable_status

T = TypeVar("T", bound="ResendRequest")


@_attrs_define
class ResendRequest:
    """The recipients to resend to: all of the mailing with this status.

    Attributes:
        status (ResendableStatus):
    """

    status: ResendableStatus

    def to_dict(self) -> dict[str, Any]:
        status: str = self.status

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "status": status,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        status = check_resendable_status(d.pop("status"))

        resend_request = cls(
            status=status,
        )

        return resend_request
