from typing import Literal

UnsubscribeDataBodyListUnsubscribe = Literal["One-Click"]

UNSUBSCRIBE_DATA_BODY_LIST_UNSUBSCRIBE_VALUES: set[
    UnsubscribeDataBodyListUnsubscribe
] = {
    "One-Click",
}


def check_unsubscribe_data_body_list_unsubscribe(
    value: str,
) -> UnsubscribeDataBodyListUnsubscribe:
    if value in UNSUBSCRIBE_DATA_BODY_LIST_UNSUBSCRIBE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {UNSUBSCRIBE_DATA_BODY_LIST_UNSUBSCRIBE_VALUES!r}"
    )
