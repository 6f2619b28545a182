from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.mail_reports import MailReports
    from ..models.time_to_sent import TimeToSent


T = TypeVar("T", bound="StatisticsHour")


@_attrs_define
class StatisticsHour:
    """The number of recipients that reached each end in an hour.

    Attributes:
        hour (datetime.datetime): The start of the hour.
        sent (int):
        failed (int):
        unconfirmed (int):
        cancelled (int):
        time_to_sent_ms (None | TimeToSent): Percentiles of the time from a mailing's `created_at`, or its `send_at` if
            it was planned, to a recipient's `sent_at`,
            in milliseconds, of the recipients that were sent to in the hour. They are exact, by the nearest rank; null if
            no mail
            was sent.
        reports (MailReports): What the mail system has reported of mail that was sent in an hour, or in all hours asked
            for, until now. A report
            counts in the hour in which its mail was sent, even if it comes days later, so that the numbers of the last days
            still
            grow. Mail to the addresses of a simulator, such as `bounce@simulator.amazonses.com`, is left out of all of
            these
            numbers, as it puts nobody on the list of suppressed addresses.

            SES reviews an account whose bounce rate is 5 % (0.05) or more, or whose complaint rate is 0.1 % (0.001) or
            more, and
            may pause its sending above 10 % and 0.5 %
            (<https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-messages.html>). Its own rates are of the
            account's
            latest mail, of a number that it chooses; these are of the mail of the hours asked for.
        counted (bool): `false` if the hour has not been counted yet, for example after an update or a long stop: its
            numbers are 0
            until it is counted.
    """

    hour: datetime.datetime
    sent: int
    failed: int
    unconfirmed: int
    cancelled: int
    time_to_sent_ms: None | TimeToSent
    reports: MailReports
    counted: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.time_to_sent import TimeToSent

        hour = self.hour.isoformat()

        sent = self.sent

        failed = self.failed

        unconfirmed = self.unconfirmed

        cancelled = self.cancelled

        time_to_sent_ms: dict[str, Any] | None
        if isinstance(self.time_to_sent_ms, TimeToSent):
            time_to_sent_ms = self.time_to_sent_ms.to_dict()
        else:
            time_to_sent_ms = self.time_to_sent_ms

        reports = self.reports.to_dict()

        counted = self.counted

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "hour": hour,
                "sent": sent,
                "failed": failed,
                "unconfirmed": unconfirmed,
                "cancelled": cancelled,
                "time_to_sent_ms": time_to_sent_ms,
                "reports": reports,
                "counted": counted,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.mail_reports import MailReports
        from ..models.time_to_sent import TimeToSent

        d = dict(src_dict)
        hour = datetime.datetime.fromisoformat(d.pop("hour"))

        sent = d.pop("sent")

        failed = d.pop("failed")

        unconfirmed = d.pop("unconfirmed")

        cancelled = d.pop("cancelled")

        def _parse_time_to_sent_ms(data: object) -> None | TimeToSent:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_time_to_sent_type_0 = TimeToSent.from_dict(data)

                return componentsschemas_time_to_sent_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TimeToSent, data)

        time_to_sent_ms = _parse_time_to_sent_ms(d.pop("time_to_sent_ms"))

        reports = MailReports.from_dict(d.pop("reports"))

        counted = d.pop("counted")

        statistics_hour = cls(
            hour=hour,
            sent=sent,
            failed=failed,
            unconfirmed=unconfirmed,
            cancelled=cancelled,
            time_to_sent_ms=time_to_sent_ms,
            reports=reports,
            counted=counted,
        )

        statistics_hour.additional_properties = d
        return statistics_hour

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
