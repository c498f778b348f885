#!/usr/bin/env bash
# Runs the tests of cache-redis against the Redis and Valkey servers of other Debian suites. Unpacks the
# servers into node_modules/.cache, without root.
#
#   scripts/test-other-servers.sh [suite/server ...]     such as trixie/redis; default: all
#
# This is a report and not a check: suites change, and servers that are not available are skipped.
set -uo pipefail
cd "$(dirname "$0")/.."

cache=$PWD/node_modules/.cache/servers
mirror=$(awk '/^URIs:/ { print $2; exit }' /etc/apt/sources.list.d/debian.sources)
# Libraries of the suite, for a suite with a newer C library than this system.
libraries=(libc6 libssl3t64 libsystemd0 libjemalloc2 liblzf1 libstdc++6 libgcc-s1 libatomic1
  libzstd1 libcap2 liblz4-1 libgcrypt20 libgpg-error0 liblzma5)

# Downloads a server of a suite, writes a script that starts it, and prints the path of the script.
unpack() {
  local suite=$1 server=$2 folder=$cache/$1-$2
  [ -x "$folder/$server-server" ] && echo "$folder/$server-server" && return
  rm -rf "$folder" && mkdir -p "$folder"/{lists/partial,archives/partial,downloads,root}
  : >"$folder/status"
  # A backports suite contains only packages that differ from its main suite.
  for part in "$suite" "${suite%-backports}"; do
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $part main"
  done | sort -u >"$folder/sources.list"
  local apt=(apt-get -qq -o "Dir::State::Lists=$folder/lists" -o "Dir::Cache=$folder"
    -o "Dir::State::status=$folder/status" -o "Dir::Etc::SourceList=$folder/sources.list"
    -o Dir::Etc::SourceParts=/dev/null -o APT::Sandbox::User=)
  "${apt[@]}" update >&2 || return
  (
    cd "$folder/downloads" || exit
    "${apt[@]}" download "$server-server" "$server-tools" >&2 || exit
    for library in "${libraries[@]}"; do "${apt[@]}" download "$library" 2>/dev/null; done
    [ "$suite" = sid ] && "${apt[@]}" download libsystemd-shared 2>/dev/null
    for archive in *.deb; do dpkg -x "$archive" "$folder/root"; done
  ) || return
  local libs=$folder/root/usr/lib/x86_64-linux-gnu loader
  loader=$(find "$folder/root" -name 'ld-linux-x86-64.so.2' | head -1)
  local binary
  binary=$(readlink -f "$folder/root/usr/bin/$server-server")
  if [ -n "$loader" ]; then
    # The binary contains several programs and selects one by its own name.
    start="exec '$loader' --argv0 $server-server --library-path '$libs:$libs/systemd' '$binary'"
  else
    start="LD_LIBRARY_PATH='$libs' exec '$folder/root/usr/bin/$server-server'"
  fi
  printf '#!/bin/sh\n%s "$@"\n' "$start" >"$folder/$server-server"
  chmod +x "$folder/$server-server"
  rm -rf "$folder"/{lists,archives,downloads}
  echo "$folder/$server-server"
}

for each in "${@:-bookworm-backports/valkey trixie/redis trixie/valkey sid/redis sid/valkey}"; do
  for wanted in $each; do
    command=$(unpack "${wanted%/*}" "${wanted#*/}")
    if ! version=$("$command" --version 2>/dev/null); then
      echo "$wanted: not available"
      continue
    fi
    echo "$wanted: $version"
    NO_COLOR=1 REDIS_SERVER_BIN=$command npx vitest run --root packages/cache-redis --reporter=dot 2>&1 |
      grep -aE '^ *(Test Files|Tests|.*FAIL)|AssertionError' | sed "s|^|$wanted: |"
  done
done
