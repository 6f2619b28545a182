from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.rendered_mail import RenderedMail


T = TypeVar("T", bound="DryRun")


@_attrs_define
class DryRun:
    """What would become of a request. Recipients are named by their index in the request, from 0.

    Attributes:
        accepted (list[int]): The recipients that would be sent to.
        suppressed (list[int]): The recipients that would not be sent to, because their addresses are suppressed.
        repeated (list[int]): The recipients whose address has occurred before in the request. They are not left out:
            each gets a mail of its
            own.
        first (RenderedMail): The mail of one recipient, with its placeholders replaced.
        largest_bytes (int): The size of the largest mail in bytes, with attachments, as it is sent over SMTP. Exact for
            up to 50 recipients;
            of more, the 50 with the longest texts are measured.
        done_at (datetime.datetime): An estimate of the time when the last mail would be sent: after the mail that waits
            now, at the rate of the
            account, or at 50 recipients a second where the rate is not limited, and not before `send_at`.
        suppressed_copies (list[str] | Unset): The places of those `cc` and `bcc` that would be left out because their
            addresses are suppressed, such as `cc.0`.
    """

    accepted: list[int]
    suppressed: list[int]
    repeated: list[int]
    first: RenderedMail
    largest_bytes: int
    done_at: datetime.datetime
    suppressed_copies: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        accepted = self.accepted

        suppressed = self.suppressed

        repeated = self.repeated

        first = self.first.to_dict()

        largest_bytes = self.largest_bytes

        done_at = self.done_at.isoformat()

        suppressed_copies: list[str] | Unset = UNSET
        if not isinstance(self.suppressed_copies, Unset):
            suppressed_copies = self.suppressed_copies

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "accepted": accepted,
                "suppressed": suppressed,
                "repeated": repeated,
                "first": first,
                "largest_bytes": largest_bytes,
                "done_at": done_at,
            }
        )
        if suppressed_copies is not UNSET:
            field_dict["suppressed_copies"] = suppressed_copies

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.rendered_mail import RenderedMail

        d = dict(src_dict)
        accepted = cast(list[int], d.pop("accepted"))

        suppressed = cast(list[int], d.pop("suppressed"))

        repeated = cast(list[int], d.pop("repeated"))

        first = RenderedMail.from_dict(d.pop("first"))

        largest_bytes = d.pop("largest_bytes")

        done_at = datetime.datetime.fromisoformat(d.pop("done_at"))

        suppressed_copies = cast(list[str], d.pop("suppressed_copies", UNSET))

        dry_run = cls(
            accepted=accepted,
            suppressed=suppressed,
            repeated=repeated,
            first=first,
            largest_bytes=largest_bytes,
            done_at=done_at,
            suppressed_copies=suppressed_copies,
        )

        dry_run.additional_properties = d
        return dry_run

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
