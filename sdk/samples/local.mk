# Samples are built from an installed SDK by the tests; here they are only shipped.
