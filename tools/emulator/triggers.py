"""Custom::Trigger of the CDK: invokes a function during a deployment, which fails where the function does. The CDK's own
program for it needs what Lambda's machine for Node.js carries, so that this does what it does. The function is checked
by the role of that program, as AWS would.
"""

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from . import worker_threads


def extend():
    handlers = {"create": create, "update": update, "delete": delete}
    provisioners._RESOURCE_HANDLERS["Custom::Trigger"] = handlers
    worker_threads.add("Custom::Trigger")


def create(logical_id, props, _):
    invoke(props)
    return logical_id, {}


def update(physical_id, _, props, __):
    if str(props.get("ExecuteOnHandlerChange", "true")).lower() != "false":
        invoke(props)
    return physical_id, {}


def delete(_, __):
    """A function is not called when its trigger goes."""


def invoke(props):
    function = props["HandlerArn"]
    _, starter, _ = lambda_svc._get_func_record_for_ref(props["ServiceToken"])
    if not may_invoke(starter["Role"], function):
        raise RuntimeError(f"{starter['Role']} is not authorized to perform: lambda:InvokeFunction on {function}")
    record, config, _ = lambda_svc._get_func_record_for_ref(function)
    run = lambda_svc._execution_record_for_config(record, config)
    result = lambda_svc._execute_function_with_config_scope(run, {})
    if result.get("error") or result.get("function_error"):
        raise RuntimeError(f"Trigger handler failed: {result.get('body')}")


def may_invoke(role, function):
    policies = iam_evaluator._gather_role_policies(role.rsplit("/", 1)[-1], get_account_id())
    account, region = get_account_id(), get_region()
    context = iam_evaluator.EvalContext(role, "AssumedRole", account, "lambda:InvokeFunction", function, region)
    return iam_evaluator.evaluate(context, policies).decision == "Allow"
