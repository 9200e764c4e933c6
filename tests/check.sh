#!/bin/sh
# Everything that must hold before a change is good: lint, then all tests. The last line is `N passed, M failed`.
# With arguments, only what pytest makes of them.
cd "$(dirname "$0")/.." || exit 1
if ! sh tests/lint.sh; then
    echo "0 passed, 1 failed: style, types or layers (see above), so the tests did not run"
    exit 1
fi
if [ $# -gt 0 ]; then
    exec .venv/bin/python -m pytest -q -p tests.tally "$@"
fi

# What starts a whole system waits much, what feeds ffmpeg computes much: the two share the machine.
alone="tests/integration/media tests/integration/nginx"
said=$(mktemp -d) && trap 'rm -rf "$said"' EXIT
# shellcheck disable=SC2046,SC2086  # these are lists of words
.venv/bin/python -m pytest -q -p tests.tally --durations=15 tests/unit tests/contract $alone tests/attacks >"$said/second" 2>&1 &
second=$!
# shellcheck disable=SC2046
.venv/bin/python -m pytest -q -p tests.tally --durations=15 tests/integration tests/browser \
    $(printf -- '--ignore %s ' $alone) 2>&1 | tee "$said/first"
wait "$second"
cat "$said/second"
tail -qn 1 "$said/first" "$said/second" | awk '
    / passed, / { passed += $1; failed += $3; skipped += $5; runs++ }
    END {
        if (runs < 2) failed++
        printf "%d passed, %d failed", passed, failed
        if (skipped) printf ", %d skipped", skipped
        print ""
        exit failed > 0
    }'
