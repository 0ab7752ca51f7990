"""Lists as read models keep them in a column: JSON without blanks."""

from __future__ import annotations

from collections.abc import Callable
from json import JSONEncoder

compact: Callable[[object], str] = JSONEncoder(separators=(",", ":"), check_circular=False).encode
"""The JSON text of a value; `json.dumps` makes an encoder for each call and looks for circles, and takes four times as
long."""
