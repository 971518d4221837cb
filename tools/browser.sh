#!/usr/bin/env bash
# Print the path of a Chromium or Chrome, and install one where there is none:
# with apt as root, else with Playwright's own download.
set -euo pipefail

find_browser() {
    local name
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        # Asking for the version sorts out stubs that only point to an app store.
        if command -v "$name" >/dev/null && "$name" --version >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    return 1
}

install_with_apt() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update --quiet && apt-get install --quiet --yes chromium; } >&2
}

python="$(dirname "$0")/../.venv/bin/python"

if find_browser; then
    exit
fi
echo "No Chromium or Chrome on the PATH: installing one." >&2
if install_with_apt </dev/null && find_browser; then
    exit
fi
"$python" -m playwright install chromium >&2
"$python" -c 'from playwright.sync_api import sync_playwright
with sync_playwright() as p: print(p.chromium.executable_path)'
