"""What API calls need.

The first table is of the operations that data pipelines use most, with what AWS's service authorization reference and
the services' own pages on permissions say that they need. Each row is also held against the reference's data: the
action has to be there, and the ARN has to be one of its resources'.
"""
# ruff: noqa: E501 - a table is read by its rows

import re
from typing import Any

import pytest

from pipeproof.iam import required_actions
from pipeproof.iam.reference import data_version, find_action

HERE = "us-east-1:123456789012"
TABLE = f"arn:aws:dynamodb:{HERE}:table/orders"
MACHINE = f"arn:aws:states:{HERE}:stateMachine:flow"
EXECUTION = f"arn:aws:states:{HERE}:execution:flow:1"
QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/jobs"

Row = tuple[str, str, dict[str, Any], list[tuple[str, str]]]

# fmt: off
ROWS: list[Row] = [
    ("s3", "GetObject", {"Bucket": "raw", "Key": "a/b"}, [("s3:GetObject", "arn:aws:s3:::raw/a/b")]),
    ("s3", "HeadObject", {"Bucket": "raw", "Key": "a/b"}, [("s3:GetObject", "arn:aws:s3:::raw/a/b")]),
    ("s3", "PutObject", {"Bucket": "raw", "Key": "a"}, [("s3:PutObject", "arn:aws:s3:::raw/a")]),
    ("s3", "DeleteObject", {"Bucket": "raw", "Key": "a"}, [("s3:DeleteObject", "arn:aws:s3:::raw/a")]),
    ("s3", "DeleteObjects", {"Bucket": "raw", "Delete": {"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "1"}]}},
     [("s3:DeleteObject", "arn:aws:s3:::raw/a"), ("s3:DeleteObjectVersion", "arn:aws:s3:::raw/b")]),
    ("s3", "CopyObject", {"Bucket": "lake", "Key": "a", "CopySource": {"Bucket": "raw", "Key": "b c"}},
     [("s3:GetObject", "arn:aws:s3:::raw/b c"), ("s3:PutObject", "arn:aws:s3:::lake/a")]),
    ("s3", "ListObjectsV2", {"Bucket": "raw", "Prefix": "a/"}, [("s3:ListBucket", "arn:aws:s3:::raw")]),
    ("s3", "ListBuckets", {}, [("s3:ListAllMyBuckets", "*")]),
    ("s3", "HeadBucket", {"Bucket": "raw"}, [("s3:ListBucket", "arn:aws:s3:::raw")]),
    ("s3", "CreateMultipartUpload", {"Bucket": "raw", "Key": "a"}, [("s3:PutObject", "arn:aws:s3:::raw/a")]),
    ("s3", "UploadPart", {"Bucket": "raw", "Key": "a", "PartNumber": 1, "UploadId": "x"}, [("s3:PutObject", "arn:aws:s3:::raw/a")]),
    ("s3", "CompleteMultipartUpload", {"Bucket": "raw", "Key": "a", "UploadId": "x"}, [("s3:PutObject", "arn:aws:s3:::raw/a")]),
    ("s3", "AbortMultipartUpload", {"Bucket": "raw", "Key": "a", "UploadId": "x"}, [("s3:AbortMultipartUpload", "arn:aws:s3:::raw/a")]),
    ("dynamodb", "GetItem", {"TableName": "orders", "Key": {}}, [("dynamodb:GetItem", TABLE)]),
    ("dynamodb", "PutItem", {"TableName": "orders", "Item": {}}, [("dynamodb:PutItem", TABLE)]),
    ("dynamodb", "UpdateItem", {"TableName": TABLE, "Key": {}}, [("dynamodb:UpdateItem", TABLE)]),
    ("dynamodb", "Query", {"TableName": "orders", "IndexName": "by-day"}, [("dynamodb:Query", f"{TABLE}/index/by-day")]),
    ("dynamodb", "Scan", {"TableName": "orders"}, [("dynamodb:Scan", TABLE)]),
    ("dynamodb", "BatchWriteItem", {"RequestItems": {"orders": [], "lines": []}},
     [("dynamodb:BatchWriteItem", TABLE), ("dynamodb:BatchWriteItem", f"arn:aws:dynamodb:{HERE}:table/lines")]),
    ("dynamodb", "TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "orders"}}, {"ConditionCheck": {"TableName": "orders"}}]},
     [("dynamodb:PutItem", TABLE), ("dynamodb:ConditionCheckItem", TABLE)]),
    ("dynamodb", "ExecuteStatement", {"Statement": 'SELECT * FROM "orders"."by-day" WHERE day = ?'}, [("dynamodb:PartiQLSelect", f"{TABLE}/index/by-day")]),
    ("sqs", "SendMessage", {"QueueUrl": QUEUE}, [("sqs:SendMessage", f"arn:aws:sqs:{HERE}:jobs")]),
    ("sqs", "SendMessageBatch", {"QueueUrl": QUEUE}, [("sqs:SendMessage", f"arn:aws:sqs:{HERE}:jobs")]),
    ("sqs", "ReceiveMessage", {"QueueUrl": QUEUE}, [("sqs:ReceiveMessage", f"arn:aws:sqs:{HERE}:jobs")]),
    ("sqs", "DeleteMessage", {"QueueUrl": QUEUE}, [("sqs:DeleteMessage", f"arn:aws:sqs:{HERE}:jobs")]),
    ("sns", "Publish", {"TopicArn": f"arn:aws:sns:{HERE}:alarms"}, [("sns:Publish", f"arn:aws:sns:{HERE}:alarms")]),
    ("lambda", "Invoke", {"FunctionName": "load"}, [("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:load")]),
    ("stepfunctions", "StartExecution", {"stateMachineArn": MACHINE}, [("states:StartExecution", MACHINE)]),
    ("stepfunctions", "DescribeExecution", {"executionArn": EXECUTION}, [("states:DescribeExecution", EXECUTION)]),
    ("stepfunctions", "SendTaskSuccess", {"taskToken": "x", "output": "{}"}, [("states:SendTaskSuccess", "*")]),
    ("secretsmanager", "GetSecretValue", {"SecretId": "db"}, [("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:db-??????")]),
    ("ssm", "GetParameter", {"Name": "/etl/stage"}, [("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/etl/stage")]),
    ("ssm", "GetParametersByPath", {"Path": "/etl/"}, [("ssm:GetParametersByPath", f"arn:aws:ssm:{HERE}:parameter/etl/")]),
    ("ssm", "GetParametersByPath", {"Path": "/etl"}, [("ssm:GetParametersByPath", f"arn:aws:ssm:{HERE}:parameter/etl")]),
    ("ssm", "GetParameter", {"Name": "/etl/stage:3"}, [("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/etl/stage")]),
    ("ssm", "GetParameter", {"Name": "stage:live"}, [("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/stage")]),
    ("kms", "Decrypt", {"CiphertextBlob": b"", "KeyId": "1-2"}, [("kms:Decrypt", f"arn:aws:kms:{HERE}:key/1-2")]),
    ("glue", "StartJobRun", {"JobName": "load"}, [("glue:StartJobRun", f"arn:aws:glue:{HERE}:job/load")]),
    ("glue", "GetTable", {"DatabaseName": "lake", "Name": "orders"},
     [("glue:GetTable", f"arn:aws:glue:{HERE}:catalog"), ("glue:GetTable", f"arn:aws:glue:{HERE}:database/lake"), ("glue:GetTable", f"arn:aws:glue:{HERE}:table/lake/orders")]),
    ("athena", "StartQueryExecution", {"QueryString": "select 1", "WorkGroup": "etl"}, [("athena:StartQueryExecution", f"arn:aws:athena:{HERE}:workgroup/etl")]),
    ("athena", "GetQueryResults", {"QueryExecutionId": "x"}, [("athena:GetQueryResults", f"arn:aws:athena:{HERE}:workgroup/*")]),
    ("events", "PutEvents", {"Entries": [{"Source": "etl"}, {"EventBusName": "own"}]},
     [("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/default"), ("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/own")]),
    ("kinesis", "PutRecords", {"StreamName": "clicks", "Records": []}, [("kinesis:PutRecords", f"arn:aws:kinesis:{HERE}:stream/clicks")]),
    ("firehose", "PutRecordBatch", {"DeliveryStreamName": "lake"}, [("firehose:PutRecordBatch", f"arn:aws:firehose:{HERE}:deliverystream/lake")]),
    ("sts", "AssumeRole", {"RoleArn": "arn:aws:iam::999999999999:role/etl", "RoleSessionName": "x"}, [("sts:AssumeRole", "arn:aws:iam::999999999999:role/etl")]),
    ("cloudwatch", "PutMetricData", {"Namespace": "etl"}, [("cloudwatch:PutMetricData", "*")]),
    ("logs", "PutLogEvents", {"logGroupName": "/etl", "logStreamName": "s"}, [("logs:PutLogEvents", f"arn:aws:logs:{HERE}:log-group:/etl:log-stream:s")]),
    ("batch", "SubmitJob", {"jobDefinition": "load:3", "jobQueue": "q"},
     [("batch:SubmitJob", f"arn:aws:batch:{HERE}:job-definition/load:3"), ("batch:SubmitJob", f"arn:aws:batch:{HERE}:job-queue/q")]),
    ("ecs", "RunTask", {"taskDefinition": "load:3"}, [("ecs:RunTask", f"arn:aws:ecs:{HERE}:task-definition/load:3")]),
]

OTHERS: list[Row] = [
    ("s3", "GetObject", {"Bucket": "raw", "Key": "a", "VersionId": "1"}, [("s3:GetObjectVersion", "arn:aws:s3:::raw/a")]),
    ("s3", "GetObjectTagging", {"Bucket": "raw", "Key": "a", "VersionId": "1"}, [("s3:GetObjectVersionTagging", "arn:aws:s3:::raw/a")]),
    ("s3", "GetObjectAttributes", {"Bucket": "raw", "Key": "a"}, [("s3:GetObject", "arn:aws:s3:::raw/a"), ("s3:GetObjectAttributes", "arn:aws:s3:::raw/a")]),
    ("s3", "PutObject", {"Bucket": "raw", "Key": "a", "ACL": "private", "Tagging": "a=b", "SSEKMSKeyId": "k-1"},
     [("s3:PutObject", "arn:aws:s3:::raw/a"), ("s3:PutObjectAcl", "arn:aws:s3:::raw/a"), ("s3:PutObjectTagging", "arn:aws:s3:::raw/a"), ("kms:GenerateDataKey", f"arn:aws:kms:{HERE}:key/k-1")]),
    ("s3", "UploadPartCopy", {"Bucket": "lake", "Key": "a", "CopySource": "raw/b%20c?versionId=7"}, [("s3:GetObjectVersion", "arn:aws:s3:::raw/b c"), ("s3:PutObject", "arn:aws:s3:::lake/a")]),
    ("s3", "ListParts", {"Bucket": "raw", "Key": "a", "UploadId": "x"}, [("s3:ListMultipartUploadParts", "arn:aws:s3:::raw/a")]),
    ("s3", "ListObjectVersions", {"Bucket": "raw"}, [("s3:ListBucketVersions", "arn:aws:s3:::raw")]),
    ("s3", "PutBucketMetricsConfiguration", {"Bucket": "raw"}, [("s3:PutMetricsConfiguration", "arn:aws:s3:::raw")]),
    ("s3", "DeleteBucketEncryption", {"Bucket": "raw"}, [("s3:PutEncryptionConfiguration", "arn:aws:s3:::raw")]),
    ("s3", "GetObject", {"Bucket": f"arn:aws:s3:{HERE}:accesspoint/ap", "Key": "a"}, [("s3:GetObject", f"arn:aws:s3:{HERE}:accesspoint/ap/object/a")]),
    ("dynamodb", "ExecuteTransaction", {"TransactStatements": [{"Statement": "INSERT INTO orders VALUE {'id': 1}"}, {"Statement": 'UPDATE "orders" SET a=1'}, {"Statement": "DELETE FROM orders WHERE id=1"}]},
     [("dynamodb:PartiQLInsert", TABLE), ("dynamodb:PartiQLUpdate", TABLE), ("dynamodb:PartiQLDelete", TABLE)]),
    ("dynamodb", "ListTables", {}, [("dynamodb:ListTables", "*")]),
    ("sqs", "SendMessage", {"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/999999999999/q"}, [("sqs:SendMessage", "arn:aws:sqs:eu-west-1:999999999999:q")]),
    ("sqs", "GetQueueUrl", {"QueueName": "jobs"}, [("sqs:GetQueueUrl", f"arn:aws:sqs:{HERE}:jobs")]),
    ("sns", "Publish", {"PhoneNumber": "+491"}, [("sns:Publish", "*")]),
    ("lambda", "Invoke", {"FunctionName": f"arn:aws:lambda:{HERE}:function:load", "Qualifier": "live"}, [("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:load:live")]),
    ("lambda", "invoke", {"FunctionName": "999999999999:function:load"}, [("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:999999999999:function:load")]),
    ("sfn", "startExecution", {"stateMachineArn": MACHINE}, [("states:StartExecution", MACHINE)]),
    ("stepfunctions", "CreateStateMachine", {"name": "flow", "roleArn": "arn:aws:iam::1:role/r"}, [("states:CreateStateMachine", MACHINE), ("iam:PassRole", "arn:aws:iam::1:role/r")]),
    ("glue", "CreateJob", {"Name": "load", "Role": "GlueRole", "Command": {}}, [("glue:CreateJob", f"arn:aws:glue:{HERE}:job/load"), ("iam:PassRole", "arn:aws:iam::123456789012:role/GlueRole")]),
    ("kms", "Decrypt", {"CiphertextBlob": b"", "KeyId": "alias/etl"}, [("kms:Decrypt", f"arn:aws:kms:{HERE}:key/*")]),
    ("secretsmanager", "BatchGetSecretValue", {"SecretIdList": ["db"]}, [("secretsmanager:BatchGetSecretValue", "*"), ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:db-??????")]),
    ("events", "PutRule", {"Name": "daily"}, [("events:PutRule", f"arn:aws:events:{HERE}:rule/daily")]),
    ("events", "PutTargets", {"Rule": "daily", "EventBusName": "own", "Targets": [{"RoleArn": "arn:aws:iam::1:role/r"}]}, [("events:PutTargets", f"arn:aws:events:{HERE}:rule/own/daily"), ("iam:PassRole", "arn:aws:iam::1:role/r")]),
    ("ssm", "GetParameters", {"Names": ["a", "/b/c"]}, [("ssm:GetParameters", f"arn:aws:ssm:{HERE}:parameter/a"), ("ssm:GetParameters", f"arn:aws:ssm:{HERE}:parameter/b/c")]),
    ("ecs", "RunTask", {"taskDefinition": "load"}, [("ecs:RunTask", f"arn:aws:ecs:{HERE}:task-definition/load:*")]),
    ("sts", "GetCallerIdentity", {}, []),
    ("ecr", "DescribeImages", {"repositoryName": "etl"}, [("ecr:DescribeImages", f"arn:aws:ecr:{HERE}:repository/etl")]),
    ("s3", "CreateBucket", {"Bucket": "raw", "ACL": "private", "ObjectLockEnabledForBucket": True, "ObjectOwnership": "ObjectWriter"},
     [(f"s3:{action}", "arn:aws:s3:::raw") for action in ("CreateBucket", "PutBucketAcl", "PutBucketObjectLockConfiguration", "PutBucketVersioning", "PutBucketOwnershipControls")]),
    ("s3", "CreateBucket", {"Bucket": "raw", "GrantRead": "id=x"}, [("s3:CreateBucket", "arn:aws:s3:::raw"), ("s3:PutBucketAcl", "arn:aws:s3:::raw")]),
    ("s3", "CreateBucket", {"ACL": "private"}, [("s3:CreateBucket", "arn:aws:s3:::*"), ("s3:PutBucketAcl", "arn:aws:s3:::*")]),
    ("s3", "PutObject", {"Bucket": "raw", "Key": "a", "ObjectLockMode": "GOVERNANCE", "ObjectLockLegalHoldStatus": "ON", "GrantRead": "id=x"},
     [(f"s3:{action}", "arn:aws:s3:::raw/a") for action in ("PutObject", "PutObjectAcl", "PutObjectRetention", "PutObjectLegalHold")]),
    ("s3", "PutObject", {"Bucket": "raw", "Key": "a", "ObjectLockRetainUntilDate": "2030-01-01"}, [("s3:PutObject", "arn:aws:s3:::raw/a"), ("s3:PutObjectRetention", "arn:aws:s3:::raw/a")]),
    ("s3", "CreateMultipartUpload", {"Bucket": "raw", "Key": "a", "SSEKMSKeyId": "k-1"},
     [("s3:PutObject", "arn:aws:s3:::raw/a"), ("kms:GenerateDataKey", f"arn:aws:kms:{HERE}:key/k-1"), ("kms:Decrypt", f"arn:aws:kms:{HERE}:key/k-1")]),
    ("s3", "PutObjectAcl", {"Bucket": "raw", "Key": "a", "ACL": "private", "VersionId": "1"}, [("s3:PutObjectVersionAcl", "arn:aws:s3:::raw/a")]),
    ("s3", "DeleteObject", {"Bucket": "raw", "Key": "a", "VersionId": "1"}, [("s3:DeleteObjectVersion", "arn:aws:s3:::raw/a")]),
    ("s3", "DeleteObjects", {"Bucket": "raw"}, [("s3:DeleteObject", "arn:aws:s3:::raw/*")]),
    ("s3", "DeleteObjects", {"Bucket": "raw", "Delete": {"Objects": ["*"]}}, [("s3:DeleteObject", "arn:aws:s3:::raw/*")]),
    ("s3", "CopyObject", {"Bucket": "lake", "Key": "a", "CopySource": {"Bucket": "raw", "Key": "b", "VersionId": "7"}, "TaggingDirective": "COPY"},
     [("s3:GetObjectVersion", "arn:aws:s3:::raw/b"), ("s3:PutObject", "arn:aws:s3:::lake/a")]),
    ("s3", "CopyObject", {"Bucket": "lake", "Key": "a", "CopySource": "/raw/b/c", "ACL": "private"},
     [("s3:GetObject", "arn:aws:s3:::raw/b/c"), ("s3:PutObject", "arn:aws:s3:::lake/a"), ("s3:PutObjectAcl", "arn:aws:s3:::lake/a")]),
    ("s3", "CopyObject", {"Bucket": "lake", "Key": "a"}, [("s3:GetObject", "arn:aws:s3:::*/*"), ("s3:PutObject", "arn:aws:s3:::lake/a")]),
    *(("s3", operation, {"Bucket": "raw"}, [(f"s3:{action}", "arn:aws:s3:::raw")]) for operation, action in {
        "DeleteBucketInventoryConfiguration": "PutInventoryConfiguration", "GetBucketAnalyticsConfiguration": "GetAnalyticsConfiguration",
        "ListBucketIntelligentTieringConfigurations": "GetIntelligentTieringConfiguration", "GetBucketCors": "GetBucketCORS",
        "GetBucketPolicy": "GetBucketPolicy", "GetPublicAccessBlock": "GetBucketPublicAccessBlock", "ListMultipartUploads": "ListBucketMultipartUploads",
        "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration", "PutBucketNotificationConfiguration": "PutBucketNotification",
    }.items()),
    ("dynamodb", "TransactGetItems", {"TransactItems": [{"Get": {"TableName": "orders"}}, {"Get": {"TableName": TABLE}}]}, [("dynamodb:GetItem", TABLE)]),
    ("dynamodb", "TransactWriteItems", {"TransactItems": [{"Update": {"TableName": "orders"}}, {"Delete": {}}]},
     [("dynamodb:UpdateItem", TABLE), ("dynamodb:DeleteItem", f"arn:aws:dynamodb:{HERE}:table/*")]),
    ("dynamodb", "BatchGetItem", {"RequestItems": {"orders": {}}}, [("dynamodb:BatchGetItem", TABLE)]),
    ("dynamodb", "BatchGetItem", {}, [("dynamodb:BatchGetItem", f"arn:aws:dynamodb:{HERE}:table/*")]),
    ("dynamodb", "BatchExecuteStatement", {"Statements": [{"Statement": "SELECT a FROM orders"}]}, [("dynamodb:PartiQLSelect", TABLE)]),
    ("dynamodb", "Scan", {"TableName": "orders", "IndexName": "by-day"}, [("dynamodb:Scan", f"{TABLE}/index/by-day")]),
    ("sqs", "DeleteMessageBatch", {"QueueUrl": "http://localhost:4566/queue/us-east-1/999999999999/q"}, [("sqs:DeleteMessage", "arn:aws:sqs:us-east-1:999999999999:q")]),
    ("sqs", "ReceiveMessage", {"QueueUrl": "http://queue/q"}, [("sqs:ReceiveMessage", f"arn:aws:sqs:{HERE}:q")]),
    ("sns", "PublishBatch", {"TopicArn": f"arn:aws:sns:{HERE}:alarms"}, [("sns:Publish", f"arn:aws:sns:{HERE}:alarms")]),
    ("sns", "Publish", {"TargetArn": f"arn:aws:sns:{HERE}:endpoint/x"}, [("sns:Publish", f"arn:aws:sns:{HERE}:endpoint/x")]),
    ("lambda", "InvokeWithResponseStream", {"FunctionName": "load", "Qualifier": "live"}, [("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:load:live")]),
    ("lambda", "Invoke", {"FunctionName": "load:7", "Qualifier": "live"}, [("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:load:7")]),
    ("lambda", "GetFunction", {"FunctionName": "load"}, [("lambda:GetFunction", f"arn:aws:lambda:{HERE}:function:load")]),
    ("lambda", "CreateEventSourceMapping", {"FunctionName": "load"}, [("lambda:CreateEventSourceMapping", f"arn:aws:lambda:{HERE}:event-source-mapping:*")]),
    ("secretsmanager", "CreateSecret", {"Name": "db"}, [("secretsmanager:CreateSecret", f"arn:aws:secretsmanager:{HERE}:secret:db-??????")]),
    ("secretsmanager", "GetSecretValue", {"SecretId": "arn:aws:secretsmanager:x"}, [("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:x")]),
    ("ssm", "DescribeParameters", {}, [("ssm:DescribeParameters", "*")]),
    ("ssm", "GetParameter", {"Name": f"arn:aws:ssm:{HERE}:parameter/a"}, [("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/a")]),
    ("events", "PutEvents", {"Entries": [{"EventBusName": f"arn:aws:events:{HERE}:event-bus/own"}, {"EventBusName": f"arn:aws:events:{HERE}:event-bus/own"}]},
     [("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/own")]),
    ("events", "PutEvents", {}, [("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/*")]),
    ("events", "DescribeRule", {"Name": "daily", "EventBusName": f"arn:aws:events:{HERE}:event-bus/own"}, [("events:DescribeRule", f"arn:aws:events:{HERE}:rule/own/daily")]),
    ("logs", "FilterLogEvents", {"logGroupIdentifier": f"arn:aws:logs:{HERE}:log-group:/etl:*"}, [("logs:FilterLogEvents", f"arn:aws:logs:{HERE}:log-group:/etl:log-stream:")]),
    ("glue", "CreateTable", {"DatabaseName": "lake", "TableInput": {"Name": "orders"}}, [("glue:CreateTable", f"arn:aws:glue:{HERE}:{part}") for part in ("catalog", "database/lake", "table/lake/orders")]),
    ("glue", "CreateDatabase", {"DatabaseInput": {"Name": "lake"}}, [("glue:CreateDatabase", f"arn:aws:glue:{HERE}:{part}") for part in ("catalog", "database/lake")]),
    ("glue", "GetTables", {"DatabaseName": "lake"}, [("glue:GetTables", f"arn:aws:glue:{HERE}:{part}") for part in ("catalog", "database/lake", "table/lake/*")]),
    ("glue", "GetDatabases", {}, [("glue:GetDatabases", f"arn:aws:glue:{HERE}:{part}") for part in ("catalog", "database/*")]),
    ("athena", "ListQueryExecutions", {}, [("athena:ListQueryExecutions", f"arn:aws:athena:{HERE}:workgroup/primary")]),
    ("athena", "GetNamedQuery", {"NamedQueryId": "x"}, [("athena:GetNamedQuery", f"arn:aws:athena:{HERE}:workgroup/*")]),
    ("kms", "ReEncrypt", {"CiphertextBlob": b"", "SourceKeyId": "1", "DestinationKeyId": "2"}, [("kms:ReEncryptFrom", f"arn:aws:kms:{HERE}:key/1"), ("kms:ReEncryptTo", f"arn:aws:kms:{HERE}:key/2")]),
    ("kms", "Decrypt", {"CiphertextBlob": b""}, [("kms:Decrypt", f"arn:aws:kms:{HERE}:key/*")]),
    ("kms", "GenerateDataKey", {"KeyId": f"arn:aws:kms:{HERE}:key/3"}, [("kms:GenerateDataKey", f"arn:aws:kms:{HERE}:key/3")]),
    ("stepfunctions", "CreateActivity", {"name": "approve"}, [("states:CreateActivity", f"arn:aws:states:{HERE}:activity:approve")]),
    ("batch", "SubmitJob", {"jobDefinition": f"arn:aws:batch:{HERE}:job-definition/load:3"}, [("batch:SubmitJob", f"arn:aws:batch:{HERE}:job-definition/load:3")]),
    ("batch", "SubmitJob", {}, [("batch:SubmitJob", "*")]),
    ("ecs", "StartTask", {"taskDefinition": "*"}, [("ecs:StartTask", "*")]),
    ("ecs", "RunTask", {"taskDefinition": f"arn:aws:ecs:{HERE}:task-definition/load:1"}, [("ecs:RunTask", f"arn:aws:ecs:{HERE}:task-definition/load:1")]),
    ("bedrock-runtime", "InvokeModel", {"modelId": "amazon.titan-text-lite-v1"}, [("bedrock:InvokeModel", "arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-text-lite-v1")]),
    ("bedrock-runtime", "Converse", {"modelId": "eu.amazon.nova-lite-v1:0"},
     [("bedrock:InvokeModel", f"arn:aws:bedrock:{HERE}:inference-profile/eu.amazon.nova-lite-v1:0"), ("bedrock:InvokeModel", "arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0")]),
    ("bedrock-runtime", "InvokeModel", {"modelId": f"arn:aws:bedrock:{HERE}:provisioned-model/x"}, [("bedrock:InvokeModel", f"arn:aws:bedrock:{HERE}:provisioned-model/x")]),
    ("codebuild", "StartBuild", {"projectName": "build"}, [("codebuild:StartBuild", f"arn:aws:codebuild:{HERE}:project/build")]),
    ("comprehendmedical", "DetectEntities", {"Text": "x"}, [("comprehendmedical:DetectEntitiesV2", "*")]),
    ("sts", "AssumeRole", {"RoleArn": "arn:aws:iam::1:role/r", "Tags": [{"Key": "a", "Value": "b"}]}, [("sts:AssumeRole", "arn:aws:iam::1:role/r"), ("sts:TagSession", "arn:aws:iam::1:role/r")]),
    ("s3", "GetBucketLocation", {}, [("s3:GetBucketLocation", "arn:aws:s3:::*")]),
    ("s3", "GetBucketLocation", {"Bucket": f"arn:aws:s3:{HERE}:accesspoint/ap"}, [("s3:GetBucketLocation", f"arn:aws:s3:{HERE}:accesspoint/ap")]),
    ("s3", "GetObject", {}, [("s3:GetObject", "arn:aws:s3:::*/*")]),
    ("s3", "SelectObjectContent", {"Bucket": "raw", "Key": "a"}, [("s3:GetObject", "arn:aws:s3:::raw/a")]),
    ("s3", "RestoreObject", {"Bucket": "raw", "Key": "a", "VersionId": "1"}, [("s3:RestoreObject", "arn:aws:s3:::raw/a")]),
    *(("s3", f"{verb}Object{kind}", {"Bucket": "raw", "Key": "a", "VersionId": "1"}, [(f"s3:{verb}ObjectVersion{kind}", "arn:aws:s3:::raw/a")])
      for verb, kind in [("Get", "Acl"), ("Get", "Torrent"), ("Put", "Tagging"), ("Delete", "Tagging")]),
    ("s3", "GetObjectAttributes", {"Bucket": "raw", "Key": "a", "VersionId": "1"}, [("s3:GetObjectVersion", "arn:aws:s3:::raw/a"), ("s3:GetObjectVersionAttributes", "arn:aws:s3:::raw/a")]),
    ("s3", "PutObject", {"Bucket": "raw", "Key": "a", "SSEKMSKeyId": "alias/etl"}, [("s3:PutObject", "arn:aws:s3:::raw/a"), ("kms:GenerateDataKey", f"arn:aws:kms:{HERE}:key/*")]),
    ("s3", "UploadPart", {"Bucket": "raw", "Key": "a", "ACL": "private"}, [("s3:PutObject", "arn:aws:s3:::raw/a")]),
    ("s3", "DeleteObjects", {"Bucket": "raw", "Delete": {"Objects": [{}]}}, [("s3:DeleteObject", "arn:aws:s3:::raw/*")]),
    ("s3", "CopyObject", {"Bucket": "lake", "CopySource": {}}, [("s3:GetObject", "arn:aws:s3:::*/*"), ("s3:PutObject", "arn:aws:s3:::lake/*")]),
    ("s3", "CopyObject", {"Bucket": "lake", "Key": "a", "CopySource": "raw-*/x"}, [("s3:GetObject", "arn:aws:s3:::raw-*/x"), ("s3:PutObject", "arn:aws:s3:::lake/a")]),
    *(("s3", operation, {"Bucket": "raw"}, [(f"s3:{action}", "arn:aws:s3:::raw")]) for operation, action in {
        "DeleteBucketMetricsConfiguration": "PutMetricsConfiguration", "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
        "PutBucketAnalyticsConfiguration": "PutAnalyticsConfiguration", "GetBucketIntelligentTieringConfiguration": "GetIntelligentTieringConfiguration",
    }.items()),
    ("dynamodb", "DescribeTable", {"TableName": "orders"}, [("dynamodb:DescribeTable", TABLE)]),
    ("dynamodb", "GetItem", {"TableName": {"Ref": "Orders"}, "Key": {}}, [("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/*")]),
    ("dynamodb", "Query", {"IndexName": "by-day"}, [("dynamodb:Query", f"arn:aws:dynamodb:{HERE}:table/*/index/by-day")]),
    ("dynamodb", "UpdateItem", {"TableName": "orders", "IndexName": "by-day"}, [("dynamodb:UpdateItem", TABLE)]),
    ("dynamodb", "TransactWriteItems", {"TransactItems": ["*"]}, []),
    ("dynamodb", "TransactWriteItems", {"TransactItems": [{"Put": "*"}]}, [("dynamodb:PutItem", f"arn:aws:dynamodb:{HERE}:table/*")]),
    ("dynamodb", "ExecuteStatement", {"Statement": "select a.b from orders"}, [("dynamodb:PartiQLSelect", TABLE)]),
    ("dynamodb", "ExecuteStatement", {"Statement": 'EXISTS(SELECT * FROM "orders" WHERE id=1)'}, [("dynamodb:PartiQLSelect", TABLE)]),
    ("dynamodb", "ExecuteStatement", {}, []),
    ("dynamodb", "BatchExecuteStatement", {"Statements": [{}]}, []),
    ("sqs", "ListQueues", {}, [("sqs:ListQueues", "*")]),
    ("sqs", "SendMessage", {"QueueUrl": "http://queue"}, [("sqs:SendMessage", f"arn:aws:sqs:{HERE}:*")]),
    ("sqs", "SendMessage", {"QueueUrl": "https://sqs.example.com/123456789012/jobs"}, [("sqs:SendMessage", f"arn:aws:sqs:{HERE}:jobs")]),
    ("sns", "Subscribe", {"TopicArn": f"arn:aws:sns:{HERE}:alarms", "Protocol": "sqs"}, [("sns:Subscribe", f"arn:aws:sns:{HERE}:alarms")]),
    ("lambda", "ListFunctions", {}, [("lambda:ListFunctions", "*")]),
    ("lambda", "InvokeAsync", {"FunctionName": "load"}, [("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:load")]),
    ("lambda", "Invoke", {"FunctionName": f"arn:aws:lambda:{HERE}:function:load:7", "Qualifier": "live"}, [("lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:load:7")]),
    ("lambda", "UpdateEventSourceMapping", {"UUID": "1", "FunctionName": "load"}, [("lambda:UpdateEventSourceMapping", f"arn:aws:lambda:{HERE}:event-source-mapping:*")]),
    ("secretsmanager", "ListSecrets", {}, [("secretsmanager:ListSecrets", "*")]),
    ("secretsmanager", "BatchGetSecretValue", {}, [("secretsmanager:BatchGetSecretValue", "*")]),
    ("ssm", "PutParameter", {"Name": "stage"}, [("ssm:PutParameter", f"arn:aws:ssm:{HERE}:parameter/stage")]),
    ("ssm", "DeleteParameters", {"Names": ["a", ""]}, [("ssm:DeleteParameters", f"arn:aws:ssm:{HERE}:parameter/a")]),
    ("ssm", "LabelParameterVersion", {"Name": "a"}, [("ssm:LabelParameterVersion", f"arn:aws:ssm:{HERE}:parameter/a")]),
    ("events", "PutEvents", {"Entries": [{"EventBusName": ""}]}, [("events:PutEvents", f"arn:aws:events:{HERE}:event-bus/default")]),
    ("events", "CreateEventBus", {"Name": "own"}, [("events:CreateEventBus", f"arn:aws:events:{HERE}:event-bus/own")]),
    ("events", "DeleteRule", {"Name": "daily", "EventBusName": "default"}, [("events:DeleteRule", f"arn:aws:events:{HERE}:rule/daily")]),
    ("logs", "CreateLogGroup", {"logGroupName": "/etl"}, [("logs:CreateLogGroup", f"arn:aws:logs:{HERE}:log-group:/etl:log-stream:")]),
    ("logs", "StartLiveTail", {}, [("logs:StartLiveTail", f"arn:aws:logs:{HERE}:log-group:*")]),
    ("glue", "DeleteTable", {"DatabaseName": "lake", "Name": "orders"}, [("glue:DeleteTable", f"arn:aws:glue:{HERE}:{part}") for part in ("catalog", "database/lake", "table/lake/orders")]),
    ("glue", "SearchTables", {"SearchText": "x"}, [("glue:SearchTables", f"arn:aws:glue:{HERE}:{part}") for part in ("catalog", "database/*", "table/*/*")]),
    ("glue", "GetPartitions", {"DatabaseName": "lake", "TableName": "orders"}, [("glue:GetPartitions", f"arn:aws:glue:{HERE}:{part}") for part in ("catalog", "database/lake", "table/lake/orders")]),
    ("glue", "CreateTable", {"DatabaseName": "lake", "TableInput": "*"}, [("glue:CreateTable", f"arn:aws:glue:{HERE}:{part}") for part in ("catalog", "database/lake")]),
    ("athena", "StartQueryExecution", {"QueryString": "select 1"}, [("athena:StartQueryExecution", f"arn:aws:athena:{HERE}:workgroup/primary")]),
    ("athena", "CreateNamedQuery", {"Name": "daily"}, [("athena:CreateNamedQuery", f"arn:aws:athena:{HERE}:workgroup/primary")]),
    ("athena", "ListNamedQueries", {}, [("athena:ListNamedQueries", f"arn:aws:athena:{HERE}:workgroup/primary")]),
    ("athena", "GetWorkGroup", {"WorkGroup": "etl"}, [("athena:GetWorkGroup", f"arn:aws:athena:{HERE}:workgroup/etl")]),
    ("athena", "StopQueryExecution", {"QueryExecutionId": "x"}, [("athena:StopQueryExecution", f"arn:aws:athena:{HERE}:workgroup/*")]),
    ("kms", "Encrypt", {"Plaintext": b""}, [("kms:Encrypt", f"arn:aws:kms:{HERE}:key/*")]),
    ("kms", "Encrypt", {"KeyId": f"arn:aws:kms:{HERE}:alias/etl"}, [("kms:Encrypt", f"arn:aws:kms:{HERE}:key/*")]),
    ("kms", "ReEncrypt", {"CiphertextBlob": b""}, [("kms:ReEncryptFrom", f"arn:aws:kms:{HERE}:key/*"), ("kms:ReEncryptTo", f"arn:aws:kms:{HERE}:key/*")]),
    ("kms", "ListKeys", {}, [("kms:ListKeys", "*")]),
    ("batch", "SubmitJob", {"jobDefinition": "load", "jobQueue": f"arn:aws:batch:{HERE}:job-queue/q"},
     [("batch:SubmitJob", f"arn:aws:batch:{HERE}:job-definition/load"), ("batch:SubmitJob", f"arn:aws:batch:{HERE}:job-queue/q")]),
    ("batch", "DescribeJobs", {"jobs": ["1"]}, [("batch:DescribeJobs", "*")]),
    ("ecs", "RegisterTaskDefinition", {"taskDefinition": "load"}, [("ecs:RegisterTaskDefinition", f"arn:aws:ecs:{HERE}:task-definition/*:*")]),
    ("bedrock-runtime", "InvokeModel", {}, [("bedrock:InvokeModel", "*")]),
    ("bedrock-runtime", "StartAsyncInvoke", {"modelId": "amazon.nova-reel-v1:0"}, [("bedrock:InvokeModel", "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-reel-v1:0")]),
    ("bedrock-runtime", "CountTokens", {"modelId": "us-gov.anthropic.claude-v2"},
     [("bedrock:CountTokens", f"arn:aws:bedrock:{HERE}:inference-profile/us-gov.anthropic.claude-v2"), ("bedrock:CountTokens", "arn:aws:bedrock:*::foundation-model/anthropic.claude-v2")]),
    ("bedrock", "ListFoundationModels", {}, [("bedrock:ListFoundationModels", "*")]),
    ("codebuild", "StopBuild", {"id": "etl:1-2"}, [("codebuild:StopBuild", f"arn:aws:codebuild:{HERE}:project/etl")]),
    ("codebuild", "RetryBuildBatch", {"id": "etl:1-2"}, [("codebuild:RetryBuildBatch", f"arn:aws:codebuild:{HERE}:project/etl")]),
    ("codebuild", "BatchGetBuilds", {"ids": ["etl:1", "etl:2", "tests:3"]}, [("codebuild:BatchGetBuilds", f"arn:aws:codebuild:{HERE}:project/{name}") for name in ("etl", "tests")]),
    ("codebuild", "BatchGetBuilds", {"ids": "*"}, [("codebuild:BatchGetBuilds", f"arn:aws:codebuild:{HERE}:project/*")]),
    ("codebuild", "StartBuild", {"projectName": f"arn:aws:codebuild:{HERE}:project/etl"}, [("codebuild:StartBuild", f"arn:aws:codebuild:{HERE}:project/etl")]),
    ("comprehendmedical", "DetectPHI", {"Text": "x"}, [("comprehendmedical:DetectPHI", "*")]),
    ("sts", "AssumeRole", {}, [("sts:AssumeRole", "*")]),
    ("sts", "AssumeRoleWithWebIdentity", {"RoleArn": "arn:aws:iam::1:role/r"}, [("sts:AssumeRoleWithWebIdentity", "arn:aws:iam::1:role/r")]),
    ("sts", "DecodeAuthorizationMessage", {"EncodedMessage": "x"}, [("sts:DecodeAuthorizationMessage", "*")]),
    ("sts", "GetSessionToken", {}, []),
    ("glue", "StartJobRun", {"JobName": "load", "Arguments": {"--role_arn": "arn:aws:iam::1:role/r"}}, [("glue:StartJobRun", f"arn:aws:glue:{HERE}:job/load")]),
    ("sagemaker", "CreateTrainingJob", {"TrainingJobName": "t", "RoleArn": "*"}, [("sagemaker:CreateTrainingJob", f"arn:aws:sagemaker:{HERE}:training-job/t"), ("iam:PassRole", "*")]),
    ("ecs", "RunTask", {"taskDefinition": "load:3", "overrides": {"taskRoleArn": "arn:aws:iam::1:role/a", "list": [{"executionRoleArn": "arn:aws:iam::1:role/b"}]}},
     [("ecs:RunTask", f"arn:aws:ecs:{HERE}:task-definition/load:3"), ("iam:PassRole", "arn:aws:iam::1:role/a"), ("iam:PassRole", "arn:aws:iam::1:role/b")]),
    ("stepfunctions", "StartExecution", {"stateMachineArn": MACHINE, "input": {"roleArn": "arn:aws:iam::1:role/r"}}, [("states:StartExecution", MACHINE)]),
    ("dynamodb", "PutItem", {"TableName": "orders", "Item": {"role": "arn:aws:iam::1:role/r"}}, [("dynamodb:PutItem", TABLE)]),
    ("emr", "RunJobFlow", {"Name": "j", "JobFlowRole": "EMR_EC2", "ServiceRole": "EMR", "AutoScalingRole": "Scale"},
     [("elasticmapreduce:RunJobFlow", "*"), ("iam:PassRole", "arn:aws:iam::123456789012:role/EMR"), ("iam:PassRole", "arn:aws:iam::123456789012:role/Scale")]),
    ("states", "DescribeStateMachine", {"stateMachineArn": MACHINE, "roleArn": "arn:aws:iam::1:role/r"}, [("states:DescribeStateMachine", MACHINE)]),
    ("nosuchservice", "DoIt", {}, [("nosuchservice:DoIt", "*")]),
]
# fmt: on


@pytest.mark.parametrize(
    ("service", "operation", "params", "expected"),
    [*ROWS, *OTHERS],
    ids=[f"{row[0]}-{row[1]}-{index}" for index, row in enumerate([*ROWS, *OTHERS])],
)
def test_required_actions__each_operation(
    service: str, operation: str, params: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert required_actions(service, operation, params) == expected


def _format(arn_format: str) -> str:
    return ".+".join(map(re.escape, re.split(r"\$\{[^}]+\}", arn_format))).replace(":.+:", ":.*:")


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[0]}-{row[1]}" for row in ROWS])
def test_required_actions__the_reference_has_the_action_and_the_resource(row: Row) -> None:
    for action, arn in row[3]:
        facts = find_action(*action.split(":"))
        assert facts is not None, action
        formats = (*facts.required, *facts.optional)
        assert arn == "*" or any(re.fullmatch(_format(known), arn) for known in formats), (arn, formats)
        assert arn != "*" or not facts.required


def test_required_actions__at_least_forty_operations_are_held_against_the_reference() -> None:
    assert len({row[:2] for row in ROWS}) >= 40
    assert re.fullmatch(r"\d+\.\d+\.\d+", data_version())


def test_required_actions__other_partition_and_account() -> None:
    needed = required_actions(
        "dynamodb", "GetItem", {"TableName": "t"}, region="cn-north-1", account="9", partition="aws-cn"
    )
    assert needed == [("dynamodb:GetItem", "arn:aws-cn:dynamodb:cn-north-1:9:table/t")]


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("timestream-query", "Query", "timestream:Select"),
        ("apigatewaymanagementapi", "PostToConnection", "execute-api:ManageConnections"),
        ("iot-data", "Publish", "iot:Publish"),
        ("cloudcontrol", "CreateResource", "cloudformation:CreateResource"),
        ("bedrock-runtime", "ConverseStream", "bedrock:InvokeModelWithResponseStream"),
        ("opensearchserverless", "CreateCollection", "aoss:CreateCollection"),
    ],
)
def test_required_actions__operations_of_another_name(service: str, operation: str, action: str) -> None:
    assert {found for found, _ in required_actions(service, operation, {})} == {action}
