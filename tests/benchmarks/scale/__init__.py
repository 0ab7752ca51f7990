"""From one school to every teacher there is: what a database would have to hold and to take.

`python -m tests.benchmarks.scale` prints the table of `docs/scale.md`. It reckons from what was
measured before, and measures only with `--measure`.
"""
