"""The report as one page for a browser: no network, no script; on a phone, in the dark, on paper."""
