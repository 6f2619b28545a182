from typing import Literal

ResendableStatus = Literal["failed", "unconfirmed"]

RESENDABLE_STATUS_VALUES: set[ResendableStatus] = {
    "failed",
    "unconfirmed",
}


def check_resendable_status(value: str) -> ResendableStatus:
    if value in RESENDABLE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {RESENDABLE_STATUS_VALUES!r}"
    )
