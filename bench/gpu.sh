#!/usr/bin/env bash
# Speed, agreement and pictures on a GPU, for each backend that is installed: bash bench/gpu.sh
set -euo pipefail
cd "$(dirname "$0")/.."
for backend in tensorflow jax torch; do
  if python -c "import $backend" 2>/dev/null; then
    KERAS_BACKEND=$backend timeout 160 python bench/gpu.py
  fi
done
