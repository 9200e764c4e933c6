"""Consumers of events, one module and one process each: `python -m workers.consumers.<name>`."""
