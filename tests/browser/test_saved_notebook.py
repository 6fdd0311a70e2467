"""A notebook that version 0.1.0 saved: its pictures are still shown by the code of today.

``saved/version-0.1.0.ipynb`` was run and saved in JupyterLab by the code of that version.
"""

import shutil

from playwright.sync_api import expect


def test_an_old_notebook_shows_its_pictures(lab, open_notebook, repository):
    name = "version-0.1.0"
    shutil.copy(repository / "tests" / "browser" / "saved" / f"{name}.ipynb", lab[1])
    notebook = open_notebook(name, None).open()
    explorer, classifier = (notebook.page.locator(".conus-saved").nth(n) for n in (0, 1))
    expect(explorer).to_be_visible()
    # The numbers are those of the notebook's second cell, as Python printed them.
    expect(explorer.locator("tr").filter(has_text="blotched")).to_contain_text("−3.21")
    expect(explorer.locator("img")).to_have_count(1)
    expect(classifier.locator("tr").filter(has_text="tented")).to_contain_text("99.2")
    for alarm in notebook.page.get_by_text("model not found").all():
        expect(alarm).to_be_hidden()
    notebook.quiet(allow=["widget model not found"])
