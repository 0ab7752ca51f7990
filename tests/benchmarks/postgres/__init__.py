"""The measures of a PostgreSQL store: one server of its own, with the durability that it has unless told otherwise."""
