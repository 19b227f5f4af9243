//! The vocabulary of aedile: inventory, assets, relations, tags, places, gaps, verdicts, findings
