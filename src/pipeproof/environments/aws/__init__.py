"""AWS, stubbed: moto in this process or behind a port, with calls seen, policies enforced, faults made and data loaded.

with open_aws() as aws:
    aws.client("s3").create_bucket(Bucket="raw")
    with aws.enforce("template.yaml", role="LoaderRole"):
        run_the_pipeline()
    print(aws.least_privilege().to_template())
"""

from pipeproof.environments.aws.botocore_hooks import AsyncClientError, UnstubbedEndpointError
from pipeproof.environments.aws.calls import AwsCall
from pipeproof.environments.aws.enforcement import Enforcement
from pipeproof.environments.aws.server import AwsServer, MotoServer, serve, start_server
from pipeproof.environments.aws.stub import AwsStub, UnknownOperationError, open_aws

__all__ = [
    "AsyncClientError",
    "AwsCall",
    "AwsServer",
    "AwsStub",
    "Enforcement",
    "MotoServer",
    "UnknownOperationError",
    "UnstubbedEndpointError",
    "open_aws",
    "serve",
    "start_server",
]
