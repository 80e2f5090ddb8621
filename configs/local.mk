# Machines for everybody; found by name.
