"""CloudFormation's pseudo parameters, of a stack that nobody has deployed.

Source: AWS CloudFormation user guide, "Pseudo parameters reference".
"""

from typing import Any

_STACK_UUID = "51af3dc0-da77-11e4-872e-1234567db123"


def url_suffix(partition: str) -> str:
    """Return the end of the names of a partition's hosts."""
    return "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"


def pseudo_parameters(region: str, account: str, partition: str, stack_name: str) -> dict[str, Any]:
    """Return the values by name, `AWS::NoValue` aside."""
    return {
        "AWS::AccountId": account,
        "AWS::NotificationARNs": [],
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::StackId": f"arn:{partition}:cloudformation:{region}:{account}:stack/{stack_name}/{_STACK_UUID}",
        "AWS::StackName": stack_name,
        "AWS::URLSuffix": url_suffix(partition),
    }
