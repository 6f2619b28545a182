"""The service that is compared with: the same `POST /v1/mail`, written as a Chalice application usually is.

It has no ledger. A single mail is sent by the request that brings it; the recipients of a mailing are put
into the queue, from which `work` sends them one after the other.
"""

import hashlib
import json
import os
import re

import boto3
import psycopg2
from chalice import BadRequestError, Chalice, Response, UnauthorizedError
from pydantic import BaseModel, Field, ValidationError

RECIPIENTS_OF_A_MESSAGE = 50
MESSAGES_OF_A_BATCH = 10

app = Chalice(app_name="peer")
ses = boto3.client("sesv2")
sqs = boto3.client("sqs")
database = psycopg2.connect(os.environ["DATABASE_URL"])
database.autocommit = True

QUEUE = os.environ["MAIL_QUEUE_URL"]
RESULTS = os.environ["MAIL_RESULT_QUEUE_URL"]


class Recipient(BaseModel):
    mail: str = Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)
    name: str = ""
    variables: dict[str, str] = {}


class Mail(BaseModel):
    recipients: list[Recipient] = Field(min_length=1, max_length=10_000)
    sender_email: str = Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    sender_name: str
    subject: str
    text_template: str
    html_template: str | None = None


def authenticate(secret: str | None) -> None:
    """Finds the key: the only round trip to the database."""
    digest = hashlib.sha256((secret or "").encode()).hexdigest()
    with database.cursor() as cursor:
        cursor.execute("SELECT id FROM peer_key WHERE hash = %s", (digest,))
        if cursor.fetchone() is None:
            raise UnauthorizedError("The API key is not valid")


def fill_in(template: str, recipient: Recipient) -> str:
    values = {"name": recipient.name, **recipient.variables}
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match.group(1)], template)


def send_to(mail: Mail, recipient: Recipient) -> str:
    body = {"Text": {"Data": fill_in(mail.text_template, recipient)}}
    if mail.html_template:
        body["Html"] = {"Data": fill_in(mail.html_template, recipient)}
    answer = ses.send_email(
        FromEmailAddress=f"{mail.sender_name} <{mail.sender_email}>",
        Destination={"ToAddresses": [recipient.mail]},
        Content={
            "Simple": {
                "Subject": {"Data": fill_in(mail.subject, recipient)},
                "Body": body,
            }
        },
    )
    return answer["MessageId"]


def enqueue(mail: Mail) -> None:
    shared = mail.model_dump(exclude={"recipients"})
    messages = []
    for first in range(0, len(mail.recipients), RECIPIENTS_OF_A_MESSAGE):
        part = mail.recipients[first : first + RECIPIENTS_OF_A_MESSAGE]
        recipients = [recipient.model_dump() for recipient in part]
        messages.append(json.dumps({**shared, "recipients": recipients}))
    for first in range(0, len(messages), MESSAGES_OF_A_BATCH):
        batch = messages[first : first + MESSAGES_OF_A_BATCH]
        entries = [{"Id": str(index), "MessageBody": message} for index, message in enumerate(batch)]
        answer = sqs.send_message_batch(QueueUrl=QUEUE, Entries=entries)
        if answer.get("Failed"):
            raise RuntimeError("the queue did not take all messages")


@app.route("/v1/mail", methods=["POST"])
def send() -> Response:
    request = app.current_request
    authenticate(request.headers.get("x-api-key"))
    try:
        mail = Mail.model_validate_json(request.raw_body)
    except ValidationError as error:
        raise BadRequestError(str(error)) from error
    if len(mail.recipients) == 1:
        message_id = send_to(mail, mail.recipients[0])
        return Response({"message_id": message_id}, status_code=200)
    enqueue(mail)
    return Response({"recipients": len(mail.recipients)}, status_code=202)


@app.lambda_function(name="work")
def work(event: dict, _context: object) -> dict:
    failures = []
    for record in event["Records"]:
        try:
            mail = Mail.model_validate_json(record["body"])
            for recipient in mail.recipients:
                message_id = send_to(mail, recipient)
                result = {"recipient": recipient.mail, "message_id": message_id}
                sqs.send_message(QueueUrl=RESULTS, MessageBody=json.dumps(result))
        # The message is received again, whatever the fault is.
        except Exception:
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
