from typing import Literal

RecipientDetailsResponseStatus = Literal[200]

RECIPIENT_DETAILS_RESPONSE_STATUS_VALUES: set[RecipientDetailsResponseStatus] = {
    200,
}


def check_recipient_details_response_status(
    value: int,
) -> RecipientDetailsResponseStatus:
    if value in RECIPIENT_DETAILS_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {RECIPIENT_DETAILS_RESPONSE_STATUS_VALUES!r}"
    )
