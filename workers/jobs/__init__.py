"""What a worker does, one module per kind of task. A job takes ids, loads again, and may safely run twice."""
