"""The application: the window and the command line; Qt lives here and only here."""
