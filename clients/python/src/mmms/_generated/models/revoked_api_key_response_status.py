from typing import Literal

RevokedApiKeyResponseStatus = Literal[200]

REVOKED_API_KEY_RESPONSE_STATUS_VALUES: set[RevokedApiKeyResponseStatus] = {
    200,
}


def check_revoked_api_key_response_status(value: int) -> RevokedApiKeyResponseStatus:
    if value in REVOKED_API_KEY_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {REVOKED_API_KEY_RESPONSE_STATUS_VALUES!r}"
    )
