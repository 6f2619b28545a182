"""MiniStack, and what it lacks: the AWS of the tests. `python -m emulator`

Settings come from the environment: GATEWAY_PORT and BIND_HOST are MiniStack's own, TEST_POSTGRES_BIN is the folder of
PostgreSQL's programs, for databases. Each caller whose access key is twelve digits has that account to itself, so tests
share one emulator and see nothing of each other.

MiniStack is held to one version (requirements.txt) because its insides are used here.
"""

from ministack import app

from . import (
    alarms,
    database,
    event_sources,
    functions,
    gateway,
    network,
    permissions,
    secrets,
    ses,
    ses_events,
    topics,
    triggers,
)

# What is refused comes before what is kept: the permissions last, around all others.
for subject in (
    alarms,
    database,
    event_sources,
    functions,
    gateway,
    network,
    secrets,
    ses,
    ses_events,
    topics,
    triggers,
    permissions,
):
    subject.extend()
app.main()
