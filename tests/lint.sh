#!/bin/sh
# Style, types and layers. Every check runs, so that one run shows all there is to mend; fails if any of them fails.
cd "$(dirname "$0")/.." || exit 1
PATH=$PWD/.venv/bin:$PATH
failed=0
ruff check . || failed=1
ruff format --check . || failed=1
mypy || failed=1
lint-imports --no-logo --cache-dir .cache/imports || failed=1
exit $failed
