"""``python -m tests.servers install`` installs and builds what the integration tests need."""

from __future__ import annotations

import sys

from tests.servers import minio, mongo, rabbitmq

if sys.argv[1:] != ["install"]:
    sys.exit(__doc__)
for server in (rabbitmq, mongo, minio):
    print(f"installing {server.__name__.rpartition('.')[2]}", flush=True)
    server.install()
