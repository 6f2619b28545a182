"""What MiniStack's HTTP APIs leave out: callers from outside, preflights, the function's permission, access logs."""

import re
import time
import uuid
from datetime import datetime, timezone

from ministack.core.iam_evaluator import fnmatch_iam_cs
from ministack.services import apigateway, cloudwatch_logs, lambda_svc

VARIABLE = re.compile(r"\$context\.([A-Za-z.]+)")

NO_PERMISSION = "API Gateway does not have permission to invoke the function"

execute = apigateway._handle_execute_in_scope


def extend():
    apigateway.find_api_scope = owner
    apigateway._handle_execute_in_scope = execute_and_log


def owner(api):
    """The account and the region that this API is of: every caller that knows its address may call it."""
    for (account, region, known), _ in apigateway._apis.all_items():
        if known == api:
            return account, region
    return None


async def execute_and_log(api, stage, path, method, headers, body, query, account, region, raw_query=None):
    request = (api, stage, path, method, headers, body, query, account, region, raw_query)
    begin = time.time()
    has_rules = apigateway._apis[api].get("corsConfiguration")
    route = apigateway._match_route(api, method, path) or {}
    refused = route and not may_invoke(api, stage, route, account, region)
    if refused:
        answer = 500, {"content-type": "application/json"}, b'{"message":"Internal Server Error"}'
    else:
        answer = await (execute(*request) if method != "OPTIONS" or has_rules else preflight(*request))
    settings = apigateway._stages.get(api, {}).get(stage, {}).get("accessLogSettings") or {}
    if settings.get("destinationArn"):
        status, answered, content = answer
        latency = int((time.time() - begin) * 1000)
        context = {
            "accountId": account,
            "apiId": api,
            "httpMethod": method,
            "integration.integrationStatus": 500 if refused else 200,
            "integrationErrorMessage": NO_PERMISSION if refused else "-",
            "integrationLatency": latency,
            "path": path,
            "protocol": "HTTP/1.1",
            # The service hands back the one that it was given.
            "requestId": answered.get("x-request-id", "-"),
            "requestTime": datetime.fromtimestamp(begin, timezone.utc).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "requestTimeEpoch": int(begin),
            "responseLatency": latency,
            "responseLength": len(content),
            "routeKey": route.get("routeKey", "-"),
            "stage": stage,
            "status": status,
        }
        write(settings["destinationArn"], VARIABLE.sub(lambda name: str(context.get(name[1], "-")), settings["format"]))
    return answer


def may_invoke(api, stage, route, account, region):
    """Whether a permission of the function matches the ARN that API Gateway shows for this route.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html
    """
    key = route["routeKey"]
    source = f"arn:aws:execute-api:{region}:{account}:{api}/{stage}/" + (
        key if key == "$default" else key.replace(" ", "")
    )
    integration = apigateway._integrations[api][route["target"].removeprefix("integrations/")]
    reference = apigateway._extract_lambda_ref_from_integration_uri(integration["integrationUri"])
    scope = {"account_id": account, "region": region}
    function, _, _ = lambda_svc._get_func_record_for_ref_in_scope(reference, **scope)
    return any(
        statement["Principal"] == {"Service": "apigateway.amazonaws.com"}
        and fnmatch_iam_cs(source, statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", "*"))
        for statement in function["policy"]["Statement"]
    )


async def preflight(api, stage, path, method, headers, body, query, account, region, raw_query):
    """MiniStack answers it itself. An API without rules for other origins passes it on like any other request."""
    route = apigateway._match_route(api, method, path)
    if route is None:
        return apigateway._http_api_not_found()
    integration = apigateway._integrations[api][route["target"].removeprefix("integrations/")]
    headers = {name.lower(): value for name, value in headers.items()}
    request = (integration, api, stage, path, method, headers, body, query or {}, route["routeKey"], None)
    scope = {"owner_account_id": account, "owner_region": region}
    return await apigateway._invoke_lambda_proxy(*request, **scope, raw_query_string=raw_query)


def write(destination, line):
    group = destination.split(":log-group:")[1].removesuffix(":*")
    stream = {"logGroupName": group, "logStreamName": str(uuid.uuid4())}
    cloudwatch_logs._create_log_stream(stream)
    cloudwatch_logs._put_log_events(stream | {"logEvents": [{"timestamp": int(time.time() * 1000), "message": line}]})
