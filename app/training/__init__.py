"""Training from the editor: a child process trains, a session follows it, and a queue lets one run at a time."""
