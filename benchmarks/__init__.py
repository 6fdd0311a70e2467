"""The network's speed beside the best engines for CPUs: ``make bench``.

`network` writes what all engines read: weights, table, photographs. Each engine (`engines/`) lives
in a process of its own (`worker`, and `processes` on the driver's side). `answers` are compared
before `figures` are measured, in interleaved `rounds`. `results` are kept as JSON, of which
`ratios`, held against `targets`, become a `table` and a `picture`.
"""
