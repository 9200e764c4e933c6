"""Redis: sessions of browsers and the live broadcast of events. All of it may be wiped at any moment."""
