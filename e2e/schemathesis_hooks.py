"""What schemathesis cannot know from the description; tests/schemathesis.rs runs it with this."""

import os
import secrets
import uuid

import schemathesis
from hypothesis import strategies as st
from schemathesis.openapi.checks import RejectedPositiveData

OWN_KEY = {os.environ["API_KEY"], os.environ["API_KEY_ID"]}

# Formats of this API alone: no pattern says which hosts there are.
labels = st.from_regex(r"[a-z]([a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
domains = st.builds("{}.{}".format, labels, st.sampled_from(["example", "Sub.Example.COM", "bücher.example"]))
hosts = domains | domains.map("*.{}".format) | st.sampled_from(["localhost", "127.0.0.1", "[::1]"])
ports = st.just("") | st.integers(1, 65535).map(":{}".format)
origins = st.builds("{}{}{}".format, st.sampled_from(["", "http://", "https://"]), hosts, ports)
senders = st.builds("{}@{}".format, st.just("") | labels, domains)
schemathesis.openapi.format("origin", origins)
schemathesis.openapi.format("sender", senders)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """A key with origins must have senders, which no schema can ask of a key that is there already."""
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return True
    faults = [fault["message"] for fault in response.json()["errors"]]
    return faults != ["need senders: anybody can read the key in the page"]


@schemathesis.hook
def before_call(context, case, kwargs):
    """Listing the keys shows the run its own: it must not revoke or rotate the one it sends with.

    No two keys are the same, so one that is brought in is new each time, of the length it was to have.
    """
    if (case.path_parameters or {}).get("api_key") in OWN_KEY:
        case.path_parameters["api_key"] = str(uuid.uuid4())
    if context.operation.label == "POST /v1/api-key" and case.meta and case.meta.generation.mode.is_positive:
        if isinstance(case.body, dict) and case.body.get("api_key"):
            length = len(case.body["api_key"])
            case.body["api_key"] = secrets.token_hex(length)[:length]
