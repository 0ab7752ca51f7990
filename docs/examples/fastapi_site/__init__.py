"""An example of a site: mentorcycle behind FastAPI, on SQLite or PostgreSQL."""
