from typing import Literal

RemovedSuppressionResponseStatus = Literal[200]

REMOVED_SUPPRESSION_RESPONSE_STATUS_VALUES: set[RemovedSuppressionResponseStatus] = {
    200,
}


def check_removed_suppression_response_status(
    value: int,
) -> RemovedSuppressionResponseStatus:
    if value in REMOVED_SUPPRESSION_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {REMOVED_SUPPRESSION_RESPONSE_STATUS_VALUES!r}"
    )
