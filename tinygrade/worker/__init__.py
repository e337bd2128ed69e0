"""The untrusted side: everything in this folder runs in the process that loads student code.

It is started by path, not by name, and imports only the standard library, numpy and itself. The trusted side
imports `wire` (the format of messages) and `routines` (loops that run on either side), never the rest.
"""
