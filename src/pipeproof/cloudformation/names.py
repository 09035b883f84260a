"""What `Ref` and `Fn::GetAtt` give for a resource: its name, its ARN and a few attributes.

Facts from AWS CloudFormation's resource reference, for the resources that data pipelines are made of. A resource that
has no name of its own in the template gets one that is the same in each run (in AWS it gets a random end).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """How a type of resource is named. The patterns take `name`, `region`, `account`, `partition`, `suffix`, `arn`."""

    name_property: str
    arn: str = ""
    ref: str = "{name}"
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def name_in(self, properties: Mapping[str, Any]) -> Any:
        """Return the name that the properties give (not resolved yet), or `None`."""
        value: Any = properties
        for key in self.name_property.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        return value


def _kind(name_property: str, arn: str = "", ref: str = "{name}", **attributes: str) -> Kind:
    pattern = arn if arn.startswith("arn:") or not arn else "arn:{partition}:" + arn
    return Kind(name_property, pattern, ref, MappingProxyType(attributes))


_BUCKET = _kind(
    "BucketName",
    "s3:::{name}",
    DomainName="{name}.s3.{suffix}",
    RegionalDomainName="{name}.s3.{region}.{suffix}",
)
_TABLE = _kind(
    "TableName",
    "dynamodb:{region}:{account}:table/{name}",
    StreamArn="{arn}/stream/2000-01-01T00:00:00.000",
    TableId="{name}",
)
_FUNCTION = _kind("FunctionName", "lambda:{region}:{account}:function:{name}")

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "AWS::Athena::WorkGroup": _kind("Name", "athena:{region}:{account}:workgroup/{name}"),
        "AWS::Batch::JobDefinition": _kind(
            "JobDefinitionName", "batch:{region}:{account}:job-definition/{name}:1", "{arn}"
        ),
        "AWS::Batch::JobQueue": _kind("JobQueueName", "batch:{region}:{account}:job-queue/{name}", "{arn}"),
        "AWS::DynamoDB::GlobalTable": _TABLE,
        "AWS::DynamoDB::Table": _TABLE,
        "AWS::CloudFormation::Stack": _kind("StackName", "cloudformation:{region}:{account}:stack/{name}/0", "{arn}"),
        "AWS::CodeBuild::Project": _kind("Name", "codebuild:{region}:{account}:project/{name}"),
        "AWS::ECR::Repository": _kind("RepositoryName", "ecr:{region}:{account}:repository/{name}"),
        "AWS::ECS::Cluster": _kind("ClusterName", "ecs:{region}:{account}:cluster/{name}"),
        "AWS::ECS::Service": _kind("ServiceName", "ecs:{region}:{account}:service/*/{name}", "{arn}", Name="{name}"),
        "AWS::ECS::TaskDefinition": _kind("Family", "ecs:{region}:{account}:task-definition/{name}:1", "{arn}"),
        "AWS::EMR::Cluster": _kind("ClusterId", "elasticmapreduce:{region}:{account}:cluster/{name}"),
        "AWS::Events::Connection": _kind(
            "Name",
            "events:{region}:{account}:connection/{name}/00000000-0000-0000-0000-000000000000",
            ArnForPolicy="arn:{partition}:events:{region}:{account}:connection/{name}",
            SecretArn="arn:{partition}:secretsmanager:{region}:{account}:secret:events!connection/{name}/??????",
        ),
        "AWS::Events::EventBus": _kind("Name", "events:{region}:{account}:event-bus/{name}", Name="{name}"),
        "AWS::Events::Rule": _kind("Name", "events:{region}:{account}:rule/{name}"),
        "AWS::Glue::Crawler": _kind("Name", "glue:{region}:{account}:crawler/{name}"),
        "AWS::Glue::Database": _kind("DatabaseInput.Name", "glue:{region}:{account}:database/{name}"),
        "AWS::Glue::Job": _kind("Name", "glue:{region}:{account}:job/{name}"),
        "AWS::Glue::Table": _kind("TableInput.Name"),
        "AWS::Glue::Trigger": _kind("Name", "glue:{region}:{account}:trigger/{name}"),
        "AWS::Glue::Workflow": _kind("Name", "glue:{region}:{account}:workflow/{name}"),
        "AWS::IAM::Group": _kind("GroupName", "iam::{account}:group/{name}"),
        "AWS::IAM::ManagedPolicy": _kind(
            "ManagedPolicyName", "iam::{account}:policy/{name}", "{arn}", PolicyArn="{arn}"
        ),
        "AWS::IAM::Role": _kind("RoleName", "iam::{account}:role/{name}", RoleId="{name}"),
        "AWS::IAM::User": _kind("UserName", "iam::{account}:user/{name}"),
        "AWS::KMS::Alias": _kind("AliasName", "kms:{region}:{account}:{name}"),
        "AWS::KMS::Key": _kind("KeyId", "kms:{region}:{account}:key/{name}", KeyId="{name}"),
        "AWS::Kinesis::Stream": _kind("Name", "kinesis:{region}:{account}:stream/{name}"),
        "AWS::KinesisFirehose::DeliveryStream": _kind(
            "DeliveryStreamName", "firehose:{region}:{account}:deliverystream/{name}"
        ),
        "AWS::Lambda::Function": _FUNCTION,
        "AWS::Logs::LogGroup": _kind("LogGroupName", "logs:{region}:{account}:log-group:{name}:*"),
        "AWS::MSK::ServerlessCluster": _kind("ClusterName", "kafka:{region}:{account}:cluster/{name}/0", "{arn}"),
        "AWS::RDS::DBInstance": _kind("DBInstanceIdentifier", "rds:{region}:{account}:db:{name}"),
        "AWS::Redshift::Cluster": _kind("ClusterIdentifier", "redshift:{region}:{account}:cluster:{name}"),
        "AWS::S3::Bucket": _BUCKET,
        "AWS::SNS::Topic": _kind(
            "TopicName", "sns:{region}:{account}:{name}", "{arn}", TopicArn="{arn}", TopicName="{name}"
        ),
        "AWS::SQS::Queue": _kind(
            "QueueName",
            "sqs:{region}:{account}:{name}",
            "https://sqs.{region}.{suffix}/{account}/{name}",
            QueueName="{name}",
            QueueUrl="https://sqs.{region}.{suffix}/{account}/{name}",
        ),
        "AWS::SSM::Parameter": _kind("Name", Type="String"),
        "AWS::Scheduler::Schedule": _kind("Name", "scheduler:{region}:{account}:schedule/default/{name}"),
        # AWS ends a secret's ARN in six characters of its own: wildcards stand for them, as they do in policies.
        "AWS::SecretsManager::Secret": _kind(
            "Name", "secretsmanager:{region}:{account}:secret:{name}-??????", "{arn}", Id="{arn}"
        ),
        "AWS::Serverless::Api": _kind("RestApiId", "apigateway:{region}::/restapis/{name}"),
        "AWS::Serverless::Function": _FUNCTION,
        "AWS::Serverless::HttpApi": _kind("ApiId", "apigateway:{region}::/apis/{name}"),
        "AWS::Serverless::LayerVersion": _kind("LayerName", "lambda:{region}:{account}:layer:{name}:1", "{arn}"),
        "AWS::Serverless::SimpleTable": _TABLE,
        "AWS::Serverless::StateMachine": _kind(
            "Name", "states:{region}:{account}:stateMachine:{name}", "{arn}", Name="{name}"
        ),
        "AWS::StepFunctions::Activity": _kind(
            "Name", "states:{region}:{account}:activity:{name}", "{arn}", Name="{name}"
        ),
        "AWS::StepFunctions::StateMachine": _kind(
            "StateMachineName", "states:{region}:{account}:stateMachine:{name}", "{arn}", Name="{name}"
        ),
    }
)
"""The types of data pipelines; `resource_types` has the others."""

LOWER_CASE_NAMES = frozenset({"AWS::S3::Bucket", "AWS::ECR::Repository", "AWS::Redshift::Cluster"})
"""The types whose names AWS makes up in lower case."""
