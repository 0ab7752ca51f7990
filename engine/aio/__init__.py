"""The engine on an event loop: `AsyncEngine`, and what lets the core that threads use run in tasks."""
