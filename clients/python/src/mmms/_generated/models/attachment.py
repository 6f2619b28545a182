from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Attachment")


@_attrs_define
class Attachment:
    """A file that is attached to every mail of the request.

    Attributes:
        filename (str):
        content (str): The content in Base64 (RFC 4648, sections 4 and 5), with or without padding and line breaks. All
            attachments of
            a request have at most 2.5 MiB together, decoded.
        content_type (None | str | Unset): The media type; derived from the extension of `filename` if absent.
            `multipart/…`, `message/partial` and
            `message/external-body` are refused.
        content_id (None | str | Unset): The id for references in the HTML, such as `<img src="cid:logo">` for `logo`;
            unique in a request.
    """

    filename: str
    content: str
    content_type: None | str | Unset = UNSET
    content_id: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        filename = self.filename

        content = self.content

        content_type: None | str | Unset
        if isinstance(self.content_type, Unset):
            content_type = UNSET
        else:
            content_type = self.content_type

        content_id: None | str | Unset
        if isinstance(self.content_id, Unset):
            content_id = UNSET
        else:
            content_id = self.content_id

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "filename": filename,
                "content": content,
            }
        )
        if content_type is not UNSET:
            field_dict["content_type"] = content_type
        if content_id is not UNSET:
            field_dict["content_id"] = content_id

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        filename = d.pop("filename")

        content = d.pop("content")

        def _parse_content_type(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        content_type = _parse_content_type(d.pop("content_type", UNSET))

        def _parse_content_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        content_id = _parse_content_id(d.pop("content_id", UNSET))

        attachment = cls(
            filename=filename,
            content=content,
            content_type=content_type,
            content_id=content_id,
        )

        return attachment
