#!/usr/bin/env bash
# Gradescope runs this once, as root, when the autograder's image is built.
set -euo pipefail

root=${AUTOGRADER_ROOT:-/autograder}
venv=${AUTOGRADER_VENV:-/opt/tinygrade}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11; do
        if is_new_enough "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

python=$(find_python) || {
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3.11 python3.11-venv
    python=$(find_python)
}

# Debian and Ubuntu keep venv in a package of its own.
"$python" -m venv "$venv" || {
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$(basename "$(readlink -f "$python")")-venv"
    "$python" -m venv --clear "$venv"
}
"$venv/bin/python" -m pip install --no-cache-dir --constraint "$root/source/constraints.txt" "$root"/source/wheels/*.whl

# Students' code runs as another user and must not even learn that a hidden check exists.
chmod -R go-rwx "$root/source"
"$venv/bin/tinygrade" --version
