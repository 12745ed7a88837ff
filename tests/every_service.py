"""The settings of all services in one module, for the type checker, which wants to know every model.

Nothing runs under them.
"""

import os
import tempfile

_STATE = tempfile.TemporaryDirectory(prefix="types-")
os.environ["STATE_DIR"] = _STATE.name

# Not before the state directory is named: settings are read when they are imported.
from authserver import pages_settings as _authserver  # noqa: E402 - as said
from authserver.pages_settings import *  # noqa: E402, F403 - all of them
from bank_api import pages_settings as _bank_api  # noqa: E402 - as said
from bank_api.pages_settings import *  # noqa: E402, F403 - all of them
from ca import pages_settings as _ca  # noqa: E402 - as said
from ca.pages_settings import *  # noqa: E402, F403 - all of them
from partner_client import settings as _partner_client  # noqa: E402 - as said
from partner_client.settings import *  # noqa: E402, F403 - all of them

_SERVICES = (_ca, _authserver, _bank_api, _partner_client)
INSTALLED_APPS = list(dict.fromkeys(app for service in _SERVICES for app in service.INSTALLED_APPS))
