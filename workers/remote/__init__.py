"""A worker on a machine that shares nothing with the appliance: it speaks HTTPS to it, and nothing else to anybody."""
