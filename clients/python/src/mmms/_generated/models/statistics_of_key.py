from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.mail_reports import MailReports


T = TypeVar("T", bound="StatisticsOfKey")


@_attrs_define
class StatisticsOfKey:
    """The reports of the mail of an API key.

    Attributes:
        api_key_id (str):
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
    """

    api_key_id: str
    reports: MailReports
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        api_key_id = self.api_key_id

        reports = self.reports.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "api_key_id": api_key_id,
                "reports": reports,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.mail_reports import MailReports

        d = dict(src_dict)
        api_key_id = d.pop("api_key_id")

        reports = MailReports.from_dict(d.pop("reports"))

        statistics_of_key = cls(
            api_key_id=api_key_id,
            reports=reports,
        )

        statistics_of_key.additional_properties = d
        return statistics_of_key

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
