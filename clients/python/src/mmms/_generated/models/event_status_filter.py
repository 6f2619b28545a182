from typing import Literal

EventStatusFilter = Literal[
    "bounced",
    "cancelled",
    "complained",
    "copy_bounced",
    "copy_complained",
    "copy_suppressed",
    "delayed",
    "delivered",
    "failed",
    "resubscribed",
    "sent",
    "suppressed",
    "unconfirmed",
    "unsubscribed",
]

EVENT_STATUS_FILTER_VALUES: set[EventStatusFilter] = {
    "bounced",
    "cancelled",
    "complained",
    "copy_bounced",
    "copy_complained",
    "copy_suppressed",
    "delayed",
    "delivered",
    "failed",
    "resubscribed",
    "sent",
    "suppressed",
    "unconfirmed",
    "unsubscribed",
}


def check_event_status_filter(value: str) -> EventStatusFilter:
    if value in EVENT_STATUS_FILTER_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {EVENT_STATUS_FILTER_VALUES!r}"
    )
