from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="OriginsRequest")


@_attrs_define
class OriginsRequest:
    """The origins to add to an API key.

    Attributes:
        origins (list[str]):
    """

    origins: list[str]

    def to_dict(self) -> dict[str, Any]:
        origins = self.origins

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "origins": origins,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        origins = cast(list[str], d.pop("origins"))

        origins_request = cls(
            origins=origins,
        )

        return origins_request
