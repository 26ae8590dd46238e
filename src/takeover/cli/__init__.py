"""The `takeover` command; each module beside `main` is one subcommand, imported when called."""
