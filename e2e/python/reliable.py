"""The Python package behind a gateway that loses answers and refuses. The arguments are the server's address, a key and
a key that may send only as `team@example.com`."""

import asyncio
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from mmms import AsyncMmms, Mmms, MmmsError

from gateway import Gateway

base, key, restricted = sys.argv[1:]
gateway = Gateway(base)
mmms = Mmms(base_url=gateway.url, api_key=key)


def letter(to: Any, **more: Any) -> dict[str, Any]:
    return {
        "from_": "The team <team@example.com>",
        "to": to,
        "subject": "Hello",
        "text": "Hello {{mail}}",
        **more,
    }


def captured(mail: str) -> int:
    answer = httpx.get(f"{base}/mailbox/api/messages", params={"search": mail})
    return int(answer.json()["data"]["total"])


def refused(call: Callable[[], Any], type: str) -> MmmsError:
    try:
        result = call()
    except MmmsError as error:
        assert error.type == type, error
        return error
    raise AssertionError(f"{type} is missing: {result}")


# A lost answer and a refusal are asked again, and one mail is sent.
gateway.through("lose", "refuse 429 1", "refuse 503", "page")
sent = mmms.mail.send(**letter("lost@example.com"))
assert (sent.status, sent.accepted) == ("sent", 1), sent
assert [verb for verb, _, _ in gateway.seen] == ["lose", "refuse", "refuse", "page", "carry"], gateway.seen
assert len({given for _, _, given in gateway.seen}) == 1, "one idempotency key"
assert gateway.seen[2][1] - gateway.seen[1][1] >= 1, "not before Retry-After"
assert captured("lost@example.com") == 1

# The same key sends once, from whatever process; another mail with it is refused.
gateway.through()
first = mmms.mail.send(**letter("once@example.com"), idempotency_key="order 4711")
with Mmms(base_url=base + "/", api_key=key) as other:
    second = other.mail.send(**letter("once@example.com"), idempotency_key="order 4711")
assert (first.id, first.message_id, second.replayed) == (second.id, second.message_id, True), second
assert captured("once@example.com") == 1
conflict = refused(
    lambda: mmms.mail.send(**letter("two@example.com"), idempotency_key="order 4711"),
    "idempotency_conflict",
)
assert conflict.idempotency_key == "order 4711"
assert [found.id for found in mmms.mail.list(idempotency_key="order 4711")] == [first.id]

# A fault of the request is not asked again, and its text says what is wrong and where.
gateway.through()
error = refused(lambda: mmms.mail.send(**letter(["ann@example.com", "no address"])), "validation_error")
assert (error.status, [fault.field for fault in error.fields]) == (400, ["recipients.1.mail"]), error
assert error.request_id and error.request_id in str(error), error
for part in ["validation_error (400)", "recipients.1.mail: must be", f"POST {gateway.url}/v1/mail", "fix the fields"]:
    assert part in str(error), error
assert len(gateway.seen) == 1, gateway.seen
unknown = refused(lambda: mmms.mail.send(**letter({"mail": "ann@example.com", "nmae": "Ann"})), "validation_error")
assert "nmae" in str(unknown), unknown
refused(
    lambda: Mmms(base_url=base, api_key=restricted).mail.send(**letter("a@example.com", from_="x@example.com")),
    "authorization_error",
)
refused(lambda: Mmms(base_url=base, api_key="mmms_unknown").mail.get(sent.id), "authentication_error")
refused(lambda: mmms.mail.get("../api-key"), "not_found")

# It ends in time, and hands a long Retry-After to the caller.
gateway.through("refuse 429 61")
assert refused(lambda: mmms.mail.send(**letter("patient@example.com")), "gateway_error").retry_after == 61
gateway.through("lose", "lose")
impatient = Mmms(base_url=gateway.url, api_key=key, retry_seconds=0)
assert refused(lambda: impatient.mail.send(**letter("bounded@example.com")), "network_error").status is None
assert len(gateway.seen) == 1, gateway.seen
nowhere = Mmms(base_url="http://127.0.0.1:1", api_key=key, retry_seconds=1)
started = time.monotonic()
assert "http://127.0.0.1:1/v1/mail" in str(refused(lambda: nowhere.mail.get(sent.id), "network_error"))
assert time.monotonic() - started < 5

# What may do something twice is sent again only if it was surely not done.
gateway.through("refuse 503")
refused(lambda: mmms.mail.resend(sent.id, "failed"), "gateway_error")
gateway.through("lose")
refused(lambda: mmms.suppressions.remove(sent.id), "network_error")
gateway.through("refuse 429 1")
refused(lambda: mmms.mail.resend(sent.id, "nothing"), "validation_error")
assert len(gateway.seen) == 2, gateway.seen

# A planned mail waits, moves, and goes; another is cancelled.
gateway.through("carry", "lose")
tomorrow = datetime.now(UTC) + timedelta(days=1)
planned = mmms.mail.send(**letter("planned@example.com", send_at=tomorrow, email_id="plan-1"))
assert planned.status == "queued", planned
assert refused(lambda: mmms.mail.wait(planned.id, timeout=0.1, interval=0.1), "timeout").status is None
assert mmms.mail.reschedule(planned.id, datetime.now(UTC)).moved == 1
assert mmms.mail.wait(planned.id, interval=0.05).counts.sent == 1
assert [found.id for found in mmms.mail.list(email_id="plan-1", open=False)] == [planned.id]
cancelled = mmms.mail.send(**letter("cancelled@example.com", send_at=tomorrow.isoformat()))
mmms.mail.cancel(cancelled.id)
assert mmms.mail.get(cancelled.id).counts.cancelled == 1

# Pages follow each other.
gateway.through()
looks: list[tuple[int, int]] = []
many = mmms.mail.send(**letter([f"reader{at}@example.com" for at in range(120)]))
mmms.mail.wait(many.id, interval=0.05, on_progress=lambda look: looks.append((look.done, look.total)))
assert looks[-1] == (120, 120) and looks == sorted(looks), looks
recipients = list(mmms.mail.recipients(many.id, status="sent"))
assert [recipient.index for recipient in recipients] == list(range(120))

# Suppressed addresses, and a dry run that sees them.
entry = mmms.suppressions.add("gone@example.com", list="news")
assert [found.id for found in mmms.suppressions.list(mail="gone@example.com")] == [entry.id]
trial = mmms.mail.dry_run(**letter(["gone@example.com", "ann@example.com", "ann@example.com"], list="news"))
assert (trial.accepted, trial.suppressed, trial.repeated) == ([1, 2], [0], [2]), trial
mmms.suppressions.remove(entry.id)
assert list(mmms.suppressions.list(mail="gone@example.com")) == []


async def with_asyncio() -> None:
    gateway.through("lose", "refuse 429 1")
    async with AsyncMmms(base_url=gateway.url, api_key=key) as mmms:
        sent = await mmms.mail.send(**letter("later@example.com"))
        assert sent.status == "sent", sent
        assert captured("later@example.com") == 1
        assert gateway.seen[2][1] - gateway.seen[1][1] >= 1, "not before Retry-After"
        try:
            await mmms.mail.send(**letter("later@example.com", subject=""))
        except MmmsError as error:
            assert error.fields[0].field == "subject", error
        else:
            raise AssertionError("an empty subject is sent")
        many = await asyncio.gather(*(mmms.mail.send(**letter(f"at-once{at}@example.com")) for at in range(10)))
        assert {one.status for one in many} == {"sent"}
        queued = await mmms.mail.send(**letter([f"r{at}@example.com" for at in range(60)]))
        assert (await mmms.mail.wait(queued.id, interval=0.05)).counts.sent == 60
        assert len([recipient async for recipient in mmms.mail.recipients(queued.id)]) == 60
        assert len((await mmms.events.list(limit=5)).items) == 5


asyncio.run(with_asyncio())
print("reliable")
