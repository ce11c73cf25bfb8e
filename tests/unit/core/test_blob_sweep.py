from __future__ import annotations

import time
from pathlib import Path

from petfectior import blob_sweep
from petfectior.adapters.files import FileBlobStore
from petfectior.adapters.sqlite_store import SqliteTaskStore
from tests.unit.core.documents import task


def test_only_old_blobs_that_no_task_names_are_deleted(tmp_path: Path) -> None:
    blobs, tasks = FileBlobStore(tmp_path / "blobs"), SqliteTaskStore(tmp_path / "store")
    one = task()
    named = blobs.put(f"{one.id}/download/a/result", [b"named"])
    stale = blobs.put(f"{one.id}/download/b/result", [b"stale"])
    orphan = blobs.put("0" * 32 + "/anonymize/c/package", [b"orphan"])
    one.result = [named]
    tasks.insert(one)
    assert blob_sweep.sweep(blobs, tasks, time.time()) == 0
    assert blob_sweep.sweep(blobs, tasks, time.time() + blob_sweep.AGE_SECONDS + 60) == 2
    assert [info.key for info in blobs.list()] == [named.key]
    assert {stale.key, orphan.key}.isdisjoint(info.key for info in blobs.list())
