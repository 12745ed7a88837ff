"""PostgreSQL's pool in a process that ends. No server is needed: the pool's threads look for one in vain."""

import os
import subprocess
import sys
from pathlib import Path

from workshop.environment.ports import free_port

# What is registered first to be done at the end is done last.
A_COMMAND_WITH_A_POOL = """
import atexit
from django.conf import settings
from operations.settings.environment import ServiceEnvironment
settings.configure(DATABASES={"default": ServiceEnvironment("example").database()})
from django.db import connection
atexit.register(lambda: print("closed:", connection.pool.closed))
connection.pool.open()
print("closed:", connection.pool.closed)
"""


def test_the_pool_is_closed_before_the_process_ends(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", A_COMMAND_WITH_A_POOL],
        env=os.environ
        | {"STATE_DIR": str(tmp_path), "DATABASE_URL": f"postgres://nobody@127.0.0.1:{free_port()}/example"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert ended.stdout == "closed: False\nclosed: True\n", ended.stderr
    assert "stop thread" not in ended.stderr
