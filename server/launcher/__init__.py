"""The launcher behind `make run` and behind the tests: private servers and our processes under one supervisor.

    prepare.sh      packages, virtual environment and browser assets, before Python exists
    commands        the verbs run, stop and status
    home            the folder of one private system, and its lock
    assembly        the list of parts: postgresql, redis, rabbitmq, nginx (one module each) and processes (ours)
    supervisor      starts, watches, restarts and stops them; child is one of them while it lives
    kernel          what only Linux can tell and do: identities, orphans, parent-death signals
    leftovers       ends what a killed part or a killed launcher left behind
    system          a private system for tests

The launcher stands beside the layers: it imports only the settings and the errors, and runs `python -m server.cli`.
"""
