"""Commands for whoever looks after the store: make it, look at it, copy it, put a copy back, mend read models."""
