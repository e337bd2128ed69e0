"""Commands that measure what the documentation claims: each prints one JSON object, and a table on stderr."""
