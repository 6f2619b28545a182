from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="MailReports")


@_attrs_define
class MailReports:
    """What the mail system has reported of mail that was sent in an hour, or in all hours asked for, until now. A report
    counts in the hour in which its mail was sent, even if it comes days later, so that the numbers of the last days
    still
    grow. Mail to the addresses of a simulator, such as `bounce@simulator.amazonses.com`, is left out of all of these
    numbers, as it puts nobody on the list of suppressed addresses.

    SES reviews an account whose bounce rate is 5 % (0.05) or more, or whose complaint rate is 0.1 % (0.001) or more,
    and
    may pause its sending above 10 % and 0.5 %
    (<https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-messages.html>). Its own rates are of the account's
    latest mail, of a number that it chooses; these are of the mail of the hours asked for.

        Attributes:
            sent (int): The number of recipients whose mail the mail system accepted, whatever came of it later: the whole
                that the rates
                are of. Not counted is mail that SES dropped because the address was on its own suppression list.
            delivered (int): The number of recipients to whom the mail was delivered, including those who complained or
                whose mail bounced
                after that.
            bounced (int): The number of recipients whose mail bounced for good (permanent bounces). Other bounces, such as
                for a full
                mailbox, are not counted.
            complained (int): The number of recipients who marked the mail as spam.
            bounce_rate (float | None): `bounced` as a share of `sent`: 0.05 is 5 %. Null if nothing was sent, or if nothing
                at all was reported of what
                was sent, as with SMTP and with the mailbox, which report nothing.
            complaint_rate (float | None): `complained` as a share of `sent`: 0.001 is 0.1 %. Null where `bounce_rate` is.
    """

    sent: int
    delivered: int
    bounced: int
    complained: int
    bounce_rate: float | None
    complaint_rate: float | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        sent = self.sent

        delivered = self.delivered

        bounced = self.bounced

        complained = self.complained

        bounce_rate: float | None
        bounce_rate = self.bounce_rate

        complaint_rate: float | None
        complaint_rate = self.complaint_rate

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "sent": sent,
                "delivered": delivered,
                "bounced": bounced,
                "complained": complained,
                "bounce_rate": bounce_rate,
                "complaint_rate": complaint_rate,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        sent = d.pop("sent")

        delivered = d.pop("delivered")

        bounced = d.pop("bounced")

        complained = d.pop("complained")

        def _parse_bounce_rate(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        bounce_rate = _parse_bounce_rate(d.pop("bounce_rate"))

        def _parse_complaint_rate(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        complaint_rate = _parse_complaint_rate(d.pop("complaint_rate"))

        mail_reports = cls(
            sent=sent,
            delivered=delivered,
            bounced=bounced,
            complained=complained,
            bounce_rate=bounce_rate,
            complaint_rate=complaint_rate,
        )

        mail_reports.additional_properties = d
        return mail_reports

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
