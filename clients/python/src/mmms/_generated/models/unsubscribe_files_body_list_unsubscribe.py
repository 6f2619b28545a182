from typing import Literal

UnsubscribeFilesBodyListUnsubscribe = Literal["One-Click"]

UNSUBSCRIBE_FILES_BODY_LIST_UNSUBSCRIBE_VALUES: set[
    UnsubscribeFilesBodyListUnsubscribe
] = {
    "One-Click",
}


def check_unsubscribe_files_body_list_unsubscribe(
    value: str,
) -> UnsubscribeFilesBodyListUnsubscribe:
    if value in UNSUBSCRIBE_FILES_BODY_LIST_UNSUBSCRIBE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {UNSUBSCRIBE_FILES_BODY_LIST_UNSUBSCRIBE_VALUES!r}"
    )
