from typing import Literal

WebhookPingResponseStatus = Literal[202]

WEBHOOK_PING_RESPONSE_STATUS_VALUES: set[WebhookPingResponseStatus] = {
    202,
}


def check_webhook_ping_response_status(value: int) -> WebhookPingResponseStatus:
    if value in WEBHOOK_PING_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {WEBHOOK_PING_RESPONSE_STATUS_VALUES!r}"
    )
