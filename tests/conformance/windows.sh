#!/bin/bash
# As translated.sh, with windows for all code, where the guest's accesses are the host's. Prints TAP.
: "${ABBEY_BUILDDIR:?}"
export CONFORMANCE_ENGINE=bt CONFORMANCE_DEBUG=windows CONFORMANCE_CASES=${CONFORMANCE_CASES:-300}
exec "$ABBEY_BUILDDIR/tests/conformance/test_conformance"
