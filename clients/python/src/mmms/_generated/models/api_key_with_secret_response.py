from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.api_key_with_secret_response_status import (
    ApiKeyWithSecretResponseStatus,
    check_api_key_with_secret_response_status,
)

if TYPE_CHECKING:
    from ..models.api_key_with_secret import ApiKeyWithSecret


T = TypeVar("T", bound="ApiKeyWithSecretResponse")


@_attrs_define
class ApiKeyWithSecretResponse:
    """The body of a success.

    Attributes:
        status (ApiKeyWithSecretResponseStatus): The HTTP status of the answer.
        message (str): A text for people; it may change.
        data (ApiKeyWithSecret): An API key with its secret, which is shown only once.
    """

    status: ApiKeyWithSecretResponseStatus
    message: str
    data: ApiKeyWithSecret
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
        from ..models.api_key_with_secret import ApiKeyWithSecret

        d = dict(src_dict)
        status = check_api_key_with_secret_response_status(d.pop("status"))

        message = d.pop("message")

        data = ApiKeyWithSecret.from_dict(d.pop("data"))

        api_key_with_secret_response = cls(
            status=status,
            message=message,
            data=data,
        )

        api_key_with_secret_response.additional_properties = d
        return api_key_with_secret_response

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
