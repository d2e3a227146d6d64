#!/usr/bin/env bash
# Measure speed, agreement and pictures on a GPU, for each installed backend: bash bench/gpu.sh
# All backends together have 470 seconds. If one fails or takes too long, the others still run.
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
[ ${#failed[@]} -eq 0 ] || { echo "failed or took too long: ${failed[*]}" >&2; exit 1; }
