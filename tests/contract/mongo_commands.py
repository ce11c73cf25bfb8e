"""What a program asks of a MongoDB server, heard by PyMongo's listener, and which index answers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from pymongo import IndexModel, monitoring

Document = dict[str, Any]


@dataclass(frozen=True)
class Search:
    """Filter and order of a command; `bounded` tells of a count whether it stops somewhere."""

    command: str
    wanted: Document
    order: tuple[tuple[str, int], ...] = ()
    bounded: bool = True


class Listener(monitoring.CommandListener):
    """Keeps filter and order of every command that searches one of the collections."""

    def __init__(self, *collections: str) -> None:
        self.collections = set(collections)
        self.searches: list[Search] = []
        self.finds: list[Document] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        command, name = event.command, event.command_name
        if command.get(name) not in self.collections:
            return
        if name == "find":
            self.finds.append({part: command[part] for part in ("find", "filter", "sort") if part in command})
        if name in {"find", "findAndModify"}:
            wanted = command.get("filter", command.get("query", {}))
            self._hear(name, wanted, tuple(command.get("sort", {}).items()))
        for one in [*command.get("updates", []), *command.get("deletes", [])]:
            self._hear(name, one["q"])
        steps = command.get("pipeline", [])
        if steps and "$match" in steps[0]:
            self._hear("count", steps[0]["$match"], bounded="$limit" in steps[1])

    def _hear(self, command: str, wanted: Document, order: Any = (), *, bounded: bool = True) -> None:
        self.searches.append(Search(command, dict(wanted), order, bounded=bounded))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


def keys(indexes: Sequence[IndexModel]) -> list[list[str]]:
    """Return the fields of each index, and of the one on _id that every collection has."""
    return [["_id"], *(list(index.document["key"]) for index in indexes)]


def found_by(indexes: list[list[str]], wanted: Document) -> bool:
    """Tell whether an index begins with a field of the filter: of each branch, if it has branches."""
    if any(index[0] in wanted for index in indexes):
        return True
    return all(found_by(indexes, branch) for branch in wanted["$or"]) if "$or" in wanted else False


def left_over(indexes: list[list[str]], search: Search) -> set[str] | None:
    """Return what of the filter the best index leaves over, of those that give the order; None if none does.

    An index gives the order after fields that equal a value or one of a list (the server merges their runs:
    "SORT_MERGE"), forwards or backwards. A range is held if it is of the first field of the order.
    """
    equal = {name for name, value in search.wanted.items() if not _is_range(name, value)}
    order = [name for name, _ in search.order if name not in equal]
    assert len({direction for _, direction in search.order}) <= 1, search
    left = []
    for index in indexes:
        head = list(takewhile(equal.__contains__, index))
        if index[len(head) :][: len(order)] == order:
            left.append(set(search.wanted) - set(head) - set(order[:1]))
    return min(left, key=len) if left else None


def _is_range(name: str, value: Any) -> bool:
    return name.startswith("$") or (isinstance(value, dict) and "$in" not in value)
