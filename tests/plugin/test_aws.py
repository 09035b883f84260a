"""The fixtures `aws` and `aws_server`, from outside."""

import json

import pytest

MODULE = """
import boto3

CLIENT = boto3.client("s3")
TABLE = boto3.resource("dynamodb").Table("orders")

def read(key):
    return CLIENT.get_object(Bucket="raw", Key=key)["Body"].read()
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    """Run a test module in a process of its own, on a machine that is set up for the real AWS."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/credentials")
    pytester.makepyfile(pipeline=MODULE)

    def run(text: str, *arguments: str):
        pytester.makepyfile(test_it=text)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)

    return run


def test_aws__clients_of_import_time__are_stubbed_and_state_is_gone(run) -> None:
    result = run(
        """
        import os
        import boto3
        import pipeline

        def test_first(aws):
            aws.client("s3").create_bucket(Bucket="raw")
            pipeline.CLIENT.put_object(Bucket="raw", Key="a", Body=b"1")
            assert pipeline.read("a") == b"1"
            assert boto3.client("s3").list_objects_v2(Bucket="raw")["KeyCount"] == 1
            assert aws.resource("s3").Object("raw", "a").get()["Body"].read() == b"1"
            assert [call.operation for call in aws.calls][:3] == ["CreateBucket", "PutObject", "GetObject"]

        def test_second(aws):
            assert pipeline.CLIENT.list_buckets()["Buckets"] == []
            assert len(aws.calls) == 1

        def test_configuration(aws):
            credentials = boto3.Session().get_credentials()
            assert (credentials.access_key, boto3.Session().region_name) == ("testing", "us-east-1")
            assert pipeline.CLIENT.meta.region_name == "us-east-1"
            assert pipeline.CLIENT.meta.endpoint_url.endswith(".amazonaws.com")
            assert "AWS_PROFILE" not in os.environ
            assert "AWS_ENDPOINT_URL" not in os.environ

        def test_region_of_tables(aws):
            aws.client("dynamodb").create_table(
                TableName="orders", BillingMode="PAY_PER_REQUEST",
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
            pipeline.TABLE.put_item(Item={"id": "1"})
            assert pipeline.TABLE.scan()["Count"] == 1
        """,
        "-n2",
    )
    result.assert_outcomes(passed=4)


def test_aws__no_backend_but_the_used_one_is_loaded(run) -> None:
    result = run(
        """
        import sys

        def test_it(aws):
            aws.client("s3").list_buckets()
            loaded = {name.split(".")[1] for name in sys.modules if name.startswith("moto.") and name.count(".") > 1}
            assert "s3" in loaded
            assert not loaded & {"ec2", "awslambda", "dynamodb", "glue", "stepfunctions", "cloudformation"}
        """
    )
    result.assert_outcomes(passed=1)


def test_plugin__suite_without_the_fixtures__loads_neither_boto3_nor_moto(run) -> None:
    result = run("import sys\ndef test_it():\n    assert not {'boto3', 'botocore', 'moto'} & set(sys.modules)\n")
    result.assert_outcomes(passed=1)


def test_aws__denied__fails_on_the_line_of_the_call_with_awss_words(run) -> None:
    result = run(
        """
        import pipeline

        def test_it(aws):
            aws.client("s3").create_bucket(Bucket="raw")
            with aws.enforce({"Statement": {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}}):
                pipeline.read("a")
        """
    )
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "pipeline.py:7: " in text
    assert (
        "An error occurred (AccessDenied) when calling the GetObject operation: User: "
        "arn:aws:sts::123456789012:assumed-role/policy/pipeproof is not authorized to perform: s3:GetObject on "
        'resource: "arn:aws:s3:::raw/a" because no identity-based policy allows the s3:GetObject action\n'
        "E           policy has no statement that allows s3:GetObject on arn:aws:s3:::raw/a"
    ) in text


def test_aws__evidence__calls_and_policies(run, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import json, pathlib, pytest
        from pipeproof.plugin.evidence import RECORDS

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_protocol(item, nextitem):
            result = yield
            pathlib.Path("records.json").write_text(json.dumps(item.stash.get(RECORDS, [])))
            return result
        """
    )
    run(
        """
        import pipeline

        def test_it(aws):
            s3 = aws.client("s3")
            s3.create_bucket(Bucket="raw")
            s3.put_object(Bucket="raw", Key="a", Body=b"")
            policy = {"Statement": {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"}}
            with aws.enforce(policy):
                pipeline.read("a")
                pipeline.read("a")
        """
    ).assert_outcomes(passed=1)
    calls, policy = json.loads((pytester.path / "records.json").read_text())
    assert calls["kind"] == "aws.calls"
    assert calls["data"]["count"] == 4
    assert calls["data"]["calls"][-1] == {
        "service": "s3",
        "operation": "GetObject",
        "principal": None,
        "actions": ["s3:GetObject"],
        "resources": ["arn:aws:s3:::raw/a"],
        "count": 2,
        "errors": {},
    }
    assert policy["kind"] == "aws.policy"
    assert policy["data"]["missing"] == []
    assert [grant["action"] for grant in policy["data"]["used"]] == ["s3:GetObject"]
    assert [grant["action"] for grant in policy["data"]["unused"]] == ["s3:PutObject"]


def test_aws__tests_without_the_fixture__have_the_machines_configuration(run) -> None:
    """Nothing but imports sees the stubs' configuration."""
    result = run(
        """
        import os
        import pytest

        assert "AWS_PROFILE" not in os.environ

        @pytest.mark.live
        def test_live():
            assert os.environ["AWS_PROFILE"] == "production"
            assert os.environ["AWS_REGION"] == "eu-central-1"

        def test_inside(aws):
            assert "AWS_PROFILE" not in os.environ

        def test_after():
            assert os.environ["AWS_REGION"] == "eu-central-1"
        """,
        "-n2",
        "--live",
    )
    result.assert_outcomes(passed=3)


def test_aws__ini__region_and_ambient_configuration(run, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\npipeproof_aws_region = eu-west-1\npipeproof_aws_configuration = ambient\n")
    pytester.path.joinpath("pipeline.py").write_text("")
    result = run(
        """
        import os
        import boto3

        assert os.environ["AWS_PROFILE"] == "production"

        def test_inside(aws):
            assert "AWS_PROFILE" not in os.environ
            assert boto3.client("sqs").meta.region_name == aws.region == "eu-west-1"
        """
    )
    result.assert_outcomes(passed=1)


def test_aws__mock_aws_in_the_test__shares_the_state(run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):  # moto alone trips over them
        monkeypatch.delenv(name)
    result = run(
        """
        import boto3
        from moto import mock_aws

        @mock_aws
        def test_it(aws):
            boto3.client("s3").create_bucket(Bucket="raw")
            assert [call.operation for call in aws.calls] == ["CreateBucket"]

        @mock_aws
        def test_alone():
            assert boto3.client("s3", region_name="us-east-1").list_buckets()["Buckets"] == []
        """
    )
    result.assert_outcomes(passed=2)


def test_aws_server__subprocess_and_this_process__see_one_state(run) -> None:
    result = run(
        """
        import subprocess
        import sys
        import boto3
        import pipeline

        CHILD = "import boto3; print(boto3.client('s3').get_object(Bucket='raw', Key='a')['Body'].read().decode())"

        def test_it(aws_server):
            aws_server.aws.client("s3").create_bucket(Bucket="raw")
            pipeline.CLIENT.put_object(Bucket="raw", Key="a", Body=b"hello")
            out = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True).stdout
            assert out == "hello\\n"
            assert boto3.client("s3").meta.endpoint_url == aws_server.endpoint_url
            aws_server.client("sqs").create_queue(QueueName="jobs")
            assert "jobs" in aws_server.aws.client("sqs").list_queues()["QueueUrls"][0]

        def test_next(aws_server):
            assert aws_server.client("s3").list_buckets()["Buckets"] == []

        def test_arrow(aws_server):
            import pyarrow.fs as fs
            s3 = fs.S3FileSystem(endpoint_override=f"{aws_server.host}:{aws_server.port}", scheme="http",
                                 access_key="testing", secret_key="testing", region=aws_server.region)
            aws_server.client("s3").create_bucket(Bucket="lake")
            with s3.open_output_stream("lake/a/b.txt") as stream:
                stream.write(b"arrow")
            body = aws_server.aws.client("s3").get_object(Bucket="lake", Key="a/b.txt")["Body"].read()
            assert body == b"arrow"
        """
    )
    result.assert_outcomes(passed=3)


def test_aws__client_that_is_not_boto3__is_told_of_aws_server(run) -> None:
    result = run(
        """
        import pytest

        def test_native(aws):
            raise OSError("AWS Error NETWORK_CONNECTION: Could not resolve host: lake.s3.us-east-1.amazonaws.com")

        def test_server(aws_server):
            raise OSError("Could not resolve host: lake.s3.us-east-1.amazonaws.com")

        def test_boto3(aws):
            aws.client("s3").get_object(Bucket="none", Key="none")
        """
    )
    result.assert_outcomes(failed=3)
    # pytest's closing list repeats a failure's message, whole where the variable CI is set
    told = [line for line in result.outlines if line.startswith("E ") and "use the fixture `aws_server`" in line]
    assert len(told) == 1
