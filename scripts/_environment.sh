# Sourced by the other scripts: finds Python and makes .venv from the locked requirements.
# Sets $root (the repository) and $python. POSIX sh; nothing here depends on the working directory.

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1

refuse() {
    printf '%s: %s\n' "$(basename -- "$0")" "$1" >&2
    shift
    for next_step in "$@"; do printf '  %s\n' "$next_step" >&2; done
    exit 1
}

# A Python that runs, is new enough, and can make virtual environments. A name on the PATH may be a shim
# of a version that is not installed, so each is tried by running it.
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
        "Install it (https://www.python.org/downloads/), or say where it is:" \
        "PYTHON=/path/to/python3.13 $0"
}

# install embedded|development: into .venv, unless exactly that is there already. What is installed is
# recorded as a copy of the requirements file, so that the next start only compares two files.
install() {
    [ -w "$root" ] || refuse "the folder $root is not writable, and .venv and var are made in it." \
        "Make it yours (sudo chown -R \"\$(id -un)\" '$root'), or clone the repository to a folder of your own."
    python=$root/.venv/bin/python
    if [ -x "$python" ] && cmp -s "$root/requirements/$1.txt" "$root/.venv/.installed/$1.txt" &&
        [ "$("$python" -c 'import sys; print(sys.version)' 2>/dev/null)" = "$(cat "$root/.venv/.installed/python")" ]; then
        return
    fi
    find_python
    "$base_python" -P "$root/scripts/_install.py" "$1" || exit 1
}

# run_module MODULE ARGUMENTS: help is there before anything is installed.
run_module() {
    module=$1
    shift
    for argument in "$@"; do
        case $argument in
            -h | --help)
                find_python
                PYTHONPATH=$root exec "$base_python" -P -m "$module" "$@"
                ;;
        esac
    done
    install embedded
    PYTHONPATH=$root exec "$python" -P -m "$module" "$@"
}
