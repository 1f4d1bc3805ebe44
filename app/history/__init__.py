"""The history: every state of every open document, in memory while it fits and on disk when it does not."""
