"""Floor 5: the command line, one module a command. main.py only adds them."""
