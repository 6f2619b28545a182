from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.dry_run_response_status import (
    DryRunResponseStatus,
    check_dry_run_response_status,
)

if TYPE_CHECKING:
    from ..models.dry_run import DryRun


T = TypeVar("T", bound="DryRunResponse")


@_attrs_define
class DryRunResponse:
    """The body of a success.

    Attributes:
        status (DryRunResponseStatus): The HTTP status of the answer.
        message (str): A text for people; it may change.
        data (DryRun): What would become of a request. Recipients are named by their index in the request, from 0.
    """

    status: DryRunResponseStatus
    message: str
    data: DryRun
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
        from ..models.dry_run import DryRun

        d = dict(src_dict)
        status = check_dry_run_response_status(d.pop("status"))

        message = d.pop("message")

        data = DryRun.from_dict(d.pop("data"))

        dry_run_response = cls(
            status=status,
            message=message,
            data=data,
        )

        dry_run_response.additional_properties = d
        return dry_run_response

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
