"""WebSockets: events for pages that are open now. A process of its own, so that a new version of the site drops nobody.

feed      one per process: every event once and in order, from Redis, with PostgreSQL filling the holes
client    one per connection: resumes, then writes what the feed gives, checks that both sides are still there
sender    the writing side of a connection: a bounded queue of whole frames
frames    frames, encoded once for all clients
endpoint  who may connect
"""
