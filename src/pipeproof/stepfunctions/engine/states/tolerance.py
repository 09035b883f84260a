"""Tolerance: how many of a Map's items may fail, and when that is exceeded."""

from typing import Any

from pipeproof.stepfunctions.engine.run import Place
from pipeproof.stepfunctions.engine.states.map_fields import find_number, out_of_range

THRESHOLD = "States.ExceedToleratedFailureThreshold"
THRESHOLD_CAUSE = "The specified tolerated failure threshold was exceeded"


def find_tolerance(place: Place, effective: Any) -> tuple[float | None, float | None]:
    """ToleratedFailureCount and ToleratedFailurePercentage, in any of their forms.

    The service looks at them once the Map has started, whatever its mode.
    """
    raw = place.state.raw
    count = find_number(place, raw, "ToleratedFailureCount", effective)
    if count is not None and count < 0:
        raise out_of_range(place, "ToleratedFailureCount", "ToleratedFailureCount cannot be negative.")
    if count is not None:
        place.note("toleratedFailureCount", int(count))
    share = find_number(place, raw, "ToleratedFailurePercentage", effective, whole=False)
    if share is not None and not 0 <= share <= 100:
        raise out_of_range(place, "ToleratedFailurePercentage", "ToleratedFailurePercentage must be between 0 and 100.")
    if share is not None:
        place.note("toleratedFailurePercentage", share)
    return count, share


def exceeds_tolerance(failed: int, total: int, count: float | None, share: float | None) -> bool:
    """Return whether more items failed than a Map tolerates.

    Args:
        failed: How many failed.
        total: How many there are, as far as that is known.
        count: ToleratedFailureCount.
        share: ToleratedFailurePercentage, 0 to 100.
    """
    too_many = count is not None and failed > count
    return too_many or (share is not None and total > 0 and 100 * failed / total > share)
