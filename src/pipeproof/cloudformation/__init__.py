"""CloudFormation and SAM templates: read with the line of every key, intrinsic functions resolved without a stack.

Whoever needs something of a template (a role's policy, a state machine's definition) loads it here:

    template = Template.load("template.yaml", parameters={"Stage": "test"})
    properties = template.properties("OrdersRole")       # resolved; template.raw("OrdersRole") is as written
    locate(properties, "Policies")                       # Location(file, line, column), also after resolving
"""

from pipeproof.cloudformation.documents import (
    DocumentError,
    LocatedDict,
    LocatedList,
    load_document,
    locate,
    parse_document,
)
from pipeproof.cloudformation.intrinsics import TemplateError
from pipeproof.cloudformation.resource import Resource, is_template
from pipeproof.cloudformation.stand_ins import StandIn
from pipeproof.cloudformation.template import Template

__all__ = [
    "DocumentError",
    "LocatedDict",
    "LocatedList",
    "Resource",
    "StandIn",
    "Template",
    "TemplateError",
    "is_template",
    "load_document",
    "locate",
    "parse_document",
]
