from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.erased_address_response_status import (
    ErasedAddressResponseStatus,
    check_erased_address_response_status,
)

if TYPE_CHECKING:
    from ..models.erased_address import ErasedAddress


T = TypeVar("T", bound="ErasedAddressResponse")


@_attrs_define
class ErasedAddressResponse:
    """The body of a success.

    Attributes:
        status (ErasedAddressResponseStatus): The HTTP status of the answer.
        message (str): A text for people; it may change.
        data (ErasedAddress): The result of an erasure.
    """

    status: ErasedAddressResponseStatus
    message: str
    data: ErasedAddress
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
        from ..models.erased_address import ErasedAddress

        d = dict(src_dict)
        status = check_erased_address_response_status(d.pop("status"))

        message = d.pop("message")

        data = ErasedAddress.from_dict(d.pop("data"))

        erased_address_response = cls(
            status=status,
            message=message,
            data=data,
        )

        erased_address_response.additional_properties = d
        return erased_address_response

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
