#!/bin/bash
# The translator against the host CPU: the rows of test_conformance, each case as translated code. Prints TAP.
: "${ABBEY_BUILDDIR:?}"
CONFORMANCE_ENGINE=bt CONFORMANCE_DEBUG=no-windows CONFORMANCE_CASES=${CONFORMANCE_CASES:-300} exec "$ABBEY_BUILDDIR/tests/conformance/test_conformance"
