#!/bin/bash
# program.sh GXT_H: prints the program in the opening comment of gxt.h.
set -eu
awk '/^ \*\/$/ {exit} /^ \*     #include/ {inside = 1} inside {sub(/^ \*( {5})?/, ""); print}' "$1"
