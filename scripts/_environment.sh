# Sourced by the other scripts: finds Python and creates a virtual environment from the locked requirements.
# Sets $root (the repository) and $python. Exit status of all scripts: 0 success, 1 failure, 2 wrong usage or
# nothing is running, 130 interrupted. POSIX sh; independent of the working directory.

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1

refuse() { refuse_with 1 "$@"; }
refuse_usage() { refuse_with 2 "$@"; }

# refuse_with STATUS MESSAGE NEXT_STEP ...
refuse_with() {
    status=$1
    shift
    printf '%s: %s\n' "$(basename -- "$0")" "$1" >&2
    shift
    for next_step in "$@"; do printf '  %s\n' "$next_step" >&2; done
    exit "$status"
}

# Sets $base_python: a Python that runs, is new enough, and can create virtual environments. A name on the PATH
# may be a shim of a version that is not installed, so each candidate is tried.
find_python() {
    too_old=''
    without_venv=''
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3.14 python3.13 python3.12 python3.11 python3
    fi
    for candidate in "$@"; do
        command -v "$candidate" >/dev/null 2>&1 || continue
        verdict=$("$candidate" -c '
import sys
if sys.version_info < (3, 11):
    print("old", ".".join(map(str, sys.version_info[:3])))
else:
    try:
        import ensurepip, venv
        print("good")
    except ImportError:
        print("bare")
' 2>/dev/null) || continue
        case $verdict in
            good) base_python=$candidate; return ;;
            old*) too_old="${too_old:+$too_old, }$candidate is ${verdict#old }" ;;
            bare) without_venv=${without_venv:-$candidate} ;;
        esac
    done
    if [ -n "$without_venv" ]; then
        refuse "$without_venv cannot make virtual environments: its venv module is not installed." \
            "On Debian and Ubuntu: sudo apt install python3-venv (or $(basename -- "$without_venv")-venv), then run this again."
    fi
    refuse "Python 3.11 or later is needed; found: ${too_old:-none}." \
        "Install it (https://www.python.org/downloads/), or set its path:" \
        "PYTHON=/path/to/python3.13 $0"
}

# installed embedded|development: sets $python to that of an environment with exactly these packages; false if
# there is none. Each environment contains copies of the requirements files that it was built from.
installed() {
    wanted=''
    [ -z "${PYTHON:-}" ] || wanted=$("$PYTHON" -c 'import sys; print(sys.version)' 2>/dev/null)
    for venv in "$root/.venv" "$root"/.venv-*; do
        cmp -s "$root/requirements/$1.txt" "$venv/.installed/$1.txt" || continue
        # By its real path: running processes keep their packages when .venv is switched.
        python=$(CDPATH='' cd -- "$venv" && pwd -P)/bin/python
        version=$("$python" -c 'import sys; print(sys.version)' 2>/dev/null) || continue
        [ "$version" = "$(cat "$venv/.installed/python")" ] || continue
        [ "$version" = "${wanted:-$version}" ] || continue
        return 0
    done
    return 1
}

# install embedded|development: builds an environment next to the existing ones, if none has these packages.
install() {
    [ -w "$root" ] || refuse "the folder $root is not writable, and .venv and var are created in it." \
        "Change its owner (sudo chown -R \"\$(id -un)\" '$root'), or clone the repository to a folder of your own."
    what=$1
    set -- "$root"/.venv-[0-9a-f]*
    # An old one remains while it is in use; _install.py deletes it later.
    if [ $# -gt 1 ] || ! installed "$what"; then
        find_python
        "$base_python" -P "$root/scripts/_install.py" "$what" || exit $?
        installed "$what" || refuse "the packages in requirements/$what.txt were installed, but cannot be used."
    fi
}

# run_module MODULE ARGUMENTS: --help works before anything is installed.
run_module() {
    for argument in "$@"; do
        case $argument in
            -h | --help)
                find_python
                module=$1
                shift
                PYTHONPATH=$root exec "$base_python" -P -m "$module" "$@"
                ;;
        esac
    done
    install embedded
    run_with_packages "$@"
}

# run_as_installed MODULE ARGUMENTS: with the installed packages, or without any; never installs.
run_as_installed() {
    if ! installed embedded; then
        find_python
        python=$base_python
        for venv in "$root/.venv" "$root"/.venv-*; do
            [ -f "$venv/.installed/python" ] && "$venv/bin/python" -c '' 2>/dev/null || continue
            python=$(CDPATH='' cd -- "$venv" && pwd -P)/bin/python
            break
        done
    fi
    run_with_packages "$@"
}

run_with_packages() {
    module=$1
    shift
    PYTHONPATH=$root exec "$python" -P -m "$module" "$@"
}
