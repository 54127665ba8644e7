#!/bin/sh
# Fails unless a Python imports the modules that depend on a library of the system.
#
#   check_modules.sh PYTHON [MODULE...]     further modules to import
set -eu

python=$1
shift
missing=
for module in ssl ctypes lzma bz2 zlib sqlite3 readline "$@"; do
    if ! "$python" -I -c "import $module" 2>&1; then
        package=$(sh "$(dirname "$0")/packages.sh" lacking "$module")
        missing="${missing:+$missing, }$module${package:+ (package $package)}"
    fi
done
if [ -n "$missing" ]; then
    echo "!! the compiled Python lacks the modules: $missing. Install the packages named, or let the role do it:" \
        "python311_from_source_manage_packages"
    exit 1
fi
