"""Background processes: media jobs, event consumers, the outbox relay and the sweeper."""
