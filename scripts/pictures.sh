#!/usr/bin/env bash
# Takes a picture of every screen in both themes, 1440 x 900, of the generated shop, on free ports and a data folder of its own.
#   scripts/pictures.sh [FOLDER [SCREEN …]]      FOLDER is docs/pictures when none is given; SCREEN as in tests/Pictures/Screens.cs
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build "$root/tests/Pictures" -c Release -v quiet >&2
exec dotnet "$root/tests/Pictures/bin/Release/net10.0/Apm.Pictures.dll" "$@"
