from typing import Literal

SuppressionResponseStatus = Literal[201]

SUPPRESSION_RESPONSE_STATUS_VALUES: set[SuppressionResponseStatus] = {
    201,
}


def check_suppression_response_status(value: int) -> SuppressionResponseStatus:
    if value in SUPPRESSION_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {SUPPRESSION_RESPONSE_STATUS_VALUES!r}"
    )
