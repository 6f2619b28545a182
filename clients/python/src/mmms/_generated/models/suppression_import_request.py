from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.suppression_request import SuppressionRequest


T = TypeVar("T", bound="SuppressionImportRequest")


@_attrs_define
class SuppressionImportRequest:
    """Addresses to suppress.

    Attributes:
        entries (list[SuppressionRequest]): 1 to 1,000 addresses. One that is suppressed already for the same reason and
            mail stays as it is.
    """

    entries: list[SuppressionRequest]

    def to_dict(self) -> dict[str, Any]:
        entries = []
        for entries_item_data in self.entries:
            entries_item = entries_item_data.to_dict()
            entries.append(entries_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "entries": entries,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.suppression_request import SuppressionRequest

        d = dict(src_dict)
        entries = []
        _entries = d.pop("entries")
        for entries_item_data in _entries:
            entries_item = SuppressionRequest.from_dict(entries_item_data)

            entries.append(entries_item)

        suppression_import_request = cls(
            entries=entries,
        )

        return suppression_import_request
