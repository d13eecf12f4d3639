"""Where the router's CPU time goes: py-spy samples it under load, compiled code included."""
