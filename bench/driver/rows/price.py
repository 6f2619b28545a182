"""What a million mails cost on AWS, calculated from the other measurements."""

from ..bench import Bench

# $, us-east-1, on demand, without free tiers, November 2026, as in docs/sizing.md.
LAMBDA_GIB_SECOND = 0.0000133334
LAMBDA_MILLION_REQUESTS = 0.20
SES_THOUSAND = 0.10
SQS_MILLION_REQUESTS = 0.40
API_MILLION_REQUESTS = 1.00
# The memory of both functions in the stack (cdk/lib/stage/stages.ts).
MEMORY_GIB = 0.5
MILLION = 1_000_000
# The records of an event, and the recipients of a message.
BATCH, OF_A_MESSAGE = 4, 50


def price(bench: Bench) -> None:
    figures = bench.figures
    if not {"single.MMMS", "worker.MMMS"} <= figures.keys():
        print("    the price needs the rows single and worker")
        return
    ses = SES_THOUSAND * 1_000
    singles, mailings = {}, {}
    for name in ("MMMS", "peer"):
        seconds = figures[f"single.{name}"] / 1e3
        lambda_cost = LAMBDA_MILLION_REQUESTS + seconds * MILLION * MEMORY_GIB * LAMBDA_GIB_SECOND
        singles[name] = API_MILLION_REQUESTS + lambda_cost
        # A message is sent in a batch of ten, received with three others and deleted with them; MMMS sends
        # results in batches of ten, too.
        messages = MILLION / OF_A_MESSAGE
        results = MILLION / (10 if name == "MMMS" else 1)
        requests = messages / 10 + 2 * messages / BATCH + results
        seconds = MILLION / figures[f"worker.{name}"]
        invocations = messages / BATCH / MILLION
        mailings[name] = (
            requests / MILLION * SQS_MILLION_REQUESTS
            + seconds * MEMORY_GIB * LAMBDA_GIB_SECOND
            + invocations * LAMBDA_MILLION_REQUESTS
        )
    work = "a million single mails on AWS, arm64"
    bench.add(f"{work}, without SES ({ses:.0f} $)", "$", singles["MMMS"], singles["peer"])
    work = "a million recipients of mailings on AWS, arm64"
    bench.add(f"{work}, without SES ({ses:.0f} $)", "$", mailings["MMMS"], mailings["peer"])
