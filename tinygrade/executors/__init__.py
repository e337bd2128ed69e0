"""Who grades many submissions: processes of this machine; plugins may add others."""
