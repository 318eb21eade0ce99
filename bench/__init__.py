"""What it costs: figures measured on this machine, against a limit measured beside them."""
