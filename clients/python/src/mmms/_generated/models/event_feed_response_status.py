from typing import Literal

EventFeedResponseStatus = Literal[200]

EVENT_FEED_RESPONSE_STATUS_VALUES: set[EventFeedResponseStatus] = {
    200,
}


def check_event_feed_response_status(value: int) -> EventFeedResponseStatus:
    if value in EVENT_FEED_RESPONSE_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {EVENT_FEED_RESPONSE_STATUS_VALUES!r}"
    )
