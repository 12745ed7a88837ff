"""How the API is served."""

import os

bind = os.environ["BIND"]
certfile = os.environ["SERVER_CERTIFICATE_FILE"]
keyfile = os.environ["SERVER_KEY_FILE"]
