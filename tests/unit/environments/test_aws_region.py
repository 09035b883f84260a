"""The region of the stubs is one that boto3 knows."""

import pytest

from pipeproof import SetupError
from pipeproof.environments.aws.configuration import require_region


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1"])
def test_require_region__of_any_partition(region: str) -> None:
    assert require_region(region) == region


@pytest.mark.parametrize(("region", "hint"), [("eu-west1", "did you mean eu-west-1"), ("europe", "boto3 knows af-")])
def test_require_region__is_none(region: str, hint: str) -> None:
    with pytest.raises(SetupError, match="pipeproof_aws_region") as caught:
        require_region(region)
    assert hint in str(caught.value)
