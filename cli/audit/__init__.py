"""Commands of an auditor: what happened, what was so, and whether the log and the read models can be trusted."""
