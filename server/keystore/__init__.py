"""Keys, certificates, passwords, tickets and tokens: the only package that imports `cryptography`."""
