"""Event sources of functions: what Lambda refuses when a mapping of a queue is made. MiniStack makes every mapping."""

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc, sqs
from ministack.services.cloudformation import provisioners

create = provisioners._lambda_esm_create

# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
ACTIONS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


def extend():
    provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]["create"] = create_if_possible


def create_if_possible(logical_id, props, stack_name):
    queue = sqs._queue_by_arn(props["EventSourceArn"])
    if queue:
        check(props, queue)
    return create(logical_id, props, stack_name)


def check(props, queue):
    record, _, _ = lambda_svc._get_func_record_for_ref(props["FunctionName"])
    function, arn = record["config"], props["EventSourceArn"]
    policies = iam_evaluator._gather_role_policies(function["Role"].rsplit("/", 1)[-1], get_account_id())
    for action in ACTIONS:
        context = iam_evaluator.EvalContext(
            function["Role"], "AssumedRole", get_account_id(), action, arn, get_region()
        )
        if iam_evaluator.evaluate(context, policies).decision != "Allow":
            raise RuntimeError(f"The provided execution role does not have permissions to call {action} on {arn}")
    visible_after = int(queue["attributes"]["VisibilityTimeout"])
    if visible_after < int(function["Timeout"]):
        raise RuntimeError(
            f"Queue visibility timeout: {visible_after} seconds is less than Function timeout: "
            f"{function['Timeout']} seconds"
        )
    most = props.get("ScalingConfig", {}).get("MaximumConcurrency")
    if most is not None and not 2 <= int(most) <= 1000:
        raise RuntimeError(f"MaximumConcurrency has to be 2 to 1000, not {most}")
