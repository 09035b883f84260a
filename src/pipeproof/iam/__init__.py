"""IAM: policies read, evaluated as AWS evaluates them, and what a call needs of them. Knows neither pytest nor moto.

policy = Policy.load("template.yaml", role="OrdersRole")
for action, resource in required_actions("s3", "GetObject", {"Bucket": "raw", "Key": "a.csv"}):
    decision = evaluate(policy, action, resource)
    if not decision.allowed:
        print(render_denial(decision, "arn:aws:sts::123456789012:assumed-role/OrdersRole/test"))
"""

from pipeproof.iam.calls import Requirement
from pipeproof.iam.errors import PolicyError
from pipeproof.iam.evaluation import Decision, evaluate
from pipeproof.iam.operations import required_actions
from pipeproof.iam.policies import Policy, Statement
from pipeproof.iam.wording import render_denial

__all__ = [
    "Decision",
    "Policy",
    "PolicyError",
    "Requirement",
    "Statement",
    "evaluate",
    "render_denial",
    "required_actions",
]
