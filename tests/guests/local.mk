# Small guests of ours, and real ones that boot.
