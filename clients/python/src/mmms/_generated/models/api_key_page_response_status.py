from typing import Literal

ApiKeyPageResponseStatus = Literal[200]

API_KEY_PAGE_RESPONSE_STATUS_VALUES: set[ApiKeyPageResponseStatus] = {
    200,
}


def check_api_key_page_response_status(value: int) -> ApiKeyPageResponseStatus:
    if value in API_KEY_PAGE_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {API_KEY_PAGE_RESPONSE_STATUS_VALUES!r}"
    )
