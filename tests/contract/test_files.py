"""The BlobStore of files keeps the contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.blob_store import BlobStoreContract
from tests.contract.processes import Backend


class TestFileBlobStore(BlobStoreContract):
    @pytest.fixture
    def backend(self, tmp_path: Path) -> Backend:
        return Backend("petfectior.adapters.files:FileBlobStore", str(tmp_path))
