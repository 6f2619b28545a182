from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="MailTag")


@_attrs_define
class MailTag:
    """A tag that SES adds to its events about the mail (`MessageTag`). The service sets `mmms-mailing-id`,
    `mmms-recipient-index` and `mmms-attempt` itself and refuses them here.

        Attributes:
            name (str):
            value (str):
    """

    name: str
    value: str

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        value = self.value

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "value": value,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        name = d.pop("name")

        value = d.pop("value")

        mail_tag = cls(
            name=name,
            value=value,
        )

        return mail_tag
