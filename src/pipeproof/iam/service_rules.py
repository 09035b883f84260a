"""The services whose operations, or the resources of these, do not follow from names.

Source: AWS's service authorization reference and each service's developer guide.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from pipeproof.iam.calls import Call, Requirement, by_name
from pipeproof.iam.s3_rules import key_arn, s3_requirements

Rule = Callable[[Call], Iterable[Requirement] | None]
"""What a call needs, or `None` where the names tell it."""


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in _listed(value) if isinstance(item, Mapping)]


def _inner(params: Mapping[str, Any], name: str, key: str) -> Any:
    found = params.get(name)
    return found.get(key) if isinstance(found, Mapping) else None


def _dynamodb(call: Call) -> Iterable[Requirement] | None:
    params, operation = call.params, call.operation
    if operation in ("BatchGetItem", "BatchWriteItem"):
        tables = params.get("RequestItems")
        return [
            (f"dynamodb:{operation}", _table(call, name)) for name in (tables if isinstance(tables, Mapping) else "*")
        ]
    if operation in ("TransactGetItems", "TransactWriteItems"):
        return [
            (
                f"dynamodb:{'ConditionCheckItem' if kind == 'ConditionCheck' else f'{kind}Item'}",
                _table(call, str(item.get("TableName", "*")) if isinstance(item, Mapping) else "*"),
            )
            for entry in _mappings(params.get("TransactItems"))
            for kind, item in entry.items()
        ]
    if operation == "ExecuteStatement":
        return _partiql(call, str(params.get("Statement", "")))
    if operation in ("BatchExecuteStatement", "ExecuteTransaction"):
        entries = _mappings(params.get("Statements") or params.get("TransactStatements"))
        return [needed for entry in entries for needed in _partiql(call, str(entry.get("Statement", "")))]
    if operation in ("Query", "Scan") and params.get("IndexName"):
        return [(f"dynamodb:{operation}", f"{_table(call, params.get('TableName', '*'))}/index/{params['IndexName']}")]
    if params.get("TableName"):
        return [(f"dynamodb:{operation}", _table(call, params["TableName"]))]
    return None


def _table(call: Call, name: Any) -> str:
    if not isinstance(name, str):
        return call.arn("dynamodb", "table/*")
    return name if name.startswith("arn:") else call.arn("dynamodb", f"table/{name}")


_PARTIQL = re.compile(
    r"\b(?P<verb>select\b.*?\bfrom|insert\s+into|update|delete\s+from)\s+"
    r'"?(?P<table>[\w.-]+?)"?(?:\."(?P<index>[\w.-]+)")?(?=[\s)(]|$)',
    re.IGNORECASE | re.DOTALL,
)


def _partiql(call: Call, statement: str) -> Iterator[Requirement]:
    for found in _PARTIQL.finditer(statement):
        verb = found["verb"].split()[0].capitalize()
        arn = _table(call, found["table"])
        yield f"dynamodb:PartiQL{verb}", f"{arn}/index/{found['index']}" if found["index"] else arn


def _sqs(call: Call) -> Iterable[Requirement] | None:
    action = call.operation.removesuffix("Batch")
    url = call.params.get("QueueUrl")
    if not url:
        return None
    parts = urlsplit(str(url))
    host, path = parts.hostname or "", [part for part in parts.path.split("/") if part]
    region = host.split(".")[1] if host.startswith("sqs.") and ".amazonaws." in host else call.region
    account, name = path[-2:] if len(path) > 1 else (call.account, path[-1] if path else "*")
    return [(f"sqs:{action}", f"arn:{call.partition}:sqs:{region}:{account}:{name}")]


def _sns(call: Call) -> Iterable[Requirement] | None:
    if call.operation in ("Publish", "PublishBatch"):
        return [("sns:Publish", str(call.params.get("TopicArn") or call.params.get("TargetArn") or "*"))]
    return None


def _lambda(call: Call) -> Iterable[Requirement] | None:
    name = call.params.get("FunctionName")
    if not name:
        return None
    action = (
        "InvokeFunction" if call.operation in ("Invoke", "InvokeAsync", "InvokeWithResponseStream") else call.operation
    )
    name = str(name)
    if not name.startswith("arn:"):
        account, found, rest = name.partition(":function:")
        owner, rest = (account, rest) if found else (call.account, name)
        name = f"arn:{call.partition}:lambda:{call.region}:{owner}:function:{rest}"
    qualifier = call.params.get("Qualifier")
    if qualifier and name.count(":") == 6:
        name = f"{name}:{qualifier}"
    if call.operation in ("CreateEventSourceMapping", "UpdateEventSourceMapping"):
        return [(f"lambda:{action}", call.arn("lambda", "event-source-mapping:*"))]
    return [(f"lambda:{action}", name)]


def _secretsmanager(call: Call) -> Iterable[Requirement] | None:
    if call.operation == "BatchGetSecretValue":
        secrets = [_secret(call, str(name)) for name in _listed(call.params.get("SecretIdList"))]
        return [
            ("secretsmanager:BatchGetSecretValue", "*"),
            *(("secretsmanager:GetSecretValue", arn) for arn in secrets),
        ]
    name = call.params.get("SecretId") or call.params.get("Name")
    return [(f"secretsmanager:{call.operation}", _secret(call, str(name)))] if name else None


def _secret(call: Call, name: str) -> str:
    """AWS ends the ARN of a secret in six characters of its own, which a call by name does not tell."""
    return name if name.startswith("arn:") else call.arn("secretsmanager", f"secret:{name}-??????")


def _ssm(call: Call) -> Iterable[Requirement] | None:
    params = call.params
    if "Parameter" not in call.operation:
        return None
    if call.operation == "DescribeParameters":
        return [("ssm:DescribeParameters", "*")]
    names = _listed(params.get("Names")) or [params.get("Name") or params.get("Path") or params.get("ResourceId")]
    return [(f"ssm:{call.operation}", _ssm_parameter(call, str(name))) for name in names if name]


def _ssm_parameter(call: Call, name: str) -> str:
    """The slash that ends a path belongs to the ARN; the version or label after a name (`a:3`) does not."""
    if name.startswith("arn:"):
        return name
    return call.arn("ssm", f"parameter/{name.partition(':')[0].removeprefix('/')}")


def _events(call: Call) -> Iterable[Requirement] | None:
    if call.operation == "PutEvents":
        entries = _mappings(call.params.get("Entries"))
        buses = [str(entry.get("EventBusName") or "default") for entry in entries] or ["*"]
        return [
            ("events:PutEvents", bus if bus.startswith("arn:") else call.arn("events", f"event-bus/{bus}"))
            for bus in dict.fromkeys(buses)
        ]
    rule = call.params.get("Rule") or (call.params.get("Name") if call.operation.endswith("Rule") else None)
    if not rule:
        return None
    bus = str(call.params.get("EventBusName") or "default").rpartition("/")[2]
    return [
        (f"events:{call.operation}", call.arn("events", f"rule/{rule}" if bus == "default" else f"rule/{bus}/{rule}"))
    ]


def _logs(call: Call) -> Iterable[Requirement] | None:
    group = call.params.get("logGroupName") or call.params.get("logGroupIdentifier")
    if not group:
        return None
    arn = str(group).removesuffix(":*") if str(group).startswith("arn:") else call.arn("logs", f"log-group:{group}")
    return [(f"logs:{call.operation}", f"{arn}:log-stream:{call.params.get('logStreamName') or ''}")]


def _glue(call: Call) -> Iterable[Requirement] | None:
    params = call.params
    table = params.get("TableName") or _inner(params, "TableInput", "Name")
    table = table or (params.get("Name") if call.operation in ("GetTable", "DeleteTable") else None)
    database = params.get("DatabaseName") or _inner(params, "DatabaseInput", "Name")
    if call.operation in ("GetTables", "SearchTables"):
        table = "*"
    if call.operation in ("GetDatabases", "SearchTables"):
        database = "*"
    if not database:
        return None
    resources = ["catalog", f"database/{database}", *([f"table/{database}/{table}"] if table else [])]
    return [(f"glue:{call.operation}", call.arn("glue", resource)) for resource in resources]


_IN_A_WORK_GROUP = frozenset({"CreateNamedQuery", "ListNamedQueries", "ListQueryExecutions", "StartQueryExecution"})


def _athena(call: Call) -> Iterable[Requirement] | None:
    if call.operation not in _IN_A_WORK_GROUP:
        return None
    group = call.params.get("WorkGroup") or "primary"
    return [(f"athena:{call.operation}", call.arn("athena", f"workgroup/{group}"))]


def _kms(call: Call) -> Iterable[Requirement] | None:
    if call.operation == "ReEncrypt":
        source = str(call.params.get("SourceKeyId") or "*")
        target = str(call.params.get("DestinationKeyId") or "*")
        return [("kms:ReEncryptFrom", key_arn(call, source)), ("kms:ReEncryptTo", key_arn(call, target))]
    if call.operation in ("Decrypt", "Encrypt") or call.params.get("KeyId"):
        return [(f"kms:{call.operation}", key_arn(call, str(call.params.get("KeyId") or "*")))]
    return None


def _batch(call: Call) -> Iterable[Requirement] | None:
    if call.operation != "SubmitJob":
        return None
    named = {"job-definition": call.params.get("jobDefinition"), "job-queue": call.params.get("jobQueue")}
    needed = [
        ("batch:SubmitJob", name if name.startswith("arn:") else call.arn("batch", f"{kind}/{name}"))
        for kind, name in named.items()
        if name and isinstance(name, str)
    ]
    return needed or [("batch:SubmitJob", "*")]


def _ecs(call: Call) -> Iterable[Requirement] | None:
    definition = call.params.get("taskDefinition")
    if call.operation not in ("RunTask", "StartTask") or not isinstance(definition, str):
        return None
    if definition == "*":
        return [(f"ecs:{call.operation}", "*")]
    if not definition.startswith("arn:"):
        definition = call.arn("ecs", f"task-definition/{definition if ':' in definition else f'{definition}:*'}")
    return [(f"ecs:{call.operation}", definition)]


_MODEL_CALLS = {
    "Converse": "InvokeModel",
    "ConverseStream": "InvokeModelWithResponseStream",
    "CountTokens": "CountTokens",
    "InvokeModel": "InvokeModel",
    "InvokeModelWithBidirectionalStream": "InvokeModel",
    "InvokeModelWithResponseStream": "InvokeModelWithResponseStream",
    "StartAsyncInvoke": "InvokeModel",
}
_AREA = re.compile(r"(?:us|eu|ap|apac|au|ca|jp|sa|me|af|il|global|us-gov)\.(?=[a-z0-9-]+\.)")
"""What an inference profile's id begins with; the model's own id follows."""


def _bedrock(call: Call) -> Iterable[Requirement] | None:
    """A model is named by its id, its ARN, or the id of an inference profile: that one needs both itself and the model.

    Source: Amazon Bedrock user guide, "Prerequisites for running model inference" and "for inference profiles".
    """
    action = _MODEL_CALLS.get(call.operation)
    if action is None:
        return None
    model = str(call.params.get("modelId") or "*")
    needed = []
    if model.startswith("arn:"):
        needed.append(model)
    elif _AREA.match(model):
        needed.append(call.arn("bedrock", f"inference-profile/{model}"))
        needed.append(f"arn:{call.partition}:bedrock:*::foundation-model/{_AREA.sub('', model, count=1)}")
    else:
        unknown = model == "*"
        needed.append("*" if unknown else f"arn:{call.partition}:bedrock:{call.region}::foundation-model/{model}")
    return [(f"bedrock:{action}", arn) for arn in needed]


def _codebuild(call: Call) -> Iterable[Requirement] | None:
    """The id of a build, or of a batch of builds, begins with its project's name: `etl:1f0c…`."""
    builds = [build for build in [*_listed(call.params.get("ids")), call.params.get("id")] if isinstance(build, str)]
    if "Build" not in call.operation or not builds:
        return None
    projects = dict.fromkeys(build.partition(":")[0] for build in builds)
    return [(f"codebuild:{call.operation}", call.arn("codebuild", f"project/{name}")) for name in projects]


def _sts(call: Call) -> Iterable[Requirement] | None:
    if call.operation == "AssumeRole":
        needed = [("sts:AssumeRole", str(call.params.get("RoleArn", "*")))]
        return [*needed, *([("sts:TagSession", needed[0][1])] if call.params.get("Tags") else [])]
    return list(by_name("sts", call)) if call.operation.startswith("Assume") else None


RULES: Mapping[str, Rule] = {
    "athena": _athena,
    "batch": _batch,
    "bedrock": _bedrock,
    "codebuild": _codebuild,
    "dynamodb": _dynamodb,
    "ecs": _ecs,
    "events": _events,
    "glue": _glue,
    "kms": _kms,
    "lambda": _lambda,
    "logs": _logs,
    "s3": s3_requirements,
    "secretsmanager": _secretsmanager,
    "sns": _sns,
    "sqs": _sqs,
    "ssm": _ssm,
    "sts": _sts,
}
"""By IAM's prefix of the service."""
