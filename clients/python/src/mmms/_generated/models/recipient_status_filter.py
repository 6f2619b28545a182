from typing import Literal

RecipientStatusFilter = Literal[
    "bounced",
    "cancelled",
    "complained",
    "delivered",
    "failed",
    "queued",
    "sending",
    "sent",
    "suppressed",
    "unconfirmed",
]

RECIPIENT_STATUS_FILTER_VALUES: set[RecipientStatusFilter] = {
    "bounced",
    "cancelled",
    "complained",
    "delivered",
    "failed",
    "queued",
    "sending",
    "sent",
    "suppressed",
    "unconfirmed",
}


def check_recipient_status_filter(value: str) -> RecipientStatusFilter:
    if value in RECIPIENT_STATUS_FILTER_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {RECIPIENT_STATUS_FILTER_VALUES!r}"
    )
