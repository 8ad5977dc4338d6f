"""Other engines on the same three layers; they run in an environment of their own (see :mod:`benchmarks.beside`)."""
