"""What MiniStack asks of a policy where it enforces one, made into what AWS asks.

By itself it takes some calls for others, names no resource or another one in many, knows nothing of
permissions boundaries in conditions, and lets every caller pass every role to a service. So policies that do
on AWS would be refused here, and policies that do not would pass.

@see https://docs.aws.amazon.com/service-authorization/latest/reference/ (2026-11-30)
"""

import contextvars
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import athena, ec2, iam, lambda_svc, tagging

Passed = tuple[str, str]
"""ARN of a role, and the service that it is passed to."""

LAMBDA_ACTIONS = {"Invoke": "InvokeFunction"}

RESOURCES: dict[str, str] = {
    r"athena:\w+NamedQuery": "athena:{region}:{account}:workgroup/{WorkGroup}",
    r"athena:\w+(WorkGroup|Query(Execution|Results))": "athena:{region}:{account}:workgroup/{Name|WorkGroup}",
    r"budgets:\w+Budget": "budgets::{account}:budget/{BudgetName|Budget.BudgetName|NewBudget.BudgetName}",
    r"cloudwatch:(Get|Put)Dashboard": "cloudwatch::{account}:dashboard/{DashboardName}",
    r"cloudwatch:DeleteDashboards": (
        "cloudwatch::{account}:dashboard/{DashboardNames.0|DashboardNames.member.1}"
    ),
    r"cloudwatch:DeleteAlarms": "cloudwatch:{region}:{account}:alarm:{AlarmNames.0|AlarmNames.member.1}",
    r"ec2:DeleteNatGateway": "ec2:{region}:{account}:natgateway/{NatGatewayId}",
    r"ec2:DeleteFlowLogs": "ec2:{region}:{account}:vpc-flow-log/{FlowLogId.1}",
    r"events:(Describe|Put|Delete|Enable|Disable)Rule": "events:{region}:{account}:rule/{Name}",
    r"events:(ListTargetsByRule|(Put|Remove)Targets)": "events:{region}:{account}:rule/{Rule}",
    r"glue:\w+Job(Run|Runs)?": "glue:{region}:{account}:job/{JobName|Name}",
    r"glue:\w+Trigger": "glue:{region}:{account}:trigger/{Name}",
    r"glue:\w+Workflow(Run|Runs)?": "glue:{region}:{account}:workflow/{Name}",
    r"glue:\w+Connection": "glue:{region}:{account}:connection/{Name|ConnectionName|ConnectionInput.Name}",
    r"glue:\w+Database": "glue:{region}:{account}:database/{Name|DatabaseInput.Name}",
    r"glue:\w+SecurityConfiguration": "*",
    r"kms:\w+Alias": "kms:{region}:{account}:{AliasName}",
    r"lambda:CreateFunction": "lambda:{region}:{account}:function:{FunctionName}",
}
"""Resources of actions without the beginning `arn:aws:`, where MiniStack has `*` or another one. In braces
stand members of the request, the first that it has.
"""

TAGGING = re.compile(r"\w+:(ListTags\w*|GetTags|(Add|Remove)Tags|(Un)?[Tt]agResource)")
TAGGED = ("ResourceARN", "ResourceArn", "resourceArn", "ResourceId", "ResourceIdList.0")

PASSED: dict[str, tuple[str, str]] = {
    "ec2:CreateFlowLogs": ("DeliverLogsPermissionArn", "vpc-flow-logs.amazonaws.com"),
    "glue:CreateJob": ("Role", "glue.amazonaws.com"),
    "glue:UpdateJob": ("JobUpdate.Role", "glue.amazonaws.com"),
    "lambda:CreateFunction": ("Role", "lambda.amazonaws.com"),
    "lambda:UpdateFunctionConfiguration": ("Role", "lambda.amazonaws.com"),
    "scheduler:CreateSchedule": ("Target.RoleArn", "scheduler.amazonaws.com"),
    "scheduler:UpdateSchedule": ("Target.RoleArn", "scheduler.amazonaws.com"),
}
"""Actions by which a role is passed: where the request has it, and the service that gets it."""

EC2_TYPES = {
    "eipalloc": "elastic-ip",
    "fl": "vpc-flow-log",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "subnet": "subnet",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
"""Types of resources in EC2's ARNs, by the beginning of their ids."""

_mapping: contextvars.ContextVar[str] = contextvars.ContextVar("mapping", default="")
_passed: contextvars.ContextVar[Passed | None] = contextvars.ContextVar("passed", default=None)


def apply_all() -> None:
    """Apply all that makes MiniStack ask as AWS does."""
    name_actions()
    name_resources()
    tell_policies_the_boundary()
    tell_policies_tags_of_networks()
    tell_policies_the_function_of_a_mapping()
    ask_for_the_right_to_pass_roles()


def name_actions() -> None:
    """Take Lambda's calls for what its model says, and those of budgets for one of their two actions."""
    iam_actions._BOTOCORE_SERVICE_MAP["lambda"] = ["lambda"]
    original: Callable[..., str | None] = iam_actions.extract_iam_action

    def extract_iam_action(service: str, method: str, path: str, *rest: Any) -> str | None:  # noqa: ANN401
        action = original(service, method, path, *rest)
        if service == "lambda":
            name = iam_actions._match_rest_action(service, method, path)
            return f"lambda:{LAMBDA_ACTIONS.get(name, name)}" if name else action
        if action and action.startswith("budgets:") and "Tag" not in action:
            return "budgets:ViewBudget" if action.startswith("budgets:Describe") else "budgets:ModifyBudget"
        return action

    iam_actions.extract_iam_action = extract_iam_action


def name_resources() -> None:
    """Name the resources that AWS names."""
    original: Callable[..., str] = iam_actions.extract_resource_arn

    def extract_resource_arn(service: str, method: str, path: str, *rest: Any) -> str:  # noqa: ANN401
        headers, body, params, region, account = rest
        named = original(service, method, path, *rest)
        action = iam_actions.extract_iam_action(service, method, path, headers, body, params) or ""
        request = with_workgroup(members_of(body, params))
        if service == "iam":
            return with_path(named, request)
        if TAGGING.fullmatch(action):
            return member(request, TAGGED) or named
        if service == "lambda" and "/event-source-mappings/" in path:
            mapping = path.rstrip("/").split("/")[-1]
            _mapping.set(mapping)
            return f"arn:aws:lambda:{region}:{account}:event-source-mapping:{mapping}"
        if service == "kms" and ":alias/" in named:
            # what is asked for is the key behind the alias
            return named.replace(":alias/", ":key/alias/") if not action.endswith("Alias") else named
        if action in ("ec2:CreateTags", "ec2:DeleteTags"):
            tagged = member(request, ("ResourceId.1",)) or ""
            kind = EC2_TYPES.get(tagged.split("-")[0])
            named = f"arn:aws:ec2:{region}:{account}:{kind}/{tagged}" if kind else named
        for pattern, template in RESOURCES.items():
            if re.fullmatch(pattern, action):
                return filled(template, request, region, account) or named
        return named

    iam_actions.extract_resource_arn = extract_resource_arn


def with_workgroup(request: dict[str, Any]) -> dict[str, Any]:
    """Return the members of a request, with the workgroup of the query that it names."""
    execution = athena._executions.get(request.get("QueryExecutionId", ""))
    query = execution or athena._named_queries.get(request.get("NamedQueryId", ""))
    return request | ({"WorkGroup": query["WorkGroup"]} if query else {})


def with_path(named: str, request: dict[str, Any]) -> str:
    """Return the ARN of a role with its path, be it one that is there or the one to create."""
    prefix, slash, name = named.partition(":role/")
    if not slash:
        return named
    role = iam._roles.get_scoped(get_account_id(), None, name)
    return role["Arn"] if role else f"{prefix}:role{request.get('Path') or '/'}{name}"


def tell_policies_the_boundary() -> None:
    """Tell conditions the permissions boundary that a role is to have, or has."""
    original: Callable[..., dict[str, Any]] = iam_actions.request_tag_context

    def request_context(service: str, action: str, body: bytes, params: dict[str, Any]) -> dict[str, Any]:
        context = original(service, action, body, params)
        request = members_of(body, params)
        if service != "iam" or "RoleName" not in request:
            return context
        role = iam._roles.get_scoped(get_account_id(), None, request["RoleName"]) or {}
        boundary = request.get("PermissionsBoundary") or role.get("PermissionsBoundary")
        return context | ({"iam:PermissionsBoundary": boundary} if boundary else {})

    iam_actions.request_tag_context = request_context


def tell_policies_tags_of_networks() -> None:
    """Tell conditions on tags those of a network's parts, too."""

    def collect() -> Iterator[tuple[str, list[dict[str, str]]]]:
        for name, tags in ec2._tags.items():
            kind = EC2_TYPES.get(name.split("-")[0])
            if kind:
                yield (
                    f"arn:aws:ec2:{get_region()}:{get_account_id()}:{kind}/{name}",
                    tags,
                )

    tagging._RESOURCE_TAG_COLLECTORS["ec2"] = collect


def tell_policies_the_function_of_a_mapping() -> None:
    """Tell conditions the function that an event source is, or is to be, mapped to."""
    original: Callable[..., dict[str, Any]] = iam_actions.request_tag_context

    def request_context(service: str, action: str, body: bytes, params: dict[str, Any]) -> dict[str, Any]:
        context = original(service, action, body, params)
        if not action.endswith("EventSourceMapping"):
            return context
        named = members_of(body, params).get("FunctionName", "")
        function = lambda_svc._functions.get(named.split(":")[-1]) or {}
        mapping = lambda_svc._esms.get(_mapping.get()) or {}
        arn = function.get("config", mapping).get("FunctionArn")
        return context | ({"lambda:FunctionArn": arn} if arn else {})

    iam_actions.request_tag_context = request_context


def ask_for_the_right_to_pass_roles() -> None:
    """Ask for `iam:PassRole`, too, where a call names a role for a service."""
    read: Callable[..., dict[str, Any]] = iam_actions.request_tag_context
    enforce: Callable[..., Any] = iam_evaluator.enforce

    def request_context(service: str, action: str, body: bytes, params: dict[str, Any]) -> dict[str, Any]:
        _passed.set(role_passed(action, members_of(body, params)))
        return read(service, action, body, params)

    def enforce_both(key: str, action: str, service: str, region: str, *rest: Any, **more: Any) -> Any:  # noqa: ANN401
        denied = enforce(key, action, service, region, *rest, **more)
        passed = _passed.get()
        if denied or passed is None or action not in PASSED:
            return denied
        _passed.set(None)
        role, to = passed
        return enforce(
            key,
            "iam:PassRole",
            "iam",
            region,
            resource_arn=role,
            service_context={"iam:PassedToService": to},
        )

    iam_actions.request_tag_context = request_context
    iam_evaluator.enforce = enforce_both


def role_passed(action: str, request: dict[str, Any]) -> Passed | None:
    """Return the role that a call passes; Glue takes its name, too."""
    place, service = PASSED.get(action, ("", ""))
    role = member(request, (place,)) if place else None
    if not role:
        return None
    return (
        role if role.startswith("arn:") else f"arn:aws:iam::{get_account_id()}:role/{role}",
        service,
    )


def members_of(body: bytes, params: dict[str, Any]) -> dict[str, Any]:
    """Return the members of a request, whether they come as JSON or as a form."""
    form = {name: value[0] if isinstance(value, list) and value else value for name, value in params.items()}
    if not body.startswith(b"{"):
        return form
    try:
        members: dict[str, Any] = form | json.loads(body)
    except ValueError:
        return form
    return members


def member(request: dict[str, Any], places: tuple[str, ...]) -> str | None:
    """Return the first of the members that the request has; a dot leads into one, a number into a list."""
    for place in places:
        value: Any = request
        # the name of a form's member may have a dot
        for step in [place] if place in request else place.split("."):
            if isinstance(value, dict):
                value = value.get(step)
            elif isinstance(value, list):
                value = value[int(step)] if int(step) < len(value) else None
        if isinstance(value, str) and value:
            return value
    return None


def filled(template: str, request: dict[str, Any], region: str, account: str) -> str | None:
    """Return the ARN of a template; None where the request lacks what it names."""
    if template == "*":
        return template
    known = {"region": region, "account": account}
    missing = False

    def value_of(match: re.Match[str]) -> str:
        nonlocal missing
        name = match.group(1)
        value = known.get(name) or member(request, tuple(name.split("|")))
        missing = missing or not value
        return value or ""

    arn = re.sub(r"\{([^}]+)\}", value_of, template)
    return None if missing else f"arn:aws:{arn}"
