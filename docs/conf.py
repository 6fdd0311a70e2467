"""Settings of the documentation's site; `make docs` builds it.

The sources are the repository itself, so that a link in a Markdown file leads to the same place
on the site and in a checkout.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "extensions")]

from conus_widgets import __version__  # noqa: E402

project = "conus_widgets"
version = release = __version__
language = "en"
root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "notebooks/*.ipynb",
    "benchmarks/*.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
]
# Folders that are not searched at all.
exclude_patterns = [".*", "build", "conus_widgets", "tests", "dist", "**/.ipynb_checkpoints"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "notebook_pages",
    "method_gallery",
    "nothing_outside",
]

myst_heading_anchors = 4
myst_enable_extensions = ["attrs_block"]

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say it, with shapes and units
napoleon_google_docstring = False
napoleon_use_param = napoleon_use_rtype = False  # types are words here, not links
add_module_names = False

html_theme = "furo"
html_title = "conus_widgets"
html_static_path = ["site"]
html_css_files = ["site.css"]
html_extra_path = ["top"]
html_copy_source = False
html_show_sphinx = False
# Everything comes with the site: a room without the network can read it.
html_theme_options = {"top_of_page_buttons": []}
