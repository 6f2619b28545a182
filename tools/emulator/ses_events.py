"""The events of SES: what became of a mail that it accepted, for the event destinations of the configuration set that
the mail names. MiniStack stores event destinations, and publishes nothing.

The form: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
The fates: https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator
An event is published before the caller has the answer to its call, as AWS may do it too.
"""

import base64
import json
import re
from datetime import datetime, timezone
from email.utils import format_datetime, parseaddr

from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import ses_v2, sns
from ministack.services.cloudformation import provisioners

from . import topics

SES = "ses.amazonaws.com"
SIMULATOR = "simulator.amazonses.com"
# The events of an address at the simulator, by its part before the @ and before a +. Any other address is delivered.
FATES = {
    "success": ("Delivery",),
    "bounce": ("Bounce",),
    "ooto": ("Delivery", "OutOfOffice"),
    "complaint": ("Delivery", "Complaint"),
    "suppressionlist": ("Suppressed",),
}
DELIVERED = ("Delivery",)
# A file that every virus scanner takes for a virus, and SES too; in two parts, for scanners of this file.
VIRUS = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + rb"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PLACEHOLDER = re.compile(r"{{{?(\w+)}?}}")

put_event_destination = ses_v2._put_event_destination
put_by_cloudformation = provisioners._ses_event_destination_put


def extend():
    ses_v2._put_event_destination = put
    provisioners._ses_event_destination_put = put_in_a_set_that_exists


def put(name, destination, definition, *, create):
    """SES refuses a topic that it may not publish to when the destination is made, not when a mail is sent."""
    topic = ((definition or {}).get("SnsDestination") or {}).get("TopicArn")
    if topic and not may_publish(topic, name):
        message = f"Could not publish to the SNS topic <{topic}>: it does not exist, is FIFO, or its policy denies it."
        return ses_v2._json_err("BadRequestException", message)
    return put_event_destination(name, destination, definition, create=create)


def put_in_a_set_that_exists(name, destination, props, *, create):
    if name not in ses_v2._config_sets:
        raise ValueError(f"Configuration set <{name}> does not exist.")
    put_by_cloudformation(name, destination, props, create=create)


def may_publish(topic, configuration_set):
    source = f"arn:aws:ses:{get_region()}:{get_account_id()}:configuration-set/{configuration_set}"
    return not topic.endswith(".fifo") and topics.topic_admits(topic, SES, source, get_account_id())


def publish(path, request, response):
    """The events of the mails of one call."""
    name = request.get("ConfigurationSetName")
    destinations = (ses_v2._config_sets.get(name) or {}).get("EventDestinations") or {}
    wanted = [
        (destination["SnsDestination"]["TopicArn"], destination["MatchingEventTypes"])
        for destination in destinations.values()
        if destination["Enabled"] and "SnsDestination" in destination
    ]
    wanted = [(topic, types) for topic, types in wanted if may_publish(topic, name)]
    if not wanted:
        return
    mails = mails_of_bulk(request, response) if "-bulk-" in path else mails_of_single(request, response)
    for mail, happenings in mails:
        for event_type, details in happenings:
            kind = re.sub(r"(?<=[a-z]) ?(?=[A-Z])", "_", event_type).upper()
            event = {"eventType": event_type, "mail": mail, **details}
            for topic, types in wanted:
                if kind in types:
                    sns.publish_internal(topic, json.dumps(event), "Amazon SES Email Event Notification")


def mails_of_single(request, response):
    content = request.get("Content", {})
    simple = content.get("Simple", {})
    attachments = [attachment.get("RawContent", "") for attachment in simple.get("Attachments", [])]
    parts = [content.get("Raw", {}).get("Data", ""), *attachments]
    subject = simple.get("Subject", {}).get("Data", "")
    mail = mail_object(
        request,
        request,
        "SendEmail",
        response["MessageId"],
        subject,
        request.get("EmailTags", []),
    )
    if any(VIRUS in base64.b64decode(part) for part in parts):
        yield mail, [("Reject", {"reject": {"reason": "Bad content"}})]
    else:
        yield mail, fates(mail)


def mails_of_bulk(request, response):
    template = request["DefaultContent"]["Template"]
    content = template.get("TemplateContent", {})
    for entry, result in zip(request["BulkEmailEntries"], response["BulkEmailEntryResults"], strict=True):
        if result["Status"] != "SUCCESS":
            continue
        replacement = (entry.get("ReplacementEmailContent") or {}).get("ReplacementTemplate", {})
        data = json.loads(template.get("TemplateData") or "{}")
        data |= json.loads(replacement.get("ReplacementTemplateData") or "{}")
        subject = filled_in(content.get("Subject", ""), data)
        tags = [*request.get("DefaultEmailTags", []), *entry.get("ReplacementTags", [])]
        mail = mail_object(request, entry, "SendBulkEmail", result["MessageId"], subject, tags)
        names = PLACEHOLDER.findall(" ".join(content.values()))
        missing = [name for name in names if name not in data]
        if missing:
            message = f"Attribute '{missing[0]}' is not present in the rendering data."
            yield (
                mail,
                [
                    (
                        "Rendering Failure",
                        {"failure": {"errorMessage": message, "templateName": ""}},
                    )
                ],
            )
        else:
            yield mail, fates(mail)


def filled_in(text, data):
    return PLACEHOLDER.sub(lambda found: str(data.get(found[1], "")), text)


def mail_object(request, destined, operation, message_id, subject, tags):
    sender, now = request.get("FromEmailAddress", ""), datetime.now(timezone.utc)
    addresses = destined.get("Destination", {})
    to, cc, bcc = (addresses.get(f"{kind}Addresses", []) for kind in ("To", "Cc", "Bcc"))
    domain = parseaddr(sender)[1].rpartition("@")[2]
    common = {
        "from": [sender],
        "date": format_datetime(now),
        "to": to,
        "messageId": message_id,
        "subject": subject,
    }
    headers = [
        ("From", sender),
        ("To", ", ".join(to)),
        ("Subject", subject),
        ("MIME-Version", "1.0"),
    ]
    of_ses = {
        "ses:operation": operation,
        "ses:configuration-set": request["ConfigurationSetName"],
        "ses:source-ip": "127.0.0.1",
        "ses:from-domain": domain,
        "ses:caller-identity": "emulator",
    }
    return {
        "timestamp": time(now),
        "source": sender,
        "sourceArn": f"arn:aws:ses:{get_region()}:{get_account_id()}:identity/{domain}",
        "sendingAccountId": get_account_id(),
        "messageId": message_id,
        "destination": [*to, *cc, *bcc],
        "headersTruncated": False,
        "headers": [{"name": name, "value": value} for name, value in headers],
        "commonHeaders": common | ({"cc": cc} if cc else {}),
        "tags": {name: [value] for name, value in of_ses.items()} | {tag["Name"]: [tag["Value"]] for tag in tags},
    }


def fates(mail):
    """What happens to the mail, and then to each of its addresses."""
    yield "Send", {"send": {}}
    for recipient in mail["destination"]:
        address = parseaddr(recipient)[1]
        local, _, domain = address.lower().rpartition("@")
        known = FATES.get(local.partition("+")[0], DELIVERED) if domain == SIMULATOR else DELIVERED
        for fate in known:
            yield from HAPPENINGS[fate](address)


def delivery(address):
    details = {
        "timestamp": time(),
        "processingTimeMillis": 546,
        "recipients": [address],
        "smtpResponse": "250 2.6.0 Message received",
        "remoteMtaIp": "127.0.2.0",
        "reportingMTA": "a8-70.smtp-out.amazonses.com",
    }
    yield "Delivery", {"delivery": details}


def unknown_user(address):
    recipient = {
        "action": "failed",
        "status": "5.1.1",
        "diagnosticCode": "smtp; 550 5.1.1 user unknown",
    }
    yield from bounce(address, "Permanent", "General", recipient, "dns; a8-70.smtp-out.amazonses.com")


def out_of_office(address):
    yield from bounce(address, "Transient", "General", {}, None)


def suppressed(address):
    code = (
        "Amazon SES has suppressed sending to this address because it has a recent history of bouncing as an invalid"
        " address."
    )
    recipient = {"action": "failed", "status": "5.1.1", "diagnosticCode": code}
    yield from bounce(address, "Permanent", "Suppressed", recipient, "dns; amazonses.com")


def bounce(address, kind, subtype, recipient, reporter):
    details = {
        "feedbackId": f"{new_uuid()}-000000",
        "bounceType": kind,
        "bounceSubType": subtype,
        "bouncedRecipients": [{"emailAddress": address, **recipient}],
        "timestamp": time(),
    }
    yield (
        "Bounce",
        {"bounce": details | ({"reportingMTA": reporter} if reporter else {})},
    )


def complaint(address):
    details = {
        "feedbackId": f"{new_uuid()}-000000",
        "complaintSubType": None,
        "complainedRecipients": [{"emailAddress": address}],
        "timestamp": time(),
        "userAgent": "Amazon SES Mailbox Simulator",
        "complaintFeedbackType": "abuse",
        "arrivalDate": time(),
    }
    yield "Complaint", {"complaint": details}


HAPPENINGS = {
    "Delivery": delivery,
    "Bounce": unknown_user,
    "OutOfOffice": out_of_office,
    "Suppressed": suppressed,
    "Complaint": complaint,
}


def time(moment=None):
    return (moment or datetime.now(timezone.utc)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
