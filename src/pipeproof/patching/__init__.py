"""The one gate to what pipeproof replaces, or reads, inside of other people's libraries.

For each library one module lists what is touched, in [Hook][]s: the names that go together, with the parameters that
are counted on, and what is lost without them. Where a name, a signature or a result is not as the list has it, at entry
or at the call, the library's own behaviour stands and one warning a process says what is lost by that. What has been
replaced is put back whatever happens.

- botocore, aiobotocore, moto: `environments/aws/touched.py`; moto's Step Functions: `stepfunctions/moto_service.py`
- dbt: `environments/dbt/in_process/touched.py`
- Prefect, and what its server rests on: `environments/prefect/internals/touched.py`
- pytest: `plugin/touched.py`; sqlglot: `sql/touched.py`
"""

from pipeproof.patching.hooks import Hook, Library, LibraryChangedWarning, Make
from pipeproof.patching.names import Changed, Found, Name, look_up
from pipeproof.patching.replacing import kinds, overlaid, replaced

__all__ = [
    "Changed",
    "Found",
    "Hook",
    "Library",
    "LibraryChangedWarning",
    "Make",
    "Name",
    "kinds",
    "look_up",
    "overlaid",
    "replaced",
]
