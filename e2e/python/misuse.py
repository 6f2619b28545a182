"""Is only read by a type checker, which has to find each fault that is marked here, and no other."""

from mmms import AsyncMmms, Mmms


def send(mmms: Mmms) -> None:
    mmms.mail.send(from_="a@example.org", to=5, subject="c")  # type: ignore[arg-type]
    mmms.mail.send(from_="a@example.org", to={"name": "B"}, subject="c")  # type: ignore[arg-type]
    mmms.mail.send(from_="a@example.org", to="b@example.org", subject="c", htlm="<p>")  # type: ignore[call-arg]
    mmms.mail.send(from_="a@example.org", to="b@example.org")  # type: ignore[call-arg]
    mmms.mail.dry_run(from_="a@example.org", to="b@example.org", subject="c", idempotency_key="d")  # type: ignore[call-arg]
    mmms.mail.get(5)  # type: ignore[arg-type]


async def send_later(mmms: AsyncMmms) -> None:
    sent = await mmms.mail.send(from_="a@example.org", to="b@example.org", subject="c")
    print(sent.stats)  # type: ignore[attr-defined]
    for recipient in mmms.mail.recipients(sent.id):  # type: ignore[attr-defined]
        print(recipient)
