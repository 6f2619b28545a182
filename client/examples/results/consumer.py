"""Reads the result queue of MMMS: pip install boto3; RESULT_QUEUE_URL=https://sqs.… python consumer.py

What became of each mail is kept in results.db. A message may come twice and in any order, so it counts only if its
`sequence` is higher than the one that is kept of its recipient.
"""

import json
import os
import signal
import sqlite3

import boto3

# A later version of MMMS may have other statuses: they are kept, and mean nothing here.
MEANINGS = {"sent": "accepted", "delivered": "arrived", "bounced": "came back", "failed": "was not sent"}

UPSERT = """
    INSERT INTO result (mailing, recipient, sequence, status) VALUES (:id, :index, :sequence, :status)
    ON CONFLICT (mailing, recipient) DO UPDATE SET sequence = excluded.sequence, status = excluded.status
    WHERE excluded.sequence > result.sequence
    RETURNING status
"""


def take(database, result):
    if database.execute(UPSERT, result).fetchone():
        meaning = MEANINGS.get(result["status"], "is " + result["status"])
        print(f"{result['email_id']} to recipient {result['index']} {meaning}", flush=True)


def main():
    database = sqlite3.connect(os.environ.get("RESULT_DATABASE", "results.db"), isolation_level=None)
    database.execute(
        "CREATE TABLE IF NOT EXISTS result (mailing TEXT, recipient INTEGER, sequence INTEGER, status TEXT, "
        "PRIMARY KEY (mailing, recipient))"
    )
    # By itself boto3 reads AWS_DEFAULT_REGION, and not AWS_REGION as the other SDKs do.
    sqs = boto3.resource("sqs", region_name=os.environ.get("AWS_REGION"))
    queue = sqs.Queue(os.environ["RESULT_QUEUE_URL"])
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    while not stopped:
        # The call waits up to 20 seconds for messages.
        for message in queue.receive_messages(MaxNumberOfMessages=10, WaitTimeSeconds=20):
            take(database, json.loads(message.body))
            # Only now: a message that is not deleted comes again.
            message.delete()


main()
