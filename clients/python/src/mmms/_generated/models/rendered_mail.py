from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.rendered_headers import RenderedHeaders


T = TypeVar("T", bound="RenderedMail")


@_attrs_define
class RenderedMail:
    """The mail of one recipient, with its placeholders replaced.

    Attributes:
        subject (str):
        html (None | str):
        text (None | str):
        headers (RenderedHeaders): The request's and the recipient's `headers`, and with `list` those by which the
            recipient unsubscribes.
        shortened (bool): `true` if `html` or `text` is longer than this answer may be, and was cut.
    """

    subject: str
    html: None | str
    text: None | str
    headers: RenderedHeaders
    shortened: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        subject = self.subject

        html: None | str
        html = self.html

        text: None | str
        text = self.text

        headers = self.headers.to_dict()

        shortened = self.shortened

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "subject": subject,
                "html": html,
                "text": text,
                "headers": headers,
                "shortened": shortened,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.rendered_headers import RenderedHeaders

        d = dict(src_dict)
        subject = d.pop("subject")

        def _parse_html(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        html = _parse_html(d.pop("html"))

        def _parse_text(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        text = _parse_text(d.pop("text"))

        headers = RenderedHeaders.from_dict(d.pop("headers"))

        shortened = d.pop("shortened")

        rendered_mail = cls(
            subject=subject,
            html=html,
            text=text,
            headers=headers,
            shortened=shortened,
        )

        rendered_mail.additional_properties = d
        return rendered_mail

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
