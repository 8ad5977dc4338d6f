"""The screens: desk, counter and, later, portal. Pages call one service or query each and compute nothing."""
