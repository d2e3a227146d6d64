#!/usr/bin/env bash
# Speed, agreement and pictures on a GPU, for each backend that is installed: bash bench/gpu.sh
# Together they have 470 seconds; one that fails or takes too long does not keep the others.
set -uo pipefail
cd "$(dirname "$0")/.."
installed=()
for backend in tensorflow jax torch; do
  python -c "import $backend" 2>/dev/null && installed+=("$backend")
done
failed=()
for backend in "${installed[@]}"; do
  KERAS_BACKEND=$backend timeout $((470 / ${#installed[@]})) python bench/gpu.py ||
    failed+=("$backend")
done
[ ${#failed[@]} -eq 0 ] || { echo "failed or not in time: ${failed[*]}" >&2; exit 1; }
