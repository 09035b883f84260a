"""The diagram's colours: what is written on them can be read, in light and in dark mode."""

import re

from pipeproof import StateMachine
from pipeproof.stepfunctions.reporting.coverage import measure_coverage
from pipeproof.stepfunctions.reporting.mermaid import render_graph

READABLE = 4.5
"""The contrast that WCAG 2 asks for (level AA)."""


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_graph__each_fill_has_a_text_colour_that_can_be_read_on_it() -> None:
    machine = StateMachine(
        {
            "StartAt": "Which",
            "States": {
                "Which": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.a", "IsPresent": True, "Next": "Done"}],
                    "Default": "Not done",
                },
                "Done": {"Type": "Succeed"},
                "Not done": {"Type": "Fail"},
            },
        }
    )
    coverage = measure_coverage(machine.definition, machine.run({"a": 1}).hits)
    styles = re.findall(r"classDef \w+ (\S+)", render_graph(machine.definition, coverage))
    assert len(styles) == 2
    for style in styles:
        values = dict(part.split(":") for part in style.split(","))
        low, high = sorted((luminance(values["fill"]), luminance(values["color"])))
        assert (high + 0.05) / (low + 0.05) >= READABLE
