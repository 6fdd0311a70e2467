"""The explorer's speed in a real browser: ``make bench-browser``.

`hosts` start JupyterLab and Voila, each with a notebook in which `kernel` puts an explorer on the
page and notes when its network computes. `hand` moves a real mouse; `line.js` hears the messages
between page and kernel, and `probe.js` notes inside the page when an event happened and when its
answer was painted. `figures` turn those notes into times, which are kept as `results`, held against
`targets`, and become a `page` of Markdown.

`inspecting` opens cases in the inspector and scrolls its gallery, on collections that `desk` makes.
"""
