# Guest-specific optimizations.
