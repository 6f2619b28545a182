"""Who may publish to a topic and who may write to a queue, as AWS decides it for its own services by the resource's
policy. MiniStack looks at no such policy. What a topic may not write to its queue goes to the subscription's
dead-letter queue, or is lost: https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
"""

import json

from ministack.core import iam_evaluator
from ministack.core.responses import get_region
from ministack.services import sns, sqs

deliver = sns._deliver_to_sqs


def extend():
    sqs.queue_policy_allows = queue_admits
    sns._deliver_to_sqs = deliver_or_put_aside


def topic_admits(arn, service, source_arn, account):
    topic = sns._topics.get(arn)
    return topic is not None and admits(topic, "sns:Publish", arn, service, source_arn, account)


def queue_admits(arn, service, source_arn, account):
    queue = sqs._queue_by_arn(arn)
    return queue is not None and admits(queue, "sqs:SendMessage", arn, service, source_arn, account)


def admits(resource, action, arn, service, source_arn, account):
    """A service that is named by no statement, or not under its conditions, is refused."""
    context = iam_evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=arn,
        region=get_region(),
        secure_transport=True,
        service_context={"aws:sourcearn": source_arn, "aws:sourceaccount": account},
    )
    policy = resource["attributes"].get("Policy") or ""
    return iam_evaluator.evaluate_resource_policy(policy, context, service=service).decision == "Allow"


def deliver_or_put_aside(queue, *message, topic_arn="", **attributes):
    account = topic_arn.split(":")[4] if topic_arn else ""
    if not queue_admits(queue, "sns.amazonaws.com", topic_arn, account):
        queue = dead_letters_of(topic_arn, queue)
        if queue is None:
            return
        attributes["message_attributes"] = {
            **(attributes.get("message_attributes") or {}),
            "ErrorCode": {"DataType": "String", "StringValue": "AccessDenied"},
        }
    deliver(queue, *message, topic_arn=topic_arn, **attributes)


def dead_letters_of(topic_arn, queue):
    topic = sns._topics.get(topic_arn) or {}
    for subscription in topic.get("subscriptions", []):
        if subscription.get("endpoint") == queue:
            redrive = json.loads(subscription.get("attributes", {}).get("RedrivePolicy") or "{}")
            return redrive.get("deadLetterTargetArn")
    return None
