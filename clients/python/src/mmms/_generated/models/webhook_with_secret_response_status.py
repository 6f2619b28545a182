from typing import Literal

WebhookWithSecretResponseStatus = Literal[200, 201]

WEBHOOK_WITH_SECRET_RESPONSE_STATUS_VALUES: set[WebhookWithSecretResponseStatus] = {
    200,
    201,
}


def check_webhook_with_secret_response_status(
    value: int,
) -> WebhookWithSecretResponseStatus:
    if value in WEBHOOK_WITH_SECRET_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {WEBHOOK_WITH_SECRET_RESPONSE_STATUS_VALUES!r}"
    )
