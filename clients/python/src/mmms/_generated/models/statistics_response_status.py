from typing import Literal

StatisticsResponseStatus = Literal[200]

STATISTICS_RESPONSE_STATUS_VALUES: set[StatisticsResponseStatus] = {
    200,
}


def check_statistics_response_status(value: int) -> StatisticsResponseStatus:
    if value in STATISTICS_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {STATISTICS_RESPONSE_STATUS_VALUES!r}"
    )
