# shellcheck shell=bash disable=SC2034,SC2154
# What has to be on the system, and the build. Sourced by installer/try.

PACKAGES=(
    # to build
    gcc libc6-dev cmake ninja-build pkg-config
    libssl-dev libuv1-dev libwebsockets-dev libsqlite3-dev libjansson-dev
    libsystemd-dev
    libqpdf-dev libcups2-dev libseccomp-dev libcurl4-openssl-dev libcmocka-dev
    # to run
    libwebsockets-evlib-uv cups cups-client cups-filters ghostscript qpdf
    mosquitto mosquitto-clients openssl jq
)

check_system() {
    local id='' version=''
    # shellcheck source=/dev/null
    [ ! -r /etc/os-release ] || {
        id=$(. /etc/os-release && printf '%s' "${ID-}")
        version=$(. /etc/os-release && printf '%s' "${VERSION_ID-}")
    }
    [ "$id $version" = 'debian 12' ] || printf '%s\n' \
        "note: made for Debian 12; this is ${id:-unknown} ${version:-}" >&2
    command -v apt-get >/dev/null || wrong 'this system has no apt-get'
}

install_packages() {
    local missing
    mapfile -t missing < <(missing_packages "${PACKAGES[@]}")
    if [ "${#missing[@]}" = 0 ]; then
        NOTE='all there'
        return
    fi
    apt_install "${missing[@]}" ||
        fail 'apt-get could not install the packages'
    NOTE="${#missing[@]} installed"
}

# The build belongs to whom the tree belongs, so that sudo leaves no files of
# root in someone's checkout.
as_builder() {
    local uid gid
    uid=$(stat -c %u "$SOURCE") gid=$(stat -c %g "$SOURCE")
    if [ "$uid" = 0 ]; then
        "$@"
    else
        setpriv --reuid "$uid" --regid "$gid" --clear-groups -- \
            env HOME=/nonexistent "$@"
    fi
}

TARGETS=(
    printhold-backend printhold-agent printhold printhold-station printhold-hub
    printhold-pagecount printhold-https printhold-notify
)

build() {
    as_builder cmake -S "$SOURCE" --preset release -B "$BUILD" ||
        fail 'cmake could not configure the build'
    as_builder cmake --build "$BUILD" --target "${TARGETS[@]}" ||
        fail 'the build failed'
}

install_tree() {
    chown "$(stat -c %u "$SOURCE")" "$DIR/usr"
    as_builder cmake --install "$BUILD" --prefix "$DIR/usr"
    # cupsd starts no backend that others than root could have changed.
    chown -R root:root "$DIR/usr"
    PATH=$DIR/usr/bin:$DIR/usr/sbin:$PATH
    NOTE="$(find "$DIR/usr" -type f | wc -l) files"
}
