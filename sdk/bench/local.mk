# The author's bench: a board without a CPU.
