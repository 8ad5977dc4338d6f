"""The wire: the national interface's codecs and the dispatch of its transactions. No rule and no money lives here."""
