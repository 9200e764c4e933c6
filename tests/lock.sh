#!/bin/sh
# Locks every Python package by hash, for all Pythons that we support, without the address it came from.
set -eu
cd "$(dirname "$0")/.."
tools=.cache/lock
[ -x $tools/bin/uv ] || python3 -m venv $tools
$tools/bin/pip install -q --disable-pip-version-check --upgrade uv
lock() {
    output=$1
    shift
    $tools/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
        --no-annotate --no-header --no-emit-index-url --output-file "$output" "$@" setup.cfg
}
lock requirements.lock --extra server --extra workers --extra tui
lock requirements-dev.lock --all-extras
