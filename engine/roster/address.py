"""What an e-mail address looks like."""

from __future__ import annotations

import re

_EMAIL = re.compile(r"[^@\s,;<>()\"]+@[^@\s,;<>()\".]+(\.[^@\s,;<>()\".]+)+")


def looks_like_email(text: str) -> bool:
    """Whether there is one `@` with a name before it and a domain behind it."""
    return _EMAIL.fullmatch(text) is not None
