from typing import Literal

ApiKeyResponseStatus = Literal[200]

API_KEY_RESPONSE_STATUS_VALUES: set[ApiKeyResponseStatus] = {
    200,
}


def check_api_key_response_status(value: int) -> ApiKeyResponseStatus:
    if value in API_KEY_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {API_KEY_RESPONSE_STATUS_VALUES!r}"
    )
