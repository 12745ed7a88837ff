"""Sphinx's settings. Nothing that a page loads comes from elsewhere."""

import sys
import tomllib

from tools.site.repository_files import REPOSITORY

sys.path.insert(0, str(REPOSITORY))

project = "Certificate-bound access tokens"
author = "the contributors"
copyright = author  # noqa: A001 - Sphinx's name
release = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "tools.site.docstrings", "tools.site.repository_files"]
myst_heading_anchors = 4
root_doc = "index"

autodoc_default_options = {"members": True, "member-order": "bysource", "no-value": True}
python_maximum_signature_line_length = 80

html_theme = "furo"
html_title = f"{project} {release}"
html_copy_source = False
html_show_sphinx = False
pygments_style = "default"
