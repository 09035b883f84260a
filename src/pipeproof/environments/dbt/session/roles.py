"""Who may do what with what was built: PostgreSQL's own word, and the project's `grants` where a database has none."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pipeproof.environments.dbt.errors import DbtOptionError
from pipeproof.environments.dbt.session.warehouse import Warehouse

_ROLES = "it can be asked on PostgreSQL: dbt-target names a target of the profile"


def read_grants(warehouse: Warehouse, relation: Any, node: Any) -> Mapping[str, Sequence[str]]:
    """Return the roles that have been granted something, by privilege; in small letters, each sorted.

    Args:
        warehouse: The test's connection.
        relation: Where the node is; None for what the project's configuration says.
        node: The node.
    """
    if warehouse.dialect != "postgres" or relation is None:
        granted = getattr(node.config, "grants", None) or {}
        return {
            str(privilege).lower(): sorted([roles] if isinstance(roles, str) else roles)
            for privilege, roles in granted.items()
        }
    # What the owner may do was granted by nobody, and is left out; a role of number 0 is everybody.
    _, rows = warehouse.read(
        "select lower(granted.privilege_type), case granted.grantee when 0 then 'public' "  # noqa: S608 - names of ours
        "else pg_get_userbyid(granted.grantee) end from pg_class as class "
        "join pg_namespace as space on space.oid = class.relnamespace "
        "cross join aclexplode(class.relacl) as granted "
        f"where space.nspname = '{relation.schema}' and class.relname = '{relation.identifier}' "
        "and granted.grantee <> class.relowner order by 1, 2"
    )
    grants: dict[str, list[str]] = {}
    for privilege, role in rows:
        grants.setdefault(str(privilege), []).append(str(role))
    return grants


def read_owner(warehouse: Warehouse, relation: Any) -> str | None:
    """Return the role that owns a relation; None where it is not there.

    Raises:
        DbtOptionError: The database has no roles that it can be asked for.
    """
    _check(warehouse, "dbt.owner")
    _, rows = warehouse.read(
        "select pg_get_userbyid(class.relowner) from pg_class as class "  # noqa: S608 - names of ours
        "join pg_namespace as space on space.oid = class.relnamespace "
        f"where space.nspname = '{relation.schema}' and class.relname = '{relation.identifier}'"
    )
    return str(rows[0][0]) if rows else None


@contextmanager
def playing(warehouse: Warehouse, schemas: Sequence[Any], role: str) -> Iterator[None]:
    """Let the test's own queries be a role's while this lasts.

    The role may use the test's schemas from then on: who may use those of production is said outside of the project.

    Args:
        warehouse: The test's connection.
        schemas: The test's schemas, as relations.
        role: The role.

    Raises:
        DbtOptionError: The database has no such role, or none at all.
    """
    _check(warehouse, "dbt.role")
    _, known = warehouse.read("select rolname from pg_roles")
    if (role,) not in known:
        raise DbtOptionError(f"dbt.role: the database has no role {role!r}", hint=f"create it: create role {role}")
    quoted = '"' + role.replace('"', '""') + '"'
    with warehouse.playing(quoted):
        let_use(warehouse, schemas)
        yield


def let_use(warehouse: Warehouse, schemas: Sequence[Any]) -> None:
    """Let the role that is played, if one is, use schemas."""
    role = warehouse.role
    if role is not None:
        with warehouse.preparing():
            warehouse.execute(f"grant usage on schema {', '.join(map(str, schemas))} to {role}")


def _check(warehouse: Warehouse, what: str) -> None:
    if warehouse.dialect != "postgres":
        raise DbtOptionError(f"{what}: {warehouse.dialect} has no roles that it can be asked about", hint=_ROLES)
