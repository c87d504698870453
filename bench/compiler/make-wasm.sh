#!/bin/sh
# Compiles the kernels of this folder to WebAssembly: CLANG and WASM_LD name the tools (Debian: clang-14, wasm-ld-14 of lld-14).
# Data begin at 0x3fc90000, in the chip's SRAM.
set -e
cd "$(dirname "$0")"
object="$(mktemp)"
for source in *.c; do
  [ "$source" = library.c ] && continue
  "${CLANG:-clang}" --target=wasm32 -O2 -ffreestanding -fno-builtin -mbulk-memory -c -o "$object" "$source"
  "${WASM_LD:-wasm-ld}" --no-entry --export=run --global-base=1070137344 -z stack-size=4096 --strip-all \
    -o "${source%.c}.wasm" "$object"
done
rm "$object"
