"""A library's hooks: names that are touched for one purpose, and what is lost where one of them has changed."""

import functools
import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

from pipeproof.errors import SetupError
from pipeproof.patching.names import Changed, Found, Name
from pipeproof.patching.replacing import replaced
from pipeproof.variables import PATCHES

Make = Callable[[Any], Any]
"""Makes what stands in a name's place of what was there."""

Value = TypeVar("Value")

_NOT_AS_KNOWN = (ImportError, AttributeError, TypeError, KeyError, IndexError, ValueError)
"""What reading something of a library raises that has changed."""


class LibraryChangedWarning(UserWarning):
    """A library has changed where pipeproof reaches into it; what is lost by that is said, once a process."""


@dataclass(eq=False)
class Library:
    """A library that is touched.

    Args:
        title: What a user calls it.
        distribution: Its name in the registry.
        least: The least version that is known to work.
        switched: Whether `PIPEPROOF_PATCHES` has a say.
        category: The warning for what is lost.
    """

    title: str
    distribution: str
    least: str
    switched: bool = False
    category: type[LibraryChangedWarning] = LibraryChangedWarning
    hooks: "list[Hook]" = field(default_factory=list)

    def hook(
        self,
        without: str,
        *names: str,
        fields: tuple[str, ...] = (),
        since: str | None = None,
        speed: bool = False,
        refuse: str | None = None,
    ) -> "Hook":
        """List names that are touched together.

        Args:
            without: What is lost where one of them has changed.
            names: `module:Class.method(self, request)`, see [Name][].
            fields: Private attributes of objects that are touched in a call: their classes do not have them.
            since: The version that brought the names; earlier ones need nothing touched.
            speed: Whether nothing but time is.
            refuse: Where the library must not go on by itself once a call is not as it is known: what is then said.
        """
        made = Hook(self, without, tuple(map(Name.parse, names)), fields, since, speed, refuse)
        self.hooks.append(made)
        return made

    @property
    def installed(self) -> str:
        """The version that is installed."""
        try:
            return version(self.distribution)
        except PackageNotFoundError:
            return "of an unknown version"


@dataclass(eq=False)
class Hook:
    """Names of a library that are touched together, for one purpose."""

    library: Library
    without: str
    names: tuple[Name, ...]
    fields: tuple[str, ...] = ()
    since: str | None = None
    speed: bool = False
    refuse: str | None = None
    """What is said where the library must not go on by itself."""
    changed: str | None = None
    """What has changed, where something has."""
    users: int = 0
    """How many contexts are entered now that replace something."""

    @property
    def wanted(self) -> bool:
        """Whether `PIPEPROOF_PATCHES` lets it be, and there is something to touch in this version of the library."""
        chosen = PATCHES.read() if self.library.switched else PATCHES.default
        return (chosen == "all" or (chosen == "needed" and not self.speed)) and self._has_come

    @cached_property
    def _has_come(self) -> bool:
        if self.since is None:
            return True
        from packaging.version import InvalidVersion, Version

        try:
            return Version(self.library.installed) >= Version(self.since)
        except InvalidVersion:
            return True

    @property
    def at_work(self) -> bool:
        """Whether it replaces something now, and nothing was found changed."""
        return self.users > 0 and self.changed is None

    def find(self, place: str) -> Any:
        """Return what is at one of the places that are listed.

        Raises:
            Changed: It is gone, or takes other parameters.
        """
        return self.locate(place).value

    def locate(self, place: str) -> Found:
        """Return the same, with where it was found."""
        return next(name for name in self.names if name.place == place).find()

    def check(self) -> dict[str, Found]:
        """Find all that is listed, by place; raises [Changed][] where something is not as it is listed."""
        return {name.place: name.find() for name in self.names}

    def usable(self) -> bool:
        """Return whether all that is listed is wanted and as it is listed; warn where it is not as it is listed."""
        if not self.wanted:
            return False
        try:
            self.check()
        except Changed as error:
            self.lose(error)
            return False
        return True

    def enter(self, stack: ExitStack, makes: "Mapping[str, Make] | Callable[[], AbstractContextManager[Any]]") -> bool:
        """Put something in the listed names' places until the stack is closed; warn where that cannot be.

        Args:
            stack: Undoes it.
            makes: What makes each replacement, by place; or a context that does it all.

        Returns:
            Whether it was done.
        """
        if not self.wanted:
            return False
        try:
            found = self.check()
            stack.enter_context(self.replacing(makes, found) if isinstance(makes, Mapping) else makes())
        except Changed as error:
            self.lose(error)
            return False
        return True

    @contextmanager
    def replacing(self, makes: Mapping[str, Make], found: Mapping[str, Found] | None = None) -> Iterator[None]:
        """Put something in the places of names, all of them or, where one has changed, none.

        Args:
            makes: What makes each replacement, by place.
            found: What is there, where that has been found out already.

        Raises:
            Changed: One of them is gone, or takes other parameters.
        """
        found = self.check() if found is None else found
        with ExitStack() as stack:
            for place, make in makes.items():
                stack.enter_context(replaced(found[place], self.guard(found[place].value, make(found[place].value))))
            stack.enter_context(self.in_use())
            yield

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """It is at work meanwhile."""
        self.users += 1
        try:
            yield
        finally:
            self.users -= 1

    def guard(self, original: Any, replacement: Any) -> Any:
        """Return a replacement that gives way to the original where the library calls it, or is, not as it is known."""
        if not (inspect.isroutine(original) and inspect.isfunction(replacement)):
            return replacement
        return _guard_async(self, original, replacement) if inspect.iscoroutinefunction(replacement) else _guard(
            self, original, replacement
        )  # fmt: skip

    @contextmanager
    def known(self) -> Iterator[None]:
        """Read what is private of a library: what it raises where that has changed becomes [Changed][].

        For use in a replacement, before it has called the original: that one is then called.
        """
        try:
            yield
        except _NOT_AS_KNOWN as error:
            raise Changed(f"{type(error).__name__}: {error}") from error

    @contextmanager
    def tolerated(self) -> Iterator[None]:
        """The same after the original was called: a change is warned of and the body left, nothing else."""
        try:
            yield
        except (Changed, *_NOT_AS_KNOWN) as error:
            self.lose(error)

    def read(self, get: Callable[[], Value], otherwise: Value) -> Value:
        """Return what `get` gives of the library or, with a warning, something else where that has changed."""
        try:
            self.check()
            return get()
        except (Changed, *_NOT_AS_KNOWN) as error:
            self.lose(error)
            return otherwise

    def lose(self, error: BaseException) -> None:
        """Warn, once a process, of what is lost."""
        if self.changed is not None:
            return
        self.changed = str(error) if isinstance(error, Changed) else f"{type(error).__name__}: {error}"
        library = self.library
        switch = f" {PATCHES.name}=none runs the tests with {library.title} as it is." if library.switched else ""
        change = f"{library.title} {library.installed} is not as pipeproof knows it ({self.changed})"
        warnings.warn(f"{change}: {self.without}.{switch}", library.category, stacklevel=3)

    def require(self, what: str) -> None:
        """Refuse what a test asks for and would not get: a test that passed without it would prove nothing.

        Raises:
            SetupError: Something of the library has changed.
        """
        if self.changed is not None:
            library = self.library
            raise SetupError(
                f"{what} with {library.title} {library.installed}: {self.changed}",
                hint=f"Pin a version that works: {library.distribution} does from {library.least} on.",
            )


def _guard(hook: Hook, original: Callable[..., Any], replacement: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            return replacement(*args, **kwargs)
        except Changed as error:
            hook.lose(error)
        except TypeError as error:
            if _fits(replacement, args, kwargs):
                raise
            hook.lose(error)
        if hook.refuse:
            hook.require(hook.refuse)
        return original(*args, **kwargs)

    return call


def _guard_async(hook: Hook, original: Callable[..., Any], replacement: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    async def call(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            return await replacement(*args, **kwargs)
        except Changed as error:
            hook.lose(error)
        except TypeError as error:
            if _fits(replacement, args, kwargs):
                raise
            hook.lose(error)
        if hook.refuse:
            hook.require(hook.refuse)
        return await original(*args, **kwargs)

    return call


def _fits(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a function takes these arguments: if not, its `TypeError` was Python's, and nothing has been done."""
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError:
        return False
    return True
