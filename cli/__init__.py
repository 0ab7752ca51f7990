"""The command line: parse, one call of the engine or one query, print.

No rule of the domain and no SQL lives here. `main` explains how a command is written.
"""
