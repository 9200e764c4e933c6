#!/bin/sh
# Everything that must hold before a change is good: lint, then all tests. The last line is `N passed, M failed`.
cd "$(dirname "$0")/.." || exit 1
if ! sh tests/lint.sh; then
    echo "0 passed, 1 failed: style, types or layers (see above), so the tests did not run"
    exit 1
fi
exec .venv/bin/python -m pytest -q -p tests.tally "$@"
