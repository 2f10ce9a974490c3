"""Repairs of MiniStack 1.5.33: features that it lacks and the platform needs.

Each repair has a test that says when it is no longer needed.
"""

import datetime
import functools
import json
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from http import HTTPStatus
from pathlib import Path
from types import FunctionType
from typing import Any, Protocol
from urllib.parse import parse_qs, quote, unquote
from xml.etree.ElementTree import Element, SubElement
from xml.sax.saxutils import escape

import authorization  # type: ignore[import-not-found, unused-ignore]
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id
from ministack.services import (
    athena,
    budgets,
    cloudwatch,
    ec2,
    eventbridge,
    glue,
    iam,
    lambda_svc,
    s3,
    scheduler,
    sns,
)

Response = tuple[int, dict[str, str], bytes]


def apply_all() -> None:
    """Apply every repair to the imported services."""
    allow_aws_event_sources()
    describe_alarms_fully()
    leave_glue_jobs_to_the_runner()
    take_a_permission_twice()
    take_a_schedule_twice()
    take_a_notification_twice()
    keep_tags_of_connections()
    ask_for_each_message_of_a_batch()
    ask_for_the_first_version_of_a_batch()
    tell_policies_what_is_put()
    tell_policies_how_objects_are_put()
    refuse_what_nobody_here_can_read()
    encode_listed_versions()
    keep_policies_of_endpoints()
    name_roles_in_conditions()
    ask_topics_of_events()
    admit_audiences_to_providers()
    filter_by_what_lists_hold()
    tell_versions_by_the_bus()
    count_what_queries_scan()
    authorization.apply_all()


def allow_aws_event_sources() -> None:
    """Let PutEvents take sources that begin with `aws.`: our Glue runner speaks for Glue."""
    eventbridge._put_events = functools.partial(eventbridge._put_events, allow_aws_source=True)


def describe_alarms_fully() -> None:
    """Answer DescribeAlarms of the query protocol with every field, else each plan changes each alarm.

    MiniStack keeps the fields and lists them all in its JSON answer, from which this one is rendered. Of what
    PutMetricAlarm sends, it forgets InsufficientDataActions alone.
    """
    original_put: Callable[..., Response] = cloudwatch._put_metric_alarm
    original_describe: Callable[..., Response] = cloudwatch._describe_alarms

    def put_metric_alarm(
        params: dict[str, Any], body: dict[str, Any], is_cbor: bool, is_json: bool = False
    ) -> Response:
        response = original_put(params, body, is_cbor, is_json)
        alarm = cloudwatch._alarms.get(cloudwatch._p(params, "AlarmName"))
        if alarm is not None:
            alarm["InsufficientDataActions"] = members(params, "InsufficientDataActions")
        return response

    def describe_alarms(
        params: dict[str, Any], body: dict[str, Any], is_cbor: bool, is_json: bool = False
    ) -> Response:
        if is_cbor or is_json:
            return original_describe(params, body, is_cbor, is_json)
        status, _, answer = original_describe({}, describe_request(params), False, True)
        if status != 200:
            return original_describe(params, body, is_cbor, is_json)
        found = json.loads(answer)
        for alarm in found["MetricAlarms"]:
            forget_invented(alarm)
        result = xml("DescribeAlarmsResult", found)
        rendered: Response = cloudwatch._xml(200, "DescribeAlarmsResponse", result)
        return rendered

    cloudwatch._put_metric_alarm = put_metric_alarm
    cloudwatch._describe_alarms = describe_alarms


def forget_invented(alarm: dict[str, Any]) -> None:
    """Remove what MiniStack fills in for alarms on percentiles and metric math, which have no such fields."""
    if alarm.get("ExtendedStatistic") or not alarm.get("MetricName"):
        del alarm["Statistic"]
    if not alarm.get("MetricName"):
        del alarm["Period"]


def leave_glue_jobs_to_the_runner() -> None:
    """Let job calls be authorized and do nothing: our runner shows them here, then carries them out."""
    names = (
        "_create_job", "_delete_job", "_get_job", "_get_jobs", "_update_job",
        "_start_job_run", "_get_job_run", "_get_job_runs", "_batch_stop_job_run",
    )  # fmt: skip
    for name in names:
        setattr(glue, name, lambda _data: (200, {"Content-Type": "application/x-amz-json-1.1"}, b"{}"))


def take_a_permission_twice() -> None:
    """Take the same AddPermission again, where AWS tells of a conflict.

    The SDK repeats a request whose answer is lost. The provider takes the conflict that this brings for one
    that passes, and repeats it for many minutes: seen once in a deploy on a busy machine.
    """
    original: Callable[..., Response] = lambda_svc._add_permission

    def add_permission(name: str, data: dict[str, Any], *qualifiers: object) -> Response:
        response = original(name, data, *qualifiers)
        if response[0] != HTTPStatus.CONFLICT:
            return response
        statements = lambda_svc._functions[name]["policy"]["Statement"]
        existing = next(statement for statement in statements if statement["Sid"] == data["StatementId"])
        statements.remove(existing)
        again = original(name, data, *qualifiers)
        if statements[-1] == existing:
            return again
        statements[-1] = existing
        return response

    lambda_svc._add_permission = add_permission


def take_a_schedule_twice() -> None:
    """Answer a CreateSchedule that comes again with the same token as before, as AWS does."""
    original: Callable[..., Response] = scheduler._create_schedule
    answers: dict[tuple[str, str], Response] = {}

    def create_schedule(name: str, body: dict[str, Any]) -> Response:
        key = (name, body.get("ClientToken") or "")
        if key[1] and key in answers:
            return answers[key]
        response = original(name, body)
        if response[0] == HTTPStatus.OK:
            answers[key] = response
        return response

    scheduler._create_schedule = create_schedule


def take_a_notification_twice() -> None:
    """Take the same notification of a budget again, as a permission: seen once in a deploy, too."""
    original: Callable[..., Response] = budgets._create_notification

    def create_notification(data: dict[str, Any]) -> Response:
        entry = budgets._find_notification_entry(data["BudgetName"], data["Notification"])
        if entry is not None and entry["subscribers"] == data["Subscribers"]:
            return HTTPStatus.OK, {"Content-Type": "application/x-amz-json-1.1"}, b"{}"
        return original(data)

    budgets._DISPATCH["CreateNotification"] = create_notification


def keep_tags_of_connections() -> None:
    """Keep the tags of CreateConnection, else each plan sets them again."""
    original: Callable[[dict[str, Any]], Response] = glue._create_connection

    def create_connection(data: dict[str, Any]) -> Response:
        response = original(data)
        if response[0] == HTTPStatus.OK:
            glue._tags[glue._arn("connection", data["ConnectionInput"]["Name"])] = data.get("Tags", {})
        return response

    glue._create_connection = create_connection


def ask_for_each_message_of_a_batch() -> None:
    """Ask for the right to a queue's messages where a batch of them comes: IAM has no action for batches."""
    original: Callable[..., str | None] = iam_actions.extract_iam_action
    messages = ("sqs:SendMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")
    batches = {f"{action}Batch": action for action in messages}

    def extract_iam_action(*request: object) -> str | None:
        action = original(*request)
        return batches.get(action or "", action)

    iam_actions.extract_iam_action = extract_iam_action


def ask_for_the_first_version_of_a_batch() -> None:
    """Ask for the right to delete a version where DeleteObjects names one first, as for those behind it."""
    original: Callable[..., str | None] = iam_actions.extract_iam_action

    def extract_iam_action(*request: object) -> str | None:
        action = original(*request)
        _service, method, _path, _headers, body, _query = request
        if action != "s3:DeleteObject" or method != "POST":
            return action
        targets = iam_actions._s3_batch_delete_targets("", body)
        return "s3:DeleteObjectVersion" if targets and targets[0][1] else action

    iam_actions.extract_iam_action = extract_iam_action


def tell_policies_what_is_put() -> None:
    """Tell policies what events and metrics are put, the limits of actions without a resource."""
    original: Callable[..., dict[str, Any]] = iam_actions.request_tag_context

    # all in JSON, which the SDKs of our functions and jobs speak to these services
    keys: dict[str, dict[str, Callable[[dict[str, Any]], object]]] = {
        "events:PutEvents": {
            "events:source": functools.partial(of_events, "Source"),
            "events:detail-type": functools.partial(of_events, "DetailType"),
        },
        "cloudwatch:PutMetricData": {"cloudwatch:namespace": lambda request: request["Namespace"]},
    }

    def request_context(service: str, action: str, body: bytes, params: dict[str, Any]) -> dict[str, Any]:
        context = original(service, action, body, params)
        if action not in keys or not body.startswith(b"{"):
            return context
        request = json.loads(body)
        return context | {key: value_of(request) for key, value_of in keys[action].items()}

    iam_actions.request_tag_context = request_context


def tell_policies_how_objects_are_put() -> None:
    """Tell policies storage class, keys and condition of an object to put, by which some are refused."""
    original: Callable[..., dict[str, Any]] = iam_actions.s3_service_context
    encryption = "x-amz-server-side-encryption"
    names = (
        "if-none-match",
        "x-amz-storage-class",
        f"{encryption}-aws-kms-key-id",
        f"{encryption}-customer-algorithm",
    )

    def s3_service_context(
        action: str, query: dict[str, Any] | None, path: str = "", headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        context = original(action, query, path, headers)
        given = (headers or {}) if action == "s3:PutObject" else {}
        return context | {f"s3:{name}": given[name] for name in names if given.get(name)}

    iam_actions.s3_service_context = s3_service_context


def refuse_what_nobody_here_can_read() -> None:
    """Refuse to read and copy under a KMS key of another account, and to copy from an archive, as S3 does.

    MiniStack itself refuses to read from an archive, and whatever has a key of its sender.
    """
    get: Callable[..., Response] = s3._get_object
    copy: Callable[..., Response] = s3._copy_object

    def get_object(
        bucket: str, key: str, headers: dict[str, str], query: dict[str, Any] | None = None
    ) -> Response:
        return refusal(bucket, key, query or {}) or get(bucket, key, headers, query)

    def copy_object(bucket: str, key: str, headers: dict[str, str]) -> Response:
        source, _, version = headers.get("x-amz-copy-source", "").lstrip("/").partition("?")
        from_bucket, _, from_key = unquote(source).partition("/")
        return refusal(from_bucket, from_key, parse_qs(version)) or copy(bucket, key, headers)

    s3._get_object = get_object
    s3._copy_object = copy_object


def refusal(bucket: str, key: str, query: dict[str, Any]) -> Response | None:
    """Return S3's answer to a reader who cannot have an object's content, None where it can be had."""
    status, head, _ = s3._head_object(bucket, key, {}, query)
    if status != HTTPStatus.OK:
        return None
    kms_key = head.get("x-amz-server-side-encryption-aws-kms-key-id", "")
    if kms_key.startswith("arn:") and kms_key.split(":")[4] != get_account_id():
        message = f"the caller is not authorized to perform: kms:Decrypt on resource: {kms_key}"
        denied: Response = s3._error("AccessDenied", message, 403)
        return denied
    storage_class = head.get("x-amz-storage-class")
    is_restored = 'ongoing-request="false"' in head.get("x-amz-restore", "")
    if storage_class not in s3._ARCHIVE_STORAGE_CLASSES or is_restored:
        return None
    archived: Response = s3._invalid_object_state(bucket, key, storage_class)
    return archived


def encode_listed_versions() -> None:
    """Encode the names in ListObjectVersions where that is asked for: XML holds no key with a NUL."""
    original: Callable[..., Response] = s3._list_object_versions
    code = s3._list_object_versions.__code__

    def list_object_versions(bucket: str, params: dict[str, Any]) -> Response:
        if s3._qp(params, "encoding-type") != "url":
            return original(bucket, params)
        encoding = FunctionType(code, {**vars(s3), "_xml_body": encoded_body})
        response: Response = encoding(bucket, params)
        return response

    s3._list_object_versions = list_object_versions


def encoded_body(root: Element) -> bytes:
    """Render a listing whose names are encoded."""
    for element in root.iter():
        if element.tag in {"Key", "Prefix", "Delimiter", "KeyMarker", "NextKeyMarker"}:
            element.text = quote(element.text or "", safe="/")
    SubElement(root, "EncodingType").text = "url"
    body: bytes = s3._xml_body(root)
    return body


def of_events(name: str, request: dict[str, Any]) -> str | list[str]:
    """Return what all events to put have under that name, or all that they have where they differ."""
    values = sorted({entry[name] for entry in request["Entries"]})
    return values[0] if len(values) == 1 else values


def keep_policies_of_endpoints() -> None:
    """Answer with the policy of a VPC endpoint, else each plan changes it.

    MiniStack keeps the policy of a change alone, and answers with none.
    """
    create: Callable[..., Response] = ec2._create_vpc_endpoint
    render: Callable[..., str] = ec2._vpce_fields_xml

    def create_vpc_endpoint(params: dict[str, Any]) -> Response:
        before = {endpoint["VpcEndpointId"] for endpoint in ec2._vpc_endpoints.values()}
        response = create(params)
        for endpoint in ec2._vpc_endpoints.values():
            if endpoint["VpcEndpointId"] not in before:
                endpoint["PolicyDocument"] = ec2._p(params, "PolicyDocument")
        return response

    def fields(endpoint: dict[str, Any], tag: str = "item") -> str:
        end = f"</{tag}>"
        element = xml("policyDocument", endpoint.get("PolicyDocument"))
        return render(endpoint, tag).removesuffix(end) + element + end

    ec2._ACTION_MAP["CreateVpcEndpoint"] = create_vpc_endpoint
    ec2._vpce_fields_xml = fields


def name_roles_in_conditions() -> None:
    """Tell conditions on `aws:PrincipalArn` the role of a session, as AWS does, and not the session."""
    original: Callable[..., Any] = iam_evaluator._resolve_condition_key

    def resolve(key: str, context: iam_evaluator.EvalContext) -> Any:  # noqa: ANN401 as MiniStack has it
        if key.lower() == "aws:principalarn" and context.principal_type == "AssumedRole":
            name = iam_evaluator._role_name_from_assumed_arn(context.principal_arn)
            role = iam._roles.get_scoped(context.principal_account, None, name)
            return role["Arn"] if role else None
        return original(key, context)

    iam_evaluator._resolve_condition_key = resolve


def ask_topics_of_events() -> None:
    """Ask the topic's policy before EventBridge publishes, and keep what it refuses in the dead-letter queue.

    EventBridge names no account and no rule to a topic, so a condition on either admits nothing. MiniStack
    publishes whatever the policy says, and uses no target's dead-letter queue.
    """
    original: Callable[..., None] = eventbridge._invoke_target

    def invoke_target(
        target: dict[str, Any],
        event: dict[str, Any],
        rule: object,
        view: eventbridge._EventView | None = None,
    ) -> None:
        arn = target["Arn"]
        if not arn.startswith("arn:aws:sns:") or publishes(arn):
            original(target, event, rule, view)
        elif queue := target.get("DeadLetterConfig", {}).get("Arn"):
            delivered = (view or eventbridge._pattern_event_view(event)).event_with_detail()
            eventbridge._dispatch_to_sqs(eventbridge.parse_arn(queue), json.dumps(delivered))

    eventbridge._invoke_target = invoke_target


def publishes(topic: str) -> bool:
    """Tell whether the topic's policy admits EventBridge."""
    found = sns._topic_by_arn_any_scope(topic)
    policy = found["attributes"].get("Policy") if found else None
    context = iam_evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action="sns:Publish",
        resource_arn=topic,
        region=eventbridge.parse_arn(topic).region,
        service_context={},
    )
    service = "events.amazonaws.com"
    verdict: str = iam_evaluator.evaluate_resource_policy(policy, context, service=service).decision
    return verdict == "Allow"


def admit_audiences_to_providers() -> None:
    """Admit a further audience to an OpenID Connect provider, a call that MiniStack does not know."""

    def add_client_id(params: dict[str, Any]) -> Response:
        provider = iam._oidc_providers.get(iam._p(params, "OpenIDConnectProviderArn"))
        audience = iam._p(params, "ClientID")
        if provider is None:
            refused: Response = iam._error(404, "NoSuchEntity", "no such provider", ns="iam")
            return refused
        if audience not in provider["ClientIDList"]:
            provider["ClientIDList"].append(audience)
        added: Response = iam._xml(200, "AddClientIDToOpenIDConnectProviderResponse", "", ns="iam")
        return added

    iam._IAM_HANDLERS.setdefault("AddClientIDToOpenIDConnectProvider", add_client_id)


class Lookup(Protocol):
    """What a filter of SNS finds under a key: whether it is there, its values, whether there is any key."""

    def __call__(self, key: str) -> tuple[bool, list[object], bool]:
        """Look a key up."""
        ...

    def child(self, key: str) -> "Lookup | None":
        """Return the lookup in what stands under a key."""
        ...


class AnyOf:
    """Lookup that finds what any of several finds."""

    def __init__(self, lookups: list[Lookup]) -> None:
        self._lookups = lookups

    def __call__(self, key: str) -> tuple[bool, list[object], bool]:
        """Look a key up in each."""
        found = [each(key) for each in self._lookups]
        values = [value for _, some, _ in found for value in some]
        return any(present for present, _, _ in found), values, any(filled for _, _, filled in found)

    def child(self, key: str) -> Lookup | None:
        """Return the lookup in what stands under a key in any of them."""
        children = [found for each in self._lookups if (found := each.child(key)) is not None]
        return AnyOf(children) if children else None


class IntoLists:
    """Lookup in a body that finds what stands in the members of a list, too."""

    def __init__(self, own: Callable[[dict[str, Any]], Lookup], body: dict[str, Any]) -> None:
        self._own = own
        self._body = body

    def __call__(self, key: str) -> tuple[bool, list[object], bool]:
        """Look a key up as MiniStack does."""
        return self._own(self._body)(key)

    def child(self, key: str) -> Lookup | None:
        """Return the lookup in what stands under a key, in a list in each of its members."""
        value = self._body.get(key)
        if not isinstance(value, list):
            return self._own(self._body).child(key)
        return AnyOf([IntoLists(self._own, each) for each in value if isinstance(each, dict)])


def filter_by_what_lists_hold() -> None:
    """Let a filter on a message's body look into lists, as SNS does: the records of S3's events are one."""
    sns._body_lookup = functools.partial(IntoLists, sns._body_lookup)


def tell_versions_by_the_bus() -> None:
    """Let EventBridge's event of a versioned object name its version, as AWS's does."""
    versions: ContextVar[object] = ContextVar("version", default=None)
    original_fire: Callable[..., None] = s3._fire_s3_event
    original_dispatch: Callable[..., object] = eventbridge._dispatch_event

    def fire_s3_event(*arguments: object, **named: object) -> None:
        token = versions.set(named.get("version_id"))
        try:
            original_fire(*arguments, **named)
        finally:
            versions.reset(token)

    def dispatch_event(event: dict[str, Any], *further: object) -> object:
        version = versions.get()
        if event.get("Source") == "aws.s3" and version is not None:
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version
            event = {**event, "Detail": json.dumps(detail)}
        return original_dispatch(event, *further)

    s3._fire_s3_event = fire_s3_event
    eventbridge._dispatch_event = dispatch_event


class ScanLimitError(Exception):
    """The objects of a query's tables are larger than its workgroup lets it scan."""


def count_what_queries_scan() -> None:
    """Tell the bytes of the objects that a query reads, and cancel it beyond its workgroup's limit.

    MiniStack tells the length of the answer, and knows no limit. Objects count as a whole, though Athena
    reads of Parquet the columns that it needs.
    """
    scanned: ContextVar[list[int]] = ContextVar("scanned")
    limits: ContextVar[float] = ContextVar("limit")
    original_files: Callable[..., list[str]] = athena._materialize_table_files
    original_execute: Callable[..., Awaitable[None]] = athena._execute_query

    def materialize(location: str, workdirs: list[str]) -> list[str]:
        files = original_files(location, workdirs)
        scanned.get().extend(Path(file).stat().st_size for file in files)
        if sum(scanned.get()) > limits.get():
            raise ScanLimitError
        return files

    async def execute(query_id: str, *arguments: object) -> None:
        execution = athena._executions[query_id]
        workgroup = athena._workgroups.get(execution["WorkGroup"], {})
        limit = workgroup.get("Configuration", {}).get("BytesScannedCutoffPerQuery") or float("inf")
        sizes: list[int] = []
        scanned.set(sizes)
        limits.set(limit)
        await original_execute(query_id, *arguments)
        execution["Statistics"]["DataScannedInBytes"] = min(sum(sizes), limit)
        if sum(sizes) > limit:
            reason = "Bytes scanned limit was exceeded"
            execution["Status"] |= {"State": "CANCELLED", "StateChangeReason": reason}

    athena._materialize_table_files = materialize
    athena._execute_query = execute


def describe_request(params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a DescribeAlarms query as the JSON protocol has them."""
    single = {
        key: cloudwatch._p(params, key)
        for key in ("AlarmNamePrefix", "StateValue", "MaxRecords", "NextToken")
        if key in params
    }
    several = {key: members(params, key) for key in ("AlarmNames", "AlarmTypes")}
    return single | {key: values for key, values in several.items() if values}


def members(params: dict[str, Any], name: str) -> list[str]:
    """Return the values of the list `name` of a query, in order."""
    values: list[str] = []
    while value := cloudwatch._p(params, f"{name}.member.{len(values) + 1}"):
        values.append(value)
    return values


def xml(name: str, value: object) -> str:
    """Render a JSON value as an element of the query protocol; what is absent on AWS stays absent."""
    if value is None or value == "":
        return ""
    return f"<{name}>{content(name, value)}</{name}>"


def content(name: str, value: object) -> str:
    """Render the content of the element `name`."""
    if isinstance(value, dict):
        return "".join(xml(key, item) for key, item in value.items())
    if isinstance(value, list):
        return "".join(xml("member", item) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    if name.endswith("Timestamp") and isinstance(value, int | float):
        return datetime.datetime.fromtimestamp(value, datetime.UTC).isoformat()
    return escape(str(value))
