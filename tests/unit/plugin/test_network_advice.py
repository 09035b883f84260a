"""Who asks for AWS itself is told what he lacks, not what he has."""

import pytest

from pipeproof.plugin.network import advice
from pipeproof.sandbox.network_guard import Guard, NetworkBlockedError


@pytest.mark.parametrize(
    ("fixtures", "of_test", "named"),
    [
        ((), True, "the fixture `aws` stands in for AWS"),
        ((), False, "the fixture `aws` stands in for AWS"),
        (("aws",), True, "needs `aws_server`"),
        (("aws",), False, "ask AWS in setUp"),
        (("aws", "aws_server"), True, "aws_server.endpoint_url"),
    ],
)
def test_advice__names_what_is_needed(fixtures, of_test, named):
    guard = Guard("auto")
    guard.stands_in_for_aws = advice(fixtures, of_test=of_test)
    with pytest.raises(NetworkBlockedError) as caught:
        guard.check("s3.us-east-1.amazonaws.com", 443)
    assert named in str(caught.value)
