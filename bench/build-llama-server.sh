#!/usr/bin/env bash
# Builds llama-server and llama-batched-bench from the source bundle in node-llama-cpp's package: the same release that
# Tokenwire runs.
set -eu
cd "$(dirname "$0")"
bundle=../node_modules/node-llama-cpp/llama/gitRelease.bundle
[ -d .peer/llama.cpp ] || git clone -q "$bundle" .peer/llama.cpp
cmake -S .peer/llama.cpp -B .peer/build -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON -DLLAMA_BUILD_TESTS=OFF \
  -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF >/dev/null
cmake --build .peer/build --target llama-server llama-batched-bench -j "$(nproc)"
echo "built in $(pwd)/.peer/build/bin"
