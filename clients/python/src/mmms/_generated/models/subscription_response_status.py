from typing import Literal

SubscriptionResponseStatus = Literal[200]

SUBSCRIPTION_RESPONSE_STATUS_VALUES: set[SubscriptionResponseStatus] = {
    200,
}


def check_subscription_response_status(value: int) -> SubscriptionResponseStatus:
    if value in SUBSCRIPTION_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {SUBSCRIPTION_RESPONSE_STATUS_VALUES!r}"
    )
