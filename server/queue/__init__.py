"""RQ as a doorbell: it wakes workers and carries nothing that could be lost."""
