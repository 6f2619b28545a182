from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.mail_reports import MailReports
    from ..models.statistics_hour import StatisticsHour
    from ..models.statistics_of_key import StatisticsOfKey
    from ..models.waiting_recipients import WaitingRecipients


T = TypeVar("T", bound="Statistics")


@_attrs_define
class Statistics:
    """The ends of recipients by the hour, and the recipients that wait.

    Attributes:
        from_ (datetime.datetime): The start of the first hour.
        to (datetime.datetime): The end of the last hour.
        hours (list[StatisticsHour]): Every hour from `from` to `to`, the oldest first.
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
        keys (list[StatisticsOfKey]): The same by the API key whose mail it was: the 100 keys with the most mail, also
            revoked ones, the one with the
            most first.
        waiting (WaitingRecipients): The number of recipients that have not reached an end, of all mailings.
        as_of (datetime.datetime): The database's time at which the numbers were read. If counting takes longer than 250
            ms, the result is kept,
            and answered again, for twenty times as long as counting took.
    """

    from_: datetime.datetime
    to: datetime.datetime
    hours: list[StatisticsHour]
    reports: MailReports
    keys: list[StatisticsOfKey]
    waiting: WaitingRecipients
    as_of: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from_ = self.from_.isoformat()

        to = self.to.isoformat()

        hours = []
        for hours_item_data in self.hours:
            hours_item = hours_item_data.to_dict()
            hours.append(hours_item)

        reports = self.reports.to_dict()

        keys = []
        for keys_item_data in self.keys:
            keys_item = keys_item_data.to_dict()
            keys.append(keys_item)

        waiting = self.waiting.to_dict()

        as_of = self.as_of.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "from": from_,
                "to": to,
                "hours": hours,
                "reports": reports,
                "keys": keys,
                "waiting": waiting,
                "as_of": as_of,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.mail_reports import MailReports
        from ..models.statistics_hour import StatisticsHour
        from ..models.statistics_of_key import StatisticsOfKey
        from ..models.waiting_recipients import WaitingRecipients

        d = dict(src_dict)
        from_ = datetime.datetime.fromisoformat(d.pop("from"))

        to = datetime.datetime.fromisoformat(d.pop("to"))

        hours = []
        _hours = d.pop("hours")
        for hours_item_data in _hours:
            hours_item = StatisticsHour.from_dict(hours_item_data)

            hours.append(hours_item)

        reports = MailReports.from_dict(d.pop("reports"))

        keys = []
        _keys = d.pop("keys")
        for keys_item_data in _keys:
            keys_item = StatisticsOfKey.from_dict(keys_item_data)

            keys.append(keys_item)

        waiting = WaitingRecipients.from_dict(d.pop("waiting"))

        as_of = datetime.datetime.fromisoformat(d.pop("as_of"))

        statistics = cls(
            from_=from_,
            to=to,
            hours=hours,
            reports=reports,
            keys=keys,
            waiting=waiting,
            as_of=as_of,
        )

        statistics.additional_properties = d
        return statistics

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
