"""Whether the service would accept a definition, and what in it is doubtful: findings with stable codes and places.

for finding in validate(document):
    print(finding.render(document))       # orders.asl.json:12:7: SFN201 error: ...
"""

from pipeproof.stepfunctions.definition.validation.findings import CODES, Finding
from pipeproof.stepfunctions.definition.validation.machines import validate

__all__ = ["CODES", "Finding", "validate"]
