"""The only Flask: pages for people, the API for programs, sockets for live events."""
