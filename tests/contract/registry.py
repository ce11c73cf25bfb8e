"""What every Registry does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from petfectior.errors import Conflict, NotFound
from petfectior.ports import Record, Registry
from tests.contract.processes import Backend, running

WRITERS = 8
ROUNDS = 10


class RegistryContract(ABC):
    """Subclassed once per backend."""

    @pytest.fixture
    @abstractmethod
    def backend(self) -> Backend:
        """Return an empty backend."""

    @pytest.fixture
    def registry(self, backend: Backend) -> Iterator[Registry]:
        registry = backend.open()
        yield registry
        registry.close()

    def test_a_record_is_read_back_with_its_revision(self, registry: Registry) -> None:
        value = {"text": "añ\x00ö", "list": [1, 2.5, None, True], "a.b": {"$c": {}}, "": 1}
        assert registry.put("device", "PACS 1", value) == Record(
            kind="device", key="PACS 1", value=value, revision=1
        )
        assert registry.get("device", "PACS 1").value == value

    def test_each_put_counts_the_revision_on(self, registry: Registry) -> None:
        revisions = [registry.put("k", "a", {"n": n}).revision for n in range(3)]
        assert revisions == [1, 2, 3]
        assert registry.get("k", "a") == Record(kind="k", key="a", value={"n": 2}, revision=3)

    def test_a_missing_record_is_not_found(self, registry: Registry) -> None:
        registry.put("k", "a", {})
        for kind, key in (("k", "b"), ("other", "a")):
            with pytest.raises(NotFound):
                registry.get(kind, key)

    def test_a_put_with_another_revision_changes_nothing(self, registry: Registry) -> None:
        first = registry.put("k", "a", {"n": 1}, 0)
        with pytest.raises(Conflict):
            registry.put("k", "a", {"n": 2}, 0)
        with pytest.raises(Conflict):
            registry.put("k", "a", {"n": 2}, 2)
        with pytest.raises(Conflict):
            registry.put("k", "missing", {"n": 2}, 1)
        assert registry.get("k", "a") == first
        assert registry.put("k", "a", {"n": 2}, 1).revision == 2

    def test_a_record_is_deleted_by_its_revision_or_whatever_it_is(self, registry: Registry) -> None:
        registry.put("k", "a", {})
        with pytest.raises(Conflict):
            registry.delete("k", "a", 2)
        registry.delete("k", "a", 1)
        registry.delete("k", "a", 1)
        registry.put("k", "b", {})
        registry.delete("k", "b")
        registry.delete("k", "b")
        assert registry.list("k") == []

    def test_a_kind_is_listed_by_key(self, registry: Registry) -> None:
        for key in ("b", "a", "c", "a/b"):
            registry.put("k", key, {"key": key})
        registry.put("kk", "a", {})
        assert [record.key for record in registry.list("k")] == ["a", "a/b", "b", "c"]
        assert registry.list("k")[1].value == {"key": "a/b"}
        assert registry.list("none") == []

    def test_racing_writers_lose_no_change(self, registry: Registry, backend: Backend) -> None:
        registry.put("k", "a", {"n": 0})
        with ExitStack() as stack:
            writers = [
                stack.enter_context(running("count_up", backend, "k", "a", ROUNDS)) for _ in range(WRITERS)
            ]
            for writer in writers:
                writer.says("ready")
            for writer in writers:
                writer.go()
            for writer in writers:
                writer.says("done")
        assert registry.get("k", "a").value == {"n": WRITERS * ROUNDS}
        assert registry.get("k", "a").revision == 1 + WRITERS * ROUNDS
