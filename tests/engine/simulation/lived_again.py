"""Lives a year on the store at a URL and prints a digest of all that is stored; for processes of their own."""

import sys
from hashlib import sha256

from mentorcycle.engine.simulation import open_demo, run
from mentorcycle.engine.stores.port import Store, tail


def digest(store: Store, tenant: str) -> str:
    """The rows of the log as they are, and the words beside it."""
    content = sha256()
    streams: dict[str, None] = {}
    for row in tail(store, 0):
        content.update(repr(tuple(row)).encode())
        streams[row.stream] = None
    for stream in streams:
        for words in store.read_words(tenant, stream):
            content.update(repr((stream, words)).encode())
    return content.hexdigest()


if __name__ == "__main__":
    url, seed = sys.argv[1], int(sys.argv[2])
    engine, clock = open_demo(url, seed)
    with engine:
        year = run(engine, clock, seed)
        print(digest(engine.store, engine.tenant), year)
