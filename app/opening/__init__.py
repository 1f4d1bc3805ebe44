"""How photos come in: dialog, drop, clipboard, recent files."""
