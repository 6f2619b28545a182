from typing import Literal

ApiKeyWithSecretResponseStatus = Literal[200, 201]

API_KEY_WITH_SECRET_RESPONSE_STATUS_VALUES: set[ApiKeyWithSecretResponseStatus] = {
    200,
    201,
}


def check_api_key_with_secret_response_status(
    value: int,
) -> ApiKeyWithSecretResponseStatus:
    if value in API_KEY_WITH_SECRET_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {API_KEY_WITH_SECRET_RESPONSE_STATUS_VALUES!r}"
    )
