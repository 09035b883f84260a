"""boto3 sessions that share what they read: the models of the services, of which reading is most of a client's cost."""

from functools import cache
from typing import Any


@cache
def shared_loader() -> Any:
    """botocore's loader of service models, one for the process."""
    from botocore.loaders import create_loader  # type: ignore[import-untyped]

    return create_loader()


def new_session(region: str) -> Any:
    """Return a boto3 session of the region; its keys come from the environment."""
    import boto3  # type: ignore[import-untyped]
    from botocore.session import get_session  # type: ignore[import-untyped]

    core = get_session()
    core.register_component("data_loader", shared_loader())
    return boto3.Session(botocore_session=core, region_name=region)


def operations_of(service: str) -> tuple[str, ...]:
    """Return the operations of a service, or nothing where boto3 knows no such service."""
    from botocore.exceptions import UnknownServiceError  # type: ignore[import-untyped]

    try:
        return tuple(shared_loader().load_service_model(service, "service-2")["operations"])
    except UnknownServiceError:
        return ()
